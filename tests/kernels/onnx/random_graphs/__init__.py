"""Random small ONNX graphs with odd attributes: one module of `families` per kind of operator."""
