"""Boxes over the frames of a clip, beside the true one: a strip, and frames for a GIF."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.patheffects import Normal, Stroke

from .film import _image
from .style import FAINT, INK, color, figure, finish, plain, style, to_rgb

TRUTH = "truth"


def box_strip(
    frames: Sequence[np.ndarray],
    boxes: Mapping[str, np.ndarray],
    *,
    scores: Mapping[str, np.ndarray] | None = None,
    hidden: np.ndarray | None = None,
    ylabel: str = "IoU",
    most: int = 9,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw frames of a clip in a row with boxes over them, and scores over all steps below.

    Parameters
    ----------
    frames : sequence of ndarray, (height, width) or (height, width, 3)
        The clip, uint8, or floats from 0 to 1.
    boxes : mapping of str to ndarray, (T, 4)
        (cx, cy, w, h) as shares of the picture; NaN where there is none. The one named
        ``"truth"`` is drawn white and dotted.
    scores : mapping of str to ndarray, (T,), optional
        A line each, 0 to 1, such as the overlap with the true box; NaN leaves a gap.
    hidden : ndarray of bool, (T,), optional
        Steps that are shaded below the frames: where the object cannot be seen.
    ylabel : str
        What the scores are.
    most : int
        Frames to show, evenly spread.
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no frames, or something has another length.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> box = np.full((6, 4), 0.5)
    >>> fig = plot.box_strip(np.zeros((6, 8, 8)), {"truth": box}, scores={"GRU": np.ones(6)})
    >>> len(fig.axes)
    7
    """
    frames = _checked("box_strip", frames, boxes, scores, hidden)
    shown = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    wide, rows = 1.02 * len(shown), 2 if scores else 1
    fig = figure(wide, 1.2 + (1.7 if scores else 0.2), rows=1)[0]
    fig.clear()
    grid = fig.add_gridspec(rows, len(shown), height_ratios=[1, 1.25][:rows])
    with style():
        for column, step in enumerate(shown):
            ax = fig.add_subplot(grid[0, column])
            _draw_picture(ax, frames[step])
            for artist, box in zip(_add_boxes(ax, boxes, 1.4), boxes.values(), strict=True):
                _move(artist, box[step], frames[step].shape)
            ax.set_title(f"{step + 1}", fontsize=8.5, fontweight="normal", pad=3)
        if scores:
            _draw_scores(fig.add_subplot(grid[1, :]), scores, hidden, len(frames), ylabel)
        fig.legend(handles=_legend(boxes), loc="outside lower center", ncols=4, handlelength=2.4)
    return finish(fig, path)


