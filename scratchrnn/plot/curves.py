"""Lines over time: learning curves over epochs, gradient norms over steps."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from .style import FAINT, INK, axes_for, figure, finish, line, plain, shorten, style

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_AXIS_NAMES = {"loss": "loss", "accuracy": "accuracy (%)", "lr": "learning rate"}


def learning_curves(
    histories: Any,
    *,
    metrics: Sequence[str] | None = None,
    chance: float | None = None,
    ax: Sequence[Axes] | Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw loss and metrics over epochs, training beside held out, for one run or several.

    Parameters
    ----------
    histories : History, dict or mapping of name to either
        What ``fit`` returns, or its ``history`` (name of a metric to one value an epoch), or
        several of them by name. ``val_`` values, where there are any, are the thick lines.
    metrics : sequence of str, optional
        Which to draw, one panel each; by default ``loss`` and every accuracy.
    chance : float, optional
        Accuracy (0 to 1) that guessing reaches, drawn as a line.
    ax : Axes or sequence of Axes, optional
        One for each metric; a new figure by default.
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no history has any of `metrics`.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.learning_curves({"loss": [1.2, 0.5], "val_loss": [1.3, 0.8]})
    >>> fig.axes[0].get_xlabel()
    'epoch'
    """
    runs = _runs(histories)
    metrics = list(metrics or _drawable(runs))
    if not metrics or not any(m in run for run in runs.values() for m in metrics):
        known = sorted({key for run in runs.values() for key in run})
        raise ValueError(f"learning_curves: histories: expected one of {metrics}, got {known}")
    if ax is None:
        wide = 4.4 if len(metrics) == 1 else 3.2 * len(metrics) + 0.4
        fig, axes = figure(wide, 3.3, columns=len(metrics), squeeze=False)
        axes = axes[0]
    else:
        axes = np.atleast_1d(ax)
        fig = axes[0].figure
    with style():
        for panel, metric in zip(axes, metrics, strict=True):
            _draw_metric(panel, runs, metric, chance)
        handles = _explained(axes[0], runs, metrics[0])
        if handles and ax is None:
            columns = min(len(handles), 3 if len(metrics) == 1 else 2 * len(metrics))
            fig.legend(handles=handles, loc="outside lower center", ncols=columns, handlelength=2.6)
        elif handles:
            axes[0].legend(handles=handles, loc="best", handlelength=2.6)
    return finish(fig, path)


def _runs(histories: Any) -> dict[str, Mapping[str, Sequence[float]]]:
    """Return every accepted form of `histories` as name -> {metric: values}."""
    histories = getattr(histories, "history", histories)
    if not isinstance(histories, Mapping) or not histories:
        raise ValueError(
            "learning_curves: histories: expected a History, its .history, or a mapping of "
            f"names to them, got {type(histories).__name__}"
        )
    runs = {str(k): getattr(v, "history", v) for k, v in histories.items()}
    if all(isinstance(v, Mapping) for v in runs.values()):
        return runs
    return {"": histories}


def _drawable(runs: Mapping) -> list[str]:
    keys = [k for run in runs.values() for k in run if not k.startswith("val_")]
    chosen = [k for k in dict.fromkeys(keys) if k == "loss" or "acc" in k]
    return sorted(chosen, key=lambda k: k != "loss")


