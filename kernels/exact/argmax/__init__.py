"""Lowest index of the largest element."""
