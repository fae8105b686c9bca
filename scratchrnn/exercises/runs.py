"""One case that a student's function was run on, and how its arrays compare."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .catalogue import Signature
from .draws import Case
from .hypotheses import agrees
from .running import Call

SINGLE = 2e-5  # what is left of the digits in single precision
NEARLY = 1e-6  # of a double: something on the way was single, or an ε is somewhere


def slack(array: np.ndarray) -> float:
    """Return how far an array may be off, relative to its largest entry, and still be right."""
    return SINGLE if array.dtype.itemsize < 8 else NEARLY


@dataclass
class Run:
    """One case, run.

    Attributes
    ----------
    case : Case
    number : int
    made : Call
        The call of the function.
    outputs : dict of str to ndarray
        By the exercise's names, gates in its order.
    faults : dict of str to str
        Outputs that are no arrays, and why.
    problem : str
        Why there are no outputs.
    """

    case: Case
    number: int
    made: Call
    outputs: dict[str, np.ndarray] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    signature: Signature | None = None


def with_order(signature: Signature, order: str) -> Signature:
    """Return the signature with another order of the gates."""
    return replace(signature, order=order)


def compare(got: np.ndarray, right: np.ndarray, tolerance: float) -> tuple[str, float | None]:
    """Return the verdict on one array and its largest difference."""
    if got.shape != right.shape:
        return "WRONG SHAPE", None
    if not np.isfinite(got[np.isfinite(right)]).all():
        return "NOT FINITE", None
    with np.errstate(all="ignore"):
        difference = float(np.max(np.abs(got - right), initial=0.0, where=np.isfinite(right)))
    if np.array_equal(got, right, equal_nan=right.dtype.kind == "f"):
        return "exact", 0.0
    if agrees(got, right, tolerance):
        return "close", difference
    return ("close (float32)" if agrees(got, right, slack(got)) else "DIFFERENT"), difference
