"""Normalisation of a row in integers."""
