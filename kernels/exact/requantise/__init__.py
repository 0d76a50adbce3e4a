"""Int32 to int8 by a fixed-point multiplier."""
