"""Clamp."""
