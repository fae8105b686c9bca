"""Compare one analytic gradient with numeric ones, entry by entry or by inner products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .numeric import Estimate, Lines
from .result import ArrayCheck

_CONFIRM = 6  # wrong entries measured on the whole ladder before the rest are taken as they are
_DIRECTIONS = 3
_SAMPLED = 24


@dataclass
class Limits:
    """What counts as equal, how many entries are taken one by one, and how."""

    tolerance: float
    floor: float
    max_entries: int
    seed: int = 0
    method: str = "central"


@dataclass
class Comparison:
    """The verdict on one array and the numbers it rests on.

    Attributes
    ----------
    check : ArrayCheck
    numeric : ndarray or None
        The numeric gradient; None where only inner products were taken.
    rows : ndarray or None
        d output / d entry, one row for each entry: (P, M).
    wrong : ndarray of bool
        The entries that are wrong, flat.
    """

    check: ArrayCheck
    numeric: np.ndarray | None = None
    rows: np.ndarray | None = None
    wrong: np.ndarray | None = None


class Judge:
    """Keeps the worst error of one array and counts what was left out."""

    def __init__(self, check: ArrayCheck, limits: Limits):
        self.check, self.limits = check, limits

    def error(self, analytic: float, numeric: float, noise: float) -> float:
        """Return |a - n| / (max(|a|, |n|) + floor), where the floor is what the noise allows.

        At the tolerance this reads |a - n| = tol · max(|a|, |n|) + noise, so that one number
        says it all: small gradients are compared as far as the differences can resolve them.
        """
        floor = max(self.limits.floor, noise / self.limits.tolerance)
        size = max(abs(analytic), abs(numeric)) + floor
        apart = abs(analytic - numeric)
        return apart / size if apart != 0.0 else 0.0

    def clear(self, analytic: float, quick: Estimate, rounding: float) -> bool:
        """Whether a derivative at the usual step agrees so well that no better one is needed."""
        error = self.error(analytic, quick.value, quick.error + rounding)
        return error <= self.limits.tolerance / 10 and quick.error < abs(quick.value)

    def settle(self, index, analytic: float, estimate: Estimate, rounding: float) -> bool:
        """Take one compared value into the verdict; return whether it is wrong."""
        check = self.check
        if estimate.kind == "kink":
            check.kinks += 1
            return False
        check.checked += 1
        check.unresolved += estimate.kind == "noise" and analytic != estimate.value
        error = self.error(analytic, estimate.value, estimate.error + rounding)
        wrong = not error <= self.limits.tolerance
        # Written so that a NaN becomes, and stays, the worst error.
        if not error <= check.worst_error and not np.isnan(check.worst_error):
            check.worst_error, check.worst_index = float(error), index and tuple(map(int, index))
            check.numeric, check.analytic = float(estimate.value), float(analytic)
        check.ok = check.ok and not wrong
        return wrong


def compare(
    lines: Lines,
    which: int,
    analytic: np.ndarray,
    name: str,
    limits: Limits,
    unsteady: float = 0.0,
) -> Comparison:
    """Return the verdict on the gradient of array `which`.

    Parameters
    ----------
    lines : Lines
        The function at the point of the check.
    which : int
        The array.
    analytic : ndarray
        Its gradient as backward gave it, of the array's shape.
    name : str
        What to call it.
    limits : Limits
    unsteady : float
        How far rounding inside backward moves an entry of `analytic`.

    Returns
    -------
    Comparison
    """
    judge = Judge(ArrayCheck(name, analytic.shape), limits)
    # The gradient under test is rounded too: sums of its size lose this much.
    largest = np.max(np.abs(analytic), initial=0.0, where=np.isfinite(analytic))
    rounding = 16 * (lines.eps * float(largest) + unsteady)
    if analytic.size <= limits.max_entries or limits.method == "complex":
        return _all_entries(lines, which, analytic, judge, rounding)
    judge.check.method = "inner products"
    rng = np.random.default_rng([limits.seed, which])
    _inner_products(lines, which, analytic, judge, rng, unsteady)
    some = rng.choice(analytic.size, size=min(_SAMPLED, analytic.size), replace=False)
    for index in np.sort(some):
        value, where = analytic.flat[index], np.unravel_index(index, analytic.shape)
        row, noise = lines.row(which, index)
        quick = Estimate(lines.upstream @ row, noise, "smooth")
        estimate = (
            quick if judge.clear(value, quick, rounding) else lines.refine_entry(which, index)
        )
        judge.settle(where, value, estimate, rounding)
    return Comparison(judge.check)


def numeric_gradient(
    lines: Lines, which: int, method: str = "central"
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the derivative of every entry, its rounding error, and the rows (P, M).

    Parameters
    ----------
    lines : Lines
    which : int
        The array.
    method : {"central", "complex"}

    Returns
    -------
    gradient, noise : ndarray, shape (P,)
    rows : ndarray, shape (P, M)
        d output / d entry.
    """
    take = lines.complex_row if method == "complex" else lines.row
    size = lines.arrays[which].size
    rows, noise = np.empty((size, lines.base.size)), np.empty(size)
    for index in range(size):
        rows[index], noise[index] = take(which, index)
    return rows @ lines.upstream, noise, rows


