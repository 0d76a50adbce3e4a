"""Real models as paid jobs of both classes, beside onnxruntime."""
