"""Checks of the tolerant class."""
