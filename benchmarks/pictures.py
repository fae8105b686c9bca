"""Pictures of a run: bars of ratios, the share of the sgemm limit, the ladder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from scratchrnn import plot

from . import limit
from .results import Measurement
from .tables import BASE, contenders, ratios

HATCHES = {"PyTorch": "//", "Keras (JAX)": "..", "Keras (TF)": "xx", "ONNX Runtime": "--"}
COLORS = {
    "kernels": "blue", "NumPy": "grey", "PyTorch": "vermillion", "Keras (JAX)": "green",
    "Keras (TF)": "orange", "ONNX Runtime": "purple",
}  # fmt: skip


def draw(measurements: list[Measurement], folder: Path) -> list[Path]:
    """Draw what the run has measured.

    Parameters
    ----------
    measurements : list of Measurement
    folder : Path

    Returns
    -------
    list of Path
        The PNG files.
    """
    layers = [m for m in measurements if m.suite == "layers" and m.values]
    ladder = [m for m in measurements if m.suite == "ladder" and m.values]
    paths = []
    for dtype, backward in sorted({(m.more["dtype"], m.more["backward"]) for m in layers}):
        chosen = [m for m in layers if (m.more["dtype"], m.more["backward"]) == (dtype, backward)]
        what = f"{'forward and backward' if backward else 'forward'}, {dtype}"
        name = f"{dtype}-{'both' if backward else 'forward'}.png"
        if any(ratios(chosen).values()):
            paths.append(plot.save(ratio_bars(chosen, what), folder / f"ratios-{name}"))
        if np.isfinite(limit.flops_per_second(measurements, dtype)):
            fig = share_bars(chosen, measurements, what)
            paths.append(plot.save(fig, folder / f"share-{name}"))
    if ladder:
        paths.append(plot.save(ladder_bars(ladder), folder / "ladder.png"))
    return paths


def _panels(measurements: list[Measurement], height: float):
    cells = list(dict.fromkeys(m.more["cell"] for m in measurements))
    fig, axes = plot.figure(
        2.2 + 2.6 * len(cells), height, columns=len(cells), squeeze=False, sharey=True
    )
    return fig, zip(cells, axes[0], strict=True)


def _grouped(ax, labels: list[str], names: list[str], table: dict, left: float = 0) -> None:
    """Draw bars from `left`, a group for each label; `table` maps (label, name) to a value."""
    width = 0.8 / max(len(names), 1)
    for k, name in enumerate(names):
        places = [r - (k - (len(names) - 1) / 2) * width for r in range(len(labels))]
        values = np.array([table.get((label, name), np.nan) for label in labels])
        hue = plot.OKABE_ITO[COLORS.get(name, "black")]
        ax.barh(places, values - left, 0.92 * width, left=left, color=hue, label=name,
                edgecolor="white", hatch=HATCHES.get(name), linewidth=0)  # fmt: skip
        for place, value in zip(places, values, strict=True):
            if np.isfinite(value):
                text = f"{value:.0f}" if value >= 10 else f"{value:.1f}"
                ax.annotate(text, (max(value, left), place), (3, 0), textcoords="offset points",
                            va="center", fontsize=7)  # fmt: skip
    ax.set_yticks(range(len(labels)), labels)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")


def _height(labels: int, names: int) -> float:
    return 1.6 + labels * (0.2 + 0.17 * names)


def _shape(m: Measurement) -> str:
    return ",".join(map(str, m.more["shape"]))


def ratio_bars(measurements: list[Measurement], what: str):
    """Return a figure: how many times as long as the kernels each contender takes."""
    found = ratios(measurements)
    measurements = [m for m in measurements if found.get(m.case)]
    names = [name for name in contenders(measurements) if name != BASE]
    labels = list(dict.fromkeys(map(_shape, measurements)))[::-1]
    fig, panels = _panels(measurements, _height(len(labels), len(names)))
    with plot.style():
        for cell, ax in panels:
            table = {
                (_shape(m), m.contender): found[m.case][m.contender]
                for m in measurements
                if m.more["cell"] == cell and m.contender in found.get(m.case, ())
            }
            _grouped(ax, labels, names, table, left=1)
            ax.axvline(1, color="black", linewidth=1)
            ax.set_xscale("log")
            _log_ticks(ax, list(table.values()))
            ax.set_title(cell.upper())
        fig.supxlabel(f"times as long as our kernels (line: 1), {what}", fontsize=9)
        fig.supylabel("N,T,D,H", fontsize=9)
        _legend(fig, len(names))
    return fig


def _log_ticks(ax, values: list[float]) -> None:
    low, high = 0.8 * min([*values, 0.8]), 1.8 * max([*values, 1.5])
    ax.set_xlim(low, high)
    ticks = [t for t in (0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= t <= high]
    ax.set_xticks(ticks, [f"{t:g}" for t in ticks])
    ax.set_xticks([], minor=True)


def share_bars(measurements: list[Measurement], everything: list[Measurement], what: str):
    """Return a figure: the share of the matrix product's speed that each contender reaches."""
    names = [name for name in contenders(measurements) if name != "NumPy"]
    labels = list(dict.fromkeys(map(_shape, measurements)))[::-1]
    fig, panels = _panels(measurements, _height(len(labels), len(names)))
    with plot.style():
        for cell, ax in panels:
            table = {
                (_shape(m), m.contender): 100 * limit.share(m, everything)
                for m in measurements
                if m.more["cell"] == cell
            }
            _grouped(ax, labels, names, table)
            ax.axvline(100, color="black", linewidth=1)
            ax.set_xlim(0, 1.15 * max([100, *(v for v in table.values() if np.isfinite(v))]))
            ax.set_title(cell.upper())
        speed = limit.flops_per_second(everything, measurements[0].more["dtype"]) / 1e9
        fig.supxlabel(f"% of the speed of a large matrix product, {speed:.0f} GFLOP/s; {what}",
                      fontsize=9)  # fmt: skip
        fig.supylabel("N,T,D,H", fontsize=9)
        _legend(fig, len(names))
    return fig


def _legend(fig, columns: int) -> None:
    handles, names = fig.axes[0].get_legend_handles_labels()
    fig.legend(handles, names, loc="outside upper center", ncols=max(columns, 1))


def ladder_bars(measurements: list[Measurement]):
    """Return a figure: what every step of the ladder buys."""
    cases = list(dict.fromkeys(m.case for m in measurements))
    fig, axes = plot.figure(3.4 * len(cases) + 1, 3, columns=len(cases), squeeze=False, sharey=True)
    with plot.style():
        for case, ax in zip(cases, axes[0], strict=True):
            rows = [m for m in measurements if m.case == case]
            times = [1e3 * m.median for m in rows]
            ax.barh(range(len(rows)), times, 0.7, color=plot.OKABE_ITO["blue"])
            for k, value in enumerate(times):
                text = f"{value:.3g} ms" + (f"  ({times[0] / value:.1f}×)" if k else "")
                ax.annotate(text, (value, k), (4, 0), textcoords="offset points", va="center",
                            fontsize=8)  # fmt: skip
            ax.set_yticks(range(len(rows)), [m.contender for m in rows])
            ax.set_xlim(0, 1.4 * max(times))
            ax.grid(False, axis="y")
            ax.grid(True, axis="x")
            ax.set_title(f"LSTM {_shape(rows[0])}")
        axes[0][0].invert_yaxis()
        fig.supxlabel("ms, forward and backward, float32; v0 to v3 on one thread", fontsize=9)
    return fig
