"""The exercises and the marker."""
