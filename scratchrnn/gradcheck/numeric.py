"""Numeric derivatives that know their own error.

A difference quotient is wrong in two ways: truncation, which grows with the step h, and rounding
in f, which grows as 1/h. The best step depends on how fast f bends, which nobody knows in advance:
1e-5 of the input's size suits a unit of ordinary weights and is far too long behind weights of
1e3. So each derivative is taken at one sensible step first,

    D(h) = (f(x + h) - f(x - h)) / 2h            (error h² f'''/6 + noise/h),

and, where that does not settle the matter, along a ladder of steps h, h/8, h/64, ..., with
Richardson's extrapolation between neighbours,

    R(h) = (64 D(h/8) - D(h)) / 63               (error of order h⁴),

and the rung is chosen whose own estimate of its error is least: the disagreement between
neighbouring rungs plus the noise of f, measured by how far shorter steps stray from a line.

Kinks: at a kink the two one-sided quotients differ by a constant instead of by h f''. A rung
whose one-sided gap does not shrink with h may straddle a kink and answers for that gap.

Outputs are subtracted before they meet the upstream gradient, so that outputs which a step does
not reach cancel exactly and add no noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

LADDER = 8.0 ** -np.arange(-3, 14)  # multiples of the input's size, longest first
_SAFETY = 4.0  # how far the least estimate of the error may itself be short
_COARSE = 16.0  # the same in float32, where few steps lie between the noise and the bends of f
_GRAIN = 1e5  # how far rounding of numbers of order 1 inside f may grow on its way out
_DIGITS = 16.0  # a change of so few units in the last place shows no slope
_HIDDEN = 16.0  # last digits of the outputs in which a slope may hide from every step
_UNDERFLOW = 1e-150  # numbers whose products with each other vanish
Change = Callable[[float], tuple[float, np.ndarray]]


@dataclass(frozen=True)
class Estimate:
    """A numeric derivative: its value, a bound on its error, and what was found there.

    Attributes
    ----------
    value, error : float
        The derivative of the loss along the line, and how far it may be off.
    kind : {"smooth", "kink", "noise"}
        "kink": the function has no derivative here; "noise": too small to be told from rounding.
    """

    value: float
    error: float
    kind: str


class Lines:
    """The loss u·f along straight lines through one point of the inputs.

    Parameters
    ----------
    evaluate : callable
        Takes the list of float64 arrays, returns all outputs as one vector (M,).
    arrays : list of ndarray
        The point. Changed during an evaluation, and put back.
    upstream : ndarray, shape (M,)
        The upstream gradient u on every output.
    eps : float
        Relative rounding of the outputs.
    """

    def __init__(self, evaluate, arrays: list[np.ndarray], upstream: np.ndarray, eps: float):
        self.evaluate, self.arrays, self.upstream, self.eps = evaluate, arrays, upstream, eps
        self.base = evaluate(arrays)
        self.size = [_sizes(array) for array in arrays]
        self.evaluations = 1

    def entry(self, which: int, index: int) -> Change:
        """Return the change of the outputs when entry `index` of array `which` moves by t."""
        flat = self.arrays[which].reshape(-1)
        stored = flat[index]
        start = stored if np.isfinite(stored) else 0.0

        def change(t: float) -> tuple[float, np.ndarray]:
            flat[index] = start + t
            moved = flat[index] - start
            try:
                return moved, self._change()
            finally:
                flat[index] = stored

        return change

    def direction(self, which: int, vector: np.ndarray) -> Change:
        """Return the change of the outputs when array `which` moves by t · `vector`."""
        array = self.arrays[which]
        stored = array.copy()

        def change(t: float) -> tuple[float, np.ndarray]:
            array[...] = stored + t * vector
            try:
                return t, self._change()
            finally:
                array[...] = stored

        return change

    def _change(self) -> np.ndarray:
        self.evaluations += 1
        return self.evaluate(self.arrays) - self.base

    def row(self, which: int, index: int) -> tuple[np.ndarray, float]:
        """Return D(h) of every output at the usual step, and the rounding error of u·D(h)."""
        size, change = self.size[which].flat[index], self.entry(which, index)
        step = self.eps ** (1 / 3) * size
        (ahead, up), (behind, down) = change(step), change(-step)
        width = ahead - behind
        return (up - down) / width, self._rounding(up - down) / width

    def complex_row(self, which: int, index: int) -> tuple[np.ndarray, float]:
        """Return the derivative of every output by the complex step, and its rounding error.

        f(x + i h) = f(x) + i h f'(x) + O(h²), so Im f / h has no subtraction to lose digits in.
        """
        size = self.size[which].flat[index]
        arrays = [a.astype(complex) if i == which else a for i, a in enumerate(self.arrays)]
        arrays[which].flat[index] += 1e-30j * size
        self.evaluations += 1
        row = self.evaluate(arrays).imag / (1e-30 * size)
        lost = np.linalg.norm(self.upstream * self.base) / size
        return row, 64 * self.eps * float(np.linalg.norm(self.upstream * row) + lost)

    def _rounding(self, moved: np.ndarray) -> float:
        """Return the rounding to expect in u·(outputs), counting the outputs that moved."""
        return self.eps * float(np.linalg.norm((self.upstream * self.base)[moved != 0]))

    def refine_entry(self, which: int, index: int) -> Estimate:
        """Return the derivative with respect to one entry from the whole ladder of steps."""
        return self.refine(self.entry(which, index), self.size[which].flat[index])

    def refine(self, change: Change, size: float) -> Estimate:
        """Return the derivative of u·f along a line from the whole ladder of steps."""
        ahead, behind, up, down, rounding = [], [], [], [], 0.0
        for step in size * LADDER:
            (forward, rise), (backward, fall) = change(step), change(-step)
            ahead.append(forward)
            behind.append(-backward)
            up.append(self.upstream @ rise)
            down.append(self.upstream @ fall)
            rounding = max(rounding, self._rounding(rise - fall))
        weight = float(np.linalg.norm(self.upstream))
        last_digits = self.eps * float(np.linalg.norm(self.upstream * self.base))
        hidden = (_HIDDEN * last_digits + _UNDERFLOW * weight) / size
        grain = _GRAIN * (last_digits + self.eps * weight)
        if rounding == 0.0:
            # No step moved anything: numbers of order 1 inside f, such as 1 - z, may round it off.
            hidden += _HIDDEN * self.eps * weight / size
        ladder = map(np.array, (ahead, behind, up, down))
        safety = _SAFETY if self.eps < 1e-10 else _COARSE
        return from_ladder(*ladder, rounding, grain, hidden, safety)


def _sizes(array: np.ndarray) -> np.ndarray:
    """Return the size of each entry for choosing steps: its own, or the array's if larger."""
    finite = np.where(np.isfinite(array), np.abs(array), 0.0)
    typical = float(np.sqrt(np.mean(finite**2))) if array.size else 0.0
    return np.maximum(finite, typical) if typical > 0 else np.ones_like(array)


