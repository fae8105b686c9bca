"""Exercises that are marked by what they do, not by one right array."""

from __future__ import annotations

import dis
from collections.abc import Callable

import numpy as np

from .result import Marking, Row
from .running import call, code_of


def _row(result: Marking, what: str, tag: str, right: bool, words: str) -> None:
    result.rows.append(Row(what, tag, "-", "exact" if right else "DIFFERENT"))
    if not right and words not in result.diagnoses:
        result.diagnoses.append(words)


def _called(function: Callable, arguments: dict, result: Marking):
    """Return what a call returned, or None after noting why there is nothing."""
    done = call(function, arguments)
    if done.not_begun or (done.value is None and not done.error):
        result.begun = False
        return None
    if done.error:
        if done.error not in result.diagnoses:
            result.diagnoses.append(done.error)
        return None
    for name in done.changed:
        result.diagnoses.append(f"changes its argument {name} in place")
    return done.value


def mark_lstm_init(function: Callable, result: Marking) -> None:
    """Mark the initial weights: shapes, spread, gates that differ, the forget bias."""
    D, H = 30, 40
    drawn = [
        _called(function, {"D": D, "H": H, "rng": np.random.default_rng(seed)}, result)
        for seed in (0, 0, 1)
    ]
    if any(one is None for one in drawn):
        return
    shapes = {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}
    first = drawn[0]
    if not isinstance(first, tuple | list) or len(first) != 3:
        result.diagnoses.append("returns something else than Wx, Wh, b")
        return
    for (name, shape), array in zip(shapes.items(), first, strict=True):
        got = np.shape(array)
        words = f"{name} has shape {got}, expected {shape}"
        _row(result, f"shape of {name}", "", got == shape, words)
    if not all(row.ok for row in result.rows):
        return
    _mark_weights(drawn, H, result)
    _mark_bias(np.asarray(first[2]), H, result)


def _mark_weights(drawn: list, H: int, result: Marking) -> None:
    limit = 1 / np.sqrt(H)
    for k, name in enumerate(("Wx", "Wh")):
        w, again, other = (np.asarray(one[k]) for one in drawn)
        blocks = np.split(w, 4, axis=1)
        pairs = [np.array_equal(a, b) for i, a in enumerate(blocks) for b in blocks[:i]]
        words = (
            f"{name}: gates start with the same matrix (is the generator seeded anew for each "
            "gate?): gates that start alike learn alike"
        )
        _row(result, f"gates of {name} differ", "", not any(pairs), words)
        words = f"{name}: does not depend on rng alone: draw from the generator that is passed in"
        fresh = np.array_equal(w, again) and not np.array_equal(w, other)
        _row(result, f"{name} drawn from rng", "", fresh, words)
        words = f"{name}: entries are repeated: every entry is drawn by itself"
        _row(result, f"entries of {name} differ", "", np.unique(w).size == w.size, words)
        within = np.abs(w).max() <= limit and np.abs(w).max() > 0.95 * limit
        spread = within and abs(w.mean()) < 0.1 * limit
        words = f"{name}: expected uniform between -1/√H and 1/√H"
        _row(result, f"spread of {name}", "", bool(spread), words)


def _mark_bias(b: np.ndarray, H: int, result: Marking) -> None:
    forget, rest = b[H : 2 * H], np.delete(b, np.s_[H : 2 * H])
    words = "b: the forget bias is missing: entries H to 2H, those of gate f, are 1, equation (3)"
    _row(result, "forget bias", "(3)", bool(np.all(forget == 1)), words)
    words = "b: expected 0 everywhere but for the forget gate, whose place is H to 2H"
    _row(result, "other biases", "", bool(np.all(rest == 0)), words)


