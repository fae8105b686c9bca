"""Video files in, arrays of frames and features out."""