def _draw_metric(ax: Axes, runs: Mapping, metric: str, chance: float | None) -> None:
    scale = 100.0 if "acc" in metric else 1.0
    for index, (name, run) in enumerate(runs.items()):
        held_out = run.get(f"val_{metric}")
        look = line(name, index)
        if metric in run:
            values = np.asarray(run[metric], dtype=float) * scale
            thin = {"linewidth": 1.0, "alpha": 0.6} if held_out is not None else {}
            ax.plot(np.arange(1, len(values) + 1), values, **{**look, **thin})
        if held_out is not None:
            values = np.asarray(held_out, dtype=float) * scale
            ax.plot(np.arange(1, len(values) + 1), values, **look, linewidth=2.0)
    if scale == 100.0:
        ax.set_ylim(0, 103)
        if chance is not None:
            ax.axhline(100 * chance, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
            above = chance < 0.1
            ax.annotate(
                "chance", (1, 100 * chance), xycoords=("axes fraction", "data"),
                xytext=(-2, 3 if above else -4), textcoords="offset points", ha="right",
                va="bottom" if above else "top", fontsize=8,
            )  # fmt: skip
    else:
        ax.set_ylim(bottom=0)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    ax.margins(x=0.02)
    ax.set_xlabel("epoch")
    ax.set_ylabel(_AXIS_NAMES.get(metric, metric.replace("_", " ")))


def _explained(ax: Axes, runs: Mapping, metric: str) -> list:
    """What a legend needs to say which colour is which run, and which thickness which data."""
    handles = []
    if len(runs) > 1:
        for index, name in enumerate(runs):
            handles += ax.plot([], [], **line(name, index), label=shorten(name, 24))
    if any(f"val_{metric}" in run for run in runs.values()):
        ink = INK if len(runs) > 1 else line("", 0)["color"]
        handles += ax.plot([], [], color=ink, linewidth=1.0, alpha=0.6, label="training (thin)")
        handles += ax.plot([], [], color=ink, linewidth=2.0, label="held out (thick)")
    return handles


def gradient_norms(
    norms: Mapping[str, np.ndarray],
    *,
    title: str | None = None,
    ylabel: str = "‖∂loss / ∂state‖, relative to the last step",
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw how the gradient's norm shrinks or grows on its way back through time, log scale.

    Parameters
    ----------
    norms : mapping of str to ndarray, (T,) or (N, T)
        For each cell the norm at every step, the last step last; rows of a batch are drawn as
        their median, with the band between the quartiles. Values that are not finite or not
        positive are left out.
    title, ylabel : str, optional
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
    >>> fig = plot.gradient_norms({"RNN": 0.5 ** np.arange(20)[::-1], "LSTM": np.ones(20)})
    >>> fig.axes[0].get_yscale()
    'log'
    """
    if not norms:
        raise ValueError("gradient_norms: norms: expected at least one cell, got none")
    fig, ax = axes_for(ax, 4.7, 3.2)
    with style():
        for index, (name, values) in enumerate(norms.items()):
            rows = np.atleast_2d(np.asarray(values, dtype=float))
            rows = np.where(np.isfinite(rows) & (rows > 0), rows, np.nan)
            drawn = ~np.isnan(rows).all(axis=0)
            back = np.arange(rows.shape[1])[::-1][drawn]
            low, middle, high = np.nanpercentile(rows[:, drawn], [25, 50, 75], axis=0)
            ax.plot(back, middle, **line(name, index), label=plain(name))
            if len(rows) > 1:
                ax.fill_between(
                    back, low, high, color=line(name, index)["color"], alpha=0.15, linewidth=0
                )
        ax.invert_xaxis()
        log_axis(ax)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("steps before the last")
        ax.set_ylabel(ylabel)
        ax.set_title(title or "")
        ax.legend(loc="best", handlelength=2.6)
    return finish(fig, path)


def log_axis(ax: Axes, axis: str = "y") -> None:
    """Give an axis a logarithmic scale with labels 10⁻³, 0.1, 1, 10, 10³, and a grid of decades."""
    getattr(ax, f"set_{axis}scale")("log")
    ticks = getattr(ax, f"{axis}axis")
    ticks.set_major_locator(LogLocator(numticks=7))
    ticks.set_major_formatter(FuncFormatter(lambda value, _: power_of_ten(value)))
    ticks.set_minor_formatter(NullFormatter())
    ax.grid(True, axis=axis, color=FAINT)


def power_of_ten(value: float) -> str:
    """Return a number in short: ``0.1``, ``1``, ``100``, and ``10⁻⁴`` or ``2.5·10⁶`` beyond.

    Examples
    --------
    >>> power_of_ten(100.0), power_of_ten(1e-12), power_of_ten(2.5e6)
    ('100', '10⁻¹²', '2.5·10⁶')
    """
    if value <= 0 or 1e-3 < value < 1e4:
        return f"{value:.3g}" if value < 1000 else f"{value:.0f}"
    digits, exponent = f"{value:.1e}".split("e")
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return power if digits == "1.0" else f"{digits}·{power}"
