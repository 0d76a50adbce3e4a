"""Softmax of a row in integers."""
