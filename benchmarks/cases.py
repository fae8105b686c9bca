"""What is computed: a case, and its data, which every contender makes from the same seed."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

CELLS = ("lstm", "gru", "rnn")
GATES = {"rnn": 1, "lstm": 4, "gru": 3}
SHAPES = (
    (32, 50, 50, 50),
    (32, 100, 64, 128),
    (32, 100, 128, 256),
    (64, 50, 256, 512),
    (1, 100, 64, 128),
    (128, 28, 28, 128),
)


class Case(NamedTuple):
    """One thing to compute."""

    work: str  # "layer", "epoch", "gemm" or "video"
    cell: str = "lstm"
    shape: tuple[int, int, int, int] = SHAPES[0]  # N, T, D, H
    dtype: str = "float32"
    backward: bool = True
    packed: bool = False  # lengths drawn evenly from 10 to 100 % of T
    batches: int = 1  # of an epoch
    path: str = ""  # of a clip

    @property
    def label(self) -> str:
        """The case in a row of a table."""
        if self.work == "gemm":
            return f"matrix product {self.shape[0]}³ {self.dtype}"
        if self.work == "video":
            return "clip"
        words = [self.cell.upper(), ",".join(map(str, self.shape)), self.dtype]
        if self.work == "layer":
            words.append("forward+backward" if self.backward else "forward")
        return " ".join([*words, "packed"] if self.packed else words)

    @property
    def flops(self) -> float:
        """Floating-point operations of the matrix products."""
        if self.work == "gemm":
            return 2.0 * self.shape[0] ** 3
        if self.work != "layer":
            return 0.0
        N, T, D, H = self.shape
        steps = int(lengths(self).sum()) if self.packed else N * T
        return 2.0 * GATES[self.cell] * H * (D + H) * steps * (3 if self.backward else 1)


class Data(NamedTuple):
    """Inputs and weights in Keras's layout."""

    x: np.ndarray  # (N·batches,T,D)
    Wx: np.ndarray  # (D,G·H)
    Wh: np.ndarray  # (H,G·H)
    b: np.ndarray  # (G·H,); GRU (2,3H)
    dh: np.ndarray  # (N,T,H): dLoss/dh; zero at masked steps
    mask: np.ndarray | None  # (N,T)
    V: np.ndarray  # (H,1): the Dense layer of an epoch
    bv: np.ndarray  # (1,)
    y: np.ndarray  # (N·batches,1)


def lengths(case: Case) -> np.ndarray:
    """Return the length of each sequence, (N,): T, or drawn evenly from 10 to 100 % of it."""
    N, T, _, _ = case.shape
    if not case.packed:
        return np.full(N, T)
    return np.random.default_rng(7).integers(-(-T // 10), T, size=N, endpoint=True)


def data(case: Case) -> Data:
    """Return the data of a case: the same numbers in every process."""
    (N, T, D, H), G = case.shape, GATES[case.cell]
    rng = np.random.default_rng(1)
    bound = H**-0.5
    x = rng.normal(size=(N * case.batches, T, D))
    Wx, Wh = (rng.uniform(-bound, bound, (rows, G * H)) for rows in (D, H))
    b = rng.uniform(-bound, bound, (2, 3 * H) if case.cell == "gru" else G * H)
    dh = rng.normal(size=(N, T, H))
    V, bv = rng.uniform(-bound, bound, (H, 1)), np.zeros(1)
    y = x[:, -1:, 0] - x[:, T // 2 : T // 2 + 1, 0]
    mask = None
    if case.packed:
        mask = np.arange(T) < lengths(case)[:, None]
        dh *= mask[..., None]
    x, Wx, Wh, b, dh, V, bv, y = (a.astype(case.dtype) for a in (x, Wx, Wh, b, dh, V, bv, y[:, 0]))
    return Data(x, Wx, Wh, b, dh, mask, V, bv, y[:, None])


def results(case: Case, given: Data, h, gradients=()) -> dict[str, np.ndarray]:
    """Name the arrays that all contenders have to agree on: h, and dx, dWx, dWh, db."""
    h = np.asarray(h)
    if given.mask is not None:
        h = h * given.mask[..., None]  # what stands at masked steps is each framework's own
    named = zip(("dx", "dWx", "dWh", "db"), gradients, strict=bool(len(gradients)))
    return {"h": h, **{name: np.asarray(value) for name, value in named}}
