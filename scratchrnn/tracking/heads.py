"""From sightings to box and presence: one network that remembers, and one that does not.

Both get the same five numbers a frame from the same eye and answer with the same five; they have
about as many weights. One is a GRU, the other looks at each frame alone.

A scene seen in a mirror, turned on its diagonal or run backwards is as good a scene as before, so
each clip serves sixteen times: that is what keeps some hundred clips from being learned by heart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import layers, losses, models, optimizers

_SURE = 0.3  # a confidence below which a sighting fades


def encode(seen: np.ndarray) -> np.ndarray:
    """Return sightings as a network likes them: about zero, of size one, and zero when unsure.

    Parameters
    ----------
    seen : ndarray, (..., 5)
        cx, cy, w, h and confidence.

    Returns
    -------
    ndarray of float32, (..., 5)

    Examples
    --------
    >>> import numpy as np
    >>> encode(np.array([[0.75, 0.5, 0.25, 0.25, 1.0], [0.1, 0.1, 0.1, 0.1, 0.0]])).tolist()
    [[1.0, 0.0, 1.0, 1.0, 1.0], [-0.0, -0.0, 0.0, 0.0, -1.0]]
    """
    confidence = seen[..., 4:]
    sure = np.clip(confidence / _SURE, 0, 1)
    place = (seen[..., :2] - 0.5) * 4 * sure
    return np.concatenate([place, seen[..., 2:4] * 4 * sure, 2 * confidence - 1], axis=-1).astype(
        np.float32
    )


def mirrored(rows: np.ndarray, way: int) -> np.ndarray:
    """Return rows (N, T, 5) of boxes and a fifth number as one of 16 symmetries shows them.

    Parameters
    ----------
    rows : ndarray, (N, T, 5)
    way : int
        0 to 15: bit 0 left and right, bit 1 up and down, bit 2 the diagonal, bit 3 time.

    Returns
    -------
    ndarray, (N, T, 5)

    Examples
    --------
    >>> import numpy as np
    >>> mirrored(np.array([[[0.2, 0.4, 0.1, 0.3, 1.0]]]), 5).tolist()
    [[[0.4, 0.8, 0.3, 0.1, 1.0]]]
    """
    rows = rows.copy()
    if way & 1:
        rows[..., 0] = 1 - rows[..., 0]
    if way & 2:
        rows[..., 1] = 1 - rows[..., 1]
    if way & 4:
        rows = rows[..., [1, 0, 3, 2, 4]]
    return rows[:, ::-1] if way & 8 else rows


def build_head(
    recurrent: bool, *, units: int = 64, seed: int = 0, updates: int = 1000
) -> models.Sequential:
    """Return a compiled network: encoded sightings (N, T, 5) to boxes and logits (N, T, 5).

    Parameters
    ----------
    recurrent : bool
        True: a GRU; False: two dense layers on each frame, with about as many weights.
    units : int
        H of the GRU.
    seed : int
        Of the first weights.
    updates : int
        After so many the learning rate has fallen to zero.

    Returns
    -------
    Sequential

    Examples
    --------
    >>> build_head(True).count_params(), build_head(False).count_params()
    (13957, 13893)
    """
    seeds = [int(s) for s in np.random.SeedSequence([seed, recurrent]).generate_state(3)]
    if recurrent:
        inner = [layers.GRU(units, return_sequences=True, seed=seeds[0])]
    else:
        wide = round(1.75 * units)  # 3H² + 26H weights there, 3.06H² + 21H here
        inner = [layers.Dense(wide, activation="relu", seed=s) for s in seeds[:2]]
    head = models.Sequential([layers.Input((None, 5)), *inner, layers.Dense(5, seed=seeds[2])])
    rate = optimizers.schedules.CosineDecay(1e-2 if recurrent else 4e-3, updates)
    head.compile(optimizers.Adam(rate, global_clipnorm=1.0), losses.BoxAndPresence())
    return head


def train_head(
    recurrent: bool,
    seen: np.ndarray,
    targets: np.ndarray,
    *,
    units: int = 64,
    epochs: int = 10,
    seed: int = 0,
    callbacks: Sequence[Any] | None = None,
) -> models.Sequential:
    """Return a head that has learned boxes and presence from sightings, in all 16 mirrors.

    Parameters
    ----------
    recurrent : bool
    seen : ndarray, (N, T, 5)
        From :func:`scratchrnn.tracking.sightings`.
    targets : ndarray, (N, T, 5)
        ``TrackingClips.targets``.
    units, seed : int
        As in :func:`build_head`.
    epochs : int
        Each shows every clip in all its mirrors.
    callbacks : sequence of Callback, optional

    Returns
    -------
    Sequential

    Examples
    --------
    >>> from scratchrnn.tracking import build_head, render_clips, train_head
    >>> clips = render_clips(2, seed=0, size=8)
    >>> head = train_head(True, clips.targets, clips.targets, units=4, epochs=1)
    >>> head.output_shape
    (None, None, 5)
    """
    x = np.concatenate([encode(mirrored(seen, way)) for way in range(16)])
    y = np.concatenate([mirrored(targets, way) for way in range(16)])
    y *= y[..., 4:]  # what is absent has no box, in a mirror neither
    head = build_head(recurrent, units=units, seed=seed, updates=epochs * -(-len(x) // 32))
    head.fit(
        x, y, batch_size=32, epochs=epochs, verbose=0, seed=seed, callbacks=list(callbacks or [])
    )
    return head
