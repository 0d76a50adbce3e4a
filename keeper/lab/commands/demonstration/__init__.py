"""The demonstration: one paid job from start to end."""
