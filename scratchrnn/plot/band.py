"""Labels of every frame as bands under a clip: what is going on, and what a model says."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from .boxes import TRUTH
from .film import _image
from .style import INK, OKABE_ITO, figure, finish, plain, shorten, style, to_rgb

_RIGHT, _WRONG = OKABE_ITO["sky"], OKABE_ITO["vermillion"]
_GREYS = ("#D9D9D9", "#B5B5B5")


def band_strip(
    frames: Sequence[np.ndarray],
    labels: Mapping[str, np.ndarray],
    classes: Sequence[str],
    *,
    most: int = 16,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw frames of a clip in a row, and the labels of all frames as bands below.

    Parameters
    ----------
    frames : sequence of ndarray, (height, width) or (height, width, 3)
        The clip, uint8, or floats from 0 to 1.
    labels : mapping of str to ndarray of int, (T,)
        A band each: the class of every frame. Beside the one named ``"truth"``, which is grey,
        the others are blue where they agree with it and hatched in vermillion where they do not.
    classes : sequence of str
        Names of the classes, written into the bands where there is room.
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
        If there are no frames, or labels do not fit them or the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> labels = {"truth": np.array([0, 0, 1, 1]), "GRU": np.array([0, 1, 1, 1])}
    >>> fig = plot.band_strip(np.zeros((4, 8, 8)), labels, ["jog", "squat"])
    >>> len(fig.axes)
    2
    """
    frames, labels = _checked("band_strip", frames, labels, classes)
    shown = np.unique(np.linspace(0, len(frames) - 1, min(most, len(frames))).round().astype(int))
    strip = 9.0 / len(shown) * frames[0].shape[0] / frames[0].shape[1]
    low = 0.34 * len(labels) + 0.5
    fig, (top, bottom) = figure(10.0, strip + low, rows=2, height_ratios=[strip, low - 0.3])
    with style():
        top.imshow(np.concatenate([frames[k] for k in shown], axis=1), aspect="equal")
        top.set_axis_off()
        _draw_bands(bottom, labels, classes, room=len(frames) / 145)
        bottom.set_xlabel("frame")
    return finish(fig, path)


