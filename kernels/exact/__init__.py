"""The exact class: integer operators, bit-equal on every adapter, each in a folder of its own."""
