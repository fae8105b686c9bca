"""Scaling: how the time grows when T, H or N is doubled."""

from __future__ import annotations

from ..cases import Case
from ..contenders import KERAS_JAX, KERNELS, NUMPY, TORCH
from ..results import Measurement, medians
from ..tables import contenders, grid, side_by_side
from ..turns import Session, compare

BASE = (32, 100, 64, 128)
GROWN = {"T": (32, 200, 64, 128), "H": (32, 100, 64, 256), "N": (64, 100, 64, 128)}


def run(session: Session) -> None:
    """Measure the LSTM, float32, forward and backward."""
    who = (KERNELS, TORCH) if session.quick else (KERNELS, NUMPY, TORCH, KERAS_JAX)
    for letter, shape in {"": BASE, **GROWN}.items():
        compare(session, "scaling", Case("layer", "lstm", shape), who, doubled=letter)


def report(measurements: list[Measurement]) -> str:
    """Return times, and the growth that each doubling brings."""
    found = [m for m in measurements if m.suite == "scaling"]
    labels = {m.more["doubled"]: m.case for m in found if m.values}
    table, names = medians(found), contenders(found)
    rows = []
    for letter in GROWN:
        if {"", letter} <= labels.keys():
            base, grown = table[labels[""]], table[labels[letter]]
            both = base.keys() & grown.keys()
            cells = (f"{grown[n] / base[n]:.2f}" if n in both else "-" for n in names)
            rows.append([f"{letter} doubled", *cells])
    growth = grid(["times as long", *names], rows) if rows else ""
    return "\n\n".join(filter(None, ["Scaling: ms", side_by_side(found), growth]))
