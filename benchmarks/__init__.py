"""Side by side with the peers, in one run: ``python -m benchmarks [suites] [--quick]``.

Every contender (our kernels, our NumPy reference, PyTorch, Keras on JAX and on TensorFlow, ONNX
Runtime: whichever are installed) is a process of its own, with the same number of threads. Each
must first give the same numbers as the others on the same weights; nothing is timed before.
Then they take turns, A B C A B C ..., and only the one whose turn it is runs: the others are
stopped, because a pool of threads that spins while it waits would slow the next contender down.

    cases       what is computed: cell, N, T, D, H, dtype, and its data, the same everywhere
    contenders/ how each framework computes it
    worker      the process of one contender;  pool: all of them
    check       who agrees with whom;  turns: check, then time in turns
    suites/     which cases and contenders, and the tables and pictures of each
    machine     what it ran on;  results, tables, pictures: what came out
"""
