"""Penalties on weights, each with its gradient: loss = data loss + Σ reg(W), dW += reg.gradient(W).

Names, arguments and numbers are Keras 3's.
"""

from __future__ import annotations

import math

import numpy as np


class Regularizer:
    """Base class: ``reg(w)`` is a float, ``reg.gradient(w)`` has the shape and type of `w`."""

    def __call__(self, w: np.ndarray) -> float:
        """Return the penalty."""
        raise NotImplementedError(f"{type(self).__name__}: __call__ is not written")

    def gradient(self, w: np.ndarray) -> np.ndarray:
        """Return d penalty / d w."""
        raise NotImplementedError(f"{type(self).__name__}: gradient is not written")

    def get_config(self) -> dict:
        """Return the constructor's arguments."""
        return {}

    @classmethod
    def from_config(cls, config: dict) -> Regularizer:
        """Make a regularizer from what :meth:`get_config` returned."""
        return cls(**config)


class L1L2(Regularizer):
    """Both penalties at once.

    R = l1 Σ |w| + l2 Σ w²                 (1)
    ∂R/∂w = l1 sign(w) + 2 l2 w            (1')

    Parameters
    ----------
    l1, l2 : float
        At least 0.

    Examples
    --------
    >>> import numpy as np
    >>> L1L2(l1=1.0, l2=1.0)(np.array([-2.0, 1.0]))
    8.0
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor(type(self).__name__, "l1", l1, 0.0)
        self.l2 = _factor(type(self).__name__, "l2", l2, 0.0)

    def __call__(self, w: np.ndarray) -> float:
        penalty = 0.0
        if self.l1:
            penalty += self.l1 * float(np.sum(np.abs(w), dtype=np.float64))
        if self.l2:
            penalty += self.l2 * float(np.sum(np.square(w), dtype=np.float64))
        return penalty  # (1)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        dw = w * w.dtype.type(2.0 * self.l2)
        if self.l1:
            dw += w.dtype.type(self.l1) * np.sign(w)  # (1')
        return dw

    def get_config(self) -> dict:
        return {"l1": self.l1, "l2": self.l2}


class L1(L1L2):
    """Penalty on absolute values: l1 Σ |w|; where w is 0 the gradient is 0.

    Parameters
    ----------
    l1 : float

    Examples
    --------
    >>> import numpy as np
    >>> L1(0.5).gradient(np.array([-2.0, 0.0, 3.0]))
    array([-0.5,  0. ,  0.5])
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=_factor("L1", "l1", l1, 0.01))

    def get_config(self) -> dict:
        return {"l1": self.l1}


