"""The exercises with their solutions, as `py:percent` sheets: Markdown cells and code cells.

What stands between ``### BEGIN SOLUTION`` and ``### END SOLUTION`` is what a student writes;
`scratchrnn exercises DIR` writes the sheets without it. Every line of a solution carries the tag
of its equation: the marker reads the tags, so that it can say which equation is wrong.
"""
