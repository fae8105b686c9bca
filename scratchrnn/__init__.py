"""Recurrent neural networks from scratch: read them, check them, run them.

Vanilla RNN, LSTM and GRU with forward and backward passes written by hand in NumPy
(:mod:`scratchrnn.cells`), the same recurrences as compiled kernels (:mod:`scratchrnn.kernels`),
and a Keras-named model library on top that learns from video.

Submodules load when first used: ``import scratchrnn`` alone imports only NumPy.
"""

from __future__ import annotations

import importlib
from pathlib import Path

__version__ = "0.1.0"

# In a checkout the compiled twin lies beside this package, not in it; an installed copy has it
# inside. Extending the search path makes `scratchrnn.kernels` mean the same in both.
_here = Path(__file__).resolve().parent
if not (_here / "kernels").is_dir() and (_here.parent / "kernels" / "lstm.py").is_file():
    __path__.append(str(_here.parent))
del _here

_SUBMODULES = (
    "activations",
    "backend",
    "callbacks",
    "cells",
    "cli",
    "config",
    "estimators",
    "exercises",
    "explain",
    "gradcheck",
    "initializers",
    "interop",
    "kernels",
    "layers",
    "losses",
    "metrics",
    "models",
    "optimizers",
    "plot",
    "regularizers",
    "utils",
    "video",
)
_FUNCTIONS = {
    "floatx": "config",
    "set_floatx": "config",
    "set_backend": "backend",
    "get_backend": "backend",
    "use_backend": "backend",
    "set_num_threads": "backend",
    "get_num_threads": "backend",
    "show_config": "backend",
    "warmup": "backend",
    "clear_cache": "backend",
    "Sequential": "models",
    "Input": "layers",
}
__all__ = ["__version__", *_SUBMODULES, *_FUNCTIONS]


def __getattr__(name: str):
    """Load a submodule or a top-level function when it is first asked for."""
    if name in _SUBMODULES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _FUNCTIONS:
        return getattr(importlib.import_module(f"{__name__}.{_FUNCTIONS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
