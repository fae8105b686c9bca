"""Weights in and out: PyTorch, Keras and ONNX."""
