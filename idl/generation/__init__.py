"""Generates bindings, codes and limits from the committed IDLs; no distribution ships it.

`python -m idl.generation` writes them, and `--check` fails where a committed file differs.
"""
