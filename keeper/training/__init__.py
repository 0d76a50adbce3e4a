"""Training over several providers, and plans of how several share a graph."""
