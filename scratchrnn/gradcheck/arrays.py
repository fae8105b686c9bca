"""What a wrong array is instead, when the right one is known already."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from .diagnosis import _shapes
from .evidence import Evidence, Output
from .patterns import find_patterns, locate, splits


def explain_array(
    name: str,
    got: np.ndarray,
    right: Mapping[str, np.ndarray],
    roles: Mapping[str, Mapping[int, str]],
    widths: Mapping[str, np.ndarray],
) -> list[str]:
    """Return every simple relation between an array and the right ones, as sentences.

    Parameters
    ----------
    name : str
        Which of `right` the array should be.
    got : ndarray
        The wrong array, of any shape.
    right : mapping of str to ndarray
        The right arrays.
    roles : mapping of str to mapping of int to str
        By name: which axes are ``"batch"`` and ``"time"``.
    widths : mapping of str to ndarray
        Further arrays, whose lengths say how wide a gate may be.

    Returns
    -------
    list of str

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.gradcheck.arrays import explain_array
    >>> right = {"dW": np.arange(6.0).reshape(2, 3)}
    >>> explain_array("dW", -right["dW"], right, {}, {})
    ['has the wrong sign']
    >>> explain_array("dW", right["dW"].T, right, {}, {})
    ['is transposed']
    """
    evidence = _evidence(name, got, right, roles, widths)
    if got.shape != right[name].shape:
        return [explanation.text for explanation in _shapes(evidence, name)]
    return [explanation.text for explanation in find_patterns(evidence, name)]


def place_of_fault(
    name: str,
    got: np.ndarray,
    right: Mapping[str, np.ndarray],
    roles: Mapping[str, Mapping[int, str]],
    widths: Mapping[str, np.ndarray],
) -> tuple[str, list[int], int]:
    """Return where an array is wrong: in words, and which of how many gates (none: 0).

    Parameters
    ----------
    name, got, right, roles, widths
        As for `explain_array`; of the right shape.

    Returns
    -------
    words : str
    gates : list of int
    count : int

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.gradcheck.arrays import place_of_fault
    >>> right = {"db": np.arange(1.0, 9.0)}
    >>> got = right["db"] * [1, 1, 3, 5, 1, 1, 1, 1]
    >>> place_of_fault("db", got, right, {}, {"h": np.zeros((3, 2))})[1:]
    ([1], 4)
    """
    evidence = _evidence(name, got, right, roles, widths)
    wrong = evidence.wrong[name].reshape(right[name].shape)
    for axis, blocks in splits(evidence, name):
        bad = [i for i, part in enumerate(np.split(wrong, blocks, axis)) if part.any()]
        if len(bad) < blocks:
            return locate(evidence, name), bad, blocks
    return locate(evidence, name), [], 0


def _evidence(name, got, right, roles, widths) -> Evidence:
    outputs = []
    for key, array in right.items():
        output = Output(key, array.shape, 0)
        outputs.append(output)
    evidence = Evidence({**widths, **right}, outputs, np.zeros(0), np.zeros(0))
    evidence.numeric = dict(right)
    evidence.rows = {key: np.ones((array.size, 1)) for key, array in right.items()}
    evidence.analytic[name] = got
    evidence.in_roles = {key: dict(value) for key, value in roles.items()}
    evidence.out_roles = evidence.in_roles
    if got.shape == right[name].shape:
        size = np.max(np.abs(right[name]), initial=0.0)
        evidence.wrong[name] = ~(np.abs(got - right[name]) <= 1e-8 * size).reshape(-1)
    return evidence
