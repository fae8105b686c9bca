"""What happens inside a recurrent layer: its gates and states, unit by unit, step by step."""

from __future__ import annotations

import os
from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from .style import SIGNED_MAP, UNIT_MAP, axes_for, figure, finish, line, plain, style

_MEANING = {
    "i": "input gate i",
    "f": "forget gate f",
    "g": "candidate g",
    "o": "output gate o",
    "c": "cell state c",
    "z": "update gate z",
    "r": "reset gate r",
    "n": "candidate n",
    "h": "hidden state h",
}
_GATES = frozenset("ifozr")


def gate_heatmaps(
    traces: Mapping[str, np.ndarray],
    *,
    title: str | None = None,
    sort: bool = True,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw every gate and state of a layer over time as a heat map, one row a unit.

    Parameters
    ----------
    traces : mapping of str to ndarray, (T, H)
        Values by letter: ``i f g o c h`` of an LSTM, ``z r n h`` of a GRU, ``h`` of a vanilla RNN.
    title : str, optional
    sort : bool
        Put units of like behaviour (of the last trace given) beside each other: by the step at
        which they change most. The order is the same in every panel.
    path : path-like, optional
        Where to save the figure.

    Returns
    -------
    Figure
        Gates on a scale from 0 (closed, white) to 1 (open, dark); states and candidates on one
        that is dark blue below zero, grey at zero and pale above.

    Raises
    ------
    ValueError
        If there is no trace, or they differ in shape.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn import plot
    >>> fig = plot.gate_heatmaps({"z": np.full((5, 3), 0.5), "h": np.zeros((5, 3))})
    >>> fig.axes[0].get_title()
    'update gate z'
    """
    values = _checked("gate_heatmaps", traces)
    order = _unit_order(next(reversed(values.values()))) if sort else slice(None)
    columns = 2 if len(values) == 4 else min(len(values), 3)
    rows = -(-len(values) // columns)
    fig, axes = figure(
        0.5 + 2.5 * columns, 0.3 + 1.9 * rows, rows, columns, squeeze=False, sharex=True,
        sharey=True,
    )  # fmt: skip
    with style():
        for ax, (letter, trace) in zip(axes.flat, values.items(), strict=False):
            colours, low, high = _scale(letter, trace)
            image = ax.imshow(trace[:, order].T, cmap=colours, vmin=low, vmax=high)
            fig.colorbar(image, ax=ax, ticks=[low, (low + high) / 2, high], pad=0.03, aspect=14)
            ax.set_title(_MEANING.get(letter, plain(letter)), fontweight="normal")
            _step_axis(ax, len(trace))
            ax.grid(False)
            ax.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=4))
        for ax in axes.flat[len(values) :]:
            ax.set_visible(False)
        for column in range(columns):
            last = max(r for r in range(rows) if r * columns + column < len(values))
            axes[last, column].set_xlabel("step")
            axes[last, column].tick_params(labelbottom=True)
        for ax in axes[:, 0]:
            ax.set_ylabel("unit")
        if title:
            fig.suptitle(plain(title), x=0.01, ha="left", fontsize=10, fontweight="bold")
    return finish(fig, path)


def gate_traces(
    traces: Mapping[str, np.ndarray],
    *,
    title: str | None = None,
    ax: Axes | None = None,
    path: str | os.PathLike | None = None,
) -> Figure:
    """Draw gates and states over time as lines: the mean and the middle half of the units.

    Parameters
    ----------
    traces : mapping of str to ndarray, (T, H)
        Values by letter, as for :func:`gate_heatmaps`.
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
    >>> fig = plot.gate_traces({"f": np.full((6, 2), 0.9), "i": np.full((6, 2), 0.1)})
    >>> fig.axes[0].get_xlabel()
    'step'
    """
    values = _checked("gate_traces", traces)
    own = ax is None
    fig, ax = axes_for(ax, 4.4, 3.0)
    with style():
        for index, (letter, trace) in enumerate(values.items()):
            steps = np.arange(1, len(trace) + 1)
            look = line(letter, index)
            ax.plot(steps, trace.mean(axis=1), **look, label=_MEANING.get(letter, plain(letter)))
            low, high = np.percentile(trace, [25, 75], axis=1)
            ax.fill_between(steps, low, high, color=look["color"], alpha=0.12, linewidth=0)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set_xlabel("step")
        if set(values) <= _GATES:
            ax.set_ylim(0, 1)
        ax.set_ylabel("openness, mean over units" if set(values) <= _GATES else "mean over units")
        ax.set_title(title or "")
        if own:
            fig.legend(loc="outside lower center", ncols=3, handlelength=2.6)
        else:
            ax.legend(loc="best", handlelength=2.6)
    return finish(fig, path)


def _checked(who: str, traces: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    values = {str(k): np.asarray(v, dtype=float) for k, v in traces.items()}
    shapes = {v.shape for v in values.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError(
            f"{who}: traces: expected arrays (T, H) of one shape, got {shapes or '{}'}"
        )
    return values


def _unit_order(trace: np.ndarray) -> np.ndarray:
    if len(trace) < 2:
        return np.arange(trace.shape[1])
    change = np.abs(np.diff(trace, axis=0))
    return np.lexsort((trace[-1], change.argmax(axis=0)))


def _scale(letter: str, trace: np.ndarray) -> tuple[Colormap, float, float]:
    if letter in _GATES:
        return UNIT_MAP, 0.0, 1.0
    reach = np.abs(trace).max(initial=0.0)
    reach = 1.0 if reach <= 1.0 else float(np.ceil(reach))
    return SIGNED_MAP, -reach, reach


def _step_axis(ax: Axes, steps: int) -> None:
    """Steps are counted from 1, as in the equations."""
    every = max(1, -(-steps // 6))
    ax.set_xticks(range(0, steps, every), [str(s + 1) for s in range(0, steps, every)])
