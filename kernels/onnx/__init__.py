"""ONNX models: read, lowered to one of the two classes, run."""