def _all_entries(lines, which, analytic, judge: Judge, rounding: float) -> Comparison:
    """Compare every entry: at the usual step first, on the ladder where that does not settle."""
    flat, method = analytic.reshape(-1), judge.limits.method
    numeric, noise, rows = numeric_gradient(lines, which, method)
    wrong, doubtful = np.zeros(flat.size, dtype=bool), []
    for index in range(flat.size):
        quick = Estimate(numeric[index], noise[index], "smooth")
        if method == "complex" or judge.clear(flat[index], quick, rounding):
            where = np.unravel_index(index, analytic.shape)
            wrong[index] = judge.settle(where, flat[index], quick, rounding)
        else:
            doubtful.append(index)

    def refine(index: int) -> bool:
        estimate = lines.refine_entry(which, index)
        if estimate.kind != "kink":
            numeric[index] = estimate.value
        where = np.unravel_index(index, analytic.shape)
        return judge.settle(where, flat[index], estimate, rounding)

    _settle_doubtful(flat, numeric, noise, wrong, doubtful, refine)
    return Comparison(judge.check, numeric.reshape(analytic.shape), rows, wrong)


def _settle_doubtful(
    flat, numeric, noise, wrong: np.ndarray, doubtful: list[int], refine: Callable[[int], bool]
) -> None:
    """Refine doubtful entries, worst first; once enough are wrong, go by the usual step alone."""
    apart = np.nan_to_num(np.abs(flat - numeric), nan=np.inf)
    size = np.max(np.abs(numeric), initial=0.0, where=np.isfinite(numeric))
    for index in sorted(doubtful, key=lambda i: -apart[i]):
        if wrong.sum() < _CONFIRM:
            wrong[index] = refine(index)
        else:
            wrong[index] = not apart[index] <= 1e-3 * size + 1e3 * noise[index]


def _inner_products(lines: Lines, which: int, analytic, judge: Judge, rng, unsteady) -> None:
    """Compare ⟨gradient, v⟩ with the change of the loss along v, for random directions v.

    uᵀ(Jv) is one difference of the loss; (uᵀJ)v is one product with the analytic gradient. A
    single wrong entry among P moves the second by 1/√P of its size, far above the tolerance.
    """
    size = float(np.mean(lines.size[which]))
    for _ in range(_DIRECTIONS):
        vector = rng.standard_normal(analytic.shape)
        estimate = lines.refine(lines.direction(which, vector), size)
        terms = analytic * vector
        lost = lines.eps * np.linalg.norm(terms) + unsteady * np.linalg.norm(vector)
        judge.settle(None, float(terms.sum()), estimate, 16 * float(lost))
