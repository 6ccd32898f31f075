"""Visits: planned, filed, corrected, commented, read by the team."""
