"""A custom kernel of the tolerant class: SiLU, x / (1 + exp(-x))."""
