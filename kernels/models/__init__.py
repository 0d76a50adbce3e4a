"""Committed graphs, each beside the script that made it."""
