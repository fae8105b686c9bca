"""The loss of a detector: where a thing is, and whether it is there at all."""

from __future__ import annotations

import numpy as np

from ..activations.stable import sigmoid
from .base import Loss, check_positive


class BoxAndPresence(Loss):
    """Smooth absolute error of a box where there is one, beside cross-entropy of its presence.

    Of the last axis, D + 1 entries, the first D are the box b and the last one is presence: its
    target p in [0, 1], its prediction a logit a. With e = b̂ - b,

        l = λ p Σ s(e) + max(a, 0) - a p + log(1 + exp(-|a|))              (1)
        s(e) = e²/(2δ) where |e| ≤ δ, else |e| - δ/2                       (2)
        ∂l/∂b̂ = λ p clip(e, -δ, δ)/δ                                       (1')
        ∂l/∂a = σ(a) - p

    Where the thing is absent, p = 0, the box is not defined, and nothing is learned of it.

    Parameters
    ----------
    delta : float
        Where the parabola turns into straight lines; positive.
    box_weight : float
        λ, what the box weighs beside the presence; positive.
    reduction, name, dtype
        See :class:`Loss`.

    References
    ----------
    R. Girshick, "Fast R-CNN", ICCV 2015, equations (1) to (3).

    Examples
    --------
    >>> here, gone = [0.5, 0.5, 0.2, 0.2, 1.0], [0.0, 0.0, 0.0, 0.0, 0.0]
    >>> guess = [0.5, 0.4, 0.2, 0.2, 0.0]
    >>> loss = BoxAndPresence(delta=0.2, box_weight=4.0, reduction="none")
    >>> loss([here, gone], [guess, guess]).round(6).tolist()
    [0.793147, 0.693147]
    """

    def __init__(
        self,
        delta: float = 0.05,
        box_weight: float = 5.0,
        reduction: str | None = "sum_over_batch_size",
        name: str = "box_and_presence",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = check_positive("BoxAndPresence", "delta", delta)
        self.box_weight = check_positive("BoxAndPresence", "box_weight", box_weight)

    def per_sample(self, y_true, y_pred, with_slope=False):
        if y_pred.shape[-1] < 2:
            raise ValueError(
                f"BoxAndPresence: y_pred: expected a box and a logit (…, D + 1), got {y_pred.shape}"
            )
        present, logit = y_true[..., -1:], y_pred[..., -1:]
        error = y_pred[..., :-1] - y_true[..., :-1]
        clipped = np.clip(error, -self.delta, self.delta)
        # With c = clip(e): c(e - c/2)/δ is e²/(2δ) inside and |e| - δ/2 outside.
        smooth = clipped * (error - 0.5 * clipped) / self.delta  # (2)
        box = self.box_weight * present * smooth
        cross = np.maximum(logit, 0) - logit * present + np.log1p(np.exp(-np.abs(logit)))
        losses = box.sum(axis=-1) + cross[..., 0]  # (1)
        if not with_slope:
            return losses, None
        d_box = self.box_weight / self.delta * present * clipped
        return losses, np.concatenate([d_box, sigmoid(logit) - present], axis=-1)  # (1')

    def get_config(self) -> dict:
        return {**super().get_config(), "delta": self.delta, "box_weight": self.box_weight}
