"""Renders the Python source of the bindings from a program's schema."""