def mark_gradients_agree(function: Callable, result: Marking) -> None:
    """Mark a comparison on pairs that a careless one gets wrong."""
    n = np.array([1.0, -2.0, 0.5])
    nan = np.array([1.0, np.nan, 0.5])
    tiny = 1e-2 * n
    trials = [
        ("equal gradients", n, n.copy(), True, "equal gradients do not agree"),
        ("rounding", n * (1 + 1e-9), n, True, "gradients that differ by rounding do not agree"),
        ("1 % off", n * 1.01, n, False, "a gradient that is 1 % off passes"),
        ("one entry off", n + np.array([0, 0, 0.1]), n, False,
         "one wrong entry passes: all have to agree"),
        ("wrong sign", -n, n, False, "a gradient of the wrong sign passes: take |a - n|"),
        ("too large", n, 2 * n, False, "a gradient of half the size passes"),
        ("NaN", nan, n, False,
         "NaN passes: every comparison with NaN is False, so write error <= limit, not "
         "not (error > limit)"),
        ("NaN in both", nan, nan, False, "NaN passes: NaN agrees with nothing"),
        ("noise around 0", np.array([1.0, 3e-12]), np.array([1.0, 1e-12]), True,
         "a relative error without a floor fails right code near zero: max(|a|, |n|, floor)"),
        ("exactly 0", np.zeros(2), np.zeros(2), True,
         "0 and 0 do not agree: 0 / 0; a relative error needs a floor"),
        ("small and wrong", (1 + 1e-5) * tiny, tiny, False,
         "an absolute error passes wrong code where gradients are small: divide by their size"),
        ("small and wrong, factor 2", 5e-7 * np.array([2e3, 4e3]), 5e-7 * np.array([4e3, 8e3]),
         False, "an absolute error passes wrong code where gradients are small"),
        ("a small entry off", np.array([1e3, 0.0101]), np.array([1e3, 0.01]), False,
         "a small entry that is wrong passes beside a large one: compare entry by entry"),
        ("another shape", n, n[:2], False, "arrays of different shapes agree"),
        ("another shape of the same size", np.ones((2, 3)), np.ones((3, 2)), False,
         "arrays of different shapes agree"),
        ("another shape that broadcasts", n, np.array([[1.0, -2.0, 0.5]] * 2), False,
         "arrays of different shapes agree: they broadcast"),
    ]  # fmt: skip
    for what, a, b, expected, words in trials:
        done = call(function, {"analytic": a, "numeric": b, "tolerance": 1e-6, "floor": 1e-3})
        if done.not_begun or (done.value is None and not done.error):
            result.begun = False
            return
        if done.error:
            _row(result, what, "(2)", False, f"with {what}: {done.error}")
            continue
        said = _truth(done.value)
        _row(result, what, "(2)", said is expected, f"{words}, equation (2)")


def _truth(value) -> bool | None:
    try:
        return bool(value)
    except ValueError:
        return None


