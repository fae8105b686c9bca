"""What a parameter contributes at each time step, measured on a function that will not say.

A recurrence adds x_t Wx to something, and only its sum over time shows in the gradient of Wx.
But f takes inputs of any width: widened by zero features, with rows of the identity below Wx, it
computes the same outputs, and the derivative with respect to the new features at step t *is* the
gradient before the activation, da_t. Then every parameter's gradient is a sum over steps of
products with da_t, which is checked against the numeric gradient before anything rests on it:

    dWx = Σ_t x_tᵀ da_t,   dWh = Σ_t h_{t-1}ᵀ da_t,   db = Σ_t da_t

A function of a single step is a sequence of one. Where every gate has a matrix of its own, all of
them are widened at once, each by its own part of the identity; where a matrix meets several things
joined together, [h, x] say, the identity goes where x ends.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .evidence import Evidence, close
from .numeric import Lines
from .pair import Pair

_MOST_FEATURES = 3000  # entries of the widened input that are worth measuring


@dataclass
class Use:
    """How one parameter enters: its gradient is Σ_t factor_tᵀ da_t.

    Attributes
    ----------
    factor : ndarray, shape (N, T, F), or None
        What the parameter multiplies at each step; None for a bias.
    shape : tuple of int
        The parameter's shape: (F, K), or (K, F) when `turned`; (K,) or (1, K) for a bias.
    columns : slice
        The part of da that is this parameter's: its gate's, where each has matrices of its own.
    turned : bool
        The parameter stands to the left of what it multiplies.
    neighbours : tuple of (str, ndarray)
        What may be taken for the factor by mistake, and what to call it.
    """

    factor: np.ndarray | None
    shape: tuple[int, ...]
    columns: slice
    turned: bool = False
    neighbours: tuple[tuple[str, np.ndarray], ...] = ()

    def gradient(self, da: np.ndarray, factor: np.ndarray | None = None) -> np.ndarray:
        """Return the parameter's gradient from da (N, T, K) and the factor (N, T, F)."""
        factor, da = self.factor if factor is None else factor, da[..., self.columns]
        if factor is None:
            return da.sum(axis=(0, 1)).reshape(self.shape)
        product = np.tensordot(factor, da, axes=((0, 1), (0, 1)))  # (F, K)
        return product.T if self.turned else product

    def matrix(self, parameter: np.ndarray, width: int) -> np.ndarray:
        """Return the parameter as it meets its factor, (F, K) or (1, K), zero for other gates."""
        turned = parameter.T if self.turned else parameter
        turned = turned if self.factor is not None else parameter.reshape(1, -1)
        whole = np.zeros((turned.shape[0], width))
        whole[:, self.columns] = turned
        return whole

    def term(self, parameter: np.ndarray, width: int) -> np.ndarray:
        """Return what the parameter adds before the activation: (N, T, K) or broadcast to it."""
        matrix = self.matrix(parameter, width)
        return matrix[None] if self.factor is None else self.factor @ matrix


@dataclass
class Widened:
    """The inputs with new features, and the gradient before the activation that they show.

    Attributes
    ----------
    arrays : list of ndarray
        One per leaf of the pair.
    which, feature_axis, old
        The widened input, its feature axis, and the width that it had.
    roles : dict of int to str
        The roles of that input's axes.
    rows : ndarray, shape (N, T, K, M)
        d output / d pre-activation.
    da : ndarray, shape (N, T, K)
        Gradient before the activation.
    uses : dict of str to Use
        The parameters whose gradients are confirmed to be sums over da.
    """

    arrays: list[np.ndarray]
    which: int
    feature_axis: int
    old: int
    roles: dict[int, str]
    rows: np.ndarray
    da: np.ndarray
    uses: dict[str, Use]

    def new_features(self, array: np.ndarray) -> np.ndarray:
        """Return the part of an array like the widened input that is new, as (N, T, K, ...)."""
        new = np.arange(self.old, array.shape[self.feature_axis])
        part = np.take(array, new, self.feature_axis)
        return as_sequence(part, self.roles, self.feature_axis)


