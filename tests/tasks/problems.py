"""Generators of the published tasks: fresh sequences on every call, none stored.

``unseen`` asks for sequences that training never draws; most tasks have so many that it changes
nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class Sample(NamedTuple):
    """A batch: inputs (N, T, D), targets, and where a step is real (N, T) or None."""

    x: np.ndarray
    y: np.ndarray
    mask: np.ndarray | None = None


def adding(rng: np.random.Generator, n: int, unseen: bool = False, T: int = 100) -> Sample:
    """Add two marked numbers (Hochreiter, Schmidhuber 1997, experiment 4).

    Pairs (value in [-1, 1], marker 1, 0 or -1); the first and last marker are -1; one of the
    first ten pairs is marked and one of the first T/2 - 1 others; the target is
    0.5 + (X1 + X2)/4. The length is drawn from [T, T + T/10].
    """
    lengths = rng.integers(T, T + T // 10 + 1, n)
    x = np.zeros((n, lengths.max(), 2))
    y = np.zeros((n, 1))
    for k, length in enumerate(lengths):
        x[k, :length, 0] = rng.uniform(-1, 1, length)
        x[k, [0, length - 1], 1] = -1
        first = int(rng.integers(0, 10))
        others = np.setdiff1d(np.arange(T // 2 - 1), first)
        second = int(rng.choice(others))
        x[k, [first, second], 1] = 1
        values = [0.0 if place == 0 else x[k, place, 0] for place in (first, second)]
        y[k] = 0.5 + sum(values) / 4
    return Sample(x, y, np.arange(x.shape[1]) < lengths[:, None])


def two_sequences(
    rng: np.random.Generator, n: int, unseen: bool = False, T: int = 100, informative: int = 3
) -> Sample:
    """Tell two classes by the first elements alone (Bengio et al. 1994; experiment 3a).

    The first `informative` elements are +1 or -1 by class, the rest Gaussian noise of variance
    0.2; the length is drawn from [T, T + T/10].
    """
    lengths = rng.integers(T, T + T // 10 + 1, n)
    y = rng.integers(0, 2, (n, 1))
    x = rng.normal(0, np.sqrt(0.2), (n, lengths.max(), 1))
    x[:, :informative, 0] = 2 * y - 1
    mask = np.arange(x.shape[1]) < lengths[:, None]
    return Sample(np.where(mask[..., None], x, 0), y.astype(float), mask)


def temporal_order(rng: np.random.Generator, n: int, unseen: bool = False, T: int = 100) -> Sample:
    """Name the order of two symbols X, Y among distractors (experiment 6a).

    Eight one-hot symbols: E begins, B ends, a b c d distract; X or Y at a place drawn from
    [T/10, T/5] and another from [T/2, 3T/5]; the class is which of XX, XY, YX, YY.
    """
    symbols = rng.integers(0, 4, (n, T))
    symbols[:, 0], symbols[:, -1] = 4, 5
    pair = rng.integers(0, 2, (n, 2))
    rows = np.arange(n)
    symbols[rows, rng.integers(T // 10, T // 5 + 1, n)] = 6 + pair[:, 0]
    symbols[rows, rng.integers(T // 2, 3 * T // 5 + 1, n)] = 6 + pair[:, 1]
    return Sample(np.eye(8)[symbols], 2 * pair[:, 0] + pair[:, 1])


def copy_memory(
    rng: np.random.Generator, n: int, unseen: bool = False, delay: int = 20, length: int = 3
) -> Sample:
    """Say some symbols again after a delay (Arjovsky et al. 2016), at a size that fits.

    `length` symbols out of four, `delay` blanks, a "now" sign, and silence in which to answer;
    the target of every step is blank but for the last `length`.
    """
    T = 2 * length + delay
    said = rng.integers(1, 5, (n, length))
    symbols = np.zeros((n, T), int)
    symbols[:, :length] = said
    symbols[:, -length - 1] = 5
    y = np.zeros((n, T), int)
    y[:, -length:] = said
    return Sample(np.eye(6)[symbols], y)


REBER = {  # node: the symbols that lead out of it, and where to
    0: [("B", 1)],
    1: [("T", 2), ("P", 3)],
    2: [("S", 2), ("X", 4)],
    3: [("T", 3), ("V", 5)],
    4: [("X", 3), ("S", 6)],
    5: [("P", 4), ("V", 6)],
    6: [("E", None)],
}
LETTERS = "BTSXPVE"


def reber_string(rng: np.random.Generator) -> tuple[str, list[set[str]]]:
    """Draw an embedded Reber string, and for each symbol but the last what may come next."""
    outer = "TP"[rng.integers(2)]
    inner, choices, node = "", [], 0
    while node is not None:
        ways = REBER[node]
        symbol, node = ways[rng.integers(len(ways))]
        inner += symbol
        choices.append({letter for letter, _ in ways})
    text = "B" + outer + inner + outer + "E"
    return text, [{"T", "P"}, *choices, {outer}, {"E"}]


def embedded_reber(rng: np.random.Generator, n: int, unseen: bool = False) -> Sample:
    """Predict the next symbols of embedded Reber strings (experiment 1).

    Targets (N, T, 7) are 1 for every symbol that may come next; the second last can be told only
    by remembering the second.
    """
    drawn = [reber_string(rng) for _ in range(n)]
    T = max(len(text) for text, _ in drawn) - 1
    x, y, mask = np.zeros((n, T, 7)), np.zeros((n, T, 7)), np.zeros((n, T), bool)
    for k, (text, choices) in enumerate(drawn):
        for t, nexts in enumerate(choices):
            x[k, t, LETTERS.index(text[t])] = 1
            y[k, t, [LETTERS.index(letter) for letter in nexts]] = 1
        mask[k, : len(choices)] = True
    return Sample(x, y, mask)


DIGITS = "0123456789+ "


def addition(rng: np.random.Generator, n: int, unseen: bool = False, digits: int = 2) -> Sample:
    """Read "35+ 7" backwards and answer "42 " (Sutskever et al.; Keras's addition example).

    One sum in ten, with both orders of its terms, is kept from training.
    """
    a, b = rng.integers(0, 10**digits, (2, 20 * n + 200))
    pair = np.minimum(a, b) * 10**digits + np.maximum(a, b)
    kept = pair * 2654435761 % 2**32 < 2**32 // 10  # scattered by multiplication, Knuth's way
    a, b = a[kept == unseen][:n], b[kept == unseen][:n]
    x = np.zeros((n, 2 * digits + 1, len(DIGITS)))
    y = np.zeros((n, digits + 1), int)
    for k in range(n):
        question = f"{a[k]}+{b[k]}".ljust(2 * digits + 1)[::-1]
        answer = str(a[k] + b[k]).ljust(digits + 1)
        x[k, np.arange(len(question)), [DIGITS.index(c) for c in question]] = 1
        y[k] = [DIGITS.index(c) for c in answer]
    return Sample(x, y)
