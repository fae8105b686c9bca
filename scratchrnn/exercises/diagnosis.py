"""From wrong numbers to a sentence that names the equation.

In this order: one mistake that explains everything (first those that people are known to make, then
every change of a line by rule), several that explain it together, a plain relation to the right
array, and last the first quantity that is wrong, honestly without a cause.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..gradcheck.arrays import explain_array
from .catalogue import Exercise, Signature
from .changes import Change
from .hypotheses import Fit, Outputs, agrees, fits, holds, right_outputs
from .places import describe_place, equation, roles_of, tags_of, widths_of, with_gates
from .solutions import formula, solutions

_MOST_ALTERNATIVES = 2


@dataclass
class Wrong:
    """What is known about a function that returns wrong numbers.

    Attributes
    ----------
    signature : Signature
    case : int
        Which case the numbers are of.
    got : dict of str to ndarray
        What was returned, by the exercise's names and in its order of gates.
    other : dict of str to ndarray
        The same of the second case, to confirm a hypothesis; empty if it cannot.
    other_case : int
    zeroed : tuple of str
        Inputs that the signature does not have.
    tolerance : float
    first_wrong : str
        The first of the student's local variables that is wrong, in the order of computation.
    """

    signature: Signature
    case: int
    got: Outputs
    other: Outputs
    other_case: int
    zeroed: tuple[str, ...]
    tolerance: float
    first_wrong: str = ""

    @property
    def exercise(self) -> Exercise:
        """The exercise."""
        return self.signature.exercise

    @property
    def right(self) -> Outputs:
        """The right outputs."""
        right = right_outputs(self.exercise.name, self.case, self.zeroed)
        return {k: right[k] for k in self.signature.returns}

    def wrong(self) -> list[str]:
        """Return the names of the wrong outputs, in the order of the computation."""
        right = self.right
        bad = [k for k in self.got if not agrees(self.got[k], right[k], self.tolerance)]
        return sorted(bad, key=lambda k: _place(self.exercise, k))


def _place(exercise: Exercise, output: str) -> int:
    """Return the line of the solution that gives an output its value."""
    text = solutions()[exercise.name].text
    found = [m.start() for m in re.finditer(rf"\b{output}\b[^=\n]* [+-]?= ", text)]
    return found[-1] if found else len(text)


def diagnose(wrong: Wrong) -> list[str]:
    """Return what is wrong, one sentence a cause.

    Parameters
    ----------
    wrong : Wrong

    Returns
    -------
    list of str
    """
    bad = wrong.wrong()
    usable = {k: v for k, v in wrong.got.items() if v.shape == wrong.right[k].shape}
    shapes = [k for k in bad if k not in usable]
    whole = [] if shapes else _one_cause(wrong, usable, bad)
    if whole:
        return [_sentence(wrong, whole)]
    order = _other_order(wrong, bad)
    if order:
        return [order]
    texts = [_shape(wrong, k) for k in shapes]
    left = [k for k in bad if k in usable]
    groups = _several_causes(wrong, usable, left)
    for group in groups:
        left = [k for k in left if k not in group[0].explains]
    texts += _together(wrong, groups)
    unexplained = []
    for name in left:
        relation = _relation(wrong, name)
        if relation:
            texts.append(relation)
        else:
            unexplained.append(name)
    if unexplained:
        labels = {k: wrong.signature.label(k) for k in wrong.got}
        texts.append(
            describe_place(
                wrong.exercise,
                wrong.case,
                wrong.got,
                wrong.right,
                unexplained,
                labels,
                wrong.first_wrong,
            )
        )
    return list(dict.fromkeys(texts))


def _one_cause(wrong: Wrong, got: Outputs, bad: list[str]) -> list[Fit]:
    """Return every hypothesis that explains all that is wrong, in both cases."""
    for listed in (True, False):
        found = [
            fit for fit in _fits(wrong, got, listed) if not fit.spoils and set(bad) <= fit.explains
        ]
        found = [fit for fit in found if _confirmed(wrong, fit.change, list(got))]
        if found:
            return _fewest(wrong, found)
    return []


def _fits(wrong: Wrong, got: Outputs, listed: bool) -> Iterable[Fit]:
    name = wrong.exercise.name
    return fits(name, got, wrong.case, wrong.zeroed, wrong.tolerance, listed)


def _confirmed(wrong: Wrong, change: Change, keys: list[str]) -> bool:
    if not wrong.other:
        return True
    return holds(
        change, wrong.exercise.name, wrong.other, wrong.other_case, wrong.zeroed,
        wrong.tolerance, keys,
    )  # fmt: skip


def _fewest(wrong: Wrong, found: list[Fit]) -> list[Fit]:
    """Return the likeliest fit, and one more if it is as likely and of another equation."""
    own = wrong.exercise.name
    found = sorted(found, key=lambda fit: (*_rank(fit.change, own), len(fit.change.words)))
    lines: dict[tuple, Fit] = {}
    for fit in found:
        if _rank(fit.change, own) == _rank(found[0].change, own):
            lines.setdefault(fit.change.tags, fit)
    return list(lines.values())[:_MOST_ALTERNATIVES]


_MISSING = tuple(f"{name} is missing" for name in ("tanh", "σ", "sqrt", "exp", "log"))
_LIKELY = ("missing", "not ", "wrong sign", "overwritten", "the gates", "only", *_MISSING)


def _rank(change: Change, own: str) -> tuple:
    """Return how unlikely a mistake is beside others that give the same numbers."""
    kind = 0 if change.listed else 1 if change.words.startswith(_LIKELY) else 2
    kind += " in place of " in change.words and not change.listed
    return kind, change.function != own


def _several_causes(wrong: Wrong, got: Outputs, bad: list[str]) -> list[list[Fit]]:
    """Return groups of hypotheses that together explain as much as possible, greedily."""
    left, groups = set(bad), []
    pool = [fit for listed in (True, False) for fit in _fits(wrong, got, listed)] if left else []
    while left:
        best = [
            fit for fit in pool
            if fit.explains & left and not _predicts_falsely(wrong, fit)
        ]  # fmt: skip
        if not best:
            break
        best = [fit for fit in best if _confirmed(wrong, fit.change, sorted(fit.explains))]
        if not best:
            break
        worth = [len(fit.explains & left) - len(fit.spoils & set(bad)) / 100 for fit in best]
        best = [fit for fit, value in zip(best, worth, strict=True) if value == max(worth)]
        listed = [fit for fit in best if fit.change.listed] or best
        group = _fewest(wrong, [fit for fit in listed if fit.explains == listed[0].explains])
        groups.append(group)
        left -= group[0].explains
        pool = [fit for fit in pool if fit.explains & left]
    return groups


def _together(wrong: Wrong, groups: list[list[Fit]]) -> list[str]:
    """Return a sentence for each group; one for several where the same was done to each."""
    alike: dict[tuple, list[list[Fit]]] = {}
    for group in groups:
        change = group[0].change
        alike.setdefault((change.words, change.tags), []).append(group)
    texts = []
    for (words, tags), same in alike.items():
        if len(same) == 1:
            texts.append(_sentence(wrong, same[0]))
        else:
            names = ", ".join(wrong.signature.label(group[0].change.target) for group in same)
            texts.append(f"{names}: {words}, {equation(tags)}")
    return texts


def _predicts_falsely(wrong: Wrong, fit: Fit) -> bool:
    """Whether a hypothesis would have spoilt an output that is right."""
    right = wrong.right
    return any(agrees(wrong.got[k], right[k], wrong.tolerance) for k in fit.spoils)


def _sentence(wrong: Wrong, group: list[Fit]) -> str:
    """Return the diagnosis of one cause, and of another that gives the same numbers."""
    texts = [_words(wrong, fit.change) for fit in group]
    if len(texts) == 1:
        return texts[0]
    return f"{texts[0]} (or, with the same numbers: {texts[1]})"


def _words(wrong: Wrong, change: Change) -> str:
    label = wrong.signature.label(change.target)
    words = _in_order(change.words, wrong.signature.order)
    text = f"{label}: {words}, {equation(change.tags)}".rstrip(", ")
    right = next(
        (f for tag in change.tags if (f := formula(change.function, tag, change.target))), ""
    )
    text += f": {right}" if right else ""
    own = wrong.exercise.name
    return (
        text if change.function == own or own in change.function else f"{text} [{change.function}]"
    )


def _in_order(words: str, order: str) -> str:
    """Say an order of gates in the order of the student's columns."""
    found = re.match(r"the gates stand in the order ([a-z ]+) instead of ([a-z ]+)$", words)
    if not order or not found:
        return words
    theirs, right = found[1].split(), found[2].split()
    read = [theirs[right.index(gate)] for gate in order]
    return f"the gates stand in the order {' '.join(read)} instead of {' '.join(order)}"


