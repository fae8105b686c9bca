"""Activation functions with their derivatives, written by hand and stable for large inputs."""
