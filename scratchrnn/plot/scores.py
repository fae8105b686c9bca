"""How well models did: confusion matrix and bars side by side."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .style import INK, UNIT_MAP, axes_for, color, finish, plain, shorten, style

_HATCHES = ("", "///", "...", "\\\\\\", "xx", "++")


def confusion_matrix(
    y_true: Any,
    y_pred: Any = None,
    classes: Sequence[str] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw which class was taken for which: true classes down, predicted ones across.

    Parameters
    ----------
    y_true : ndarray of int, (N,)
        True classes; or, with `y_pred` left out, the matrix of counts itself (C, C).
    y_pred : ndarray of int, (N,), optional
        Predicted classes.
    classes : sequence of str, optional
        Names of the classes; their numbers by default.
    title : str, optional
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Each cell's shade is the share of its row (its true class); up to 40 classes, its count
        is written in it.

    Raises
    ------
    ValueError
        If the two do not have the same length, or a class has no name.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.confusion_matrix([0, 0, 1], [0, 1, 1], ["wave", "nod"])
    >>> [label.get_text() for label in fig.axes[0].get_yticklabels()]
    ['wave', 'nod']
    """
    counts = _counts(y_true, y_pred, None if classes is None else len(classes))
    number = len(counts)
    names = [shorten(c) for c in (range(number) if classes is None else classes)]
    cell = min(0.37, max(0.13, 8 / number))
    size = 1.0 + cell * number + 0.07 * max(len(n) for n in names)
    fig, ax = axes_for(ax, max(2.8, size), max(2.7, size))
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with style():
        ax.imshow(shares, cmap=UNIT_MAP, vmin=0, vmax=1, aspect="equal")
        for row, column in np.ndindex(counts.shape):
            if counts[row, column] and cell > 0.2:
                ink = "white" if shares[row, column] > 0.45 else INK
                ax.text(
                    column, row, f"{counts[row, column]:d}", ha="center", va="center", color=ink
                )
        ax.grid(False)
        ax.spines[:].set_visible(True)
        ax.set_xticks(range(number), names, rotation=90 if _crowded(names) else 0)
        ax.set_yticks(range(number), names)
        ax.tick_params(length=0, labelsize=min(8.5, 60 * cell))
        ax.set_xlabel("predicted class")
        ax.set_ylabel("true class")
        ax.set_title(title or "")
    return finish(fig, path)


def _counts(y_true: Any, y_pred: Any, number: int | None) -> np.ndarray:
    truth = np.asarray(y_true)
    if y_pred is None:
        if truth.ndim != 2 or truth.shape[0] != truth.shape[1]:
            raise ValueError(f"confusion_matrix: y_true: expected counts (C, C), got {truth.shape}")
        counts = truth.astype(int)
    else:
        guess = np.asarray(y_pred)
        if truth.ndim != 1 or truth.shape != guess.shape:
            raise ValueError(f"confusion_matrix: y_pred: expected {truth.shape}, got {guess.shape}")
        size = number or int(max(truth.max(initial=0), guess.max(initial=0))) + 1
        for name, values in (("y_true", truth), ("y_pred", guess)):
            if len(values) and not 0 <= values.min() <= values.max() < size:
                raise ValueError(
                    f"confusion_matrix: {name}: expected classes 0 to {size - 1}, "
                    f"got {values.min()} to {values.max()}"
                )
        counts = np.zeros((size, size), dtype=int)
        np.add.at(counts, (truth.astype(int), guess.astype(int)), 1)
    if number is not None and number != len(counts):
        raise ValueError(f"confusion_matrix: classes: expected {len(counts)} names, got {number}")
    return counts


def _crowded(names: Sequence[str]) -> bool:
    return max(len(name) for name in names) > 6


