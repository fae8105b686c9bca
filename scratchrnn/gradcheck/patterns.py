"""Explanations that can be read off a wrong gradient and the right ones alone."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from .evidence import APART, CLOSE, Evidence, close, distinct
from .result import Explanation

_ENTRIES_FOR_A_FACTOR = 3  # one number explains one entry always, and two by chance


def find_patterns(evidence: Evidence, name: str) -> Iterator[Explanation]:
    """Yield every simple relation between the gradient `name` and the right gradients."""
    a, n = evidence.analytic[name], evidence.numeric[name]
    if not np.isfinite(a).all():
        yield Explanation("not finite", f"{int((~np.isfinite(a)).sum())} entries are not finite")
        return
    if not a.any():
        yield Explanation("zero", "is zero everywhere: never computed, or its term is missing")
        return
    yield from _scaled(evidence, a, n)
    yield from _turned(a, n)
    yield from _others(evidence, name)
    yield from _shifted(evidence, name)
    yield from find_blocks(evidence, name)


def find_scale(
    a: np.ndarray, n: np.ndarray, least: int = _ENTRIES_FOR_A_FACTOR
) -> tuple[str, str, float] | None:
    """Return the kind, words and size of a sign or constant factor between `a` and `n`.

    A factor is claimed when at least `least` entries have it.
    """
    if close(a, -n):
        return "sign", "has the wrong sign", -1.0
    clear = np.abs(n) > CLOSE * np.max(np.abs(n), initial=0.0)
    if clear.sum() < least:
        return None
    factor = float(np.vdot(a, n) / np.vdot(n, n))
    if factor != 0 and abs(factor - 1) > APART and close(a, factor * n):
        return "factor", f"is {factor:.6g} times what it should be", factor
    return None


def _scaled(evidence: Evidence, a: np.ndarray, n: np.ndarray) -> Iterator[Explanation]:
    found = find_scale(a, n, least=1)
    if found is not None:
        kind, text, factor = found
        reason = _reason(evidence, factor) if kind == "factor" else ""
        # Too few entries for any factor are enough for one that is a length of the data.
        if reason or find_scale(a, n) is not None:
            yield Explanation(kind, text + reason)


def _reason(evidence: Evidence, factor: float) -> str:
    """Return the dimensions that a factor equals or divides by, if there are any."""
    found = set()
    for output in evidence.outputs:
        for axis, role in evidence.out_roles.get(output.name, {}).items():
            letter, size = ("N" if role == "batch" else "T"), output.shape[axis]
            found |= {f"1/{letter}"} if np.isclose(factor * size, 1, rtol=1e-4) else set()
            found |= {letter} if np.isclose(factor, size, rtol=1e-4) else set()
    return f" ({' or '.join(sorted(found))} = {factor:.6g})" if found else ""


def _turned(a: np.ndarray, n: np.ndarray) -> Iterator[Explanation]:
    """Yield an exchange of two axes of equal length."""
    for p, q in itertools.combinations(range(n.ndim), 2):
        if n.shape[p] == n.shape[q]:
            turned = np.swapaxes(n, p, q)
            if distinct(turned, n) and close(a, turned):
                axes = "" if n.ndim == 2 else f" in axes {p} and {q}"
                yield Explanation("transposed", f"is transposed{axes}")


def _others(evidence: Evidence, name: str) -> Iterator[Explanation]:
    """Yield the input whose gradient stands here instead, as it is or transposed."""
    a, n = evidence.analytic[name], evidence.numeric[name]
    for other, gradient in evidence.numeric.items():
        if other == name:
            continue
        for text, candidate in ((other, gradient), (f"{other}, transposed", gradient.T)):
            if candidate.shape != n.shape or not distinct(candidate, n):
                continue
            if close(a, candidate):
                yield Explanation("other array", f"is the gradient of {text}")
                break


def _shifted(evidence: Evidence, name: str) -> Iterator[Explanation]:
    """Yield a shift by one step, or a reversal, along the time axis of an input."""
    for axis, role in evidence.in_roles.get(name, {}).items():
        if role != "time":
            continue
        a = np.moveaxis(evidence.analytic[name], axis, 0)
        n = np.moveaxis(evidence.numeric[name], axis, 0)
        if not distinct(n[1:], n[:-1]):
            continue
        if close(a[1:], n[:-1]):
            yield Explanation("shifted", "is off by one in time: step t holds that of step t-1")
        if close(a[:-1], n[1:]):
            yield Explanation("shifted", "is off by one in time: step t holds that of step t+1")
        if distinct(n[::-1], n) and close(a, n[::-1]):
            yield Explanation("reversed", "runs backwards in time")


def splits(evidence: Evidence, name: str) -> Iterator[tuple[int, int]]:
    """Yield (axis, blocks) for every way to see 2 to 4 gates of some array's width in it.

    A width of 1 says nothing: every column has it, and single units are told by their index.
    """
    shape = evidence.numeric[name].shape
    widths = {size for key, array in evidence.arrays.items() if key != name for size in array.shape}
    widths |= {size for output in evidence.outputs for size in output.shape}
    widths.discard(1)
    for axis, length in reversed(list(enumerate(shape))):
        if axis in evidence.in_roles.get(name, {}):
            continue
        for blocks in (4, 3, 2):
            if length % blocks == 0 and length // blocks in widths:
                yield axis, blocks


def find_blocks(evidence: Evidence, name: str) -> Iterator[Explanation]:
    """Yield what is wrong with the blocks of gates, for the first split that explains them."""
    for axis, blocks in splits(evidence, name):
        a, n = evidence.analytic[name], evidence.numeric[name]
        found = explain_blocks(a, n, axis, blocks)
        if found:
            yield found
            return


def _label(axis: int, ndim: int) -> str:
    return "columns" if axis == ndim - 1 and ndim > 1 else ("rows" if ndim > 1 else "entries")


def explain_blocks(a: np.ndarray, n: np.ndarray, axis: int, blocks: int) -> Explanation | None:
    """Return one explanation that covers every wrong block of one split, or None."""
    width, label = n.shape[axis] // blocks, _label(axis, n.ndim)
    a, n = np.split(a, blocks, axis), np.split(n, blocks, axis)
    wrong = [i for i in range(blocks) if not close(a[i], n[i])]
    source = {i: [j for j in range(blocks) if j != i and close(a[i], n[j])] for i in wrong}
    if wrong and all(len(source[i]) == 1 for i in wrong):
        moves = ", ".join(f"gate {i} holds that of gate {source[i][0]}" for i in wrong)
        swapped = sorted(source[i][0] for i in wrong) == wrong
        kind = "gates permuted" if swapped else "gate copied"
        return Explanation(kind, f"seen as {blocks} gates of {width} {label}, {moves}")
    if not 0 < len(wrong) < blocks:
        return None
    found = []
    for i in wrong:
        place = f"gate {i} of {blocks} ({label} {i * width}:{(i + 1) * width})"
        one = _explain_block(a[i], n[i], place)
        if one is None or (found and one.kind != found[0].kind):
            return None
        found.append(one)
    return Explanation(found[0].kind, ", ".join(one.text for one in found))


def _explain_block(a: np.ndarray, n: np.ndarray, place: str) -> Explanation | None:
    if not a.any():
        return Explanation("gate zero", f"{place} is zero")
    scaled = find_scale(a, n)
    if scaled is None:
        return None
    return Explanation(f"gate {scaled[0]}", f"{place} {scaled[1]}")


def locate(evidence: Evidence, name: str) -> str:
    """Return where the wrong entries of a gradient lie, if only in a part of it."""
    shape = evidence.numeric[name].shape
    wrong = evidence.wrong[name].reshape(shape)
    if wrong.all() or not wrong.any():
        return ""
    a, idle = evidence.analytic[name], ~evidence.rows[name].any(axis=1).reshape(shape)
    if (wrong & idle).any():
        return (
            f"{int((idle & (a != 0)).sum())} entries that change no output have a gradient: "
            "are masked steps left out on the way back?"
        )
    for axis, blocks in splits(evidence, name):
        bad = [i for i, part in enumerate(np.split(wrong, blocks, axis)) if part.any()]
        if len(bad) < blocks:
            width, label = shape[axis] // blocks, _label(axis, len(shape))
            places = ", ".join(f"{i} ({label} {i * width}:{(i + 1) * width})" for i in bad)
            return f"wrong only in gates {places} of {blocks}"
    for axis, length in enumerate(shape):
        rest = tuple(i for i in range(len(shape)) if i != axis)
        bad = np.flatnonzero(wrong.any(axis=rest))
        if bad.size < length:
            role = evidence.in_roles.get(name, {}).get(axis)
            words = {"time": "time steps", "batch": "batch rows"}
            what = words.get(role, f"indices of axis {axis}")
            return f"wrong only at {what} {', '.join(map(str, bad))} of {length}"
    return f"{int(wrong.sum())} of {wrong.size} entries are wrong"
