"""A recurrent network unrolled in time, with the shape of every array on its arrow."""

from __future__ import annotations

import os

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from .style import INK, axes_for, color, finish, plain, style

_STATES = {"SimpleRNN": "h", "RNN": "h", "LSTM": "h, c", "GRU": "h"}
_BOX = {"boxstyle": "round,pad=0.02,rounding_size=0.08", "linewidth": 1.2}


def unrolled_network(
    cell: str = "LSTM",
    *,
    steps: int = 4,
    inputs: int | str = "D",
    units: int | str = "H",
    batch: int | str = "N",
    output: str | None = "Dense",
    return_sequences: bool = False,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw a recurrent layer unrolled in time: one box a step, the same weights in each.

    Parameters
    ----------
    cell : str
        ``"SimpleRNN"``, ``"LSTM"``, ``"GRU"``, or any other name.
    steps : int
        How many steps to draw; a gap with dots stands for those between the last two.
    inputs, units, batch : int or str
        D, H and N: numbers, or the letters.
    output : str, optional
        What sits on top of the state, None for nothing.
    return_sequences : bool
        Whether it does so at every step, or at the last one only.
    ax : Axes, optional
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are fewer than two steps to draw.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig = plot.unrolled_network("GRU", steps=3, inputs=8, units=16)
    >>> any(text.get_text() == "(N, 8)" for text in fig.axes[0].texts)
    True
    """
    if steps < 2:
        raise ValueError(f"unrolled_network: steps: expected at least 2, got {steps}")
    low, high = -1.5, 2.1 if output else 1.0
    left, right = -2.1, 2.0 * steps - 0.1
    fig, ax = axes_for(ax, 0.7 * (right - left), 0.7 * (high - low))
    state = _STATES.get(cell, "h")
    with style():
        for index in range(steps):
            at = 2.0 * index + (0.8 if index == steps - 1 else 0.0)
            label = "T" if index == steps - 1 else str(index + 1)
            _step(ax, cell, at, label, inputs, units, batch)
            if output and (return_sequences or index == steps - 1):
                _output(ax, at, output, label)
            if index < steps - 1:
                _carry(ax, at, state, label, index == steps - 2)
        _initial(ax, state)
        ax.set_xlim(left, right)
        ax.set_ylim(low, high)
        ax.set_aspect("equal")
        ax.set_axis_off()
    return finish(fig, path)


def _step(ax: Axes, cell: str, at: float, label: str, inputs, units, batch) -> None:
    _box(ax, at, 0.0, 1.2, 0.7, plain(cell), color(cell))
    _arrow(ax, (at, -0.95), (at, -0.37))
    ax.text(at, -1.1, _symbol("x", label), ha="center", va="center", fontsize=10)
    ax.text(at, -1.35, f"({batch}, {inputs})", ha="center", va="center", fontsize=7.5)
    _arrow(ax, (at, 0.37), (at, 0.92))
    ax.text(at + 0.08, 0.68, _symbol("h", label), ha="left", va="center", fontsize=9)
    ax.text(at + 0.36, 0.68, f"({batch}, {units})", ha="left", va="center", fontsize=7.5)


def _output(ax: Axes, at: float, output: str, label: str) -> None:
    _box(ax, at, 1.15, 1.2, 0.42, plain(output), "#555555")
    _arrow(ax, (at, 1.38), (at, 1.75))
    ax.text(at, 1.9, _symbol("ŷ", label), ha="center", va="center", fontsize=10)


def _carry(ax: Axes, at: float, state: str, label: str, gap: bool) -> None:
    """The state handed on to the next step; before the last one, dots for the steps left out."""
    end = at + (2.8 if gap else 2.0) - 0.63
    _arrow(ax, (at + 0.63, 0.0), (end, 0.0), dashed=gap)
    name = "…" if gap else ", ".join(_symbol(s, label) for s in state.split(", "))
    ax.text((at + 0.63 + end) / 2, 0.14, name, ha="center", va="bottom", fontsize=8.5)


def _initial(ax: Axes, state: str) -> None:
    _arrow(ax, (-1.35, 0.0), (-0.63, 0.0))
    name = ", ".join(_symbol(s, "0") for s in state.split(", "))
    ax.text(-1.42, 0.0, name, ha="right", va="center", fontsize=9)


def _box(ax: Axes, x: float, y: float, width: float, height: float, text: str, edge: str) -> None:
    corner = (x - width / 2, y - height / 2)
    ax.add_patch(FancyBboxPatch(corner, width, height, facecolor="white", edgecolor=edge, **_BOX))
    ax.add_patch(
        FancyBboxPatch(corner, width, height, facecolor=edge, alpha=0.12, edgecolor="none", **_BOX)
    )
    size = 9 if len(text) <= 6 else 8
    ax.text(x, y, text, ha="center", va="center", fontsize=size, fontweight="bold")


def _arrow(ax: Axes, start: tuple, end: tuple, dashed: bool = False) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=10, color=INK, linewidth=1.1,
            shrinkA=0, shrinkB=0, linestyle=(0, (3, 2)) if dashed else "-",
        )
    )  # fmt: skip


def _symbol(letter: str, index: str) -> str:
    """A letter with its step below it, set as mathematics: Unicode has no subscript T."""
    return rf"$\mathrm{{{letter}}}_{{{index}}}$"
