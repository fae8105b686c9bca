"""Who agrees with whom: a contender is timed only if it gives the numbers that the others give."""

from __future__ import annotations

import numpy as np

TOLERANCE = {"float32": 2e-4, "float64": 1e-9}


def difference(a: dict[str, np.ndarray], b: dict[str, np.ndarray]) -> tuple[float, str]:
    """Return the largest difference between results, relative to their size, and where it is.

    Parameters
    ----------
    a, b : dict of str to ndarray
        Only names that both have are compared.

    Returns
    -------
    float
        Infinite where shapes differ, a value is not finite, or they have no name in common.
    str
        Name of the array.
    """
    worst, where = (0.0, "") if a.keys() & b.keys() else (np.inf, "nothing to compare")
    for name in sorted(a.keys() & b.keys()):
        error = _difference(np.asarray(a[name]), np.asarray(b[name]))
        if not error <= worst:
            worst, where = error, name
    return worst, where


def _difference(a: np.ndarray, b: np.ndarray) -> float:
    if a.shape != b.shape:
        return np.inf
    size = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    error = np.abs(a - b).max(initial=0)
    return float(error / max(size, 1e-30)) if np.isfinite(size) else np.inf


def faults(answers: dict[str, dict[str, np.ndarray]], tolerance: float) -> dict[str, str]:
    """Return the contenders that most of the others contradict, and how.

    Parameters
    ----------
    answers : dict of str to dict of str to ndarray
        Results by contender.
    tolerance : float
        Largest relative difference.

    Returns
    -------
    dict of str to str
        Empty if all agree. One against one, both are at fault: nobody can say which.

    Raises
    ------
    ValueError
        If there is only one contender, so that there is nothing to check it against.

    Examples
    --------
    >>> import numpy as np
    >>> right, wrong = {"h": np.ones(3)}, {"h": np.array([1, 1, 1.5])}
    >>> faults({"A": right, "B": right, "C": wrong}, 1e-3)
    {'C': 'h differs from A by 3.3e-01'}
    """
    if len(answers) < 2:
        raise ValueError(f"faults: answers: expected two or more contenders, got {[*answers]}")
    found = {}
    for name, answer in answers.items():
        against = []
        for other in answers:
            if other != name:
                error, where = difference(answer, answers[other])
                if not error <= tolerance:
                    against.append(f"{where} differs from {other} by {error:.1e}")
        if 2 * len(against) > len(answers) - 1:
            found[name] = against[0]
    return found
