"""Our layers and models; the environment variable SCRATCHRNN_BACKEND says on which backend."""

from __future__ import annotations

import numpy as np

from scratchrnn.layers import GRU, LSTM, Dense, Input, SimpleRNN
from scratchrnn.models import Sequential

from ..cases import Case, data, results

LAYERS = {"lstm": LSTM, "gru": GRU, "rnn": SimpleRNN}


def layer(case: Case):
    """One pass through a layer that returns its sequence."""
    d = data(case)
    ours = LAYERS[case.cell](case.shape[3], return_sequences=True, dtype=case.dtype)
    ours.build(case.shape[:3])
    ours.set_weights([d.Wx, d.Wh, d.b])

    def run():
        h = ours(d.x, mask=d.mask, training=case.backward)
        return h, [ours.backward(d.dh), *ours.gradients] if case.backward else []

    return run, lambda outcome: results(case, d, *outcome)


def epoch(case: Case):
    """One epoch of the document's model."""
    d, (N, T, D, H) = data(case), case.shape
    model = Sequential([Input((T, D)), LAYERS[case.cell](H), Dense(1)])
    model.compile(optimizer="adam", loss="mse")
    model.set_weights([d.Wx, d.Wh, d.b, d.V, d.bv])

    def run():
        history = model.fit(d.x, d.y, batch_size=N, epochs=1, shuffle=False, verbose=0)
        return history.history["loss"]

    return run, lambda loss: {
        "loss": np.array(loss, "float64"),
        "prediction": model.predict(d.x[:N], verbose=0),
    }


def gemm(case: Case):
    """One product of large square matrices: NumPy's BLAS."""
    n = case.shape[0]
    a = np.ones((n, n), case.dtype)
    out = np.empty_like(a)
    return lambda: np.matmul(a, a, out=out), lambda product: {"product": product[:2]}


TASKS = {"layer": layer, "epoch": epoch, "gemm": gemm}