def mark_check_backward(function: Callable, result: Marking) -> None:
    """Mark a gradient check on backward passes that are right, and subtly wrong."""
    x = np.array([0.7, -1.2, 0.4, 1.5])
    mix = np.array([[1.0, 0.5, -0.3, 0.2], [-0.4, 0.8, 0.1, -0.6], [0.3, 0.2, 0.9, 0.5],
                    [0.6, -0.7, 0.2, 1.1]])  # fmt: skip
    small = 1e-5

    def nan(dy, x):
        return np.where(np.arange(4) == 2, np.nan, dy * np.cos(x))

    trials = [
        ("a right backward", np.sin, lambda dy, x: dy * np.cos(x), True,
         "a right backward pass is refused"),
        ("a right one that mixes", lambda x: np.tanh(x @ mix),
         lambda dy, x: (dy * (1 - np.tanh(x @ mix) ** 2)) @ mix.T, True,
         "a right backward pass is refused"),
        ("the wrong sign", np.sin, lambda dy, x: -dy * np.cos(x), False,
         "a gradient of the wrong sign passes"),
        ("entries of dy exchanged", np.sin, lambda dy, x: dy[::-1] * np.cos(x), False,
         "wrong code passes because dy is all ones: draw it at random"),
        ("dy averaged", np.sin, lambda dy, x: dy.mean() * np.cos(x), False,
         "wrong code passes because dy is all ones: draw it at random"),
        ("dy forgotten", np.sin, lambda dy, x: np.cos(x), False,
         "wrong code passes because dy is all ones: draw it at random"),
        ("a y of another shape", lambda x: x @ mix[:, :2], lambda dy, x: dy @ mix[:, :2].T, True,
         "dy has to have the shape of forward(x), which is not that of x"),
        ("entries of dx exchanged", np.sin, lambda dy, x: (dy * np.cos(x))[::-1], False,
         "wrong code passes because only a sum is compared: compare entry by entry"),
        ("small and wrong", lambda x: small * np.sin(x),
         lambda dy, x: 1.01 * small * dy * np.cos(x), False,
         "wrong code passes where gradients are small: the error has to be relative"),
        ("a zero gradient", lambda x: 0 * x, lambda dy, x: 0 * x, True,
         "right code is refused where the gradient is 0: the relative error needs a floor"),
        ("a NaN", np.sin, nan, False, "NaN passes"),
    ]  # fmt: skip
    for what, forward, backward, expected, words in trials:
        arguments = {"forward": forward, "backward": backward, "x": x,
                     "rng": np.random.default_rng(0)}  # fmt: skip
        done = call(function, arguments)
        if done.not_begun or (done.value is None and not done.error):
            result.begun = False
            return
        if done.error:
            _row(result, what, "(1)", False, f"with {what}: {done.error}")
            continue
        tag = "(2)" if "NaN" in words or "relative" in words else "(1)"
        _row(result, what, tag, _truth(done.value) is expected, f"{words}, equation {tag}")


class _Counted:
    """A matrix that counts how many of its numbers are read."""

    def __init__(self, array: np.ndarray):
        self.array, self.shape, self.reads = array, array.shape, 0
        self.ndim, self.dtype, self.size = array.ndim, array.dtype, array.size

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, key):
        part = self.array[key]
        self.reads += np.size(part)
        return part.copy() if isinstance(part, np.ndarray) else part


def mark_blocked_matmul(function: Callable, result: Marking) -> None:
    """Mark how often a product reads its operands, and that it is written out."""
    plain = getattr(function, "py_func", function)  # what Numba compiled
    if _library_product(plain):
        result.diagnoses.append(
            "a library product (@, dot, einsum) does the work: write the loops, equation (1)"
        )
        return
    M, K, N = 16, 8, 16
    rng = np.random.default_rng(0)
    A, B = _Counted(rng.normal(size=(M, K))), _Counted(rng.normal(size=(K, N)))
    done = call(plain, {"A": A, "B": B})
    if done.error:  # written for real arrays only: the reads cannot be counted
        result.notes.append("the reads could not be counted; the numbers were marked")
        return
    reads, naive = A.reads + B.reads, 2 * M * K * N
    words = (
        f"{reads} numbers are read for a {M} x {K} by {K} x {N} product: each is used "
        f"{naive / max(reads, 1):.2g} times, expected 4; keep a tile of 4 by 4 sums, equation (2)"
    )
    _row(result, "reads of A and B", "(2)", reads <= naive // 4, words)


def _library_product(function: Callable) -> bool:
    """Whether a function leaves the product to a library."""
    code = code_of(function)
    if code is None:  # not written in Python, as np.matmul itself
        return True
    names = {"dot", "matmul", "einsum", "inner", "tensordot", "vdot"}
    at = any(step.argrepr in {"@", "@="} for step in dis.get_instructions(code))
    matrix = any(step.opname.endswith("MATRIX_MULTIPLY") for step in dis.get_instructions(code))
    return at or matrix or bool(names & set(code.co_names))


BEHAVIOURS: dict[str, Callable[[Callable, Marking], None]] = {
    "lstm_init": mark_lstm_init,
    "gradients_agree": mark_gradients_agree,
    "check_backward": mark_check_backward,
    "blocked_matmul": mark_blocked_matmul,
}
