"""ONNX networks: read, run in floats, made exact."""
