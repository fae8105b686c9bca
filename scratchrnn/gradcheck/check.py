"""Check the gradients of any function pair."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .compare import Comparison, Limits, compare, numeric_gradient
from .conduct import observe, unsteadiness
from .diagnosis import diagnose
from .evidence import Evidence, Output
from .matching import MISSING, describe_fault
from .numeric import Lines
from .pair import Pair
from .result import ArrayCheck, GradientCheck

_WHO = "check_gradients"
_MOST_ROWS = 4_000_000  # entries of a Jacobian that are measured for the sake of a diagnosis


def check_gradients(
    f: Callable,
    inputs: Sequence | Mapping | np.ndarray,
    backward: Callable | None = None,
    *,
    wrt: Sequence[str] | None = None,
    outputs: Sequence[int] | None = None,
    tolerance: float = 1e-6,
    floor: float = 0.0,
    seed: int = 0,
    method: str = "central",
    max_entries: int = 2000,
    cache: bool | str = "auto",
    strict: bool = False,
) -> GradientCheck:
    """Compare the gradients of a backward function with differences of its forward function.

    Every output gets a random, non-zero upstream gradient; every entry of every input is moved
    in float64 and the change of the outputs compared with what `backward` says. Steps and floor
    follow from the function itself: a derivative is taken with as long a ladder of steps as it
    needs, and its own error bounds what counts as a difference. What is wrong is also named.

    Parameters
    ----------
    f : callable
        The forward function, called as ``f(*inputs)`` or, for a mapping, ``f(**inputs)``.
        Returns an array, or a tuple of arrays; a last element that is not an array of floats,
        or belongs to a parameter of `backward` called ``cache``, is handed on to `backward`.
        It has to give the same outputs for the same inputs.
    inputs : sequence, mapping or ndarray
        The arguments. Arrays of floats are checked, as float64 copies, also inside lists and
        dicts; everything else (masks, labels, options) is passed on as it is.
    backward : callable, optional
        Takes one upstream gradient for each output, and the cache if there is one. Returns the
        gradients in the order of `inputs`, or by name as a dict or named tuple (``dWx`` or
        ``Wx`` for the input ``Wx``). Without it, `f` returns ``(loss, gradients)``.
    wrt : sequence of str, optional
        The inputs to check, by name; all arrays of floats by default.
    outputs : sequence of int, optional
        The outputs that have an upstream gradient; all by default.
    tolerance : float
        The relative error allowed: ``|a - n| <= tolerance * max(|a|, |n|)`` beside the error of
        the numeric derivative ``n`` itself. A NaN never passes.
    floor : float
        Gradients far smaller than this are compared absolutely. By default only what rounding
        hides is.
    seed : int
        Of the upstream gradients and the random directions.
    method : {"central", "complex"}
        Central differences, or the complex step, which has no rounding to fear but needs an
        `f` that computes with complex numbers.
    max_entries : int
        A larger array is checked by inner products with random directions and some entries.
    cache : bool or "auto"
        Whether the last element that `f` returns is a cache.
    strict : bool
        Whether gradients that share memory with other arrays are wrong, or only noted.

    Returns
    -------
    GradientCheck
        Prints as a table; ``result.ok``; ``result["Wx"].diagnosis``.

    Raises
    ------
    ValueError
        If the pair cannot be called: no float inputs, outputs that are not arrays of floats,
        fewer parameters of `backward` than outputs of `f`.

    References
    ----------
    W. Squire, G. Trapp, "Using complex variables to estimate derivatives of real functions",
    SIAM Review 40 (1998). C. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)",
    Advances in Engineering Software 4 (1982).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.gradcheck import check_gradients
    >>> def step_forward(x, h_prev, Wx, Wh, b):
    ...     h = np.tanh(x @ Wx + h_prev @ Wh + b)
    ...     return h, (x, h_prev, Wx, Wh, h)
    >>> def step_backward(dh, cache):
    ...     x, h_prev, Wx, Wh, h = cache
    ...     da = dh * (1 - h**2)
    ...     return da @ Wx.T, da @ Wh.T, x.T @ da, h.T @ da, da.sum(axis=0)
    >>> rng = np.random.default_rng(0)
    >>> inputs = [rng.standard_normal(s) for s in [(2, 3), (2, 4), (3, 4), (4, 4), (4,)]]
    >>> result = check_gradients(step_forward, inputs, step_backward)
    >>> result.ok, [array.name for array in result if not array.ok]
    (False, ['Wh'])
    """
    _check_options(tolerance, floor, method, max_entries)
    with np.errstate(all="ignore"):
        pair = Pair(f, inputs, backward, cache=cache, outputs=outputs)
        chosen = _chosen(pair, wrt)
        limits = Limits(tolerance, floor, max_entries, seed, method)
        result = GradientCheck([], tolerance=tolerance, seed=seed, method=_METHODS[method])
        _check(pair, chosen, limits, strict, result)
    return result


_METHODS = {"central": "central differences", "complex": "complex step"}


def _check_options(tolerance: float, floor: float, method: str, max_entries: int) -> None:
    if not (np.isfinite(tolerance) and tolerance > 0):
        raise ValueError(f"{_WHO}: tolerance: expected a positive number, got {tolerance!r}")
    if not (np.isfinite(floor) and floor >= 0):
        raise ValueError(f"{_WHO}: floor: expected a number of at least 0, got {floor!r}")
    if method not in _METHODS:
        raise ValueError(f"{_WHO}: method: expected one of {sorted(_METHODS)}, got {method!r}")
    if max_entries < 0:
        raise ValueError(f"{_WHO}: max_entries: expected at least 0, got {max_entries!r}")


def _chosen(pair: Pair, wrt: Sequence[str] | None) -> list[int]:
    """Return the indices of the leaves to check."""
    if wrt is None:
        return list(range(len(pair.leaves)))
    wrt = [wrt] if isinstance(wrt, str) else list(wrt)
    names = {leaf.name: i for i, leaf in enumerate(pair.leaves)}
    names.update({leaf.short: i for i, leaf in enumerate(pair.leaves) if leaf.short not in names})
    unknown = [name for name in wrt if name not in names]
    if unknown or not wrt:
        raise ValueError(f"{_WHO}: wrt: expected names among {list(names)}, got {wrt}")
    return [names[name] for name in wrt]


def _check(pair: Pair, chosen: list[int], limits: Limits, strict: bool, result) -> None:
    """Run the whole check of one pair into `result`."""
    arrays = [leaf.array.copy() for leaf in pair.leaves]
    outputs, _ = pair.forward(arrays)
    arrays = [leaf.array.copy() for leaf in pair.leaves]
    low = _low_precision(pair, outputs, arrays)
    upstream = _upstream(pair, outputs, result.seed)
    _check_outputs(pair, outputs, low, result)
    conduct = observe(pair, upstream, chosen, strict)
    result.problems += conduct.problems
    result.notes += conduct.notes
    flat = np.concatenate([np.zeros(0), *(np.reshape(u, -1) for u in upstream)])
    eps = float(np.finfo(np.float32 if low else np.float64).eps)
    lines = Lines(pair.vector, arrays, flat, eps)
    if limits.method == "complex":
        _require_complex(pair, lines, chosen)
    evidence = _evidence(pair, outputs, lines)

    @functools.cache
    def unsteady() -> list[float]:
        return unsteadiness(pair, upstream, conduct, eps)

    for which in chosen:
        gradient = conduct.gradients[which]
        found = _check_array(pair, which, lines, limits, gradient, low, evidence, unsteady)
        result.arrays.append(found)
    if any(not check.ok for check in result.arrays):
        _complete(pair, lines, evidence)
        diagnose(pair, evidence, result.arrays)
    result.evaluations = lines.evaluations


def _check_outputs(pair: Pair, outputs: list[np.ndarray], low: bool, result) -> None:
    """Report outputs that are not finite, not repeatable, or of low precision."""
    again, _ = pair.forward([leaf.array.copy() for leaf in pair.leaves])
    for name, y, z in zip(pair.output_names, outputs, again, strict=True):
        if not np.isfinite(y).all():
            result.problems.append(f"f gives values that are not finite in {name}")
            continue
        size = float(np.max(np.abs(y), initial=0.0))
        slack = (1e-4 if low else 1e-10) * size
        if y.shape != z.shape or not np.allclose(y, z, rtol=0, atol=slack):
            result.problems.append(
                f"f gives other values of {name} when it is called again: "
                "it draws random numbers, or keeps state between calls"
            )
    if low:
        result.notes.append("f computes in float32: long steps, and only coarse errors are seen")


def _low_precision(pair: Pair, outputs: list[np.ndarray], arrays: list[np.ndarray]) -> bool:
    """Whether f computes in less than float64: says so, or does not see a change of 1e-10."""
    if any(y.dtype.itemsize < 8 for y in outputs):
        return True
    moved = [a * (1 + 1e-10) + 1e-10 * (a == 0) for a in arrays]
    far = [a * (1 + 1e-4) + 1e-4 * (a == 0) for a in arrays]
    base = pair.vector([a.copy() for a in arrays])
    here, there = pair.vector(moved), pair.vector(far)
    return np.array_equal(base, here) and not np.array_equal(base, there)


def _upstream(pair: Pair, outputs: list[np.ndarray], seed: int) -> list[np.ndarray]:
    """Return random upstream gradients, none near zero; 1 for a loss that has no backward."""
    if pair.backward is None:
        return [np.ones_like(y, dtype=np.float64) for y in outputs]
    rng = np.random.default_rng(seed)
    return [
        np.asarray(rng.choice([-1.0, 1.0], size=y.shape) * rng.uniform(0.5, 1.5, size=y.shape))
        for y in outputs
    ]


def _require_complex(pair: Pair, lines: Lines, chosen: list[int]) -> None:
    """Raise unless the complex step agrees with a difference where both are taken."""
    for which in chosen:
        if lines.arrays[which].size == 0:
            continue
        try:
            row, _ = lines.complex_row(which, 0)
        # f may refuse complex numbers by any error.
        except Exception as error:
            raise ValueError(f"{_WHO}: method: f refuses complex numbers: {error!r}") from error
        plain, noise = lines.row(which, 0)
        apart = abs(lines.upstream @ (row - plain))
        if not apart <= 1e-4 * np.linalg.norm(lines.upstream * plain) + 100 * noise:
            raise ValueError(
                f"{_WHO}: method: expected an f that computes with complex numbers throughout, "
                f"got one whose complex step disagrees for {pair.leaves[which].name}"
            )


def _evidence(pair: Pair, outputs: list[np.ndarray], lines: Lines) -> Evidence:
    places, start = [], 0
    for name, y in zip(pair.output_names, outputs, strict=True):
        places.append(Output(name, y.shape, start))
        start += y.size
    arrays = {leaf.name: leaf.array for leaf in pair.leaves}
    return Evidence(arrays, places, lines.upstream, lines.base)


def _check_array(pair, which, lines, limits, gradient, low, evidence, unsteady) -> ArrayCheck:
    """Return the verdict on one array; keep its numbers as evidence."""
    leaf = pair.leaves[which]
    fault = describe_fault(gradient, leaf.array, low)
    if gradient is not MISSING and gradient is not None:
        evidence.analytic[leaf.name] = np.asarray(gradient)
    if fault is not None:
        return ArrayCheck(leaf.name, leaf.array.shape, ok=False, fault=fault)
    analytic = np.asarray(gradient, dtype=np.float64)
    compared = compare(lines, which, analytic, leaf.name, limits)
    if not compared.check.ok and _may_be_rounding(compared.check, unsteady()[which]):
        compared = compare(lines, which, analytic, leaf.name, limits, unsteady()[which])
    _keep(evidence, leaf.name, compared)
    return compared.check


def _may_be_rounding(check: ArrayCheck, unsteady: float) -> bool:
    """Whether the worst difference is no more than rounding inside backward makes of it."""
    entries = 1.0 if check.worst_index is not None else float(np.prod(check.shape))
    return abs(check.analytic - check.numeric) <= 64 * unsteady * np.sqrt(entries)


def _keep(evidence: Evidence, name: str, compared: Comparison) -> None:
    if compared.numeric is not None:
        evidence.numeric[name] = compared.numeric
        evidence.rows[name] = compared.rows
        evidence.wrong[name] = compared.wrong


def _complete(pair: Pair, lines: Lines, evidence: Evidence) -> None:
    """Measure the gradients that a diagnosis needs and the verdict did not."""
    for which, leaf in enumerate(pair.leaves):
        if leaf.name in evidence.numeric or leaf.array.size * lines.base.size > _MOST_ROWS:
            continue
        numeric, _, rows = numeric_gradient(lines, which)
        evidence.rows[leaf.name] = rows
        evidence.numeric[leaf.name] = numeric.reshape(leaf.array.shape)
        analytic = evidence.analytic.get(leaf.name)
        if analytic is not None and analytic.shape == leaf.array.shape:
            apart = np.abs(analytic.reshape(-1) - numeric)
            evidence.wrong[leaf.name] = apart > 1e-3 * np.max(np.abs(numeric), initial=0.0)
