"""PyTorch: a layer time-major, its own layout; an epoch batch-first, as its users have it."""

from __future__ import annotations

import os

import numpy as np
import torch
from torch import nn

from scratchrnn.interop.torch_layout import recurrent_from_torch, recurrent_to_torch

from ..cases import Case, Data, data, lengths, results

LAYERS = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))


def _module(case: Case, d: Data, **options):
    """Return the layer with the case's weights, and its parameters."""
    module = LAYERS[case.cell](*case.shape[2:], dtype=getattr(torch, case.dtype), **options)
    parameters = [module.weight_ih_l0, module.weight_hh_l0, module.bias_ih_l0, module.bias_hh_l0]
    values = recurrent_to_torch(case.cell.upper(), [d.Wx, d.Wh, d.b])
    with torch.no_grad():
        for parameter, value in zip(parameters, values, strict=True):
            parameter.copy_(torch.from_numpy(value))
    return module, parameters


def _as_ours(case: Case, x, parameters) -> list[np.ndarray]:
    """Return dx, dWx, dWh, db in our layout."""
    gradients = [parameter.grad.numpy() for parameter in parameters]
    if case.cell != "gru":
        gradients[3] = np.zeros_like(gradients[3])  # of two biases that are added, each has all
    return [x.grad.numpy().swapaxes(0, 1), *recurrent_from_torch(case.cell.upper(), gradients)]


def layer(case: Case):
    """One pass through a layer, packed and padded again if the lengths differ."""
    d = data(case)
    module, parameters = _module(case, d)
    x, dh = (torch.from_numpy(a.swapaxes(0, 1).copy()) for a in (d.x, d.dh))
    rows = torch.from_numpy(lengths(case))

    def forward():
        if not case.packed:
            return module(x)[0]
        packed = nn.utils.rnn.pack_padded_sequence(x, rows, enforce_sorted=False)
        return nn.utils.rnn.pad_packed_sequence(module(packed)[0], total_length=len(x))[0]

    def run():
        if not case.backward:
            with torch.no_grad():
                return forward(), False
        for leaf in (x, *parameters):
            leaf.grad = None
        h = forward()
        h.backward(dh)
        return h.detach(), True

    def outcome(pair):
        h, has_gradients = pair
        gradients = _as_ours(case, x, parameters) if has_gradients else []
        return results(case, d, h.numpy().swapaxes(0, 1), gradients)

    x.requires_grad_(case.backward)
    return run, outcome


def epoch(case: Case):
    """One epoch of the document's model, in the loop that a user of PyTorch writes."""
    d, (N, _, _, H) = data(case), case.shape
    module, parameters = _module(case, d, batch_first=True)
    if case.cell != "gru":
        parameters[3].requires_grad_(False)  # of two biases that are added, one learns
    dense = nn.Linear(H, 1)
    with torch.no_grad():
        dense.weight.copy_(torch.from_numpy(d.V.T))
        dense.bias.copy_(torch.from_numpy(d.bv))
    trained = [p for p in (*parameters, *dense.parameters()) if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=1e-3, eps=1e-7)
    x, y = torch.from_numpy(d.x), torch.from_numpy(d.y)

    def run():
        total = torch.zeros(())
        for k in range(0, len(x), N):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(dense(module(x[k : k + N])[0][:, -1]), y[k : k + N])
            loss.backward()
            optimizer.step()
            total += loss.detach()
        return [float(total) / case.batches]

    def outcome(loss):
        with torch.no_grad():
            prediction = dense(module(x[:N])[0][:, -1]).numpy()
        return {"loss": np.array(loss, "float64"), "prediction": prediction}

    return run, outcome


def gemm(case: Case):
    """One product of large square matrices: PyTorch's BLAS."""
    n = case.shape[0]
    a = torch.ones((n, n), dtype=getattr(torch, case.dtype))
    out = torch.empty_like(a)
    return lambda: torch.mm(a, a, out=out), lambda product: {"product": product[:2].numpy()}


TASKS = {"layer": layer, "epoch": epoch, "gemm": gemm}
