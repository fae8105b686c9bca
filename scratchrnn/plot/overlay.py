"""What each part of a clip contributes, laid over its frames: strips, and frames for a GIF."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize, to_rgb
from matplotlib.figure import Figure

from .film import _image
from .style import OKABE_ITO, figure, finish, freeze, plain, style
from .style import to_rgb as drawn

_FOR, _AGAINST = OKABE_ITO["vermillion"], OKABE_ITO["blue"]
_BAR = LinearSegmentedColormap.from_list("scratchrnn_for_against", [_AGAINST, "#EEEEEE", _FOR])


def overlay(
    frames: Sequence[np.ndarray],
    values: Any,
    *,
    limit: float | None = None,
    strength: float = 0.8,
) -> np.ndarray:
    """Lay an attribution over the frames of a clip.

    Parameters
    ----------
    frames : sequence of ndarray, (H, W) or (H, W, 3)
        The clip, uint8, or floats from 0 to 1.
    values : Attribution or array_like
        (T,): one number a step, laid over the whole frame; (T, h, w) or (T, h, w, C): over its
        place (channels are added up), on a grid of its own if it is coarser than the frames.
    limit : float, optional
        Drawn at full strength from here on; by default 99 % of all values are below it.
    strength : float, default 0.8
        How much of the frame full strength covers.

    Returns
    -------
    ndarray of uint8, (T, H, W, 3)
        Frames in grey; vermillion where values are above 0 (speak for), blue below (against).

    Raises
    ------
    ValueError
        If the values do not fit the frames.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.overlay(np.zeros((4, 8, 12), np.uint8), np.ones((4, 2, 3))).shape
    (4, 8, 12, 3)
    """
    pictures = np.stack([_image(frame) for frame in frames])
    heat = on_grid("overlay", values, len(pictures))
    limit = largest(heat) if limit is None else limit
    H, W = pictures.shape[1:3]
    h, w = heat.shape[1:]
    full = heat[:, np.arange(H) * h // H][:, :, np.arange(W) * w // W]
    grey = pictures @ np.array([0.299, 0.587, 0.114])
    ground = np.repeat((0.25 + 0.7 * grey)[..., None], 3, axis=3)
    cover = strength * np.clip(np.abs(full) / limit, 0, 1)[..., None]
    paint = np.where(full[..., None] >= 0, to_rgb(_FOR), to_rgb(_AGAINST))
    return np.rint(255 * (ground + cover * (paint - ground))).clip(0, 255).astype(np.uint8)


def on_grid(who: str, values: Any, steps: int) -> np.ndarray:
    """Return an attribution as (T, h, w): channels added up, steps as one cell."""
    heat = np.asarray(getattr(values, "map", values), dtype=float)
    if heat.ndim not in (1, 3, 4) or len(heat) != steps or not heat.size:
        expected = f"({steps},), ({steps}, h, w) or ({steps}, h, w, C)"
        raise ValueError(f"{who}: values: expected {expected}, got {heat.shape}")
    if heat.ndim == 4:
        heat = heat.sum(axis=3)
    return heat.reshape(steps, 1, 1) if heat.ndim == 1 else heat


def largest(heat: np.ndarray) -> float:
    """Return where the colours are full: beyond nearly all values, never 0."""
    size = np.abs(heat)
    top = float(np.quantile(size, 0.99))
    return top or float(size.max()) or 1.0


def attribution_strip(
    frames: Sequence[np.ndarray],
    values: Mapping[str, Any],
    *,
    every: int | None = None,
    title: str | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw a clip as film strips, one row for each explanation laid over it.

    Parameters
    ----------
    frames : sequence of ndarray, (H, W) or (H, W, 3)
    values : mapping of str to Attribution or array_like
        Each as for :func:`overlay`; by the name of the row. Each row has its own full strength.
    every : int, optional
        Show the first frame and each `every`-th after it; by default at most 12 are shown.
    title : str, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> clip = np.zeros((4, 8, 8), np.uint8)
    >>> fig = plot.attribution_strip(clip, {"occlusion": np.ones((4, 2, 2))})
    >>> [label.get_text() for label in fig.axes[0].get_yticklabels()]
    ['clip', 'occlusion']
    """
    pictures = [_image(frame) for frame in frames]
    if not values:
        raise ValueError("attribution_strip: values: expected at least one row, got none")
    every = every or -(-len(pictures) // 12)
    shown = np.arange(0, len(pictures), every)
    rows = {"clip": pictures, **{str(k): overlay(pictures, v) for k, v in values.items()}}
    height, width = pictures[0].shape[:2]
    cell = min(0.9, 8.4 / len(shown))
    step = height / width + 0.06
    strip, tall = cell * len(shown), cell * step * len(rows)  # inches
    with style():
        fig, ax = figure(strip, tall)
        fig.set_layout_engine("none")
        for line, row in enumerate(rows.values()):
            top = -line * step
            for place, k in enumerate(shown):
                box = (place - 0.47, place + 0.47, top - 0.94 * height / width, top)
                ax.imshow(row[k], extent=box, interpolation="nearest", aspect="auto")
        ax.set_xlim(-0.5, len(shown) - 0.5)
        ax.set_ylim(-len(rows) * step, 0)
        middles = [-(k * step + 0.47 * height / width) for k in range(len(rows))]
        ax.set_yticks(middles, [plain(name) for name in rows])
        ax.set_xticks(range(len(shown)), [str(k + 1) for k in shown])
        ax.set_xlabel("frame")
        ax.tick_params(length=0)
        ax.grid(False)
        ax.spines[:].set_visible(False)
        _place(fig, ax, strip, tall, title)
    return finish(fig, path)


def _place(fig: Figure, ax: Axes, strip: float, tall: float, title: str | None) -> None:
    """Give the strip its size, and what stands around it the room that it needs."""
    extents = [label.get_window_extent() for label in ax.get_yticklabels()]
    left = 0.12 + max(extent.width for extent in extents) / fig.dpi
    above, below, beside = 0.36 if title else 0.06, 0.48, 1.0
    wide, high = left + strip + beside, above + tall + below
    fig.set_size_inches(wide, high)
    ax.set_position([left / wide, below / high, strip / wide, tall / high])
    ax.set_title(title or "")
    length = min(tall, 2.6)
    place = [(left + strip + 0.15) / wide, (below + (tall - length) / 2) / high]
    _legend(fig, cax=fig.add_axes([*place, 0.16 / wide, length / high]))


def _legend(fig: Figure, **where: Any) -> None:
    """A bar that says what the colours mean."""
    bar = fig.colorbar(ScalarMappable(Normalize(-1, 1), _BAR), ticks=[-1, 0, 1], **where)
    bar.ax.set_yticklabels(["against", "0", "for"])
    bar.outline.set_visible(False)


def attribution_frames(
    frames: Sequence[np.ndarray],
    values: Mapping[str, Any],
    *,
    columns: int = 3,
    title: str | None = None,
    every: int = 1,
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip beside the explanations laid over it, ready to be written as a GIF.

    Parameters
    ----------
    frames, values, title
        As for :func:`attribution_strip`.
    columns : int, default 3
        Pictures beside each other.
    every : int, default 1
        Draw the first frame and each `every`-th after it.
    dpi : float
        Resolution; a picture is 2.3 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)
        Write it with :func:`scratchrnn.video.write_gif`, or show it with :func:`to_jshtml`.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> moving = plot.attribution_frames(np.zeros((3, 8, 8)), {"occlusion": np.ones(3)}, dpi=40)
    >>> moving.shape[0], moving.dtype
    (3, dtype('uint8'))
    """
    pictures = [_image(frame) for frame in frames]
    shown = {"clip": pictures, **{str(k): overlay(pictures, v) for k, v in values.items()}}
    columns = min(columns, len(shown))
    rows = -(-len(shown) // columns)
    ratio = pictures[0].shape[0] / pictures[0].shape[1]
    wide, tall = 2.3 * columns + 0.7, rows * (2.3 * ratio + 0.35) + 0.4
    with style():
        fig, axes = figure(wide, tall, rows=rows, columns=columns, squeeze=False)
        drawings = []
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, (name, row) in zip(axes.flat, shown.items(), strict=False):
            ax.set_title(plain(name), fontweight="normal", pad=3)
            drawings.append(ax.imshow(row[0], aspect="equal", interpolation="nearest"))
        _legend(fig, ax=axes, pad=0.02, fraction=0.04, aspect=14, shrink=0.9)
        head = fig.suptitle(" ", fontsize=10, fontweight="bold")
        freeze(fig, dpi)
        images = []
        for step in range(0, len(pictures), every):
            for drawing, row in zip(drawings, shown.values(), strict=True):
                drawing.set_data(row[step])
            before = f"{plain(title)} · " if title else ""
            head.set_text(f"{before}frame {step + 1} of {len(pictures)}")
            images.append(drawn(fig, dpi))
    return np.stack(images)
