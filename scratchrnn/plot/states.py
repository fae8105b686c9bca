"""Hidden states as paths in a plane, and how saturated gates are."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .film import _image
from .gates import _MEANING
from .style import FAINT, INK, axes_for, color, figure, finish, freeze, line, plain, style, to_rgb


def trajectories(
    paths: Any,
    labels: Sequence[int] | None = None,
    names: Sequence[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw the paths of hidden states in the plane of their first two principal components.

    Parameters
    ----------
    paths : Trajectories or array_like, (N, T, K)
        From :func:`scratchrnn.explain.hidden_trajectories`, K at least 2.
    labels : sequence of int, (N,), optional
        Class of each path; colours and line styles go by it.
    names : sequence of str, optional
        Names of the classes.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        A dot is where a path begins, a cross where it ends. The axes say what share of the
        variance lies along them.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> fig = plot.trajectories(np.zeros((2, 5, 2)), labels=[0, 1], names=["left", "right"])
    >>> fig.axes[0].get_xlabel()
    'first component'
    """
    rows, shares = _planar("trajectories", paths)
    labels = np.zeros(len(rows), int) if labels is None else np.asarray(labels)
    if labels.shape != (len(rows),):
        raise ValueError(f"trajectories: labels: expected ({len(rows)},), got {labels.shape}")
    own = ax is None
    fig, ax = axes_for(ax, 4.6, 3.8)
    with style():
        many = 0.5 if len(rows) > 12 else 0.9
        for label in np.unique(labels):
            look = line("", int(label))
            name = plain(names[label]) if names is not None else f"class {label}"
            parts = [row[np.isfinite(row).all(axis=1)] for row in rows[labels == label]]
            for k, real in enumerate(part for part in parts if len(part)):
                ax.plot(*real.T, **look, linewidth=1.2, alpha=many, label=name if not k else None)
                ax.plot(*real[0], "o", color=look["color"], markersize=3)
                ax.plot(*real[-1], "X", color=look["color"], markersize=6, markeredgecolor="white")
        _plane(ax, shares)
        ax.set_title(title or "")
        if len(np.unique(labels)) > 1 or names is not None:
            where = {"loc": "outside lower center", "ncols": 3} if own else {"loc": "best"}
            (fig if own else ax).legend(**where, handlelength=2.6)
    return finish(fig, path)


def _planar(who: str, paths: Any) -> tuple[np.ndarray, np.ndarray | None]:
    rows = np.asarray(getattr(paths, "paths", paths), dtype=float)
    if rows.ndim != 3 or rows.shape[2] < 2:
        raise ValueError(f"{who}: paths: expected (N, T, K) with K at least 2, got {rows.shape}")
    return rows[..., :2], getattr(paths, "explained", None)


def _plane(ax: Axes, shares: np.ndarray | None) -> None:
    said = ["", ""] if shares is None else [f" ({100 * s:.0f} %)" for s in shares[:2]]
    ax.set_xlabel(f"first component{said[0]}")
    ax.set_ylabel(f"second component{said[1]}")
    ax.grid(True, axis="both", color=FAINT)


def trajectory_frames(
    frames: Sequence[np.ndarray],
    paths: Any,
    *,
    others: Any = None,
    title: str | None = None,
    every: int = 1,
    dpi: float = 80,
) -> np.ndarray:
    """Return a clip with the path of the hidden state growing beside it, for a GIF.

    Parameters
    ----------
    frames : sequence of ndarray, (H, W) or (H, W, 3)
    paths : Trajectories or array_like, (1, T, K)
        Of this clip.
    others : array_like, (M, T', K), optional
        Paths of other clips, drawn faintly behind.
    title : str, optional
    every : int, default 1
        Draw the first frame and each `every`-th after it.
    dpi : float
        Resolution; the picture is 6 inches wide.

    Returns
    -------
    ndarray of uint8, (T, height, width, 3)

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.trajectory_frames(np.zeros((3, 8, 8)), np.zeros((1, 3, 2)), dpi=40).shape
    (3, 112, 240, 3)
    """
    pictures = [_image(frame) for frame in frames]
    rows, shares = _planar("trajectory_frames", paths)
    if rows.shape[:2] != (1, len(pictures)):
        expected = f"(1, {len(pictures)}, K)"
        raise ValueError(f"trajectory_frames: paths: expected {expected}, got {rows.shape}")
    with style():
        fig, (left, right) = figure(6.0, 2.8, columns=2, width_ratios=[1, 1.3])
        picture = left.imshow(pictures[0], aspect="equal", interpolation="bilinear")
        left.set_axis_off()
        for other in () if others is None else _planar("trajectory_frames", others)[0]:
            right.plot(*other.T, color=FAINT, linewidth=1)
        right.plot(*rows[0].T, color="#B0B0B0", linewidth=1, linestyle=":")
        (drawn,) = right.plot([], [], color=color("h"), linewidth=2)
        (head,) = right.plot([], [], "o", color=INK, markersize=7, markeredgecolor="white")
        _plane(right, shares)
        right.set_title(title or "")
        left.set_title(f"frame {len(pictures)} of {len(pictures)}")
        freeze(fig, dpi)
        images = []
        for step in range(0, len(pictures), every):
            picture.set_data(pictures[step])
            left.set_title(f"frame {step + 1} of {len(pictures)}")
            drawn.set_data(*rows[0, : step + 1].T)
            head.set_data(*rows[0, step : step + 1].T)
            images.append(to_rgb(fig, dpi))
    return np.stack(images)


def gate_saturation(
    result: Any,
    *,
    title: str | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw how often each unit's gates are wide open and how often shut, a panel for each gate.

    Parameters
    ----------
    result : Saturation
        From :func:`scratchrnn.explain.gate_saturation`.
    title : str, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        A dot is a unit; one on the diagonal is never in between.

    References
    ----------
    A. Karpathy, J. Johnson, L. Fei-Fei, "Visualizing and understanding recurrent networks", ICLR
    workshop 2016, figure 4.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import explain, plot
    >>> result = explain.gate_saturation({"f": np.random.default_rng(0).random((9, 4))})
    >>> plot.gate_saturation(result).axes[0].get_title()
    'forget gate f'
    """
    gates = list(result.left)
    fig, axes = figure(0.6 + 2.15 * len(gates), 2.75, columns=len(gates), squeeze=False)
    with style():
        for ax, letter in zip(axes[0], gates, strict=True):
            ax.plot([0, 1], [1, 0], color=FAINT, linewidth=1)
            ax.plot(
                result.right[letter], result.left[letter], "o", color=line(letter)["color"],
                alpha=0.55, markersize=5, markeredgewidth=0, clip_on=False,
            )  # fmt: skip
            ax.set_xlim(0, 1)
            ax.set_ylim(0, 1)
            ax.set_aspect("equal")
            ax.set_xticks([0, 0.5, 1], ["0", "½", "1"])
            ax.set_yticks([0, 0.5, 1], ["0", "½", "1"])
            ax.grid(False)
            ax.set_title(_MEANING.get(letter, letter), fontweight="normal")
            ax.set_xlabel(f"share open (> {result.high:g})")
        axes[0, 0].set_ylabel(f"share shut (< {result.low:g})")
        if title:
            fig.suptitle(plain(title), x=0.01, ha="left", fontsize=10, fontweight="bold")
    return finish(fig, path)
