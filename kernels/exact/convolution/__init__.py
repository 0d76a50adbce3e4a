"""Direct int8 convolution with int32 sums."""
