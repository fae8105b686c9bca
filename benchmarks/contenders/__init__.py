"""Who takes part, and what has to be installed for that.

Each module here has ``TASKS``: for a kind of work, a function that takes a case and returns
``(run, results)``. ``run()`` is what is timed and returns when the work is really finished;
``results(run())`` names the arrays that all contenders have to agree on.
"""

from __future__ import annotations

import importlib.util
from typing import NamedTuple


class Contender(NamedTuple):
    """One side of a comparison."""

    name: str
    module: str
    packages: tuple[str, ...] = ()  # that must be importable
    environment: tuple[tuple[str, str], ...] = ()
    threads: int | None = None  # None: as many as the run is given

    def missing(self) -> list[str]:
        """Return the packages that are not installed."""
        return [name for name in self.packages if importlib.util.find_spec(name) is None]


def _backend(name: str, **more: str) -> tuple[tuple[str, str], ...]:
    return (("SCRATCHRNN_BACKEND", name), *more.items())


_HERE = __name__
KERNELS = Contender("kernels", f"{_HERE}.ours", ("numba",), _backend("numba"))
NUMPY = Contender("NumPy", f"{_HERE}.ours", (), _backend("numpy"))
DEFAULT = Contender("scratchrnn", f"{_HERE}.ours", ("numba",), _backend(""))
TORCH = Contender("PyTorch", f"{_HERE}.pytorch", ("torch",))
KERAS_JAX = Contender(
    "Keras (JAX)", f"{_HERE}.keras_jax", ("keras", "jax"), (("KERAS_BACKEND", "jax"),)
)
KERAS_TF = Contender(
    "Keras (TF)", f"{_HERE}.keras_tf", ("keras", "tensorflow"), (("KERAS_BACKEND", "tensorflow"),)
)
ONNX = Contender("ONNX Runtime", f"{_HERE}.onnx", ("onnx", "onnxruntime"))
READER = Contender("scratchrnn.video", f"{_HERE}.video_ours", ("av",))
PYAV = Contender("PyAV", f"{_HERE}.video_pyav", ("av",))
LADDER = (
    Contender("v0 reference", f"{_HERE}.ladder_v0", (), _backend("numpy"), 1),
    Contender("v1 hoisted", f"{_HERE}.ladder_v1", (), _backend("numpy"), 1),
    Contender("v2 compiled", f"{_HERE}.ladder_v2", ("numba",), _backend("numba"), 1),
    Contender("v3 blocked", f"{_HERE}.ladder_v3", ("numba",), _backend("numba"), 1),
    Contender("v4 threads", f"{_HERE}.ladder_v3", ("numba",), _backend("numba")),
)
LAYERS = (KERNELS, NUMPY, TORCH, KERAS_JAX, KERAS_TF, ONNX)
FITTERS = (KERNELS, NUMPY, TORCH, KERAS_JAX, KERAS_TF)
EVERYONE = (*LAYERS, DEFAULT, READER, PYAV, *LADDER)
