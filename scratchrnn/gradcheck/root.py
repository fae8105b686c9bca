"""Where a mistake enters: before the activation, or in what is made of that afterwards.

dx, dWx, dWh and db are all products with da, so one mistake in da makes every one of them wrong
in a way of its own. The caller's own da can be read off: widened by features that meet an
identity (see :mod:`scratchrnn.gradcheck.usage`), the input's gradient there is da itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .evidence import Evidence, close
from .matching import MISSING, match
from .pair import Pair
from .patterns import explain_blocks, find_scale
from .usage import Widened, as_sequence


@dataclass
class Root:
    """The caller's da beside the right one, and what the difference is.

    Attributes
    ----------
    da : ndarray, shape (N, T, K)
        The gradient before the activation that backward computed.
    text : str
        What is wrong with it; empty where nothing is.
    """

    da: np.ndarray
    text: str


def find_root(pair: Pair, evidence: Evidence, widened: Widened) -> Root | None:
    """Return backward's own gradient before the activation and its mistake, or None."""
    try:
        _, kept = pair.forward([array.copy() for array in widened.arrays])
        upstream = [evidence.upstream[y.part].reshape(y.shape).copy() for y in evidence.outputs]
        returned = pair.gradients([u if u.ndim else u[()] for u in upstream], kept)
    # Wrong code may break on other shapes in any way; then nothing can be said.
    except Exception:
        return None
    gradients, _ = match(pair, returned, list(range(len(pair.leaves))))
    found = gradients[widened.which]
    if found is MISSING or np.shape(found) != widened.arrays[widened.which].shape:
        return None
    da = widened.new_features(np.asarray(found, dtype=float))
    return Root(da, _describe(evidence, widened, da))


def hint(root: Root, evidence: Evidence, widened: Widened, name: str) -> str:
    """Return what the gradient before the activation says about the array `name`; or nothing."""
    if root.text and _follows(root.da, evidence, widened, name):
        return f"follows from the gradient before the activation, {root.text}"
    if not root.text and (name in widened.uses or _is_input(evidence, widened, name)):
        return "the gradient before the activation is right, what is made of it here is not"
    return ""


def _is_input(evidence: Evidence, widened: Widened, name: str) -> bool:
    return list(evidence.arrays)[widened.which] == name


def _follows(da: np.ndarray, evidence: Evidence, widened: Widened, name: str) -> bool:
    """Whether the wrong gradient `name` is what a right formula makes of the wrong da."""
    if name in widened.uses:
        return close(evidence.analytic[name], widened.uses[name].gradient(da))
    # The widened input itself: dx_t = da_t Wᵀ with the parameter that it meets.
    # A state before the first step: what is wrong with it is what is wrong with da_0 Whᵀ.
    a, n = evidence.analytic[name], evidence.numeric[name]
    for weight in _matrices(evidence, widened):
        if _is_input(evidence, widened, name):
            follows = close(as_sequence(a, widened.roles, widened.feature_axis), da @ weight.T)
        else:
            state = a.shape == (da.shape[0], weight.shape[0])
            follows = state and close(a - n, (da - widened.da)[:, 0] @ weight.T)
        if follows:
            return True
    return False


def _matrices(evidence: Evidence, widened: Widened) -> list[np.ndarray]:
    """Return what each factor is multiplied with, (F, K): all gates' matrices side by side."""
    width, found = widened.da.shape[2], {}
    for name, use in widened.uses.items():
        if use.factor is not None:
            matrix = use.matrix(evidence.arrays[name], width)
            found[id(use.factor)] = found.get(id(use.factor), 0.0) + matrix
    return list(found.values())


def _describe(evidence: Evidence, widened: Widened, da: np.ndarray) -> str:
    """Return in words where and how `da` differs from the right one."""
    right, steps = widened.da, widened.da.shape[1]
    if not np.isfinite(da).all():
        return "which is not finite"
    size = np.max(np.abs(right))
    wrong = [t for t in range(steps) if np.max(np.abs(da[:, t] - right[:, t])) > 1e-5 * size]
    if not wrong:
        return ""
    idle = ~widened.rows.any(axis=-1)
    if da[idle.all(axis=-1)].any():
        return "which is not zero at steps that change no output: are they masked?"
    if da[idle].any():
        return "which is not zero for units that change no output: are they cut off?"
    if wrong[-1] < steps - 1:
        later = "the last step" if wrong[-1] == steps - 2 else f"step {wrong[-1] + 1} on"
        return f"which is right at {later} and wrong before: look at what step t+1 hands to t"
    a, n = da[:, -1], right[:, -1]
    return f"which is wrong {_local(evidence, widened, a, n)}".rstrip()


