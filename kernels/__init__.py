"""The compiled twin of :mod:`scratchrnn.cells`: the same functions, results and equation tags.

`rnn`, `lstm` and `gru` hold the recurrences; read a cell first, then its kernel's docstring,
which says what differs and why. Beside them: `tile` (the product), `vectors`, `activations`,
`rounds` and `sequence` (what the three share), `plan` (who computes what), `pool` and `spin`
(threads), `workspace`, `jit` and `disk` (compiling). Numba is imported when a function is first
asked for.

People who edit a kernel need not clear anything: kernels kept on disk are renewed when any file
of this folder changes. ``NUMBA_DISABLE_JIT=1`` runs all of it as plain Python.
"""

from __future__ import annotations

import importlib

_CELLS = ("rnn", "lstm", "gru")
_HOMES = {f"{cell}_{way}": cell for cell in _CELLS for way in ("forward", "backward")}
_HOMES |= {f"{cell}_step{way}": "steps" for cell in _CELLS for way in ("", "_backward")}
_HOMES |= {f"{cell.upper()}{kind}": cell for cell in _CELLS for kind in ("Cache", "Grads")}
_HOMES |= {"LSTMOptions": "lstm", "GRUOptions": "gru"}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    """Import a kernel, and with it Numba, when it is first asked for."""
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
