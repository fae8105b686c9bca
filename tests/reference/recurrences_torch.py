"""Recurrences of PyTorch with all gradients, float64, in the functional core's packing.

Packed sequences stand for masks: outputs past a sequence's length are zero there, and no
gradient comes from them.
"""

from __future__ import annotations

import numpy as np
import store
import torch

SHAPES = [(3, 5, 4, 6), (1, 1, 1, 1), (2, 7, 3, 1), (4, 3, 1, 5)]  # N, T, D, H
LENGTHS = {3: [5, 2, 1], 2: [4, 7], 4: [1, 3, 3, 2], 1: [1]}
CELLS = {
    "rnn": (torch.nn.RNN, 1, {"nonlinearity": "tanh"}),
    "rnn_relu": (torch.nn.RNN, 1, {"nonlinearity": "relu"}),
    "lstm": (torch.nn.LSTM, 4, {}),
    "gru": (torch.nn.GRU, 3, {}),
}


def columns(rows: np.ndarray, cell: str) -> np.ndarray:
    """Return PyTorch's rows of gates as columns of gates in the core's order (GRU: z r n)."""
    if cell == "gru":
        r, z, n = np.split(rows, 3)
        rows = np.concatenate([z, r, n])
    return rows.T.copy()


def bias(first: np.ndarray, second: np.ndarray, cell: str) -> np.ndarray:
    """Return the two biases as the core has them: two rows for a GRU, else their sum."""
    first, second = columns(first, cell), columns(second, cell)
    return np.stack([first, second]) if cell == "gru" else first + second


def parameters(layer, cell: str, gradient: bool) -> dict[str, np.ndarray]:
    """Return Wx, Wh, b, or their gradients, in the core's packing."""

    def value(name):
        parameter = getattr(layer, f"{name}_l0")
        return (parameter.grad if gradient else parameter.detach()).numpy()

    b = bias(value("bias_ih"), value("bias_hh"), cell)
    if gradient and cell != "gru":
        b = b / 2  # d/d(b_ih + b_hh) is either one's gradient, not their sum
    d = "d" if gradient else ""
    return {
        f"{d}Wx": columns(value("weight_ih"), cell),
        f"{d}Wh": columns(value("weight_hh"), cell),
        f"{d}b": b,
    }


def run(cell: str, shape: tuple[int, ...], lengths: list[int] | None, seed: int) -> dict:
    """Return inputs, parameters, outputs, upstream gradients and all gradients of one run."""
    N, T, D, H = shape
    torch.manual_seed(seed)
    make, _, options = CELLS[cell]
    layer = make(D, H, batch_first=True, **options).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(0.6 * torch.randn_like(parameter))
    x = torch.randn(N, T, D, dtype=torch.float64, requires_grad=True)
    count = 2 if cell == "lstm" else 1
    states = [torch.randn(1, N, H, dtype=torch.float64, requires_grad=True) for _ in range(count)]
    given = x
    if lengths is not None:
        given = torch.nn.utils.rnn.pack_padded_sequence(
            x, lengths, batch_first=True, enforce_sorted=False
        )
    h, final = layer(given, tuple(states) if count == 2 else states[0])
    final = list(final) if count == 2 else [final]
    if lengths is not None:
        h, _ = torch.nn.utils.rnn.pad_packed_sequence(h, batch_first=True, total_length=T)
    upstream = [torch.randn_like(y) for y in (h, *final)]
    sum((u * y).sum() for u, y in zip(upstream, (h, *final), strict=True)).backward()
    return {
        "cell": cell.split("_")[0],
        "activation": options.get("nonlinearity", "tanh"),
        "seed": seed,
        **tensors({"x": x, "h": h, "dh": upstream[0]}),
        **({"lengths": np.array(lengths)} if lengths else {}),
        **parameters(layer, cell, gradient=False),
        **parameters(layer, cell, gradient=True),
        "dx": x.grad.numpy(),
        **state_arrays("hc", states, final, upstream[1:]),
    }


def tensors(named: dict) -> dict[str, np.ndarray]:
    """Return tensors as arrays."""
    return {name: tensor.detach().numpy() for name, tensor in named.items()}


def state_arrays(letters: str, states, final, upstream) -> dict[str, np.ndarray]:
    """Return h0, hT, dhT, dh0, and the same for c, as (N, H)."""
    arrays = {}
    for letter, start, end, u in zip(letters, states, final, upstream, strict=False):
        arrays[f"{letter}0"] = start.detach().numpy()[0]
        arrays[f"{letter}T"] = end.detach().numpy()[0]
        arrays[f"d{letter}T"] = u.numpy()[0]
        arrays[f"d{letter}0"] = start.grad.numpy()[0]
    return arrays


def make() -> None:
    """Write torch_recurrences.npz."""
    torch.set_num_threads(1)
    cases, seed = {}, 100
    for cell in CELLS:
        for shape in SHAPES:
            for lengths in (None, LENGTHS[shape[0]]):
                if lengths is not None and shape[1] == 1:
                    continue
                name = "_".join([cell, *map(str, shape)] + ["lengths"] * (lengths is not None))
                cases[name] = run(cell, shape, lengths, seed)
                seed += 1
    store.save("torch_recurrences.npz", cases, __doc__.splitlines()[0], ("torch",))
