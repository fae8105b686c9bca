"""A clip and what a model makes of it, step by step: film strip, and frames for a GIF."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import INK, OKABE_ITO, UNIT_MAP, figure, finish, freeze, shorten, style, to_rgb

_MOST = 10  # classes that a figure has rows for
_RIGHT, _WRONG = OKABE_ITO["blue"], OKABE_ITO["vermillion"]


def film_strip(
    frames: Sequence[np.ndarray],
    probabilities: np.ndarray | None = None,
    classes: Sequence[str] | None = None,
    *,
    truth: int | None = None,
    title: str | None = None,
    every: int | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw the frames of a clip in a row, and under each what the model believes by then.

    Parameters
    ----------
    frames : sequence of ndarray, (height, width) or (height, width, 3)
        The clip, uint8, or floats from 0 to 1.
    probabilities : ndarray, (T, C), optional
        The running prediction: class probabilities after each frame.
    classes : sequence of str, optional
        Names of the classes; their numbers by default.
    truth : int, optional
        The true class; its name is set in bold.
    title : str, optional
    every : int, optional
        Show the first frame and each `every`-th after it; by default at most 20 are shown.
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Below the frames a row for each class, shaded by its probability; a dot marks the
        likeliest class of each step. Of more than ten classes the likeliest are shown.

    Raises
    ------
    ValueError
        If there are no frames, or the probabilities do not fit frames and classes.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> clip = np.zeros((4, 8, 8, 3), np.uint8)
    >>> fig = plot.film_strip(clip, np.full((4, 2), 0.5), ["left", "right"], truth=0)
    >>> len(fig.axes)
    2
    """
    frames = [_image(frame) for frame in frames]
    if not frames:
        raise ValueError("film_strip: frames: expected at least one, got none")
    every = every or -(-len(frames) // 20)
    shown = range(0, len(frames), every)
    height, width = frames[0].shape[:2]
    cell = min(0.62, 9.6 / len(shown))
    strip = 1.06 * cell * height / width  # a little more than needed: the width decides
    names: list[str] = []
    if probabilities is not None:
        probabilities, names, truth = _fewer(probabilities, classes, truth, len(frames))
    rows = len(names)
    wide = cell * len(shown) + 0.3 + 0.075 * max([len(name) for name in names], default=0)
    tall = strip + (0.22 * rows + 0.55 if rows else 0.1) + (0.3 if title else 0)
    with style():
        if probabilities is None:
            fig, top = figure(max(wide, 2.5), tall)
        else:
            ratios = [strip, 0.22 * rows]
            fig, (top, low) = figure(max(wide, 3.2), tall, rows=2, height_ratios=ratios)
            _draw_probabilities(low, probabilities[shown], names, truth)
            low.set_xticks(range(len(shown)), [str(step + 1) for step in shown])
            low.set_xlabel("frame")
        _draw_frames(top, [frames[step] for step in shown])
        top.set_title(title or "")
    return finish(fig, path)


def _image(frame: np.ndarray) -> np.ndarray:
    frame = np.asarray(frame)
    if frame.ndim not in (2, 3):
        raise ValueError(f"film_strip: frames: expected (height, width[, 3]), got {frame.shape}")
    if frame.dtype == np.uint8:
        frame = frame / 255.0
    frame = np.clip(frame, 0.0, 1.0)
    return np.repeat(frame[..., None], 3, axis=2) if frame.ndim == 2 else frame[..., :3]


def _fewer(
    probabilities: np.ndarray, classes: Sequence[str] | None, truth: int | None, steps: int
) -> tuple[np.ndarray, list[str], int | None]:
    """Check that all fits; keep the rows of the likeliest classes and of the true one."""
    values = np.asarray(probabilities)
    number = values.shape[-1] if classes is None else len(classes)
    if values.shape != (steps, number):
        raise ValueError(
            f"film_strip: probabilities: expected ({steps}, {number}), got {values.shape}"
        )
    names = [shorten(name) for name in (range(number) if classes is None else classes)]
    peaks = values.max(axis=0)
    if truth is not None:
        peaks[truth] = np.inf
    kept = np.sort(np.argsort(-peaks, kind="stable")[:_MOST])
    place = None if truth is None else int(np.searchsorted(kept, truth))
    return values[:, kept], [names[k] for k in kept], place


def _draw_frames(ax: Axes, frames: list[np.ndarray]) -> None:
    """Frame k fills the width from k − ½ to k + ½, so that what is drawn below lines up."""
    tall = 0.94 * frames[0].shape[0] / frames[0].shape[1]
    for step, frame in enumerate(frames):
        ax.imshow(frame, extent=(step - 0.47, step + 0.47, 0, tall), interpolation="bilinear")
    ax.set_xlim(-0.5, len(frames) - 0.5)
    ax.set_ylim(0, tall)
    ax.set_aspect("equal", anchor="S")
    ax.set_axis_off()


def _draw_probabilities(
    ax: Axes, probabilities: np.ndarray, names: list[str], truth: int | None
) -> None:
    ax.imshow(probabilities.T, cmap=UNIT_MAP, vmin=0, vmax=1)
    for step, row in enumerate(probabilities):
        best = int(row.argmax())
        ax.plot(
            step, best, "o", markersize=4, color="white" if row[best] > 0.45 else INK,
            markeredgewidth=0,
        )  # fmt: skip
    ax.set_xlim(-0.5, len(probabilities) - 0.5)
    ax.set_yticks(range(len(names)), names)
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(True)
    if truth is not None:
        marked = [f"true ▸ {name}" if k == truth else name for k, name in enumerate(names)]
        ax.set_yticks(range(len(names)), marked)
        ax.get_yticklabels()[truth].set_fontweight("bold")


def prediction_frames(
    frames: Sequence[np.ndarray],
    probabilities: np.ndarray,
    classes: Sequence[str] | None = None,
    *,
    truth: int | None = None,
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip with its running prediction beside each frame, ready to be written as a GIF.

    Parameters
    ----------
    frames, probabilities, classes, truth
        As for :func:`film_strip`.
    dpi : float
        Resolution; the picture is 6 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.prediction_frames(np.zeros((2, 8, 8)), np.full((2, 3), 1 / 3), dpi=40).shape
    (2, 104, 240, 3)
    """
    frames = [_image(frame) for frame in frames]
    probabilities, names, truth = _fewer(probabilities, classes, truth, len(frames))
    fig, (left, right) = figure(6.0, 2.6, columns=2, width_ratios=[1, 1.25])
    with style():
        picture = left.imshow(frames[0], aspect="equal", interpolation="bilinear")
        left.set_axis_off()
        drawn = right.barh(range(len(names)), [0.0] * len(names), height=0.7)
        right.set_xlim(0, 1)
        right.set_xticks([0, 0.5, 1], ["0", "50 %", "100 %"])
        right.set_yticks(range(len(names)), names)
        right.invert_yaxis()
        right.grid(True, axis="x")
        right.grid(False, axis="y")
        right.tick_params(axis="y", length=0)
        right.set_xlabel("probability so far")
        if truth is not None:
            right.get_yticklabels()[truth].set_fontweight("bold")
        left.set_title(f"frame {len(frames)} of {len(frames)}")
        freeze(fig, dpi)
        images = []
        for step, (frame, row) in enumerate(zip(frames, probabilities, strict=True)):
            picture.set_data(frame)
            left.set_title(f"frame {step + 1} of {len(frames)}")
            _set_bars(drawn, row, truth)
            images.append(to_rgb(fig, dpi))
    return np.stack(images)


def _set_bars(drawn: Sequence, row: np.ndarray, truth: int | None) -> None:
    """The likeliest class dark: blue if it is the true one (or none is known), else vermillion."""
    best = int(row.argmax())
    wrong = truth not in (None, best)
    for index, (bar, share) in enumerate(zip(drawn, row, strict=True)):
        bar.set_width(float(share))
        bar.set_facecolor("#B0B0B0" if index != best else _WRONG if wrong else _RIGHT)
        bar.set_hatch("///" if index == best and wrong else "")
        bar.set_edgecolor("white")
