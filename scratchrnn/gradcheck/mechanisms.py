"""Explanations by what a backward pass left out: outputs, rows, time steps.

What each output, row and step contributes to a gradient is known from the Jacobian, so "only the
last step is counted" is a number to compare with. Contributions of a *parameter's use* at one
step are not in it; :mod:`scratchrnn.gradcheck.usage` measures those.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .evidence import Evidence, close, distinct
from .result import Explanation
from .usage import Use, Widened

Candidate = tuple[str, str, np.ndarray]


def find_mechanisms(
    evidence: Evidence, name: str, widened: Widened | None
) -> Iterator[Explanation]:
    """Yield every omission that gives exactly the gradient `name` that backward returned."""
    a, n = evidence.analytic[name], evidence.numeric[name]
    if not a.any():
        return
    for kind, text, candidate in _candidates(evidence, name, widened):
        if candidate.any() and distinct(candidate, n) and close(a, candidate):
            yield Explanation(kind, text)


def _candidates(evidence: Evidence, name: str, widened: Widened | None) -> Iterator[Candidate]:
    yield from _outputs(evidence, name)
    yield from _rows(evidence, name)
    yield from _slices(evidence, name)
    yield from _upstream_steps(evidence, name)
    yield from _through_time(evidence, name)
    if widened is not None and name in widened.uses:
        yield from _uses(evidence, widened, widened.uses[name])


def _outputs(evidence: Evidence, name: str) -> Iterator[Candidate]:
    """The upstream gradient on one output ignored, or the only one used."""
    if len(evidence.outputs) < 2:
        return
    for output in evidence.outputs:
        weights = np.ones(evidence.values.size)
        weights[output.part] = 0.0
        text = f"ignores the upstream gradient on {output.name}"
        yield "output ignored", text, evidence.weighted(name, weights)
        if len(evidence.outputs) > 2:
            text = f"counts the upstream gradient on {output.name} alone"
            yield "output ignored", text, evidence.weighted(name, 1 - weights)


def _rows(evidence: Evidence, name: str) -> Iterator[Candidate]:
    """One sequence of the batch counted, or one left out."""
    row = evidence.output_rows()
    if row is None or "batch" in evidence.in_roles.get(name, {}).values():
        return
    count = int(row.max(initial=0)) + 1
    for i in range(count):
        which = {0: "the first", count - 1: "the last"}.get(i, f"number {i}")
        only = (row == i).astype(float)
        text = f"is not summed over the batch: counts {which} sequence alone"
        yield "batch sum", text, evidence.weighted(name, only)
        if count > 2:
            text = f"leaves out {which} sequence of the batch"
            yield "batch sum", text, evidence.weighted(name, 1 - only)


def _slices(evidence: Evidence, name: str) -> Iterator[Candidate]:
    """Only the first or last place counted along an axis whose rows meet, as in batch norm."""
    if len(evidence.outputs) != 1 or len(evidence.values) < 2:
        return
    (output,) = evidence.outputs
    for axis, length in enumerate(output.shape):
        if axis in evidence.out_roles.get(output.name, {}) or length < 2:
            continue
        index = np.indices(output.shape)[axis].reshape(-1)
        for i in (0, length - 1):
            text = f"is not summed over axis {axis} of {output.name}: counts index {i} alone"
            yield "missing sum", text, evidence.weighted(name, (index == i).astype(float))


def _upstream_steps(evidence: Evidence, name: str) -> Iterator[Candidate]:
    """The upstream gradient of one step counted, or left out."""
    steps = evidence.steps()
    if steps is None:
        return
    when = evidence.output_steps()
    for t, which in {0: "first", steps - 1: "last"}.items():
        only = (when == t).astype(float)
        text = f"counts the upstream gradient of the {which} step alone"
        yield "upstream lost", text, evidence.weighted(name, only)
        if steps > 2:
            text = f"leaves out the upstream gradient of the {which} step"
            yield "upstream lost", text, evidence.weighted(name, 1 - only)


_NO_BPTT = "nothing flows back from step t+1 to step t"


def _through_time(evidence: Evidence, name: str) -> Iterator[Candidate]:
    """Back-propagation through time cut: for the inputs of each step, and the initial state."""
    steps = evidence.steps()
    if steps is None:
        return
    when, roles = evidence.output_steps(), evidence.in_roles.get(name, {})
    shape = evidence.arrays[name].shape
    time_axis = next((axis for axis, role in roles.items() if role == "time"), None)
    if time_axis is not None:
        at = np.indices(shape)[time_axis].reshape(-1)
    elif "batch" in roles.values():
        at = np.zeros(int(np.prod(shape)), dtype=int)
    else:
        return
    for reach in range(steps - 1):
        reached = (when[None, :] - at[:, None]) <= reach
        candidate = (evidence.rows[name] * reached) @ evidence.upstream
        yield *_cut(reach), candidate.reshape(shape)


def _cut(reach: int) -> tuple[str, str]:
    if reach == 0:
        return "no BPTT", f"{_NO_BPTT}: only the loss at the same step is counted"
    return "truncated", f"the gradient is cut after {reach} step{'s' * (reach > 1)} back in time"


def _uses(evidence: Evidence, widened: Widened, use: Use) -> Iterator[Candidate]:
    """A parameter's gradient accumulated over the wrong steps or with the wrong factor."""
    da, steps = widened.da, widened.da.shape[1]
    for t in range(steps):
        only = (np.arange(steps) == t).astype(float)[None, :, None]
        text = f"counts only step {t}"
        if t == steps - 1:
            text = "counts only the last step: not summed over time"
        elif t == 0:
            text = "counts only step 0: overwritten on the way back, not accumulated"
        yield "time sum", text, use.gradient(da * only)
        if steps > 2:
            yield "time sum", f"leaves out step {t}", use.gradient(da * (1 - only))
    for text, factor in use.neighbours:
        yield "off by one", text, use.gradient(da, factor)
    when = evidence.output_steps()
    at = np.arange(steps)[None, :, None, None]
    for reach in range(steps - 1):
        reached = (when - at) <= reach
        yield *_cut(reach), use.gradient((widened.rows * reached) @ evidence.upstream)
