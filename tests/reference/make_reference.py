"""Make the reference numbers that the tests compare with.

Runs PyTorch, Keras and ONNX Runtime on seeded random weights, never constant ones, and writes
small `.npz` files beside itself. Each part runs in a process of its own, so that thread pools and
global settings of one framework do not reach another.

    python tests/reference/make_reference.py              # all parts
    python tests/reference/make_reference.py histories    # one part

README.md here says what to install and what is in the files.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

# Keras computes tanh in float32 on JAX whatever the dtype; float64 needs its TensorFlow backend.
PARTS = {
    "arguments": ("arguments_keras", "jax"),
    "histories": ("histories_keras", "jax"),
    "fit": ("fit_keras", "jax"),
    "keras": ("recurrences_keras", "tensorflow"),
    "layers": ("layers_keras", "tensorflow"),
    "torch": ("recurrences_torch", ""),
    "onnx": ("recurrences_onnx", ""),
}
HERE = Path(__file__).resolve().parent


def main(arguments: list[str]) -> int:
    """Run the parts that are named, or all of them; return the exit code."""
    unknown = [name for name in arguments if name not in PARTS]
    if unknown:
        print(f"make_reference: expected parts among {sorted(PARTS)}, got {unknown}")
        return 2
    if len(arguments) == 1:
        module, backend = PARTS[arguments[0]]
        os.environ["KERAS_BACKEND"] = backend
        sys.path.insert(0, str(HERE))
        importlib.import_module(module).make()
        return 0
    for name in arguments or list(PARTS):
        subprocess.run([sys.executable, __file__, name], check=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
