"""Explanations as figures: attribution by step and feature, connectivity, deletion."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .gates import _step_axis
from .overlay import _AGAINST, _BAR, _FOR, largest
from .style import INK, UNIT_MAP, axes_for, figure, finish, line, plain, style


def attribution_steps(
    values: Mapping[str, Any],
    *,
    title: str | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw what each step contributes as bars, one row for each explanation.

    Parameters
    ----------
    values : mapping of str to Attribution or array_like, (T,)
        By name; each on its own scale.
    title : str, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Bars above zero (vermillion) speak for the output, those below (blue, hatched) against.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.attribution_steps({"occlusion": [0.1, 0.5, -0.2], "LIME": [0.0, 0.4, 0.1]})
    >>> len(fig.axes)
    2
    """
    rows = {str(k): np.asarray(getattr(v, "per_step", v), dtype=float) for k, v in values.items()}
    shapes = {row.shape for row in rows.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(
            f"attribution_steps: values: expected arrays (T,) of one length, got {shapes or '{}'}"
        )
    T = len(next(iter(rows.values())))
    with style():
        fig, axes = figure(
            min(8.0, 2.2 + 0.22 * T + 1.2), 0.45 + 0.75 * len(rows), rows=len(rows),
            squeeze=False, sharex=True,
        )  # fmt: skip
        for ax, (name, row) in zip(axes[:, 0], rows.items(), strict=True):
            bars = ax.bar(np.arange(1, T + 1), row, width=0.85, edgecolor="white", linewidth=0.4)
            for bar, value in zip(bars, row, strict=True):
                bar.set_facecolor(_FOR if value >= 0 else _AGAINST)
                bar.set_hatch("" if value >= 0 else "////")
            ax.axhline(0, color=INK, linewidth=0.6)
            ax.set_ylabel(plain(name), rotation=0, ha="right", va="center")
            ax.margins(x=0.01, y=0.12)
            ax.locator_params(axis="y", nbins=3)
        axes[-1, 0].set_xlabel("step")
        axes[-1, 0].locator_params(axis="x", integer=True)
        axes[0, 0].set_title(title or "")
    return finish(fig, path)


def attribution_heatmap(
    values: Any,
    *,
    features: list[str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw what each feature contributes at each step, as a heat map.

    Parameters
    ----------
    values : Attribution or array_like, (T, D)
    features : list of str, optional
        Names of the D features.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> fig = plot.attribution_heatmap(np.zeros((5, 2)), features=["x", "y"])
    >>> fig.axes[0].get_xlabel()
    'step'
    """
    heat = np.asarray(getattr(values, "map", values), dtype=float)
    if heat.ndim != 2 or not heat.size:
        raise ValueError(f"attribution_heatmap: values: expected (T, D), got {heat.shape}")
    fig, ax = axes_for(ax, 5.2, min(4.6, 1.4 + 0.22 * heat.shape[1]))
    limit = largest(heat)
    with style():
        image = ax.imshow(heat.T, cmap=_BAR, vmin=-limit, vmax=limit)
        bar = fig.colorbar(image, ax=ax, pad=0.02, ticks=[-limit, 0, limit])
        bar.ax.set_yticklabels(["against", "0", "for"])
        _step_axis(ax, len(heat))
        ax.set_xlabel("step")
        if features is None:
            ax.set_ylabel("feature")
        else:
            ax.set_yticks(range(heat.shape[1]), [plain(name) for name in features])
        ax.grid(False)
        ax.set_title(title or "")
    return finish(fig, path)


def connectivity(
    norms: Any,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw how strongly the output after each step hangs on the input of each step.

    Parameters
    ----------
    norms : Connectivity or array_like, (T, T)
        From :func:`scratchrnn.explain.connectivity`: row t, column s.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Each row is drawn relative to its largest entry.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> plot.connectivity(np.tri(4)).axes[0].get_ylabel()
    'output after step t'
    """
    rows = np.asarray(getattr(norms, "norms", norms), dtype=float)
    if rows.ndim != 2 or rows.shape[0] != rows.shape[1] or not rows.size:
        raise ValueError(f"connectivity: norms: expected (T, T), got {rows.shape}")
    tops = rows.max(axis=1, keepdims=True)
    shares = np.divide(rows, tops, out=np.zeros_like(rows), where=tops > 0)
    fig, ax = axes_for(ax, 4.2, 3.5)
    with style():
        image = ax.imshow(shares, cmap=UNIT_MAP, vmin=0, vmax=1, aspect="equal")
        bar = fig.colorbar(image, ax=ax, pad=0.03, ticks=[0, 0.5, 1])
        bar.set_label("‖∂output / ∂input‖, share of the row's largest")
        _step_axis(ax, len(rows))
        ax.set_yticks(ax.get_xticks(), [label.get_text() for label in ax.get_xticklabels()])
        ax.set_xlabel("input of step s")
        ax.set_ylabel("output after step t")
        ax.grid(False)
        ax.set_title(title or "")
    return finish(fig, path)


def deletion_curves(
    results: Mapping[str, Any],
    *,
    ylabel: str = "output",
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw the output while segments are taken away, ranked ones beside random ones.

    Parameters
    ----------
    results : mapping of str to Deletion
        From :func:`scratchrnn.explain.deletion`, by the name of what ranked them.
    ylabel, title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        The grey line and band: mean, and the middle nine tenths, of the random orders.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> from scratchrnn.explain import deletion
    >>> result = deletion(lambda x: x.sum(axis=1), np.ones(5), np.arange(5.0))
    >>> plot.deletion_curves({"rank": result}).axes[0].get_xlabel()
    'share of segments taken away (%)'
    """
    if not results:
        raise ValueError("deletion_curves: results: expected at least one, got none")
    own = ax is None
    fig, ax = axes_for(ax, 5.2, 3.1 + 0.22 * (-(-len(results) // 3)))
    with style():
        for index, (name, result) in enumerate(results.items()):
            share = np.linspace(0, 100, len(result.curve))
            ax.plot(share, result.curve, **line(name, index), label=plain(name))
        every = np.concatenate([r.random for r in results.values() if len(r.curve) == len(share)])
        if len(every):
            low, high = np.percentile(every, [5, 95], axis=0)
            ax.plot(share, every.mean(axis=0), color="#7A7A7A", linestyle=":", label="random")
            ax.fill_between(share, low, high, color="#7A7A7A", alpha=0.2, linewidth=0)
        ax.set_xlabel("share of segments taken away (%)")
        ax.set_ylabel(ylabel)
        ax.set_title(title or "")
        where = {"loc": "outside lower center", "ncols": 3} if own else {"loc": "best"}
        (fig if own else ax).legend(**where, handlelength=2.6)
    return finish(fig, path)