def from_ladder(
    ahead: np.ndarray,
    behind: np.ndarray,
    up: np.ndarray,
    down: np.ndarray,
    rounding: float = 0.0,
    grain: float = 0.0,
    hidden: float = 0.0,
    safety: float = _SAFETY,
) -> Estimate:
    """Return the best derivative that a ladder of steps holds.

    Parameters
    ----------
    ahead, behind : ndarray, shape (K,)
        The steps taken to either side, longest first.
    up, down : ndarray, shape (K,)
        The change of the loss at those steps.
    rounding : float
        The least rounding error of one change of the loss.
    grain : float
        The most that it may have grown to inside f.
    hidden : float
        What the slope may be beside what any step shows.
    safety : float
        How far the least estimate of the error may itself be short.

    Returns
    -------
    Estimate
    """
    with np.errstate(all="ignore"):
        width = ahead + behind
        central = (up - down) / width
        gap = np.abs(up / ahead + down / behind)
        shaky = 2 * np.fmax(rounding, _noise(up, down, grain)) / width
        richardson = (64 * central[1:] - central[:-1]) / 63
        error = _errors(richardson, central, gap, shaky, rounding / width)
        if np.fmax.reduce(np.abs(up - down), initial=0.0) < _DIGITS * rounding:
            # All that can be seen are last digits: no rung is better than another.
            slopes = np.where(up != down, np.abs(central) + 2 * rounding / width, 0.0)
            error = error + np.fmax.reduce(slopes, initial=0.0)
        kinked = _kinked(gap, shaky, central)
    error = np.where(np.isfinite(error), error, np.inf)
    best = int(np.argmin(error))
    if kinked or not np.isfinite(error[best]):
        return Estimate(float(central[-1]), np.inf, "kink")
    value, bound = float(richardson[best + 1]), safety * (float(error[best]) + hidden)
    return Estimate(value, bound, "noise" if bound > abs(value) else "smooth")


