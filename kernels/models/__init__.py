"""Committed graphs, each with the script that made it."""
