"""Pictures that move: frames of a changing figure, and players for notebooks and pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.figure import Figure

from .style import figure, style, to_rgb


def animate(
    fig: Figure, update: Callable[[Any], Any], frames: int | Iterable[Any], *, fps: float = 10
) -> FuncAnimation:
    """Return an animation of `fig`, changed by ``update(frame)`` before each frame.

    Parameters
    ----------
    fig : Figure
        From :func:`scratchrnn.plot.figure`, or any other.
    update : callable
        Called with each of `frames`; changes what is drawn.
    frames : int or iterable
        How many frames, or what to call `update` with.
    fps : float
        Frames a second.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        Show it with :func:`to_jshtml`.
    """
    given = range(frames) if isinstance(frames, int) else list(frames)

    def step(value: Any) -> tuple:
        update(value)
        return ()

    return FuncAnimation(fig, step, frames=given, interval=1000 / fps, repeat=True, blit=False)


def to_jshtml(moving: FuncAnimation | Sequence[np.ndarray], *, fps: float = 10) -> str:
    """Return a player (HTML and JavaScript, nothing to download) of an animation or of frames.

    Parameters
    ----------
    moving : FuncAnimation or sequence of ndarray, (height, width[, 3])
        From :func:`animate`, or the frames of a clip.
    fps : float
        Frames a second.

    Returns
    -------
    str
        Show it in a notebook with ``IPython.display.HTML``.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> "<input" in plot.to_jshtml(np.zeros((2, 8, 8, 3), np.uint8))
    True
    """
    with style():
        if not isinstance(moving, FuncAnimation):
            moving = _from_frames([np.asarray(frame) for frame in moving], fps)
        return moving.to_jshtml(fps=fps)


def _from_frames(frames: list[np.ndarray], fps: float) -> FuncAnimation:
    if not frames:
        raise ValueError("to_jshtml: moving: expected at least one frame, got none")
    height, width = frames[0].shape[:2]
    fig, ax = figure(4.0, 4.0 * height / width)
    ax.set_axis_off()
    top = 255 if frames[0].dtype == np.uint8 else 1.0
    picture = ax.imshow(frames[0], cmap="gray", vmin=0, vmax=top, aspect="equal")
    return animate(fig, picture.set_data, frames, fps=fps)


def record(
    fig: Figure, update: Callable[[Any], Any], frames: int | Iterable[Any], *, dpi: float = 80
) -> np.ndarray:
    """Return the frames of a changing figure as images, ready to be written as a GIF.

    Parameters
    ----------
    fig, update, frames
        As for :func:`animate`.
    dpi : float
        Resolution.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig, ax = plot.figure(2, 1)
    >>> dot, = ax.plot([0], [0], "o")
    >>> plot.record(fig, lambda k: dot.set_xdata([k]), 3, dpi=50).shape
    (3, 50, 100, 3)
    """
    images = []
    for value in range(frames) if isinstance(frames, int) else frames:
        update(value)
        images.append(to_rgb(fig, dpi))
    return np.stack(images)
