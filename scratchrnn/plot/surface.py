"""The loss as a landscape over two parameters, and the path that an optimizer took on it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from .curves import power_of_ten
from .style import UNIT_MAP, axes_for, finish, line, plain, style


def loss_surface(
    loss: Callable[[float, float], float] | np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    *,
    paths: Mapping[str, np.ndarray] | None = None,
    names: tuple[str, str] = ("first parameter", "second parameter"),
    title: str | None = None,
    log: bool = True,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw a loss over two parameters as shaded contours, with the paths of optimizers.

    Parameters
    ----------
    loss : callable or ndarray, (A, B)
        The loss at (a, b), or its values on the grid ``first × second``.
    first, second : ndarray, (A,) and (B,)
        Values of the two parameters.
    paths : mapping of str to ndarray, (steps, 2), optional
        Points visited, by name of the optimizer; the start is a circle, the end a cross.
    names : (str, str)
        Labels of the axes.
    title : str, optional
    log : bool
        Shade by the logarithm of the loss (which must then be positive); cliffs, as where
        gradients explode, are invisible otherwise.
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If the grid does not fit, or a logarithm is asked for and no value is positive.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> grid = np.linspace(-1, 1, 5)
    >>> fig = plot.loss_surface(lambda a, b: 0.1 + a * a + b * b, grid, grid, names=("w", "b"))
    >>> fig.axes[0].get_xlabel()
    'w'
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if callable(loss):
        loss = [[float(loss(a, b)) for b in second] for a in first]
    values, levels = _drawable(np.asarray(loss, dtype=float), (len(first), len(second)), log)
    fig, ax = axes_for(ax, 4.6, 3.6)
    with style():
        norm = LogNorm(levels[0], levels[-1]) if log else None
        shades = ax.contourf(first, second, values.T, levels, cmap=UNIT_MAP, norm=norm)
        ax.contour(first, second, values.T, levels, colors="white", linewidths=0.4, alpha=0.6)
        bar = fig.colorbar(shades, ax=ax, pad=0.03, ticks=levels[::7])
        bar.ax.set_yticklabels([power_of_ten(v) for v in levels[::7]])
        bar.ax.minorticks_off()
        bar.set_label("loss")
        for index, (name, points) in enumerate((paths or {}).items()):
            _draw_path(ax, np.asarray(points, dtype=float), name, index)
        ax.set_xlim(first[0], first[-1])
        ax.set_ylim(second[0], second[-1])
        ax.grid(False)
        ax.set_xlabel(plain(names[0]))
        ax.set_ylabel(plain(names[1]))
        ax.set_title(title or "")
        if paths:
            ax.legend(loc="best", frameon=True, framealpha=0.9, handlelength=2.6)
    return finish(fig, path)


def _drawable(values: np.ndarray, shape: tuple, log: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses, what exploded set to the largest finite one, and the contours' levels."""
    if values.shape != shape:
        raise ValueError(f"loss_surface: loss: expected {shape}, got {values.shape}")
    finite = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(finite):
        sort = "positive" if log else "finite"
        raise ValueError(f"loss_surface: loss: expected a {sort} value somewhere, got none")
    low, high = finite.min(), finite.max()
    high = high if high > low else low + 1.0
    levels = np.geomspace(low, high, 15) if log else np.linspace(low, high, 15)
    levels[0], levels[-1] = low, high
    return np.clip(np.nan_to_num(values, nan=high, posinf=high), low, high), levels


def _draw_path(ax: Axes, points: np.ndarray, name: str, index: int) -> None:
    """Each path has a white rim, so that it shows on light and dark ground."""
    look = {**line(name, index + 1)}
    ax.plot(*points.T, color="white", linewidth=3.4, alpha=0.9)
    ax.plot(*points.T, **look, label=plain(name))
    ax.plot(*points[0], "o", color=look["color"], markersize=6, markeredgecolor="white")
    ax.plot(*points[-1], "X", color=look["color"], markersize=8, markeredgecolor="white")
