"""What came out: measurements, and the JSON file that keeps them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from scratchrnn.files import replacing


@dataclass
class Measurement:
    """What one contender took for one case, or why nothing was measured.

    Parameters
    ----------
    suite, case, contender : str
    values : list of float
        One for each run: seconds, or bytes in the suite ``memory``.
    why : str
        Why there are no values; empty if there are.
    wrong : bool
        Whether that is because its results are not those of the others.
    more : dict
        What else the tables need, JSON-able.
    """

    suite: str
    case: str
    contender: str
    values: list[float] = field(default_factory=list)
    why: str = ""
    wrong: bool = False
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float:
        """The median, NaN without values."""
        return float(np.median(self.values)) if self.values else float("nan")

    @property
    def fastest(self) -> float:
        """The smallest value, NaN without values: what disturbs a run only ever adds time."""
        return min(self.values, default=float("nan"))

    @property
    def quartiles(self) -> tuple[float, float]:
        """The first and the third quartile, NaN without values."""
        if not self.values:
            return float("nan"), float("nan")
        low, high = np.quantile(self.values, [0.25, 0.75])
        return float(low), float(high)


def write_json(path: str | os.PathLike, about: dict, measurements: list[Measurement]) -> Path:
    """Write a run to a file, whole or not at all.

    Parameters
    ----------
    path : path-like
    about : dict
        Machine, versions and settings.
    measurements : list of Measurement

    Returns
    -------
    Path
    """
    rows = []
    for m in measurements:
        summary = (
            {"median": m.median, "fastest": m.fastest, "quartiles": m.quartiles} if m.values else {}
        )
        rows.append(asdict(m) | summary)
    with replacing(path) as file:
        text = json.dumps({"about": about, "measurements": rows}, indent=1, allow_nan=False)
        file.write(text.encode())
    return Path(path)


def read_json(path: str | os.PathLike) -> tuple[dict, list[Measurement]]:
    """Return what `write_json` wrote."""
    kept = json.loads(Path(path).read_text(encoding="utf-8"))
    names = Measurement.__dataclass_fields__
    return kept["about"], [
        Measurement(**{name: row[name] for name in names}) for row in kept["measurements"]
    ]


def medians(measurements: list[Measurement], which: str = "median") -> dict[str, dict[str, float]]:
    """Return medians (or ``"fastest"``) by case and contender, in the order of the run."""
    table: dict[str, dict[str, float]] = {}
    for m in measurements:
        row = table.setdefault(m.case, {})
        if m.values:
            row[m.contender] = getattr(m, which)
    return table


def geometric_mean(values: list[float]) -> float:
    """Return the geometric mean, NaN of nothing."""
    return float(np.exp(np.mean(np.log(values)))) if values else float("nan")
