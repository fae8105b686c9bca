"""What is known when a gradient is wrong, and which axes of it mean batch and time.

The Jacobian tells the axes apart without being told: an output row that depends on one input row
alone is a batch axis; outputs that depend on the same and on earlier inputs run along time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

CLOSE = 1e-5  # two gradients agree: largest difference over largest entry
APART = 1e-3  # two gradients are different things
_NOTHING = 1e-12  # below this part of the largest entry of a Jacobian there is no dependence
Link = tuple[str, int, int, str]


@dataclass
class Output:
    """One output of f: its name, shape, and where it lies in the vector of all outputs."""

    name: str
    shape: tuple[int, ...]
    start: int

    @property
    def part(self) -> slice:
        """The entries of this output in the vector of all outputs."""
        return slice(self.start, self.start + int(np.prod(self.shape, dtype=int)))


@dataclass
class Evidence:
    """All numbers of one gradient check.

    Attributes
    ----------
    arrays, numeric, rows : dict of str to ndarray
        By input: its value, its numeric gradient, and d output / d entry (P, M).
    analytic : dict of str to ndarray
        What backward returned, of whatever shape.
    wrong : dict of str to ndarray
        Which entries are wrong, flat.
    outputs : list of Output
    upstream, values : ndarray, shape (M,)
        The upstream gradient on every output, and the outputs.
    in_roles, out_roles : dict of str to dict of int to str
        By input and by output: the role of an axis, ``"batch"`` or ``"time"``.
    """

    arrays: dict[str, np.ndarray]
    outputs: list[Output]
    upstream: np.ndarray
    values: np.ndarray
    numeric: dict[str, np.ndarray] = field(default_factory=dict)
    rows: dict[str, np.ndarray] = field(default_factory=dict)
    analytic: dict[str, np.ndarray] = field(default_factory=dict)
    wrong: dict[str, np.ndarray] = field(default_factory=dict)
    in_roles: dict[str, dict[int, str]] = field(default_factory=dict)
    out_roles: dict[str, dict[int, str]] = field(default_factory=dict)

    def weighted(self, name: str, weights: np.ndarray) -> np.ndarray:
        """Return the gradient of input `name` if the upstream gradient were u · `weights`."""
        return (self.rows[name] @ (self.upstream * weights)).reshape(self.arrays[name].shape)

    def output(self, output: Output) -> np.ndarray:
        """Return the value of one output in its shape."""
        return self.values[output.part].reshape(output.shape)

    def steps(self) -> int | None:
        """Return the number of time steps, or None where no output has a time axis."""
        for output in self.outputs:
            for axis, role in self.out_roles.get(output.name, {}).items():
                if role == "time":
                    return output.shape[axis]
        return None

    def output_steps(self) -> np.ndarray:
        """Return the time step of every output entry, (M,); a final state is the last step's."""
        steps = self.steps() or 1
        when = np.full(self.values.size, steps - 1)
        for output, axis in self._axes("time"):
            index = np.indices(output.shape)[axis]
            when[output.part] = index.reshape(-1)
        return when

    def output_rows(self) -> np.ndarray | None:
        """Return the batch row of every output entry, (M,); None where an output has none."""
        found = list(self._axes("batch"))
        if len(found) != len(self.outputs):
            return None
        row = np.empty(self.values.size, dtype=int)
        for output, axis in found:
            row[output.part] = np.indices(output.shape)[axis].reshape(-1)
        return row

    def _axes(self, role: str):
        for output in self.outputs:
            for axis, found in self.out_roles.get(output.name, {}).items():
                if found == role:
                    yield output, axis
                    break

    def find_roles(self) -> None:
        """Fill in the roles of all axes from the Jacobian."""
        links = {o.name: [k for n in self.rows for k in self._links(n, o)] for o in self.outputs}
        runs = [{(n, p) for n, p, _, role in found if role == "batch"} for found in links.values()]
        through = set.intersection(*runs) if runs else set()
        for output in self.outputs:
            time, batch = _choose_axes(links[output.name], self._wide(), through)
            chosen = {axis: role for axis, role in ((time, "time"), (batch, "batch")) if axis >= 0}
            self.out_roles[output.name] = chosen
            for name, p, q, role in links[output.name]:
                if chosen.get(q) == role:
                    self.in_roles.setdefault(name, {}).setdefault(p, role)

    def _wide(self) -> set[str]:
        """Return the inputs that may say which axis is the batch: of several axes, if any is.

        What is multiplied unit by unit, as a bias or a peephole is, runs along the units too.
        """
        wide = {name for name, a in self.arrays.items() if sum(s > 1 for s in a.shape) > 1}
        return wide or set(self.arrays)

    def _links(self, name: str, output: Output) -> list[Link]:
        """Return every (input, axis p, axis q of the output, role) that the Jacobian shows."""
        shape = self.arrays[name].shape
        block = np.abs(self.rows[name][:, output.part]).reshape(*shape, *output.shape)
        links = []
        for p, length in enumerate(shape):
            for q, other in enumerate(output.shape):
                if length == other and length > 1:
                    rest = tuple(i for i in range(block.ndim) if i not in (p, len(shape) + q))
                    role = _role(np.max(block, axis=rest))
                    links += [(name, p, q, role)] if role else []
        return links


def _choose_axes(links: list[Link], wide: set[str], through: set) -> tuple[int, int]:
    """Return the output axes of time and batch, -1 for none.

    A weight of a network with dead units can look as if it ran along an axis; an input that has
    a batch axis as well is to be believed first. Units run along an axis as rows do: the batch is
    that of sequences if there are any, else the axis that runs through all outputs, else that of
    the input that comes first, the data.
    """
    rows = {name for name, _, _, role in links if role == "batch"}
    times = sorted((name not in rows, q) for name, _, q, role in links if role == "time")
    time = times[0][1] if times else -1
    wide = wide & {name for name, _, q, role in links if role == "time"} if times else wide
    found = [
        ((name, p) not in through, i, q)
        for i, (name, p, q, role) in enumerate(links)
        if role == "batch" and q != time and name in wide
    ]
    return time, min(found, default=(True, 0, -1))[2]


def _role(depends: np.ndarray) -> str | None:
    """Return what a square table of dependence (input index, output index) shows."""
    there = depends > _NOTHING * np.max(depends, initial=0.0)
    diagonal = np.diag(there).sum()
    before, after = np.tril(there, -1).any(), np.triu(there, 1).any()
    if diagonal < 2 or before:
        return None
    return "time" if after else "batch"


def close(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two gradients are the same but for the error of the numeric one."""
    if a.shape != b.shape or a.size == 0:
        return False
    size = np.max(np.abs(b))
    return bool(size > 0 and np.max(np.abs(a - b)) <= CLOSE * size)


def distinct(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two gradients are clearly different, so that agreeing with one says something."""
    return a.shape != b.shape or bool(np.max(np.abs(a - b)) > APART * np.max(np.abs(b)))