def widen(pair: Pair, evidence: Evidence) -> Widened | None:
    """Return the first way of widening an input that leaves the outputs as they are, or None."""
    for which, leaf in enumerate(pair.leaves):
        roles = evidence.in_roles.get(leaf.name, {})
        free = [axis for axis in range(leaf.array.ndim) if axis not in roles]
        if len(free) != 1 or len(set(roles.values())) < len(roles):
            continue
        for weights, axis, place in _families(pair, evidence, leaf, leaf.array.shape[free[0]]):
            found = _measure(pair, evidence, which, weights, axis, place, free[0])
            if found is not None and all(name in found.uses for name in weights):
                return found
    return None


def _families(pair, evidence, leaf, width: int) -> Iterator[tuple[list[str], int, int]]:
    """Yield (weights, axis, place): what may meet an input of this width, and where it ends there.

    One matrix alone, or those of all gates: of one shape, and if the matrices for the state have
    the same, the first or second half of them, or every other one.
    """
    matrices = [other for other in pair.leaves if other is not leaf and other.array.ndim == 2]
    alone = [[weight] for weight in matrices]
    weights = [matrix for matrix in matrices if not evidence.in_roles.get(matrix.name)]
    shapes = dict.fromkeys(weight.array.shape for weight in weights)
    same = [[w for w in weights if w.array.shape == shape] for shape in shapes]
    halves = [part for s in same for part in (s[: len(s) // 2], s[len(s) // 2 :], s[::2], s[1::2])]
    for joined in (False, True):
        for family in (*alone, *(s for s in (*same, *halves) if len(s) > 1)):
            for axis, length in enumerate(family[0].array.shape):
                names = [weight.name for weight in family]
                if not joined and length == width:
                    yield names, axis, width
                elif joined and length > width:
                    # The input stands last, first, or behind a column of ones.
                    places = dict.fromkeys((length, width, width + 1))
                    yield from ((names, axis, place) for place in places)


def _measure(pair, evidence, which, weights: list[str], axis, place, free: int) -> Widened | None:
    """Widen input `which` and `weights`; return what that shows, or None if it does not fit."""
    leaf = pair.leaves[which]
    widths = [evidence.arrays[name].shape[1 - axis] for name in weights]
    ends, old = np.cumsum(widths), leaf.array.shape[free]
    zeros = np.zeros([ends[-1] if i == free else s for i, s in enumerate(leaf.array.shape)])
    if zeros.size > _MOST_FEATURES:
        return None
    gates = [slice(end - width, end) for end, width in zip(ends, widths, strict=True)]
    replaced = {leaf.name: np.concatenate([leaf.array, zeros], axis=free)}
    for name, columns in zip(weights, gates, strict=True):
        identity = np.eye(ends[-1])[:, columns]
        before, behind = np.split(evidence.arrays[name], [place], axis)
        identity = identity.T if axis else identity
        replaced[name] = np.concatenate([before, identity, behind], axis)
    arrays = [replaced.get(other.name, other.array).copy() for other in pair.leaves]
    try:
        lines = Lines(pair.vector, arrays, evidence.upstream, float(np.finfo(float).eps))
    # A caller's function may refuse the wider input in any way it likes.
    except Exception:
        return None
    same = lines.base.shape == evidence.values.shape
    if not same or not np.allclose(lines.base, evidence.values, rtol=1e-9, atol=1e-12):
        return None
    shape = arrays[which].shape
    new = np.flatnonzero(np.indices(shape)[free].reshape(-1) >= old)
    rows = np.array([lines.row(which, index)[0] for index in new]).reshape(*zeros.shape, -1)
    roles = evidence.in_roles.get(leaf.name, {})
    rows = as_sequence(rows, roles, free)
    found = Widened(arrays, which, free, old, roles, rows, rows @ evidence.upstream, {})
    found.uses = _confirmed(evidence, leaf.name, found, gates)
    return found


def as_sequence(array: np.ndarray, roles: dict[int, str], feature_axis: int) -> np.ndarray:
    """Return `array` as (N, T, features, ...), with axes of length 1 where it has none."""
    by_role = {role: axis for axis, role in roles.items()}
    there = [role for role in ("batch", "time") if role in by_role]
    order = [by_role[role] for role in there] + [feature_axis]
    moved = np.moveaxis(array, order, range(len(order)))
    for position, role in enumerate(("batch", "time")):
        if role not in by_role:
            moved = np.expand_dims(moved, position)
    return moved


def _confirmed(evidence: Evidence, name: str, found: Widened, gates: list[slice]) -> dict[str, Use]:
    """Return the uses whose sum over time is the numeric gradient."""
    x = as_sequence(evidence.arrays[name], found.roles, found.feature_axis)
    factors = [(None, ()), *_factors(evidence, name, x)]
    ways = list(itertools.product(factors, (False, True), gates))
    uses: dict[str, Use] = {}
    for key, n in evidence.numeric.items():
        for (factor, neighbours), turned, columns in ways:
            use = Use(factor, n.shape, columns, turned, neighbours)
            if key != name and key not in uses and _fits(use, n, found.da):
                uses[key] = use
    return uses


def _fits(use: Use, n: np.ndarray, da: np.ndarray) -> bool:
    width = da[..., use.columns].shape[2]
    if use.factor is None:
        return n.shape in {(width,), (1, width), (width, 1)} and close(use.gradient(da), n)
    features = use.factor.shape[2]
    shape = (width, features) if use.turned else (features, width)
    return n.shape == shape and close(use.gradient(da), n)


def _factors(evidence: Evidence, name: str, x: np.ndarray) -> Iterator[tuple]:
    """Yield what a parameter may multiply, with what may be taken for it by mistake."""
    if "time" not in evidence.in_roles.get(name, {}).values():
        yield from _states(evidence, x.shape[0])
        return
    yield x, _beside(name, x, 0, np.zeros_like(x[:, :1]))
    for start, h in _hidden(evidence, *x.shape[:2]):
        before = np.concatenate([start, h[:, :-1]], axis=1)
        beside = _beside("h", before, -1, h[:, -1:])
        yield before, beside
        ones = np.ones_like(x[..., :1])
        for parts in ((before, x), (x, before), (ones, x, before)):
            yield (
                np.concatenate(parts, axis=2),
                tuple(
                    (text, np.concatenate([h if p is before else p for p in parts], axis=2))
                    for text, h in beside
                ),
            )


def _states(evidence: Evidence, rows: int) -> Iterator[tuple]:
    """Yield every input of one step as (N, 1, F), beside the outputs of its shape."""
    for array in evidence.arrays.values():
        for turn in (False, True):
            state = array.T if turn else array
            if state.ndim not in (1, 2) or state.size != rows * state.shape[-1]:
                continue
            instead = []
            for output in evidence.outputs:
                y = evidence.output(output).T if turn else evidence.output(output)
                if y.shape == state.shape:
                    text = f"is a product with {output.name} instead of the state before"
                    instead.append((text, y.reshape(rows, 1, -1)))
            yield state.reshape(rows, 1, -1), tuple(instead)


def _beside(what: str, factor: np.ndarray, offset: int, after: np.ndarray) -> tuple:
    """Return the factor one step later and one step earlier, with words for each."""
    before = np.zeros_like(factor[:, :1])
    words = {1: "t+1", 0: "t", -1: "t-1", -2: "t-2"}
    text = f"is off by one in time: pairs the gradient of step t with {what} of step "
    later = np.concatenate([factor[:, 1:], after], axis=1)
    earlier = np.concatenate([before, factor[:, :-1]], axis=1)
    return (text + words[offset + 1], later), (text + words[offset - 1], earlier)


def _hidden(evidence: Evidence, rows: int, steps: int) -> Iterator[tuple]:
    """Yield (initial state, hidden sequence), batch first, for every output that may be one."""
    for output in evidence.outputs:
        roles = evidence.out_roles.get(output.name, {})
        free = [axis for axis in range(len(output.shape)) if axis not in roles]
        if "time" not in roles.values() or len(free) != 1:
            continue
        h = as_sequence(evidence.output(output), roles, free[0])
        if h.shape[:2] != (rows, steps):
            continue
        yield np.zeros_like(h[:, :1]), h
        for array in evidence.arrays.values():
            for state in (array, array.T):
                if state.shape in {(rows, h.shape[2]), (h.shape[2],)}:
                    yield np.broadcast_to(state.reshape(-1, 1, h.shape[2]), h[:, :1].shape), h
