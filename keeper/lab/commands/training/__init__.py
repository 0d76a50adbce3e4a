"""`neurolov train`: a training on a cluster of its own, told and measured."""
