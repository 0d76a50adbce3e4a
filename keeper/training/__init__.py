"""Training across several providers, and plans for sharing one graph between nodes."""
