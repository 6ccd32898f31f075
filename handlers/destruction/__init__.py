"""Destruction of what is no longer to be kept: listed, approved, witnessed, entered for good."""
