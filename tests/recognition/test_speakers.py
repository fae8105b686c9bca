"""The nine JapaneseVowels speakers: who of the nine is it, and is it the same one?

Closed set, all nine known: see tests/test_real_sequences.py as well. Open set, six speakers to
learn from and three never heard: six are too few to learn what makes speakers differ, so the
figure stands beside a plain baseline (the cosine of mean coefficients) and need not beat it.
Measured, equal error rates of GRU and baseline, speakers by number:

    never heard    6, 7, 8    0, 1, 2    3, 4, 5    mean
    GRU             19.4 %     23.9 %     10.4 %    17.9 %
    baseline        24.3 %      9.8 %      9.8 %    14.6 %
"""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.layers import GRU, Bidirectional, Dense, Dropout, Input
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam
from scratchrnn.optimizers.schedules import CosineDecay
from scratchrnn.recognition import equal_error_rate, match_curve, pair_scores
from tests.sequences import japanese_vowels

pytestmark = pytest.mark.slow


def speaker_network(x, mask, y, *, epochs=40, seed=0) -> tuple[Sequential, Sequential]:
    """Return a network that names speakers, and the same without its answer: embeddings."""
    layers = [
        Input((None, x.shape[-1])),
        Bidirectional(GRU(100, dropout=0.3, seed=seed)),
        Dropout(0.3, seed=seed + 1),
        Dense(len(np.unique(y)), activation="softmax", seed=seed + 2),
    ]
    network = Sequential(layers)
    rate = CosineDecay(5e-3, epochs * -(-len(x) // 16))
    optimizer = Adam(rate, global_clipnorm=1.0)
    network.compile(optimizer, "sparse_categorical_crossentropy", ["accuracy"])
    network.fit(x, y, mask=mask, epochs=epochs, batch_size=16, verbose=0, seed=seed)
    return network, Sequential(layers[:-2])


def over_time(x, mask):
    return np.where(mask[..., None], x, 0).sum(axis=1) / mask.sum(axis=1)[:, None]


def test_closed_set_and_open_set_beside_a_plain_baseline():
    x, mask, y = japanese_vowels("TRAIN")
    x_test, mask_test, y_test = japanese_vowels("TEST")
    mean, spread = x[mask].mean(axis=0), x[mask].std(axis=0)
    x, x_test = (x - mean) / spread, (x_test - mean) / spread

    network, embed = speaker_network(x, mask, y)
    assert network.evaluate(x_test, y_test, mask=mask_test, verbose=0)[1] >= 0.97
    gallery = embed.predict(x, mask=mask, verbose=0)
    probes = embed.predict(x_test, mask=mask_test, verbose=0)
    assert match_curve(gallery, y, probes, y_test)[0] >= 0.95  # nearest known clip, nine speakers

    rates = []
    for held_out in ((6, 7, 8), (0, 1, 2), (3, 4, 5)):
        known, strange = ~np.isin(y, held_out), np.isin(y_test, held_out)
        names = np.unique(y[known], return_inverse=True)[1]
        _, embed = speaker_network(x[known], mask[known], names)
        unseen = x_test[strange], mask_test[strange]
        learned = embed.predict(unseen[0], mask=unseen[1], verbose=0)
        both = learned, over_time(*unseen)
        rates.append([equal_error_rate(*pair_scores(e, y_test[strange])) for e in both])
    rates = np.array(rates)
    assert (rates > 0.02).all() and (rates < 0.45).all()  # both say something, neither is good
