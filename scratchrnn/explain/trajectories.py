"""Hidden-state trajectories: the path of the state, seen from where it moves most.

The rows of H are the states of all sequences at all real steps:

    H_c = H − mean = U diag(s) Vᵀ,    components V_k,    path (H − mean) V_k
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Trajectories(NamedTuple):
    """Paths of states in the plane (or space) of their largest variance.

    Attributes
    ----------
    paths : ndarray, (N, T, K)
        NaN at masked steps.
    components : ndarray, (K, H)
        Directions, orthonormal; the largest entry of each is positive.
    mean : ndarray, (H,)
    explained : ndarray, (K,)
        Share of the variance along each.
    """

    paths: np.ndarray
    components: np.ndarray
    mean: np.ndarray
    explained: np.ndarray

    def project(self, states: Any) -> np.ndarray:
        """Return the paths of other states (…, H) in the same plane, (…, K)."""
        return (np.asarray(states, dtype=np.float64) - self.mean) @ self.components.T


def hidden_trajectories(
    states: Any, *, components: int = 2, mask: np.ndarray | None = None
) -> Trajectories:
    """Project hidden states onto their principal components, by SVD.

    Parameters
    ----------
    states : array_like, (N, T, H) or (T, H)
        Such as ``gate_traces(layer, x)["h"]``.
    components : int, default 2
        K, at most H.
    mask : array_like of bool, (N, T) or (T,), optional
        Real steps; the others are not looked at.

    Returns
    -------
    Trajectories

    Raises
    ------
    ValueError
        If a shape does not fit, or there are fewer than two states.

    References
    ----------
    K. Pearson, "On lines and planes of closest fit to systems of points in space", 1901.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.explain import hidden_trajectories
    >>> line = np.arange(5.0)[:, None] * np.array([3.0, 4.0])
    >>> result = hidden_trajectories(line, components=1)
    >>> result.components.round(2), result.explained.round(6)
    (array([[0.6, 0.8]]), array([1.]))
    """
    who = "hidden_trajectories"
    h = np.asarray(states, dtype=np.float64)
    h = h[None] if h.ndim == 2 else h
    if h.ndim != 3 or 0 in h.shape:
        raise ValueError(f"{who}: states: expected (N, T, H) or (T, H), got {np.shape(states)}")
    real = np.ones(h.shape[:2], bool)
    if mask is not None:
        real = np.asarray(mask, dtype=bool).reshape(-1, np.shape(mask)[-1])
    if real.shape != h.shape[:2]:
        raise ValueError(f"{who}: mask: expected {h.shape[:2]}, got {np.shape(mask)}")
    if not 1 <= components <= h.shape[2]:
        raise ValueError(f"{who}: components: expected 1 to {h.shape[2]}, got {components!r}")
    rows = h[real]
    if len(rows) < 2 or not np.isfinite(rows).all():
        raise ValueError(f"{who}: states: expected at least two finite ones, got {len(rows)}")
    mean = rows.mean(axis=0)
    _, s, Vt = np.linalg.svd(rows - mean, full_matrices=len(rows) < components)
    variance = np.zeros(h.shape[2])
    variance[: len(s)] = s**2
    directions = Vt[:components]
    largest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(components), largest])[:, None]
    paths = np.where(real[..., None], (h - mean) @ directions.T, np.nan)
    total = variance.sum()
    explained = variance[:components] / total if total > 0 else np.zeros(components)
    return Trajectories(paths, directions, mean, explained)
