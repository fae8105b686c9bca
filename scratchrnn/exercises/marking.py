"""The marker's door: one function in, a marking out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .behaviour import BEHAVIOURS
from .calling import Unusable, namespace_of
from .catalogue import EXERCISES, Exercise, signatures_of
from .marker import Marker
from .result import Marking


def check(function: Callable, name: str | None = None, **beside: Callable) -> Marking:
    """Mark one function of a student: a table of every array, and a diagnosis in words.

    Parameters
    ----------
    function : callable
        Called as the exercise says, or as CS231n calls it.
    name : str, optional
        The exercise; by default the function's own name.
    **beside : callable
        The forward function that a backward function goes with, by its name; by default what
        stands in the same module or notebook.

    Returns
    -------
    Marking
        Prints as a table; ``.ok``, ``.diagnosis``.

    Raises
    ------
    ValueError
        If no exercise has this name.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import exercises
    >>> def rnn_step(x, h_prev, Wx, Wh, b):
    ...     h = x @ Wx + h_prev @ Wh + b
    ...     return h, None
    >>> print(exercises.check(rnn_step).diagnosis)
    h: tanh is missing: a itself, equation (2): h = tanh(a)
    """
    if not callable(function):
        raise ValueError(f"check: function: expected a function, got {type(function).__name__}")
    name = name or getattr(function, "__name__", "")
    beside = {**namespace_of(function), **beside}
    exercise = find_exercise(name)
    special = BEHAVIOURS.get(exercise.name)
    with np.errstate(all="warn"):
        if special is not None and exercise.name != "blocked_matmul":
            result = Marking(name)
            special(function, result)
            return result
        try:
            return Marker(function, name, beside).mark()
        except Unusable as problem:
            return Marking(name, diagnoses=[str(problem)])


def find_exercise(name: str) -> Exercise:
    """Return the exercise that a function of this name belongs to.

    Raises
    ------
    ValueError
        If there is none.
    """
    found = signatures_of(name)
    if not found:
        raise ValueError(
            f"check: name: expected an exercise ({', '.join(EXERCISES)}), got {name!r}"
        )
    return found[0].exercise
