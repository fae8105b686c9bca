"""Windows of a series in, the next value out: what the source document's program means to do.

Run it::

    python tutorials/next_value.py

What differs from ``document_program.py``, and why:

* a window of 20 values goes in, not one, so that there is something to remember;
* the split is chronological and made *before* windows are cut and before anything is scaled, so
  that no test value is seen in training, neither as a target nor through the mean;
* the error is the mean absolute error in the series' own unit, beside the error of saying "the
  same as now" (persistence). A model is worth something when it beats that.
"""

import numpy as np

from scratchrnn.layers import LSTM, Dense, Input
from scratchrnn.models import Sequential

WINDOW = 20


def make_series(n: int = 1200, seed: int = 0) -> np.ndarray:
    """Two waves whose periods do not fit each other, and noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)
    return 10 + 3 * np.sin(t / 8) + 2 * np.sin(t / 3.1) + 0.2 * rng.normal(size=n)


def windows(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Cut (n,) into inputs (n - WINDOW, WINDOW, 1) and the value after each, (n - WINDOW, 1)."""
    x = np.lib.stride_tricks.sliding_window_view(series[:-1], WINDOW)
    return x[:, :, None].copy(), series[WINDOW:, None].copy()


def main(epochs: int = 15, verbose: int = 2) -> tuple[float, float]:
    """Train, print and return the test error of the model and of persistence."""
    series = make_series()
    cut = int(len(series) * 0.8)
    train, test = series[:cut], series[cut:]
    mean, spread = train.mean(), train.std()  # of the training part alone

    x_train, y_train = windows((train - mean) / spread)
    x_test, y_test = windows((test - mean) / spread)

    model = Sequential([Input((WINDOW, 1)), LSTM(32, seed=0), Dense(1, seed=1)])
    model.compile(optimizer="adam", loss="mse")
    model.fit(x_train, y_train, epochs=epochs, batch_size=32, verbose=verbose, seed=0)

    predicted = model.predict(x_test, verbose=0)
    error = spread * np.abs(predicted - y_test).mean()
    persistence = spread * np.abs(x_test[:, -1] - y_test).mean()
    print(f"mean absolute error on the last fifth of the series: {error:.3f}")
    print(f"of repeating the last value:                         {persistence:.3f}")
    return float(error), float(persistence)


if __name__ == "__main__":
    main()
