"""How fast: the ladder from the reference to the kernels, and the roofline that bounds it."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .curves import log_axis
from .style import INK, OKABE_ITO, axes_for, color, finish, plain, style


def ladder(
    times: Mapping[str, float],
    *,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw the times of one job, step of optimisation by step, as bars from slow to fast.

    Parameters
    ----------
    times : mapping of str to float
        Seconds by name, the reference first.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Beside each bar its time and how many times as fast as the first it is.

    Raises
    ------
    ValueError
        If there is no time, or one is not positive.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.ladder({"reference": 0.2, "compiled": 0.01})
    >>> [text.get_text() for text in fig.axes[0].texts]
    ['200 ms', '10 ms  (20×)']
    """
    if not times or not min(times.values()) > 0:
        raise ValueError(f"ladder: times: expected positive numbers, got {dict(times)}")
    values = np.array(list(times.values()))
    fig, ax = axes_for(ax, 6.2, 0.9 + 0.34 * len(values))
    with style():
        ax.barh(range(len(values)), 1e3 * values, 0.7, color=OKABE_ITO["blue"])
        for row, value in enumerate(values):
            faster = f"  ({values[0] / value:.3g}×)" if row else ""
            ax.annotate(
                f"{1e3 * value:.3g} ms{faster}", (1e3 * value, row), (4, 0),
                textcoords="offset points", va="center", fontsize=8.5,
            )  # fmt: skip
        ax.set_yticks(range(len(values)), [plain(name) for name in times])
        ax.invert_yaxis()
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(0, 1.32e3 * values.max())
        ax.grid(False, axis="y")
        ax.grid(True, axis="x")
        ax.set_xlabel("milliseconds")
        ax.set_title(title or "")
    return finish(fig, path)


def roofline(
    points: Mapping[str, tuple[float, float]],
    *,
    peak: float,
    bandwidth: float,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw what a machine can do at most, and what was reached, over arithmetic intensity.

    Parameters
    ----------
    points : mapping of str to (float, float)
        By name: floating-point operations a byte that is read, and operations a second.
    peak : float
        Most operations a second.
    bandwidth : float
        Most bytes a second from memory.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If a number is not positive.

    References
    ----------
    S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model
    for multicore architectures", Communications of the ACM 52 (2009).

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.roofline({"one row": (0.5, 4e9)}, peak=1e11, bandwidth=1e10)
    >>> fig.axes[0].get_xscale()
    'log'
    """
    numbers = [peak, bandwidth, *np.ravel(list(points.values()))]
    if not min(numbers) > 0:
        raise ValueError(f"roofline: points: expected positive numbers, got {min(numbers)}")
    ridge = peak / bandwidth
    low = min([0.25, *(x for x, _ in points.values())]) / 2
    high = 4 * max([ridge, *(x for x, _ in points.values())])
    fig, ax = axes_for(ax, 5.6, 3.3)
    with style():
        roof = np.array([low, ridge, high])
        ax.plot(roof, np.minimum(peak, bandwidth * roof) / 1e9, color=INK, linewidth=2)
        for index, (name, (intensity, speed)) in enumerate(points.items()):
            ax.plot(
                intensity, speed / 1e9, "osD^v<>p"[index % 8], color=color(name, index),
                markersize=7, markeredgecolor="white", label=plain(name), linestyle="none",
            )  # fmt: skip
        log_axis(ax)
        log_axis(ax, "x")
        ax.set_xlabel("arithmetic intensity: operations for each byte read")
        ax.set_ylabel("10⁹ operations a second")
        ax.set_title(title or "")
        ax.legend(loc="lower right")
    return finish(fig, path)
