"""Int8 convolution of each channel with a filter of its own."""
