"""Numbers over the steps of a clip: as a figure, and beside the clip with a line that moves."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .film import _image
from .style import (
    FAINT,
    INK,
    OKABE_ITO,
    axes_for,
    figure,
    finish,
    freeze,
    line,
    plain,
    style,
    to_rgb,
)


def timeline(
    series: Mapping[str, Any],
    *,
    mark: int | None = None,
    marked: str = "decided",
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw numbers over the steps of a sequence.

    Parameters
    ----------
    series : mapping of str to array_like, (T,)
        By name; values that are not finite are left out.
    mark : int, optional
        A step (from 0) to mark with a vertical line.
    marked : str, default "decided"
        What stands beside it.
    ylabel, title : str, optional
    ylim : (float, float), optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.timeline({"p": [0.2, 0.6, 0.9]}, mark=1, ylabel="probability")
    >>> fig.axes[0].get_ylabel()
    'probability'
    """
    values = _checked("timeline", series)
    own = ax is None
    fig, ax = axes_for(ax, 5.2, 2.8)
    with style():
        _draw_lines(ax, values)
        if mark is not None:
            ax.axvline(mark + 1, color=INK, linewidth=1, linestyle=(0, (3, 2)))
            ax.annotate(
                f"{plain(marked)}: step {mark + 1}", (mark + 1, 1.0),
                xycoords=("data", "axes fraction"), xytext=(0, 2), textcoords="offset points",
                fontsize=8, ha="left" if mark < len(next(iter(values.values()))) / 2 else "right",
                va="bottom",
            )  # fmt: skip
        if ylim is not None:
            ax.set_ylim(*ylim)
        ax.set_xlabel("step")
        ax.set_ylabel(ylabel)
        ax.set_title(title or "", pad=16 if mark is not None else None)
        if len(values) > 1 and own:
            columns = min(len(values), 4)
            fig.legend(loc="outside lower center", ncols=columns, handlelength=2.6)
        elif len(values) > 1:
            ax.legend(loc="best", handlelength=2.6)
    return finish(fig, path)


def _checked(who: str, series: Mapping[str, Any]) -> dict[str, np.ndarray]:
    values = {str(name): np.asarray(v, dtype=float) for name, v in series.items()}
    lengths = {len(v) if v.ndim else 0 for v in values.values()}
    if len(lengths) != 1 or not all(v.ndim == 1 and v.size for v in values.values()):
        shapes = [v.shape for v in values.values()]
        raise ValueError(f"{who}: series: expected arrays (T,) of one length, got {shapes}")
    return values


def _draw_lines(ax: Axes, values: Mapping[str, np.ndarray]) -> None:
    for index, (name, row) in enumerate(values.items()):
        ax.plot(np.arange(1, len(row) + 1), row, **line(name, index), label=plain(name))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    ax.margins(x=0.02)


def timeline_frames(
    frames: Sequence[np.ndarray],
    series: Mapping[str, Any] | np.ndarray,
    *,
    ylabel: str = "",
    ylim: tuple[float, float] | None = None,
    title: str | None = None,
    every: int = 1,
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip with numbers over its steps beside it, ready to be written as a GIF.

    Parameters
    ----------
    frames : sequence of ndarray, (H, W) or (H, W, 3)
        The clip, uint8, or floats from 0 to 1.
    series : mapping of str to array_like (T,), or ndarray, (T, T)
        Lines, along which a mark moves; or, for each frame, a row of bars, one for each step
        (such as the norms of :func:`scratchrnn.explain.connectivity`).
    ylabel, title : str, optional
    ylim : (float, float), optional
    every : int, default 1
        Draw the first frame and each `every`-th after it.
    dpi : float
        Resolution; the picture is 6.4 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Raises
    ------
    ValueError
        If there are not as many steps as frames.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.timeline_frames(np.zeros((3, 8, 8)), {"p": [0.1, 0.5, 0.9]}, dpi=40).shape
    (3, 104, 256, 3)
    """
    pictures = [_image(frame) for frame in frames]
    rows = isinstance(series, np.ndarray)
    values = series if rows else _checked("timeline_frames", series)
    shapes = {values.shape} if rows else {v.shape for v in values.values()}
    if shapes != {(len(pictures),) * (2 if rows else 1)}:
        expected = f"as many steps as frames, {len(pictures)}"
        raise ValueError(f"timeline_frames: series: expected {expected}, got {sorted(shapes)}")
    with style():
        fig, (left, right) = figure(6.4, 2.6, columns=2, width_ratios=[1, 1.5])
        picture = left.imshow(pictures[0], aspect="equal", interpolation="bilinear")
        left.set_axis_off()
        move = (_moving_bars if rows else _moving_mark)(right, values)
        right.set_xlabel("step")
        right.set_ylabel(ylabel)
        right.set_title(title or "")
        if ylim is not None:
            right.set_ylim(*ylim)
        left.set_title(f"frame {len(pictures)} of {len(pictures)}")
        freeze(fig, dpi)
        images = []
        for step in range(0, len(pictures), every):
            picture.set_data(pictures[step])
            left.set_title(f"frame {step + 1} of {len(pictures)}")
            move(step)
            images.append(to_rgb(fig, dpi))
    return np.stack(images)


def _moving_mark(ax: Axes, values: Mapping[str, np.ndarray]):
    _draw_lines(ax, values)
    if len(values) > 1:
        ax.legend(loc="upper right", ncols=2, handlelength=2.2, fontsize=7.5)
    mark = ax.axvline(1, color=INK, linewidth=1.2)
    dots = [
        ax.plot([1], row[:1], "o", color=line(name, k)["color"], markeredgecolor="white")[0]
        for k, (name, row) in enumerate(values.items())
    ]

    def move(step: int) -> None:
        mark.set_xdata([step + 1, step + 1])
        for dot, row in zip(dots, values.values(), strict=True):
            dot.set_data([step + 1], [row[step]])

    return move


def _moving_bars(ax: Axes, rows: np.ndarray):
    steps = np.arange(1, len(rows) + 1)
    bars = ax.bar(steps, rows[0], color=FAINT, width=0.85)
    ax.set_ylim(0, 1.05 * float(np.nanmax(rows)) or 1.0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))

    def move(step: int) -> None:
        for place, (bar, height) in enumerate(zip(bars, rows[step], strict=True)):
            bar.set_height(height)
            colour = OKABE_ITO["vermillion" if place == step else "blue"]
            bar.set_facecolor(colour if place <= step else FAINT)

    return move
