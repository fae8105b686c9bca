"""Mixing of clips with each other, and of their labels: :class:`MixUp`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...data import Batch
from ...utils import to_categorical


@dataclass(frozen=True)
class MixUp:
    """Replace each clip of a batch by a weighted mean of it and another, and its label likewise.

    Works on features, not on frames: a clip that is shorter counts as zero where the other goes
    on. Labels become one-hot mixtures, so the loss must be categorical, not sparse categorical.

    Parameters
    ----------
    classes : int
        Number of classes.
    alpha : float, default 0.2
        The weights are drawn from Beta(alpha, alpha): small values mix little.

    References
    ----------
    Zhang, Cissé, Dauphin, Lopez-Paz: mixup: Beyond Empirical Risk Minimization. ICLR 2018.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.data import Batch
    >>> from scratchrnn.video.augment import MixUp
    >>> batch = Batch(np.ones((2, 3, 4)), np.array([0, 1]), None, np.ones((2, 3), bool))
    >>> MixUp(classes=2)(batch, np.random.default_rng(0)).y.sum(axis=1)
    array([1., 1.], dtype=float32)
    """

    classes: int
    alpha: float = 0.2

    def __post_init__(self):
        if not self.alpha > 0:
            raise ValueError(f"MixUp: alpha: expected a number above 0, got {self.alpha!r}")

    def __call__(self, batch: Batch, rng: np.random.Generator) -> Batch:
        """Return the mixed batch.

        Parameters
        ----------
        batch : Batch
            x (N, T, ...), y (N,) int or (N, classes), mask (N, T) or None.
        rng : numpy.random.Generator
            Where partners and weights are drawn from.

        Returns
        -------
        Batch
            y is (N, classes) float32; a step is real where it was in either clip.
        """
        partner = rng.permutation(len(batch.x))
        weight = rng.beta(self.alpha, self.alpha, len(batch.x)).astype(np.float32)
        labels = np.asarray(batch.y)
        if labels.ndim == 1:
            labels = to_categorical(labels, self.classes)
        x, mask = batch.x, batch.mask
        if mask is not None:
            x = np.where(mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), x, 0)
            mask = mask | mask[partner]
        return Batch(
            mean_with(x, partner, weight).astype(batch.x.dtype),
            mean_with(labels, partner, weight).astype(np.float32),
            batch.sample_weight,
            mask,
        )

    def get_config(self) -> dict:
        """Return the settings."""
        return {"classes": self.classes, "alpha": self.alpha}


def mean_with(values: np.ndarray, partner: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return weight x values + (1 - weight) x their partners', row by row."""
    weight = weight.reshape(-1, *[1] * (values.ndim - 1))
    return weight * values + (1 - weight) * values[partner]
