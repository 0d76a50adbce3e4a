"""Reads ONNX models, lowers them to the exact or the tolerant class, and runs them."""
