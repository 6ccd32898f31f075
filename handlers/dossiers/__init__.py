"""Dossiers: found and read, opened, changed field by field, completed, graded, labelled."""
