"""The triplet loss: alike closer together than unlike, by a margin."""

from __future__ import annotations

import numpy as np

from .base import Loss, as_float, check_positive
from .reduction import loss_coefficients, reduce_losses, weigh

_TINY = 1e-12


class TripletLoss(Loss):
    """Mean over triplets: an anchor should be nearer to its like than to others, by a margin.

    With e the embeddings, u = e / ‖e‖ and d_ij = ‖u_i - u_j‖² = 2 - 2 u_i·u_j, the loss of anchor
    i is the mean over all pairs of a positive p (p ≠ i, the same label) and a negative n (another
    label) in the batch

        l_i = mean over p, n of max(0, m + d_ip - d_in)                    (1)

    and 0 where there is no such pair. Of the J triplets of anchor i let A be those above zero:

        ∂l_i/∂d_ip = |{n : (p, n) in A}| / J,   ∂l_i/∂d_in = -|{p : (p, n) in A}| / J    (1')
        ∂L/∂u_i = -2 Σ_j (D_ij + D_ji) u_j,     D_ij = ∂L/∂d_ij
        ∂L/∂e_i = (∂L/∂u_i - u_i (u_i·∂L/∂u_i)) / ‖e_i‖

    Parameters
    ----------
    margin : float
        m, positive; d lies between 0 and 4.
    reduction, name, dtype
        See :class:`Loss`; one loss an anchor.

    Notes
    -----
    `y_true` are labels (N,) or (N, 1), `y_pred` embeddings (N, E) of any length. Every sample is
    compared with every other, so batches need several samples of a label. What is masked or has
    weight 0 takes part in nothing.

    References
    ----------
    F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet", CVPR 2015, equation (3);
    A. Hermans, L. Beyer, B. Leibe, "In Defense of the Triplet Loss", 2017, "batch all".

    Examples
    --------
    >>> import numpy as np
    >>> loss = TripletLoss(margin=0.5)
    >>> loss([0, 0, 1], np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]]))
    0.0
    >>> round(loss([0, 1, 0], np.array([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0]])), 6)
    1.0
    """

    def __init__(
        self,
        margin: float = 0.3,
        reduction: str | None = "sum_over_batch_size",
        name: str = "triplet_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.margin = check_positive("TripletLoss", "margin", margin)

    def per_sample(self, y_true, y_pred, with_slope=False):
        """Return the loss of each anchor, and the slopes of their sum."""
        return self._triplets(y_true, y_pred, np.ones(len(y_pred), y_pred.dtype), with_slope)

    def _evaluate(self, y_true, y_pred, sample_weight, mask, with_slope):
        y_true, y_pred, out = self._prepare(y_true, y_pred, (sample_weight, mask))
        shape = (len(y_pred),)
        weighting = weigh("TripletLoss", shape, sample_weight, mask, self.reduction, y_pred.dtype)
        counts = np.ones(shape, bool)
        if weighting.weights is not None:
            counts = np.broadcast_to(weighting.weights != 0, shape)
        share = np.broadcast_to(loss_coefficients(weighting, y_pred.dtype), shape)[counts]
        losses, slopes = np.zeros(shape, y_pred.dtype), np.zeros(out[0], out[1])
        losses[counts], found = self._triplets(y_true[counts], y_pred[counts], share, with_slope)
        value = reduce_losses(losses, weighting, self.reduction)
        if not with_slope:
            return value, None
        slopes[counts] = found
        return value, slopes

    def _prepare(self, y_true, y_pred, extras):
        y_pred = as_float("TripletLoss", "y_pred", y_pred, None)
        out = y_pred.shape, y_pred.dtype
        labels = np.asarray(y_true)
        if y_pred.ndim != 2:
            raise ValueError(f"TripletLoss: y_pred: expected (N, E), got {y_pred.shape}")
        if labels.shape not in ((len(y_pred),), (len(y_pred), 1)):
            expected = f"labels ({len(y_pred)},)"
            raise ValueError(f"TripletLoss: y_true: expected {expected}, got {labels.shape}")
        return labels.ravel(), y_pred.astype(self.dtype or y_pred.dtype, copy=False), out

    def _triplets(self, labels, e, share, with_slope):
        """Return equation (1) for each anchor, and Σ_i share_i ∂l_i/∂e."""
        length = np.maximum(np.sqrt((e * e).sum(axis=1, keepdims=True)), e.dtype.type(_TINY))
        u = e / length
        d = -2 * (u @ u.T)  # without its 2, which falls out of every difference
        same = labels[:, None] == labels[None, :]
        positive = same & ~np.eye(len(e), dtype=bool)
        triplet = positive[:, :, None] & ~same[:, None, :]  # (N,N,N): anchor, p, n
        J = np.maximum(triplet.sum(axis=(1, 2)), 1).astype(e.dtype)
        violation = np.where(triplet, self.margin + d[:, :, None] - d[:, None, :], 0)
        losses = np.maximum(violation, 0).sum(axis=(1, 2)) / J  # (1)
        if not with_slope:
            return losses.astype(e.dtype, copy=False), None
        active = violation > 0
        dd = (active.sum(axis=2) - active.sum(axis=1)).astype(e.dtype)  # (1')
        dd *= (share / J)[:, None]
        du = -2 * (dd + dd.T) @ u
        de = (du - u * (u * du).sum(axis=1, keepdims=True)) / length
        return losses.astype(e.dtype, copy=False), de

    def get_config(self) -> dict:
        return {**super().get_config(), "margin": self.margin}
