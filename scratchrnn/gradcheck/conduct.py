"""How a function pair behaves beside its numbers: nothing changed, nothing kept, nothing shared.

Backward is called three times: after a forward call, again after the same one, and after a
second forward call. All three must give the same gradients, and no call may change the inputs,
the upstream gradient, or the gradients that an earlier call returned.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np

from .matching import MISSING, match
from .pair import Pair

_NUDGES = 8


@dataclass
class Conduct:
    """What the calls gave and what was noticed.

    Attributes
    ----------
    gradients : list
        One per leaf, as first returned: a copy, or ``MISSING``.
    problems, notes : list of str
        What is wrong, and what is worth saying.
    """

    gradients: list = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def observe(pair: Pair, upstream: list[np.ndarray], wrt: list[int], strict: bool) -> Conduct:
    """Call the pair as described above and return what happened.

    Parameters
    ----------
    pair : Pair
    upstream : list of ndarray
        One for each output.
    wrt : list of int
        The leaves to be checked.
    strict : bool
        Whether shared memory is a problem, or only worth a note.
    """
    seen = Conduct()
    arrays, given, kept = _forward(pair, upstream, seen)
    first = pair.gradients(given, kept)
    _compare_inputs(pair, arrays, "backward", seen)
    for name, before, after in zip(pair.output_names, upstream, given, strict=True):
        if not np.array_equal(before, after):
            _say(seen, f"backward changes the upstream gradient of {name} in place")
    matched, fault = match(pair, first, wrt)
    if fault:
        _say(seen, fault)
    seen.gradients = [_copy(gradient) for gradient in matched]
    shared = _shared(pair, matched, given, arrays)
    if pair.backward is not None:
        shared += _repeat(pair, upstream, wrt, kept, matched, seen)
    for text in shared:
        _say(seen, text) if strict else seen.notes.append(text)
    return seen


def unsteadiness(pair: Pair, upstream: list[np.ndarray], seen: Conduct, eps: float) -> list:
    """Return how far each gradient moves when the inputs move in their last digits.

    A gradient that is zero as a difference of large numbers is their rounding, and right. Where
    rounding decides, the next inputs give another number; a wrong gradient stays what it is.

    Parameters
    ----------
    pair, upstream
        As `observe` takes them.
    seen : Conduct
        What `observe` returned.
    eps : float
        Relative rounding of the function.

    Returns
    -------
    list of float
        One per leaf: the greatest change of an entry. Zero where calls differ anyway, and where
        the change is no rounding, but a kink that the inputs lie on.
    """
    moves = [0.0] * len(pair.leaves)
    rng, every = np.random.default_rng(0), list(range(len(pair.leaves)))
    for _ in range(0 if seen.problems else _NUDGES):
        arrays = [a.array * (1 + eps * rng.integers(-4, 5, a.array.shape)) for a in pair.leaves]
        _, kept = pair.forward(arrays)
        given = [u.copy() if u.ndim else u[()] for u in upstream]
        gradients, _ = match(pair, pair.gradients(given, kept), every)
        for i, (first, later) in enumerate(zip(seen.gradients, gradients, strict=True)):
            if _is_numeric(first) and first.shape == np.shape(later):
                moves[i] = max(moves[i], np.max(np.abs(later - first), initial=0.0))
    return [_rounding_of(m, g, eps) for m, g in zip(moves, seen.gradients, strict=True)]


def _rounding_of(move: float, gradient, eps: float) -> float:
    """Return `move` if it is small beside the gradient, or both are small beside the upstream."""
    size = np.max(np.abs(gradient), initial=0.0) if _is_numeric(gradient) else 0.0
    return move if move < 1e-3 * size or size < np.sqrt(eps) else 0.0


def _copy(gradient):
    """Return a gradient as an array of its own, of objects where it is no array of numbers."""
    if gradient is MISSING or gradient is None:
        return gradient
    try:
        copied = np.array(gradient)
    except ValueError:  # lists of unequal lengths
        return np.array(None)
    return copied if copied.dtype.kind in "fciub" else copied.astype(object)


def _say(seen: Conduct, problem: str) -> None:
    if problem not in seen.problems:
        seen.problems.append(problem)


def _forward(pair: Pair, upstream: list[np.ndarray], seen: Conduct):
    """Call f on fresh copies; return the copies, fresh upstream gradients, and the cache."""
    arrays = [leaf.array.copy() for leaf in pair.leaves]
    _, kept = pair.forward(arrays)
    _compare_inputs(pair, arrays, "f", seen)
    return arrays, [u.copy() if u.ndim else u[()] for u in upstream], kept


def _compare_inputs(pair: Pair, arrays: list[np.ndarray], who: str, seen: Conduct) -> None:
    for leaf, array in zip(pair.leaves, arrays, strict=True):
        by_f = f"f changes its input {leaf.name} in place"
        if not np.array_equal(leaf.array, array, equal_nan=True) and by_f not in seen.problems:
            _say(seen, f"{who} changes its input {leaf.name} in place")


def _repeat(pair, upstream, wrt, kept, matched, seen: Conduct) -> list[str]:
    """Call backward again, with the same cache and with a new one; return the shared buffers."""
    again = [u.copy() if u.ndim else u[()] for u in upstream]
    try:
        second = match(pair, pair.gradients(again, kept), wrt)[0]
    # Whatever a caller's backward raises when it is used twice, it means "once per forward".
    except Exception as error:
        seen.notes.append(f"backward can be called once for each forward ({error!r})")
        second = None
    same_cache = second is not None and _differing(pair, seen.gradients, second)
    if same_cache:
        _say(seen, f"a second backward of the same forward gives other gradients: {same_cache}")
    reused = [
        f"the gradient of {leaf.name} is overwritten by the next backward: not a fresh array"
        for leaf, kept_first, returned in zip(pair.leaves, seen.gradients, matched, strict=True)
        if isinstance(returned, np.ndarray)
        and not np.array_equal(kept_first, returned, equal_nan=True)
    ]
    _, given, kept = _forward(pair, upstream, seen)
    third = match(pair, pair.gradients(given, kept), wrt)[0]
    anew = _differing(pair, seen.gradients, third)
    if anew and not same_cache:
        _say(seen, f"forward and backward once more give other gradients: {anew}")
    return reused


def _is_numeric(gradient) -> bool:
    return isinstance(gradient, np.ndarray) and gradient.dtype.kind != "O"


def _differing(pair: Pair, first: list, later: list) -> str:
    """Return which gradients differ between two calls, and how."""
    texts = []
    for leaf, a, b in zip(pair.leaves, first, later, strict=True):
        if not _is_numeric(a) or b is MISSING or b is None:
            continue
        b = np.asarray(b)
        size = np.max(np.abs(a), initial=0.0)
        if a.shape != b.shape or not np.allclose(a, b, rtol=0, atol=1e-9 * size, equal_nan=True):
            grown = a.shape == b.shape and np.allclose(b, 2 * a, rtol=0, atol=1e-9 * size)
            texts.append(f"{leaf.name} (twice as large: it accumulates)" if grown else leaf.name)
    return ", ".join(texts)


def _shared(pair: Pair, gradients: list, upstream: list, arrays: list) -> list[str]:
    """Return a line for each gradient that shares memory with something else."""
    named = [
        (f"the gradient of {leaf.name}", g)
        for leaf, g in zip(pair.leaves, gradients, strict=True)
        if isinstance(g, np.ndarray)
    ]
    others = [(f"the input {leaf.name}", a) for leaf, a in zip(pair.leaves, arrays, strict=True)]
    others += [
        (f"the upstream gradient of {name}", u)
        for name, u in zip(pair.output_names, upstream, strict=True)
        if isinstance(u, np.ndarray)
    ]
    pairs = [*itertools.product(named, others), *itertools.combinations(named, 2)]
    return [
        f"{left} shares memory with {right}: not a fresh array"
        for (left, a), (right, b) in pairs
        if np.shares_memory(a, b)
    ]
