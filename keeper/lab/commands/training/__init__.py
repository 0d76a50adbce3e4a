"""`neurolov train`: runs a training on its own cluster and measures it."""
