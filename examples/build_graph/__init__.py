"""Builds a small graph of exact operators and an input for it."""
