"""Occlusion: what is lost where one segment is replaced by the baseline."""

from __future__ import annotations

from typing import Any

import numpy as np

from .asking import Progress, Target
from .coalitions import open_coalitions
from .results import SegmentAttribution


def occlusion(
    model: Any,
    x: Any,
    segments: Any = None,
    target: Target = None,
    *,
    baseline: Any = "zeros",
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> SegmentAttribution:
    """Replace each segment in turn and say how far the output falls.

    Parameters
    ----------
    model : Sequential, Layer or callable
        Any function of arrays (N, T, …) -> (N, …) will do.
    x : array_like, (T, …)
        One input.
    segments : Segments or array_like of int, optional
        From :func:`time_steps`, :func:`time_blocks`, :func:`feature_columns` or :func:`tubes`,
        or labels that broadcast to x. By default steps of sequences, tubes of frames.
    target : int or tuple of int, optional
        Which number of the output; by default the largest.
    baseline : str, float, array_like or list of these, default "zeros"
        What takes the place of a segment; several are averaged over.
    seed : int or numpy.random.Generator, default 0
        For the baseline ``"noise"``.
    mask : array_like of bool, (T,), optional
        Real steps, for networks of this library.
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    SegmentAttribution
        ``values[s]`` is f(x) − f(x without segment s).

    References
    ----------
    M. D. Zeiler, R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import occlusion, tubes
    >>> clip = np.ones((6, 8, 8))
    >>> corner = lambda clips: clips[:, 4:, :4, :4].mean(axis=(1, 2, 3))
    >>> occlusion(corner, clip, tubes(clip, (2, 4, 4))).values.reshape(3, 2, 2)[:, 0, 0]
    array([0., 0., 1.])
    """
    game = open_coalitions("occlusion", model, x, segments, target, baseline, seed, mask)
    without = np.vstack([~np.eye(game.count, dtype=bool), np.zeros(game.count, dtype=bool)])
    values = game.values(without, progress)
    question = game.question
    return SegmentAttribution(
        "occlusion", question.output - values[:-1], question.target, question.output,
        game.segments, float(values[-1]), game.evaluations,
    )  # fmt: skip
