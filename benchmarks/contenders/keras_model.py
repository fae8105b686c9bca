"""What Keras does alike on all of its backends: building a layer and one epoch of `fit`."""

from __future__ import annotations

import keras
import numpy as np

from ..cases import Case, Data, data

LAYERS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def layer(case: Case, d: Data):
    """Return a layer that returns its sequence, with the case's weights."""
    theirs = LAYERS[case.cell](case.shape[3], return_sequences=True, dtype=case.dtype)
    theirs.build(case.shape[:3])
    theirs.set_weights([d.Wx, d.Wh, d.b])
    return theirs


def epoch(case: Case):
    """One epoch of the document's model."""
    d, (N, T, D, H) = data(case), case.shape
    dense = keras.layers.Dense(1)
    model = keras.Sequential([keras.layers.Input((T, D)), LAYERS[case.cell](H), dense])
    model.compile(optimizer="adam", loss="mse")
    model.set_weights([d.Wx, d.Wh, d.b, d.V, d.bv])

    def run():
        history = model.fit(d.x, d.y, batch_size=N, epochs=1, shuffle=False, verbose=0)
        return history.history["loss"]

    return run, lambda loss: {
        "loss": np.array(loss, "float64"),
        "prediction": model.predict(d.x[:N], verbose=0),
    }
