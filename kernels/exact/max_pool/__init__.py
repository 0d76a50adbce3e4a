"""Largest int8 in a window."""
