"""SmoothGrad: gradients at noisy copies of the input, averaged until the noise is gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from .asking import Progress, Target, batches
from .gradients import blank, gradient_of_variants, open_gradient_question
from .results import Attribution


@dataclass(frozen=True, repr=False)
class SmoothGrad(Attribution):
    """Mean of the gradients at noisy copies of an input.

    Attributes
    ----------
    samples : int
    sigma : float
        Standard deviation of the noise, in the input's own unit.
    standard_error : ndarray, (T, …)
        Of each mean.
    """

    samples: int
    sigma: float
    standard_error: np.ndarray


def smooth_grad(
    model: Any,
    x: Any,
    target: Target = None,
    *,
    samples: int = 50,
    noise: float = 0.15,
    times_input: bool = False,
    seed: int | np.random.Generator = 0,
    mask: Any = None,
    progress: Progress = None,
) -> SmoothGrad:
    """Return SmoothGrad: the mean gradient over noisy copies of the input.

    Parameters
    ----------
    model, x, target, mask
        As for :func:`saliency`.
    samples : int, default 50
        Noisy copies.
    noise : float, default 0.15
        Standard deviation of the noise as a share of the range of x (largest − smallest).
    times_input : bool, default False
        Multiply the mean gradient by x.
    seed : int or numpy.random.Generator, default 0
    progress : callable, optional
        Called as ``progress(done, total)``.

    Returns
    -------
    SmoothGrad

    References
    ----------
    D. Smilkov, N. Thorat, B. Kim, F. Viégas, M. Wattenberg, "SmoothGrad: removing noise by adding
    noise", 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import smooth_grad
    >>> from scratchrnn.layers import GRU, Dense, Input
    >>> from scratchrnn.models import Sequential
    >>> model = Sequential([Input((None, 3)), GRU(4, seed=0), Dense(2, seed=1)])
    >>> x = np.random.default_rng(0).normal(size=(5, 3))
    >>> smooth_grad(model, x, samples=8).values.shape
    (5, 3)
    """
    who = "smooth_grad"
    question = open_gradient_question(who, model, x, target, mask)
    if isinstance(samples, bool) or not isinstance(samples, int | np.integer) or samples < 1:
        raise ValueError(f"{who}: samples: expected a whole number >= 1, got {samples!r}")
    if not 0 <= noise < np.inf:
        raise ValueError(f"{who}: noise: expected a number >= 0, got {noise!r}")
    real = question.x if question.mask is None else question.x[question.mask]
    sigma = float(noise * (real.max() - real.min()))
    rng, total = np.random.default_rng(seed), 0.0
    squares = 0.0
    for rows in batches(samples, question.x.size):
        number = len(range(samples)[rows])
        noisy = question.x + sigma * rng.standard_normal((number, *question.x.shape))
        gradients = gradient_of_variants(question, noisy)
        total, squares = total + gradients.sum(axis=0), squares + np.square(gradients).sum(axis=0)
        if progress is not None:
            progress(min(rows.stop, samples), samples)
    mean = total / samples
    error = np.sqrt(np.maximum(squares / samples - mean**2, 0) / max(samples - 1, 1))
    if times_input:
        away = blank(question.x.astype(np.float64), question.mask)
        mean, error = mean * away, error * np.abs(away)
    name = "SmoothGrad × input" if times_input else "SmoothGrad"
    return SmoothGrad(name, mean, question.target, question.output, int(samples), sigma, error)