def box_frames(
    frames: Sequence[np.ndarray],
    boxes: Mapping[str, np.ndarray],
    *,
    scores: Mapping[str, np.ndarray] | None = None,
    hidden: np.ndarray | None = None,
    ylabel: str = "IoU",
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip with boxes over its frames, ready to be written as a GIF.

    Parameters
    ----------
    frames, boxes, scores, hidden, ylabel
        As for :func:`box_strip`; the scores grow from left to right as the clip plays.
    dpi : float
        Resolution; the picture is 4.4 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.box_frames(np.zeros((3, 8, 8)), {"truth": np.full((3, 4), 0.5)}, dpi=40).shape
    (3, 176, 176, 3)
    """
    frames = _checked("box_frames", frames, boxes, scores, hidden)
    ratios = {"rows": 2, "height_ratios": [3.4, 1]} if scores else {}
    fig, axes = figure(4.4, 6.0 if scores else 4.4, **ratios)
    top, low = axes if scores else (axes, None)
    images = []
    with style():
        picture = _draw_picture(top, frames[0])
        artists = _add_boxes(top, boxes)
        fig.legend(handles=_legend(boxes), loc="outside lower center", ncols=3, handlelength=2.4)
        if low is not None:
            curtain = _draw_scores(low, scores, hidden, len(frames), ylabel)
        for step, frame in enumerate(frames):
            picture.set_data(frame)
            out = hidden is not None and hidden[step]
            top.set_title(f"frame {step + 1} of {len(frames)}" + (": out of sight" if out else ""))
            for artist, box in zip(artists, boxes.values(), strict=True):
                _move(artist, box[step], frame.shape)
            if low is not None:
                curtain.set_bounds(step + 1.5, -0.02, len(frames) - step, 1.3)
            images.append(to_rgb(fig, dpi))
    return np.stack(images)


def _checked(who: str, frames, boxes, scores, hidden) -> list[np.ndarray]:
    frames = [_image(frame) for frame in frames]
    if not frames:
        raise ValueError(f"{who}: frames: expected at least one, got none")
    T = len(frames)
    wanted = [(f"boxes[{name!r}]", rows, (T, 4)) for name, rows in boxes.items()]
    wanted += [(f"scores[{name!r}]", row, (T,)) for name, row in (scores or {}).items()]
    wanted += [] if hidden is None else [("hidden", hidden, (T,))]
    for what, values, shape in wanted:
        if np.shape(values) != shape:
            raise ValueError(f"{who}: {what}: expected {shape}, got {np.shape(values)}")
    return frames


def _looks(names: Iterable[str]) -> dict[str, dict]:
    """The truth white and dotted; the others in their colours, all in lines that hold together."""
    looks, dashes = {}, ("-", (0, (5, 2)), (0, (3, 1, 1, 1)), (0, (1, 1)))
    for index, name in enumerate(name for name in names if name != TRUTH):
        looks[name] = {"color": color(name, index), "linestyle": dashes[index % len(dashes)]}
    return {**looks, TRUTH: {"color": "white", "linestyle": (0, (1.2, 1.2))}}


def _edged(width: float) -> list:
    """A thin dark edge, without which neither white nor green shows on every ground."""
    return [Stroke(linewidth=1.6 + width, foreground="black"), Normal()]


def _draw_picture(ax: Axes, frame: np.ndarray):
    ax.set_axis_off()
    return ax.imshow(frame, aspect="equal", interpolation="nearest")


def _add_boxes(ax: Axes, boxes: Mapping, width: float = 2.0) -> list[Rectangle]:
    artists = []
    looks = _looks(boxes)
    for index, name in enumerate(boxes):
        look = looks[name]
        artist = Rectangle(
            (0, 0), 0, 0, fill=False, linewidth=width, edgecolor=look["color"],
            linestyle=look["linestyle"], zorder=3 + index, path_effects=_edged(width),
            clip_on=False,
        )  # fmt: skip
        artists.append(ax.add_patch(artist))
    return artists


def _move(artist: Rectangle, box: np.ndarray, shape: tuple[int, ...]) -> None:
    here = bool(np.isfinite(box).all())
    artist.set_visible(here)
    if here:
        height, width = shape[:2]
        (cx, cy, w, h), (tall, wide) = box, (height, width)
        artist.set_bounds((cx - w / 2) * wide - 0.5, (cy - h / 2) * tall - 0.5, w * wide, h * tall)


def _legend(boxes: Mapping) -> list[Line2D]:
    looks = _looks(boxes)
    return [
        Line2D([], [], **looks[name], path_effects=_edged(2), linewidth=2, label=plain(name))
        for name in boxes
    ]


def _draw_scores(ax: Axes, scores: Mapping, hidden, steps: int, ylabel: str) -> Rectangle:
    """Draw the lines, and return the curtain that covers them (empty at first)."""
    for step in np.flatnonzero(hidden) if hidden is not None else ():
        ax.axvspan(step + 0.5, step + 1.5, color=FAINT, linewidth=0, zorder=0)
    looks = _looks(scores)
    for name, values in scores.items():
        ax.plot(np.arange(1, steps + 1), values, **looks[name])
    if hidden is not None and np.any(hidden):
        first = int(np.flatnonzero(hidden)[0]) + 0.5
        ax.text(first + 0.2, 1.04, "out of sight", fontsize=8, va="bottom", color=INK)
    ax.set_xlim(0.5, steps + 0.5)
    ax.set_ylim(-0.03, 1.03)
    ax.set_yticks([0, 0.5, 1])
    ax.set_xlabel("frame")
    ax.set_ylabel(ylabel)
    return ax.add_patch(Rectangle((0, 0), 0, 0, facecolor="white", zorder=5, clip_on=False))
