"""What the functions are tried on: random float64 arrays whose lengths are all different.

The cases ``"random numbers"`` and ``"other random numbers"`` decide what a wrong result is; the
rest are corners: a state of zeros, one sequence of one step, numbers that overflow, NaN in padding.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from .catalogue import EXERCISES, Exercise

_FIRST = dict(N=2, T=5, D=3, H=4, V=6, M=7, P=6, K=5, Q=7)
_SECOND = dict(N=3, T=4, D=2, H=5, V=7, M=6, P=9, K=3, Q=4)
_SINGLE = dict(N=1, T=1, D=3, H=2, V=4, M=5, P=1, K=1, Q=1)


class Case(NamedTuple):
    """One set of inputs.

    Attributes
    ----------
    label : str
    dims : dict of str to int
    inputs : dict
        By the exercise's names, without the cache.
    corner : bool
        Whether this is a corner rather than one of the two general draws.
    """

    label: str
    dims: dict[str, int]
    inputs: dict[str, Any]
    corner: bool = False


@cache
def cases_of(exercise_name: str) -> tuple[Case, ...]:
    """Return the cases of an exercise, the general ones first."""
    exercise = EXERCISES[exercise_name]
    source = EXERCISES[exercise.forward] if exercise.forward else exercise
    found = [
        Case("random numbers", _FIRST, _inputs(exercise, _FIRST, 1)),
        Case("other random numbers", _SECOND, _inputs(exercise, _SECOND, 2)),
    ]
    if {"N", "P"} & set(_letters(exercise)):
        single = _inputs(exercise, _SINGLE, 3)
        found.append(Case("one sequence, one step", _SINGLE, single, True))
    states = [n for n in source.inputs if n in {"h0", "c0", "h_prev", "c_prev"}]
    if states:
        inputs = _inputs(exercise, _FIRST, 4)
        inputs.update({n: np.zeros_like(inputs[n]) for n in states})
        found.append(Case("a first state of zeros", _FIRST, inputs, True))
    found += list(_further(exercise))
    for case in found:
        _freeze(list(case.inputs.values()))
    return tuple(found)


def _freeze(values: list | tuple) -> None:
    """Make arrays read-only: a changed solution must not spoil what the next one is tried on."""
    for value in values:
        if isinstance(value, np.ndarray):
            value.flags.writeable = False
        elif isinstance(value, list | tuple):
            _freeze(value)


def _letters(exercise: Exercise) -> list[str]:
    shapes = [*exercise.inputs.values(), *exercise.outputs.values()]
    return [word[-1] for shape in shapes for word in shape.split()]


def _further(exercise: Exercise):
    if exercise.name in {"masked_rnn_forward", "masked_rnn_backward", "softmax_loss"}:
        inputs = _inputs(exercise, _FIRST, 5)
        key = "scores" if "scores" in inputs else "x"
        inputs[key] = np.where(inputs["mask"][:, :, None], inputs[key], np.nan)
        yield Case("NaN in the padding", _FIRST, inputs, True)
    if exercise.name in {"softmax_loss", "temporal_softmax_loss"}:
        inputs = _inputs(exercise, _FIRST, 6)
        key = "scores" if "scores" in inputs else "x"
        inputs[key] = 1000 + inputs[key]
        yield Case("large scores", _FIRST, inputs, True)
    if exercise.name == "softmax_loss":
        inputs = _inputs(exercise, _FIRST, 8)
        inputs["scores"][:, :, 0] += 1000
        yield Case("a score far ahead of the others", _FIRST, inputs, True)
        inputs = _inputs(exercise, _FIRST, 9)
        inputs["y"] = np.where(inputs["mask"], inputs["y"], 99)
        yield Case("any targets in the padding", _FIRST, inputs, True)
    if exercise.name in {"lstm_step", "gru_step", "gru_before_step", "sigmoid"}:
        inputs = _inputs(exercise, _FIRST, 7)
        key = "a" if "a" in inputs else "x"
        inputs[key] = 10_000 * inputs[key]
        yield Case("large numbers", _FIRST, inputs, True)
    if exercise.name == "clip_by_global_norm":
        yield Case("gradients of zero", _FIRST, {"gradients": [np.zeros(3)], "max_norm": 1.0}, True)


def shape_of(letters: str, dims: dict[str, int]) -> tuple[int, ...]:
    """Return a shape in numbers.

    Examples
    --------
    >>> from scratchrnn.exercises.draws import shape_of
    >>> shape_of("D 4H", {"D": 3, "H": 2})
    (3, 8)
    """
    sizes = []
    for word in letters.split():
        if word.isdigit():
            sizes.append(int(word))
        else:
            sizes.append(int(word[:-1] or 1) * dims[word[-1]])
    return tuple(sizes)


def _inputs(exercise: Exercise, dims: dict[str, int], seed: int) -> dict[str, Any]:
    """Draw the inputs of an exercise, and of the forward pass that makes its cache."""
    rng = np.random.default_rng(seed)
    shapes = dict(exercise.inputs)
    if exercise.forward:
        shapes = {**EXERCISES[exercise.forward].inputs, **shapes}
        shapes.pop("cache")
    drawn: dict[str, Any] = {}
    for name, letters in shapes.items():
        if name in _SPECIAL:
            drawn[name] = _SPECIAL[name](rng, dims, exercise)
        else:
            drawn[name] = 0.8 * rng.standard_normal(shape_of(letters, dims))
    if exercise.name == "adam_step":
        drawn["v"] = np.abs(drawn["v"]) + 0.1
    if exercise.name == "word_embedding_forward" or exercise.forward == "word_embedding_forward":
        drawn["x"] = rng.integers(0, 3, size=shape_of("N T", dims))
    return drawn


def _mask(rng, dims, exercise) -> np.ndarray:
    """Draw a mask: a gap, padding in front and at the end, and at least one real step a loss."""
    N, T = dims["N"], dims["T"]
    mask = rng.random((N, T)) < 0.7
    mask[0] = np.arange(T) != T - 1  # padding at the end
    if T == 1:
        mask[:] = True
    else:
        mask[1] = (np.arange(T) % 3 != 0) | (np.arange(T) == T)  # in front, and a gap
    if N > 2:
        mask[2] = exercise.name != "last_step"
    return mask


def _half(rng, dims, _) -> tuple[np.ndarray, ...]:
    return tuple(0.8 * rng.standard_normal(shape_of(s, dims)) for s in ("N H", "D H", "H H", "H"))


def _gradients(rng, dims, _) -> list[np.ndarray]:
    return [rng.standard_normal(shape_of(s, dims)) for s in ("D H", "H H", "H")]


def _function(rng, dims, _):
    mix = rng.standard_normal((dims["H"], dims["H"]))
    return lambda x: np.tanh(x @ mix) + x**2


def _gradient(rng, dims, _):
    mix = rng.standard_normal((dims["D"], dims["D"]))
    return lambda x: 3 * (x @ mix) ** 2 + np.sin(x)


_SPECIAL = {
    "mask": _mask,
    "y": lambda rng, dims, _: rng.integers(0, dims["V"], size=(dims["N"], dims["T"])),
    "forward": _half,
    "backward": _half,
    "gradients": _gradients,
    "max_norm": lambda rng, dims, _: 1.5 if dims["N"] == 2 else 100.0,
    "t": lambda rng, dims, _: dims["N"] + 1,
    "lr": lambda rng, dims, _: 0.1,
    "beta1": lambda rng, dims, _: 0.7,
    "beta2": lambda rng, dims, _: 0.9,
    "eps": lambda rng, dims, _: 0.25,
    "k": lambda rng, dims, _: dims["N"],
    "steps": lambda rng, dims, _: dims["T"],
    "f": _function,
    "step": lambda rng, dims, _: 1e-3,
    "gradient": _gradient,
}

__all__ = ["Case", "cases_of", "shape_of"]
