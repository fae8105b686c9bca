"""Coalitions of segments: what the model says where only some of the input is there.

    v(C) = mean over baselines b of f(x where a segment is in C, b elsewhere)

Occlusion, LIME and Shapley values are all made from v.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .asking import Progress, Question, Target, batches, open_question
from .baselines import make_baselines
from .segments import Segments, check_segments


@dataclass
class Coalitions:
    """The value of coalitions of an input's segments.

    Attributes
    ----------
    question : Question
    segments : Segments
    baselines : ndarray, (B, T, …)
    evaluations : int
        Variants that the model has been asked about.
    """

    question: Question
    segments: Segments
    baselines: np.ndarray
    evaluations: int = field(default=0)

    @property
    def count(self) -> int:
        """S, the number of segments."""
        return self.segments.count

    def values(self, kept: np.ndarray, progress: Progress = None) -> np.ndarray:
        """Return v of each coalition.

        Parameters
        ----------
        kept : ndarray of bool, (M, S)
            Which segments are there.
        progress : callable, optional
            Called as ``progress(done, M)``.

        Returns
        -------
        ndarray, (M,) float64
        """
        kept = np.asarray(kept, dtype=bool)
        x, totals = self.question.x, []
        for rows in batches(len(kept), x.size):
            there = kept[rows][:, self.segments.labels]  # (m, T or 1, …)
            value = 0.0
            for baseline in self.baselines:
                value = value + self.question.ask(np.where(there, x, baseline))
            totals.append(value / len(self.baselines))
            self.evaluations += len(there) * len(self.baselines)
            if progress is not None:
                progress(min(rows.stop, len(kept)), len(kept))
        return np.concatenate(totals)


def open_coalitions(
    who: str,
    model: Any,
    x: Any,
    segments: Any,
    target: Target,
    baseline: Any,
    seed: int | np.random.Generator,
    mask: Any,
) -> Coalitions:
    """Check what an explainer was given, and return the game that its segments play."""
    question = open_question(who, model, x, target, mask)
    baselines = make_baselines(who, question.x, baseline, seed)
    return Coalitions(question, check_segments(who, question.x, segments), baselines)


def every_coalition(players: int) -> np.ndarray:
    """Return all 2^S coalitions, (2^S, S) bool; row number Σ 2^i over the players in it."""
    rows = np.arange(2**players)
    return (rows[:, None] >> np.arange(players)) & 1 == 1


def check_samples(who: str, name: str, value: Any, least: int) -> int:
    """Return a number of samples as int, or raise ``ValueError``."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least:
        raise ValueError(f"{who}: {name}: expected a whole number >= {least}, got {value!r}")
    return int(value)