def _local(evidence: Evidence, widened: Widened, a: np.ndarray, n: np.ndarray) -> str:
    """Return what is wrong with da (N, K) at a step where nothing has come back yet."""
    scaled = find_scale(a, n)
    if scaled is not None:
        return f"(it {scaled[1]})"
    before = _pre_activation(evidence, widened)
    width = a.shape[1]
    for gates in (1, 2, 3, 4):
        if width % gates or width // gates not in _widths(evidence):
            continue
        explained = explain_blocks(a, n, 1, gates) if gates > 1 else None
        if explained is not None:
            return f"({explained.text})"
        text = _derivatives(a, n, before, gates) or _wrong_gates(a, n, gates)
        if text:
            return f"({text})"
    return ""


def _wrong_gates(a: np.ndarray, n: np.ndarray, gates: int) -> str:
    """Return which gates are wrong, if not all are."""
    pairs = zip(np.split(a, gates, axis=1), np.split(n, gates, axis=1), strict=True)
    wrong = [str(i) for i, (a_i, n_i) in enumerate(pairs) if not close(a_i, n_i)]
    if len(wrong) == gates:
        return ""
    return f"in gate{'s' * (len(wrong) > 1)} {', '.join(wrong)} of {gates} alone"


def _widths(evidence: Evidence) -> set[int]:
    return {size for output in evidence.outputs for size in output.shape[-1:]} - {1}


def _pre_activation(evidence: Evidence, widened: Widened) -> np.ndarray:
    """Return the sum of all confirmed terms at the last step, (N, K)."""
    width = widened.da.shape[2]
    terms = [use.term(evidence.arrays[name], width) for name, use in widened.uses.items()]
    return np.broadcast_to(sum(terms), widened.da.shape)[:, -1]


def _derivatives(a: np.ndarray, n: np.ndarray, before: np.ndarray, gates: int) -> str:
    """Return which gates have a wrong derivative of their activation, and what it is instead."""
    texts = []
    parts = [np.split(array, gates, axis=1) for array in (a, n, before)]
    for i, (a_i, n_i, v) in enumerate(zip(*parts, strict=True)):
        if close(a_i, n_i):
            continue
        named = next((text for text, ratio in _ratios(v) if close(a_i, n_i * ratio)), None)
        if named is None:
            shared = _shared_factor(parts[0], parts[1])
            return shared
        texts.append(f"in gate {i} of {gates}: {named}" if gates > 1 else named)
    return ", ".join(texts)


def _ratios(v: np.ndarray):
    """Yield wrong derivatives over the right one, for tanh and for the logistic sigmoid."""
    h, s = np.tanh(v), 1 / (1 + np.exp(-v))
    d_tanh, d_sigmoid = 1 - h**2, s * (1 - s)
    for name, right, output in (("tanh", d_tanh, h), ("sigmoid", d_sigmoid, s)):
        again = np.tanh(output) if name == "tanh" else 1 / (1 + np.exp(-output))
        twice = 1 - again**2 if name == "tanh" else again * (1 - again)
        plain = 1 - v**2 if name == "tanh" else v * (1 - v)
        other = h * (1 - h) if name == "tanh" else 1 - s**2
        yield f"the derivative of {name} is missing", 1 / right
        yield f"the derivative of {name} is taken twice", right
        yield f"{name} is applied again to its own output in the derivative", twice / right
        yield f"the derivative of {name} takes the pre-activation for the output", plain / right
        if name == "sigmoid":
            yield "the derivative of sigmoid lacks its factor 1 - y", output / right
            yield "the derivative of sigmoid lacks its factor y", (1 - output) / right
        yield f"another function's derivative stands for that of {name}", other / right


def _shared_factor(a: list[np.ndarray], n: list[np.ndarray]) -> str:
    """Return a line if several gates are wrong by the same factor in every unit."""
    wrong = [i for i in range(len(a)) if not close(a[i], n[i])]
    if len(wrong) < 2 or (len(wrong) == len(a) and len(a) < 3):
        return ""
    first = wrong[0]
    same = all(close(a[i] * n[first], a[first] * n[i]) for i in wrong[1:])
    gates = ", ".join(map(str, wrong))
    return f"in gates {gates} by one common factor: look at what they share" if same else ""
