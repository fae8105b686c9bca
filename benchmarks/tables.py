"""Results as text: aligned columns, legible on a screen and in a commit message."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .results import Measurement, geometric_mean, medians

BASE = "kernels"


def grid(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return aligned columns, the first to the left, the others to the right.

    Examples
    --------
    >>> print(grid(["case", "ms"], [["a", "1.0"], ["bcdef", "10.0"]]))
    case     ms
    -----------
    a       1.0
    bcdef  10.0
    """
    lines = [list(header), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]

    def text(cells):
        first, *others = zip(cells, widths, strict=True)
        return "  ".join([first[0].ljust(first[1]), *(c.rjust(w) for c, w in others)]).rstrip()

    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    return "\n".join([text(lines[0]), rule, *map(text, lines[1:])])


def milliseconds(m: Measurement) -> str:
    """Return the median in ms, and half of the distance between the quartiles in percent."""
    return f"{1e3 * m.median:.4g} {spread(m)}"


def megabytes(m: Measurement) -> str:
    """Return the median in megabytes."""
    return f"{m.median / 2**20:.1f}"


def spread(m: Measurement) -> str:
    """Return half of the distance between the quartiles, in percent of the median."""
    low, high = m.quartiles
    return f"±{50 * (high - low) / m.median:.0f}%"


def contenders(measurements: list[Measurement]) -> list[str]:
    """Return who has at least one value, in the order of the run."""
    return list(dict.fromkeys(m.contender for m in measurements if m.values))


def side_by_side(
    measurements: list[Measurement], show: Callable[[Measurement], str] = milliseconds
) -> str:
    """Return a table of cases by contenders.

    Parameters
    ----------
    measurements : list of Measurement
        Of one suite.
    show : callable
        The text of a cell.
    """
    names = contenders(measurements) + [m.contender for m in measurements if m.wrong]
    names = list(dict.fromkeys(names))
    if not names:
        return ""
    cells = {(m.case, m.contender): cell(m, show) for m in measurements}
    cases = dict.fromkeys(m.case for m in measurements)
    return grid(["", *names], [[c, *(cells.get((c, n), "-") for n in names)] for c in cases])


def cell(m: Measurement, show: Callable[[Measurement], str]) -> str:
    """Return what a table shows of a measurement: WRONG or a dash where there is nothing."""
    if m.values:
        return show(m)
    return "WRONG" if m.wrong else "-"


def ratios(
    measurements: list[Measurement], base: str = BASE, which: str = "median"
) -> dict[str, dict[str, float]]:
    """Return, by case and contender, how many times as long as `base` it took."""
    return {
        case: {name: value / row[base] for name, value in row.items() if name != base}
        for case, row in medians(measurements, which).items()
        if base in row
    }


def ratio_table(measurements: list[Measurement], base: str = BASE) -> str:
    """Return a table of `ratios`, with the geometric mean and the smallest of each column.

    Beside the ratio of the medians stands, in brackets, that of the fastest runs, on which other
    work on the machine has less influence.
    """
    usual, fastest = ratios(measurements, base), ratios(measurements, base, "fastest")
    names = [n for n in contenders(measurements) if n != base]
    if not usual or not names:
        return ""
    rows = [
        [case, *(_pair(row[n], fastest[case][n]) if n in row else "-" for n in names)]
        for case, row in usual.items()
    ]
    if len(rows) > 1:
        columns = [_column(usual, n) for n in names], [_column(fastest, n) for n in names]
        for title, summary in (("geometric mean", geometric_mean), ("smallest", _smallest)):
            cells = (_pair(summary(a), summary(b)) for a, b in zip(*columns, strict=True))
            rows.append([title, *cells])
    return grid([f"times as long as {base} (fastest)", *names], rows)


def _pair(usual: float, fastest: float) -> str:
    return f"{usual:.2f} ({fastest:.2f})"


def _column(table: dict[str, dict[str, float]], name: str) -> list[float]:
    return [row[name] for row in table.values() if name in row]


def _smallest(values: list[float]) -> float:
    return min(values, default=float("nan"))


def left_out(measurements: list[Measurement]) -> str:
    """Return a line for each reason why something was not measured."""
    reasons: dict[str, list[str]] = {}
    for m in measurements:
        if m.why:
            kind = "WRONG" if m.wrong else "not measured"
            reasons.setdefault(f"{kind}: {m.why}", []).append(m.case)
    lines = []
    for why, cases in reasons.items():
        few = "; ".join(cases[:2]) + (f" and {len(cases) - 2} more" if len(cases) > 2 else "")
        lines.append(f"{why} ({few})")
    return "\n".join(lines)
