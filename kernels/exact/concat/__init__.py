"""Two tensors joined along an axis."""
