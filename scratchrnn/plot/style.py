"""The one look of every figure: colours, fonts, lines, and how a figure is made and saved.

Colours are those of Okabe and Ito (2008), which people with any of the common kinds of colour
blindness can tell apart; every series also has a line style of its own and every colour map
grows steadily in lightness, so that a figure still reads when it is printed in grey.

Figures are plain objects: pyplot, its current figure and its open windows are never touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure as MatplotlibFigure

from ..files import replacing

OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#7A7A7A",
}
INK, FAINT, PAPER = "#222222", "#D9D9D9", "#FFFFFF"

# The same thing has the same colour and line in every figure of the project.
_KNOWN = {
    "SimpleRNN": ("orange", "--"),
    "RNN": ("orange", "--"),
    "LSTM": ("blue", "-"),
    "GRU": ("green", "-."),
    "baseline": ("grey", ":"),
    "i": ("blue", "-"),
    "f": ("vermillion", "--"),
    "g": ("green", "-."),
    "o": ("purple", ":"),
    "z": ("blue", "-"),
    "r": ("vermillion", "--"),
    "n": ("green", "-."),
    "c": ("black", "-"),
    "h": ("orange", "--"),
}
_CYCLE = (
    ("blue", "-"),
    ("vermillion", "--"),
    ("green", "-."),
    ("purple", ":"),
    ("orange", (0, (5, 1, 1, 1, 1, 1))),
    ("sky", (0, (7, 2))),
    ("black", (0, (1, 1))),
    ("grey", (0, (3, 3))),
)

UNIT_MAP = LinearSegmentedColormap.from_list(
    "scratchrnn_unit", ["#F7FBFF", "#9CC9E6", "#3B8DC4", "#0A4F85", "#08253F"]
)
"""White to dark blue: probabilities, counts and gates between 0 and 1."""

SIGNED_MAP = LinearSegmentedColormap.from_list(
    "scratchrnn_signed", ["#04253F", "#0A6AA6", "#8F8F8F", "#EBB043", "#FFF3D0"]
)
"""Dark blue through mid grey to pale orange: values on both sides of zero."""

_CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "PingFang SC", "Hiragino Sans GB", "Microsoft YaHei", "SimHei",
    "Droid Sans Fallback",
)  # fmt: skip


@cache
def _fonts() -> list[str]:
    """DejaVu Sans, then whatever here can draw the Chinese, Japanese and Korean names of classes.

    Naming a font that is not installed would make matplotlib warn at every text.
    """
    installed = {entry.name for entry in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(name for name in _CJK_FONTS if name in installed)]


def _settings() -> dict:
    return {
        "font.family": _fonts(),
        "font.size": 9,
        "axes.titlesize": 10,
        "axes.titleweight": "bold",
        "axes.titlepad": 8,
        "axes.labelsize": 9,
        "axes.labelcolor": INK,
        "axes.edgecolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": True,
        "axes.grid.axis": "y",
        "axes.axisbelow": True,
        "axes.facecolor": PAPER,
        "axes.unicode_minus": True,
        "grid.color": FAINT,
        "grid.linewidth": 0.6,
        "lines.linewidth": 1.8,
        "lines.markersize": 4,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 8.5,
        "ytick.labelsize": 8.5,
        "xtick.direction": "out",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "text.color": INK,
        "text.usetex": False,
        "figure.facecolor": PAPER,
        "figure.dpi": 110,
        "savefig.dpi": 160,
        "savefig.facecolor": PAPER,
        "savefig.bbox": None,
        "image.interpolation": "nearest",
        "image.aspect": "auto",
    }


@contextmanager
def style() -> Iterator[None]:
    """Draw in the project's style inside the ``with`` block, and in the user's own after it.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> with plot.style():
    ...     fig, ax = plot.figure(4, 3)
    ...     _ = ax.plot([0, 1], [0, 1], color=plot.color("LSTM"))
    """
    with matplotlib.rc_context(_settings()):
        yield


class Figure(MatplotlibFigure):
    """A matplotlib figure that draws itself in a notebook and belongs to no window."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        FigureCanvasAgg(self)
        self.alt = ""

    def describe(self, alt: str) -> Figure:
        """Say in words what the picture shows, for those who cannot see it; return the figure.

        A notebook keeps the text beside the picture.

        Parameters
        ----------
        alt : str

        Returns
        -------
        Figure
        """
        self.alt = " ".join(alt.split())
        return self

    def _repr_png_(self) -> bytes | tuple[bytes, dict]:
        png = to_png(self)
        return (png, {"alt": self.alt}) if self.alt else png