def _relation(wrong: Wrong, name: str) -> str:
    """Return a plain relation between a wrong output and a right one, or ""."""
    right = wrong.right
    found = explain_array(
        name,
        wrong.got[name],
        right,
        roles_of(wrong.exercise),
        widths_of(wrong.exercise, wrong.case),
    )
    if not found:
        return ""
    text = with_gates(wrong.exercise, found[0])
    if not wrong.exercise.forward:
        text = text.replace("is the gradient of", "is")
    label = wrong.signature.label(name)
    return f"{label} {text}, {equation(tags_of(wrong.exercise, name))}".rstrip(", ")


def _shape(wrong: Wrong, name: str) -> str:
    exercise, label = wrong.exercise, wrong.signature.label(name)
    got, right = wrong.got[name], wrong.right[name]
    letters = {**exercise.inputs, **exercise.outputs}[name]
    named = ", ".join(letters.split()) if letters != "list" else ""
    text = f"{label} has shape {got.shape}, expected ({named}) = {right.shape}"
    relation = _reshaped(got, right, wrong.tolerance)
    if not relation:
        widths = widths_of(wrong.exercise, wrong.case)
        found = explain_array(name, got, wrong.right, roles_of(exercise), widths)
        relation = f"it {found[0]}" if found else ""
    text += f": {relation}" if relation else ""
    return f"{text}, {equation(tags_of(exercise, name))}".rstrip(", ")


def _reshaped(got: np.ndarray, right: np.ndarray, tolerance: float) -> str:
    """Say so if an array holds the right numbers in another shape."""
    if got.size == right.size and agrees(got.reshape(right.shape), right, tolerance):
        return "the numbers are right, an axis is missing or too many (squeeze, keepdims?)"
    for axes in itertools.permutations(range(got.ndim)) if got.ndim == right.ndim > 2 else ():
        if agrees(got.transpose(axes), right, tolerance):
            return "the numbers are right, but the axes stand in another order"
    return ""


def _other_order(wrong: Wrong, bad: list[str]) -> str:
    """Say so if the right arrays are there, but in another order."""
    right = wrong.right
    names = list(wrong.got)
    source = {}
    for name in names:
        same = [k for k in names if agrees(wrong.got[name], right[k], wrong.tolerance)]
        if len(same) != 1:
            return ""
        source[name] = same[0]
    if sorted(source.values()) != sorted(names) or not bad:
        return ""
    label = wrong.signature.label
    order = ", ".join(label(source[name]) for name in names)
    return (
        f"the results are right but in another order: {order}; "
        f"expected {', '.join(map(label, names))}"
    )


__all__ = ["Wrong", "diagnose"]