def band_frames(
    frames: Sequence[np.ndarray],
    labels: Mapping[str, np.ndarray],
    classes: Sequence[str],
    *,
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip with the labels of every frame as bands under it, ready for a GIF.

    Parameters
    ----------
    frames, labels, classes
        As for :func:`band_strip`; a line runs along the bands, and the names of the moment's
        labels stand beside the picture.
    dpi : float
        Resolution; the picture is 6 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> labels = {"truth": np.array([0, 1, 1])}
    >>> plot.band_frames(np.zeros((3, 8, 8)), labels, ["jog", "squat"], dpi=40).shape[::2]
    (3, 240)
    """
    frames, labels = _checked("band_frames", frames, labels, classes)
    low = 0.34 * len(labels) + 0.45
    fig, axes = figure(6.0, 3.0 + low, rows=2, height_ratios=[3.0, low - 0.25])
    top, bottom = axes
    with style():
        top.imshow(frames[0], aspect="equal", interpolation="bilinear")
        top.set_anchor("W")
        top.set_axis_off()
        _draw_bands(bottom, labels, classes, room=len(frames) / 96)
        bottom.set_xlabel("frame")
        words = [
            top.text(1.06, 0.72 - 0.3 * k, "", transform=top.transAxes, fontsize=11, va="top")
            for k in range(len(labels))
        ]
        return _play(fig, top, bottom, words, frames, labels, classes, dpi)


def _play(fig, top, bottom, words, frames, labels, classes, dpi) -> np.ndarray:
    """Draw the figure once for each state of the words; picture and line are put in as pixels."""
    images, drawn = [], {}
    rows = np.stack(list(labels.values()), axis=1)
    for step, (frame, now) in enumerate(zip(frames, rows.tolist(), strict=True)):
        if tuple(now) not in drawn:
            for word, (name, values) in zip(words, labels.items(), strict=True):
                word.set_text(f"{plain(name)}\n   {shorten(classes[values[step]])}")
                agrees = TRUTH not in labels or values[step] == labels[TRUTH][step]
                word.set_color(INK if agrees else _WRONG)
            drawn[tuple(now)] = to_rgb(fig, dpi)
        image = drawn[tuple(now)].copy()
        _paste(image, top, frame)
        _cursor(image, bottom, step)
        images.append(image)
    return np.stack(images)


def _paste(image: np.ndarray, ax: Axes, frame: np.ndarray) -> None:
    """Put a frame where its axes are."""
    box = ax.get_window_extent()
    top, bottom = (round(len(image) - y) for y in (box.y1, box.y0))
    left, right = round(box.x0), round(box.x1)
    rows = (np.arange(bottom - top) + 0.5) * frame.shape[0] / (bottom - top)
    columns = (np.arange(right - left) + 0.5) * frame.shape[1] / (right - left)
    part = frame[rows.astype(int)][:, columns.astype(int)]
    image[top:bottom, left:right] = (255 * part + 0.5).astype(np.uint8)


def _cursor(image: np.ndarray, ax: Axes, step: int) -> None:
    box = ax.get_window_extent()
    x = round(ax.transData.transform((step + 1, 0))[0])
    image[round(len(image) - box.y1) : round(len(image) - box.y0), x - 1 : x + 1] = 0


def _checked(who: str, frames, labels, classes) -> tuple[list[np.ndarray], dict[str, np.ndarray]]:
    frames = [_image(frame) for frame in frames]
    if not frames:
        raise ValueError(f"{who}: frames: expected at least one, got none")
    whole = {name: np.asarray(values) for name, values in labels.items()}
    if not whole:
        raise ValueError(f"{who}: labels: expected at least one band, got none")
    for name, values in whole.items():
        if values.shape != (len(frames),) or values.dtype.kind not in "iu":
            raise ValueError(
                f"{who}: labels[{name!r}]: expected integers ({len(frames)},), got "
                f"{values.dtype} {values.shape}"
            )
        if not 0 <= values.min() <= values.max() < len(classes):
            raise ValueError(
                f"{who}: labels[{name!r}]: expected classes 0 to {len(classes) - 1}, got "
                f"{values.min()} to {values.max()}"
            )
    return frames, whole


def _draw_bands(ax: Axes, labels: Mapping, classes: Sequence[str], room: float) -> None:
    """A band for each set of labels; `room` is how many frames a letter needs."""
    truth = labels.get(TRUTH)
    for row, (name, values) in enumerate(labels.items()):
        cuts = np.flatnonzero(np.diff(values)) + 1
        starts, ends = np.r_[0, cuts], np.r_[cuts, len(values)]
        for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
            _draw_stretch(ax, row, start, end, _GREYS[k % 2], None)
            if truth is not None and name != TRUTH:
                _draw_agreement(ax, row, start, values[start:end] == truth[start:end])
            text = str(classes[values[start]])
            if (len(text) + 1) * room <= end - start:
                ax.text((start + end + 1) / 2, row, plain(text), ha="center", va="center",
                        fontsize=7.5, color=INK, zorder=4)  # fmt: skip
    ax.set_xlim(0.5, len(values) + 0.5)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.set_yticks(range(len(labels)), [plain(name) for name in labels])
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    ax.spines["left"].set_visible(False)


def _draw_agreement(ax: Axes, row: int, start: int, right: np.ndarray) -> None:
    cuts = np.flatnonzero(np.diff(right)) + 1
    for a, b in zip(np.r_[0, cuts], np.r_[cuts, len(right)], strict=True):
        if right[a]:
            _draw_stretch(ax, row, start + a, start + b, _RIGHT, None)
        else:
            _draw_stretch(ax, row, start + a, start + b, _WRONG, "////")


def _draw_stretch(ax: Axes, row: int, start: int, end: int, colour: str, hatch) -> None:
    look = {"facecolor": colour, "hatch": hatch, "edgecolor": "white", "linewidth": 0.6}
    ax.add_patch(Rectangle((start + 0.5, row - 0.42), end - start, 0.84, **look))