def _errors(
    richardson: np.ndarray,
    central: np.ndarray,
    gap: np.ndarray,
    shaky: np.ndarray,
    last_digit: np.ndarray,
) -> np.ndarray:
    """Return the error that each rung from the third on owns up to, (K - 2,).

    The sum of: what extrapolation changed, here and at the rung before; noise; a one-sided gap
    that does not close; a slope that moves further with each step, since it has not begun to
    converge; and what shorter steps contradict.
    """
    step = np.abs(np.diff(central))
    changed = np.abs(richardson[1:] - richardson[:-1]) + np.abs(richardson - central[1:])[1:]
    bent = (gap[2:] > gap[1:-1] / 4) & (gap[2:] > 4 * shaky[2:])
    parting = (step[1:] > step[:-1]) & (step[1:] > 4 * last_digit[2:])
    error = changed + shaky[2:] + _contradiction(richardson, central, shaky)
    return error + np.where(bent, gap[2:], 0.0) + np.where(parting, 64 * step[1:], 0.0)


def _contradiction(richardson: np.ndarray, central: np.ndarray, shaky: np.ndarray) -> np.ndarray:
    """Return, for each rung, how far shorter steps are from it beyond their own noise.

    Far from the point, where f is flat, long steps agree with each other on a slope of nothing.
    """
    rungs = np.arange(central.size)
    apart = np.abs(central[None, :] - richardson[1:, None]) - shaky[None, :]
    shorter = rungs[None, :] >= rungs[2:, None]
    return np.fmax.reduce(np.where(shorter, apart, 0.0), axis=1, initial=0.0)


def _noise(up: np.ndarray, down: np.ndarray, most: float) -> np.ndarray:
    """Return the noise in the changes of each rung, seen by how far rungs are from a line.

    f(x + h) - f(x - h) falls by 8 from rung to rung but for terms of order h³, which fall by
    512. What is left at shorter steps is noise (1), and noise, once reached, does not fall with
    h (2). Where the steps become too short to move f at all, the last change that can be seen is
    the grain of f (3). What is larger than `most` is no rounding but a bend of f in the distance.
    """
    change = up - down
    apart = np.abs(change - np.append(np.nan, change[:-1]) / 8)
    noise = np.fmax.accumulate(apart[::-1])[::-1]  # (1)
    falls = np.append(False, apart[1:] <= apart[:-1] / 64)
    bottom = np.logical_or.accumulate(falls) & ~falls & (apart <= most)
    stays = np.where(bottom, apart, 0.0)
    noise = np.fmax(noise, np.fmax.accumulate(stays))  # (2)
    moved = np.flatnonzero((up != 0) | (down != 0))
    if moved.size and moved[-1] < up.size - 1:
        last = max(abs(up[moved[-1]]), abs(down[moved[-1]]))
        noise[moved[-1] :] = np.fmax(noise[moved[-1] :], min(last, most))  # (3)
    return noise


def _kinked(gap: np.ndarray, shaky: np.ndarray, central: np.ndarray) -> bool:
    """Whether the one-sided gap stays the same down to the shortest steps above the noise."""
    seen = np.isfinite(gap) & (gap > 16 * shaky)
    clear = np.flatnonzero(seen)
    if clear.size < 3 or clear[-1] - clear[-3] != 2:
        return False
    last = gap[clear[-3:]]
    could_be_seen = last.min() > 64 * shaky[clear[-1] + 1 :]
    return bool(
        last.max() < 1.5 * last.min()
        and last.min() > 1e-6 * np.abs(central[clear[-1]])
        and not could_be_seen.any()
    )
