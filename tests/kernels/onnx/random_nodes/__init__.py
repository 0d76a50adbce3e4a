"""Random single ONNX nodes with odd attributes, types and values, for the tolerant class."""
