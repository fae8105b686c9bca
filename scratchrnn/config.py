"""The floating-point type that layers use when they are not told one."""

from __future__ import annotations

import numpy as np

_FLOAT_TYPES = ("float32", "float64")
_floatx = "float32"


def floatx() -> str:
    """Return the default floating-point type.

    Returns
    -------
    str
        ``"float32"`` or ``"float64"``.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.floatx()
    'float32'
    """
    return _floatx


def set_floatx(dtype: str) -> None:
    """Set the default floating-point type of layers made from now on.

    Parameters
    ----------
    dtype : str
        ``"float32"`` or ``"float64"``.

    Raises
    ------
    ValueError
        If `dtype` is neither.

    Examples
    --------
    >>> import scratchrnn
    >>> scratchrnn.set_floatx("float64")
    >>> scratchrnn.floatx()
    'float64'
    >>> scratchrnn.set_floatx("float32")
    """
    global _floatx
    _floatx = check_dtype("set_floatx", dtype)


def check_dtype(who: str, dtype) -> str:
    """Return the name of `dtype` if it is one that layers can use, else raise ``ValueError``."""
    try:
        name = np.dtype(dtype).name
    except TypeError:
        name = None
    if name not in _FLOAT_TYPES:
        raise ValueError(f"{who}: dtype: expected one of {_FLOAT_TYPES}, got {dtype!r}")
    return name
