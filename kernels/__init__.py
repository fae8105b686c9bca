"""The compiled twin of :mod:`scratchrnn.cells`."""
