"""Sentence embeddings: all-MiniLM-L6-v2 as an ONNX graph and as an exact graph."""
