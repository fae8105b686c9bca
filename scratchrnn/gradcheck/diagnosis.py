"""Say what is wrong with a wrong gradient, where the numbers leave no doubt.

Every explanation is a gradient that one particular mistake would give, computed from the numeric
Jacobian. One is claimed when it agrees with the wrong gradient in every entry and is clearly not
the right one; where several agree, all are named, since no number tells them apart.
"""

from __future__ import annotations

import itertools

import numpy as np

from .evidence import Evidence, close
from .mechanisms import find_mechanisms
from .pair import Pair
from .patterns import find_patterns, locate
from .result import ArrayCheck, Explanation
from .root import find_root, hint
from .usage import widen


def diagnose(pair: Pair, evidence: Evidence, checks: list[ArrayCheck]) -> None:
    """Fill in the explanations and hints of every wrong array in `checks`."""
    evidence.find_roles()
    wrong = [c for c in checks if not c.ok and c.name in evidence.numeric]
    comparable = [c for c in wrong if c.fault is None]
    widened = widen(pair, evidence) if comparable else None
    for check in wrong:
        if check.fault is None:
            check.explanations = _explain(evidence, check.name, widened)
        elif check.name in evidence.analytic:
            check.explanations = list(_shapes(evidence, check.name))
    _prefer_shared(wrong)
    root = find_root(pair, evidence, widened) if widened is not None else None
    for check in comparable:
        if not check.explanations and root is not None:
            check.hint = hint(root, evidence, widened, check.name)
        if not check.explanations and not check.hint:
            check.hint = locate(evidence, check.name)


def _explain(evidence: Evidence, name: str, widened) -> list[Explanation]:
    found = list(find_patterns(evidence, name))
    if not any(e.kind in ("zero", "not finite") for e in found):
        found += find_mechanisms(evidence, name, widened)
    return list({explanation.text: explanation for explanation in found}.values())


def _prefer_shared(checks: list[ArrayCheck]) -> None:
    """Where several explanations fit, keep the one that others have as their only one.

    One mistake that explains every wrong array is to be believed before two that meet by chance.
    """
    certain = {check.explanations[0].text for check in checks if len(check.explanations) == 1}
    for check in checks:
        shared = [e for e in check.explanations if e.text in certain]
        if len(check.explanations) > 1 and len(shared) == 1:
            check.explanations = shared


def _shapes(evidence: Evidence, name: str):
    """Yield what makes a gradient of the wrong shape right."""
    a, n = evidence.analytic[name], evidence.numeric[name]
    if a.dtype.kind != "f" or a.shape == n.shape:
        return
    if a.ndim == n.ndim and a.T.shape == n.shape and close(a.T, n):
        yield Explanation("transposed", "is transposed")
        return
    for axes in _axis_sets(a.ndim):
        for keep in (False, True):
            if close(a.sum(axis=axes, keepdims=keep), n):
                where = _axes_text(a, axes, evidence)
                yield Explanation("missing sum", f"is not summed over {where}")
                return
    for axes in _axis_sets(n.ndim if a.size < n.size else 0):
        for keep in (False, True):
            if close(a, n.sum(axis=axes, keepdims=keep)):
                yield Explanation("extra sum", f"is summed over axis {_list(axes)} of the input")
                return
    if a.size == n.size and close(a.reshape(n.shape), n):
        yield Explanation("reshape", f"has the right numbers: reshape to {n.shape}")


def _axis_sets(ndim: int):
    return itertools.chain.from_iterable(
        itertools.combinations(range(ndim), count) for count in range(1, ndim + 1)
    )


def _axes_text(a: np.ndarray, axes: tuple[int, ...], evidence: Evidence) -> str:
    """Return "the batch", "time" or the axes' numbers, by the lengths where they are unique."""
    lengths: dict[int, set[str]] = {}
    for output in evidence.outputs:
        for axis, role in evidence.out_roles.get(output.name, {}).items():
            lengths.setdefault(output.shape[axis], set()).add(role)
    words = []
    for axis in axes:
        roles = lengths.get(a.shape[axis], set())
        word = {"batch": "the batch", "time": "time"}.get(next(iter(roles), ""), "")
        words.append(f"{word} (axis {axis})" if len(roles) == 1 else f"axis {axis}")
    return " and ".join(words)


def _list(axes: tuple[int, ...]) -> str:
    return " and ".join(map(str, axes))
