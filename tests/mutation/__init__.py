"""Make small changes to the source, one at a time, and see whether the tests notice.

``python -m tests.mutation`` mutates the recurrences, the layers, the losses and the optimizers,
runs the tests of each on every mutant, and reports what survives. ``--help`` says how to ask for
less. Survivors are killed by a better test, or explained in ``equivalent.json``.
"""
