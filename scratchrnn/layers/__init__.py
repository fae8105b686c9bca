"""Keras-named layers."""