class L2(L1L2):
    """Penalty on squares: l2 Σ w².

    Parameters
    ----------
    l2 : float

    Examples
    --------
    >>> import numpy as np
    >>> L2(0.5).gradient(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=_factor("L2", "l2", l2, 0.01))

    def get_config(self) -> dict:
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Penalty on rows (or columns) that point the same way.

    û_i = w_i / ‖w_i‖,  C = û û^T without its diagonal             (1)
    R = factor · Σ |C_ij| / (2 pairs),  pairs = n (n - 1) / 2       (2)
    dû = factor / pairs · sign(C) û                                  (2')
    dw_i = (dû_i - (dû_i · û_i) û_i) / ‖w_i‖                         (1')

    Parameters
    ----------
    factor : float
        At least 0.
    mode : {"rows", "columns"}
        Which vectors are to be orthogonal.

    Examples
    --------
    >>> import numpy as np
    >>> round(OrthogonalRegularizer(1.0)(np.array([[1.0, 0.0], [3.0, 4.0]])), 6)
    0.6
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor("OrthogonalRegularizer", "factor", factor, 0.01)
        if mode not in ("rows", "columns"):
            raise ValueError(
                f"OrthogonalRegularizer: mode: expected 'rows' or 'columns', got {mode!r}"
            )
        self.mode = mode

    def __call__(self, w: np.ndarray) -> float:
        unit, _ = self._unit_vectors(w)
        overlap = np.abs(self._overlap(unit))
        return 0.5 * self.factor * float(np.sum(overlap, dtype=np.float64)) / _pairs(unit)  # (2)

    def gradient(self, w: np.ndarray) -> np.ndarray:
        unit, norm = self._unit_vectors(w)
        d_unit = (self.factor / _pairs(unit)) * np.sign(self._overlap(unit)) @ unit  # (2')
        radial = np.sum(d_unit * unit, axis=1, keepdims=True) * unit
        dw = ((d_unit - radial) / norm).astype(w.dtype, copy=False)  # (1')
        return dw if self.mode == "rows" else dw.T

    def _unit_vectors(self, w):
        vectors = w if self.mode == "rows" else w.T
        if w.ndim != 2 or len(vectors) < 2:
            raise ValueError(
                f"OrthogonalRegularizer: w: expected a matrix of at least two {self.mode}, "
                f"got shape {w.shape}"
            )
        norm = np.maximum(np.sqrt(np.sum(vectors * vectors, axis=1, keepdims=True)), 1e-7)
        return vectors / norm, norm

    @staticmethod
    def _overlap(unit):
        overlap = unit @ unit.T  # (1)
        np.fill_diagonal(overlap, 0.0)
        return overlap

    def get_config(self) -> dict:
        return {"factor": self.factor, "mode": self.mode}


def _pairs(vectors: np.ndarray) -> float:
    return len(vectors) * (len(vectors) - 1) / 2


def _factor(who: str, what: str, value, default: float) -> float:
    """Return a penalty factor, or raise ``ValueError``."""
    value = default if value is None else value
    number = isinstance(value, (int, float, np.floating, np.integer)) and math.isfinite(value)
    if not number or value < 0:
        raise ValueError(f"{who}: {what}: expected a finite number >= 0, got {value!r}")
    return float(value)


l1, l2, l1_l2, orthogonal_regularizer = L1, L2, L1L2, OrthogonalRegularizer
CLASSES = {cls.__name__: cls for cls in (L1, L2, L1L2, OrthogonalRegularizer)}
ALIASES = {
    "l1": "L1",
    "l2": "L2",
    "l1_l2": "L1L2",
    "l1l2": "L1L2",
    "orthogonal_regularizer": "OrthogonalRegularizer",
}


def get(identifier) -> Regularizer | None:
    """Return a regularizer.

    Parameters
    ----------
    identifier : str, dict, Regularizer, class, callable or None
        A name ("l2", "L2"), a configuration, or a callable of your own with ``gradient(w)``.

    Raises
    ------
    ValueError
        If the name is unknown, or a callable has no ``gradient``.

    Examples
    --------
    >>> get("l2").l2
    0.01
    """
    if identifier is None:
        return None
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier, "config": {}})
    if isinstance(identifier, type) and issubclass(identifier, Regularizer):
        return identifier()
    if callable(identifier) and callable(getattr(identifier, "gradient", None)):
        return identifier
    raise ValueError(
        "regularizers.get: identifier: expected a name, a Regularizer, or a callable with a "
        f".gradient(w) method (nothing here differentiates for you), got {identifier!r}"
    )


def serialize(regularizer: Regularizer | None) -> dict | None:
    """Return ``{"class_name": ..., "config": {...}}``; None for None."""
    if regularizer is None:
        return None
    name = type(regularizer).__name__
    if CLASSES.get(name) is not type(regularizer):
        raise ValueError(
            f"regularizers.serialize: regularizer: expected one of this module, got {regularizer!r}"
        )
    return {"class_name": name, "config": regularizer.get_config()}


def deserialize(config: dict) -> Regularizer | None:
    """Return the regularizer that :func:`serialize` described."""
    if config is None or isinstance(config, str):
        return get(config)
    name = config.get("class_name") if isinstance(config, dict) else None
    key = ALIASES.get(name, name) if isinstance(name, str) else None
    if key not in CLASSES:
        known = ", ".join(sorted([*CLASSES, *ALIASES]))
        raise ValueError(f"regularizers: identifier: expected one of {known}, got {config!r}")
    return CLASSES[key].from_config(config.get("config") or {})
