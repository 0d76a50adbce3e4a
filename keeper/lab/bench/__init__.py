"""Compute units of every instruction, measured on LiteSVM."""
