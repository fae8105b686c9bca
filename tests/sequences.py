"""The three real sequence sets of the shared test data, as arrays."""

from __future__ import annotations

import numpy as np

from scratchrnn.utils import pad_sequences
from tests.shared import shared


def finger_gestures() -> tuple[np.ndarray, np.ndarray]:
    """Fingertip positions x (5296, 16, 2) and gesture y (5296,), in order of recording."""
    table = np.loadtxt(shared("sequences", "finger_gestures.csv"), delimiter=",")
    return table[:, 1:].reshape(-1, 16, 2).astype(np.float32), table[:, 0].astype(int)


def japanese_vowels(part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coefficients x (N, 29, 12) padded with zeros, mask (N, 29) and speaker y (N,), 0 to 8."""
    lines = shared("sequences", f"JapaneseVowels_{part}.ts").read_text().splitlines()
    rows = [line.split(":") for line in lines if line and line[0] not in "#@"]
    series = [np.array([[float(v) for v in c.split(",")] for c in row[:-1]]).T for row in rows]
    x = pad_sequences(series, maxlen=29, dtype="float32", padding="post")
    mask = np.arange(29) < np.array([len(s) for s in series])[:, None]
    return x, mask, np.array([int(row[-1]) - 1 for row in rows])


def mocap6() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Joint angles (T, 12) and action per frame (T,) of six sequences, by name."""
    with np.load(shared("sequences", "mocap6.npz")) as data:
        names = sorted(key.split("/")[0] for key in data if key.endswith("/angles"))
        return {n: (data[f"{n}/angles"].astype(np.float32), data[f"{n}/action"]) for n in names}