def figure(
    width: float = 6.4, height: float = 3.6, rows: int = 1, columns: int = 1, **subplots
) -> tuple[Figure, Axes | np.ndarray]:
    """Make a figure in the project's style, laid out so that nothing is cut off.

    Parameters
    ----------
    width, height : float
        Size in inches.
    rows, columns : int
        Grid of axes.
    **subplots
        Passed to :meth:`matplotlib.figure.Figure.subplots` (``sharex``, ``width_ratios`` ...).

    Returns
    -------
    Figure, Axes or ndarray of Axes
        One axes, or an array of them as ``Figure.subplots`` gives it.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> fig, axes = plot.figure(6, 3, columns=2)
    >>> axes.shape
    (2,)
    """
    with style():
        fig = Figure(figsize=(width, height), layout="constrained")
        return fig, fig.subplots(rows, columns, **subplots)


def color(name: str, index: int = 0) -> str:
    """Return the colour of a cell, gate or model, or the `index`-th of the cycle.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> plot.color("LSTM"), plot.color("something else", 1)
    ('#0072B2', '#D55E00')
    """
    return OKABE_ITO[_KNOWN.get(name, _CYCLE[index % len(_CYCLE)])[0]]


def line(name: str, index: int = 0) -> dict:
    """Return ``color`` and ``linestyle`` of a series, as keyword arguments for ``Axes.plot``."""
    hue, dashes = _KNOWN.get(name, _CYCLE[index % len(_CYCLE)])
    return {"color": OKABE_ITO[hue], "linestyle": dashes}


def plain(text: object) -> str:
    """Return `text` such that matplotlib draws it letter for letter (``$`` starts no formula)."""
    return str(text).replace("$", r"\$")


def shorten(text: object, length: int = 18) -> str:
    """Return `text`, cut with an ellipsis if it is longer than `length` letters, drawn as it is."""
    text = str(text)
    return plain(text if len(text) <= length else text[: length - 1] + "…")


def axes_for(ax: Axes | None, width: float, height: float) -> tuple[MatplotlibFigure, Axes]:
    """Return the figure and axes to draw on: the caller's, or new ones."""
    return figure(width, height) if ax is None else (ax.figure, ax)


def finish(fig: MatplotlibFigure, path: str | os.PathLike | None = None) -> MatplotlibFigure:
    """Save `fig` if a path is given, and return it."""
    if path is not None:
        save(fig, path)
    return fig


def to_png(fig: MatplotlibFigure, dpi: float | None = None) -> bytes:
    """Return `fig` drawn as a PNG.

    Examples
    --------
    >>> from scratchrnn import plot
    >>> plot.to_png(plot.figure(2, 2)[0])[1:4]
    b'PNG'
    """
    buffer = BytesIO()
    with style():
        fig.savefig(buffer, format="png", dpi=dpi or "figure", metadata={"Software": None})
    return buffer.getvalue()


def freeze(fig: MatplotlibFigure, dpi: float) -> None:
    """Lay a figure out once and for all: for frames in which only the contents change."""
    to_rgb(fig, dpi)
    fig.set_layout_engine("none")


def to_rgb(fig: MatplotlibFigure, dpi: float | None = None) -> np.ndarray:
    """Return `fig` drawn as an image, uint8 (height, width, 3)."""
    with style():
        if dpi:
            fig.set_dpi(dpi)
        fig.canvas.draw()
        return np.array(fig.canvas.buffer_rgba())[..., :3].copy()


def save(fig: MatplotlibFigure, path: str | os.PathLike, dpi: float = 160) -> Path:
    """Write `fig` to a file, PNG, SVG or PDF by its ending; the file is whole or not there.

    Parameters
    ----------
    fig : Figure
    path : path-like
        Where to write; folders that are missing are made.
    dpi : float
        Resolution of pixel formats.

    Returns
    -------
    pathlib.Path

    Raises
    ------
    ValueError
        If matplotlib cannot write the format that the ending names.
    """
    path = Path(path)
    kind = path.suffix.lstrip(".").lower()
    if kind not in fig.canvas.get_supported_filetypes():
        raise ValueError(f"plot.save: path: expected .png, .svg or .pdf, got {path.name!r}")
    with replacing(path) as file, style():
        fig.savefig(file, format=kind, dpi=dpi)
    return path
