"""Incidents: reported in half a minute, told to everybody named, closed by a report."""
