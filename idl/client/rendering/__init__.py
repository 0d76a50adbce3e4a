"""Python source of the bindings, rendered from a program's schema."""