def bars(
    values: Mapping[str, Any],
    *,
    ylabel: str = "",
    title: str | None = None,
    reference: tuple[float, str] | None = None,
    spread: Mapping[str, Any] | None = None,
    form: str = "{:.3g}",
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Compare numbers as bars, one for each name, or groups of them.

    Parameters
    ----------
    values : mapping of str to float, or of str to mapping of str to float
        One number a name; or, for groups, {series: {group: number}}.
    ylabel, title : str, optional
    reference : (float, str), optional
        A level to compare with, such as chance or a limit, and what to call it.
    spread : mapping like `values` to (low, high), optional
        Ends of the error bars.
    form : str
        How the numbers above the bars are written.
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.bars({"LSTM": 99.0, "baseline": 17.0}, ylabel="accuracy (%)")
    >>> fig.axes[0].get_ylabel()
    'accuracy (%)'
    """
    if not values:
        raise ValueError("bars: values: expected at least one bar, got none")
    series, groups = _grouped(values)
    spans, _ = _grouped(spread) if spread else ({}, [])
    wide = max(0.62 * len(series), 0.09 * max(len(group) for group in groups) + 0.1)
    fig, ax = axes_for(ax, max(3.4, 1.3 + wide * len(groups)), 3.2)
    width = 0.8 / len(series)
    with style():
        for index, (name, row) in enumerate(series.items()):
            at = np.arange(len(groups)) + (index - (len(series) - 1) / 2) * width
            heights = [row.get(group, np.nan) for group in groups]
            paint = [color(g, i) for i, g in enumerate(groups)] if len(series) == 1 else None
            drawn = ax.bar(
                at, heights, width * 0.92, color=paint or color(name, index), label=plain(name),
                hatch=_HATCHES[index % len(_HATCHES)] if len(series) > 1 else None,
                edgecolor="white", linewidth=0.5,
            )  # fmt: skip
            ends = [spans.get(name, {}).get(group) for group in groups]
            _whiskers(ax, at, heights, ends)
            _label_bars(ax, drawn, heights, ends, form)
        if reference is not None:
            _reference(ax, *reference)
        ax.set_xticks(range(len(groups)), [shorten(group, 16) for group in groups])
        ax.tick_params(axis="x", length=0)
        ax.margins(y=0.14)
        ax.set_ylabel(ylabel)
        ax.set_title(title or "")
        if len(series) > 1:
            ax.legend(loc="best")
    return finish(fig, path)


def _grouped(values: Mapping) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Return {series: {group: value}} and the groups' names, in order of appearance."""
    if not isinstance(next(iter(values.values())), Mapping):
        values = {"": values}
    groups = dict.fromkeys(str(group) for row in values.values() for group in row)
    return {str(n): {str(g): v for g, v in row.items()} for n, row in values.items()}, list(groups)


def _whiskers(ax: Axes, at: np.ndarray, heights: list, ends: list) -> None:
    for x, height, span in zip(at, heights, ends, strict=True):
        if span is not None:
            low, high = span
            ax.errorbar(
                x, height, [[height - low], [high - height]], color=INK, capsize=3, linewidth=1
            )


def _label_bars(ax: Axes, drawn: Sequence, heights: list, ends: list, form: str) -> None:
    """The number above each bar, or above the end of its error bar."""
    for bar, height, span in zip(drawn, heights, ends, strict=True):
        if np.isfinite(height):
            top = max(height, 0.0 if span is None else span[1])
            ax.annotate(
                form.format(height), (bar.get_x() + bar.get_width() / 2, top), xytext=(0, 2),
                textcoords="offset points", ha="center", va="bottom", fontsize=8,
            )  # fmt: skip


def _reference(ax: Axes, level: float, name: str) -> None:
    ax.axhline(level, color=INK, linewidth=1, linestyle=(0, (3, 2)))
    ax.annotate(
        plain(name), (1, level), xycoords=("axes fraction", "data"), xytext=(3, 0),
        textcoords="offset points", ha="left", va="center", fontsize=8,
    )  # fmt: skip
