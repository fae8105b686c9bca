"""Random right functions at random, often extreme scales: nothing here may raise an alarm.

    python tests/gradcheck/trials.py 10000

Weights, inputs and states have sizes from 1e-3 to 1e3 each, so that units are linear, ordinary,
saturated and chaotic by turns; gradients range over many orders of magnitude.
"""

from __future__ import annotations

import inspect
import multiprocessing
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import foreign
import foreign_sequences as others
import numpy as np

from scratchrnn.cells import gru, lstm, rnn
from scratchrnn.gradcheck import check_gradients


class Draw:
    """Draws shapes and arrays of random size."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.N, self.D, self.H = self.rng.integers(1, 4, size=3)
        self.T = int(self.rng.integers(1, 6))
        self.extreme = self.rng.random() < 0.7

    def array(self, *shape):
        size = 10.0 ** self.rng.uniform(-3, 3) if self.extreme else 1.0
        array = size * self.rng.standard_normal(shape)
        if self.rng.random() < 0.05:
            array[...] = 0.0
        return array

    def mask(self, *shape):
        return self.rng.random(shape) < 0.7


def cell_rnn(d):
    activation = str(d.rng.choice(["tanh", "relu", "sigmoid", "softsign", "linear"]))
    inputs = {"x": d.array(d.N, d.T, d.D), "h0": d.array(d.N, d.H), "Wx": d.array(d.D, d.H)}
    inputs |= {"Wh": d.array(d.H, d.H), "b": d.array(d.H)}
    inputs |= {"mask": d.mask(d.N, d.T), "activation": activation}
    return rnn.rnn_forward, inputs, rnn.rnn_backward


def cell_lstm(d):
    inputs = {"x": d.array(d.N, d.T, d.D), "h0": d.array(d.N, d.H), "c0": d.array(d.N, d.H)}
    inputs |= {"Wx": d.array(d.D, 4 * d.H), "Wh": d.array(d.H, 4 * d.H), "b": d.array(4 * d.H)}
    if d.rng.random() < 0.3:
        inputs["peepholes"] = d.array(3, d.H)
    return lstm.lstm_forward, inputs, lstm.lstm_backward


def cell_gru(d):
    after = bool(d.rng.random() < 0.5)
    inputs = {"x": d.array(d.N, d.T, d.D), "h0": d.array(d.N, d.H), "Wx": d.array(d.D, 3 * d.H)}
    inputs |= {"Wh": d.array(d.H, 3 * d.H), "reset_after": after}
    inputs["b"] = d.array(2, 3 * d.H) if after else d.array(3 * d.H)
    return gru.gru_forward, inputs, gru.gru_backward


def foreign_rnn(d):
    inputs = [d.array(d.N, d.T, d.D), d.array(d.N, d.H), d.array(d.D, d.H), d.array(d.H, d.H)]
    return foreign.rnn_forward, [*inputs, d.array(d.H)], foreign.rnn_backward()


def foreign_lstm_step(d):
    inputs = [d.array(d.N, d.D), d.array(d.N, d.H), d.array(d.N, d.H), d.array(d.D, 4 * d.H)]
    inputs += [d.array(d.H, 4 * d.H), d.array(4 * d.H)]
    return foreign.lstm_step_forward, inputs, foreign.lstm_step_backward()


def foreign_gru_cell(d):
    weights = {name: d.array(d.H, d.H + d.D) for name in ("Wz", "Wr", "Wn")}
    weights |= {name: d.array(d.H, 1) for name in ("bz", "br", "bn")}
    inputs = [d.array(d.D, d.N), d.array(d.H, d.N), weights]
    return foreign.gru_cell_forward, inputs, foreign.gru_cell_backward()


def foreign_relu(d):
    model = foreign.ReluRNN()
    inputs = [d.array(d.T, d.N, d.D), d.array(d.H, d.D), d.array(d.H, d.H), d.array(d.H)]
    return model.forward, [*inputs, d.mask(d.T, d.N)], model.backward


def foreign_loss(d):
    mask = d.mask(d.N, d.T)
    mask[0, 0] = True
    labels = d.rng.integers(0, d.D + 1, (d.N, d.T))
    scores = d.rng.uniform(0.01, 5) * d.rng.standard_normal((d.N, d.T, d.D + 1))
    return foreign.softmax_loss(), [scores, labels, mask], None


def foreign_lstm(d):
    inputs = [d.array(d.N, d.T, d.D), d.array(d.N, d.H), d.array(d.N, d.H)]
    inputs += [d.array(d.D, 4 * d.H), d.array(d.H, 4 * d.H), d.array(4 * d.H)]
    return others.lstm_forward, inputs, others.lstm_backward()


def foreign_joined(d):
    inputs = [d.array(d.T, d.N, d.D), d.array(1 + d.D + d.H, 4 * d.H)]
    inputs += [d.array(d.N, d.H), d.array(d.N, d.H)]
    return others.joined_forward, inputs, others.joined_backward()


def foreign_loops(d):
    inputs = [d.array(d.T, d.D), d.array(d.H, d.D), d.array(d.H, d.H), d.array(d.H)]
    return others.loops_forward, inputs, others.loops_backward()


def foreign_gru(d):
    inputs = [d.array(d.N, d.T, d.D), d.array(3, d.H, d.D), d.array(3, d.H, d.H)]
    return (
        others.gru_forward,
        [*inputs, d.array(2, 3, d.H), d.mask(d.N, d.T)],
        others.gru_backward(),
    )


def foreign_last(d):
    lengths = d.rng.integers(1, d.T + 1, d.N)
    inputs = [d.array(d.N, d.T, d.H), d.array(d.H, d.D), lengths]
    return others.last_forward, inputs, others.last_backward()


def foreign_kinks(d):
    inputs = [d.array(d.N, d.T, d.D), d.array(d.D, d.H), d.array(d.H)]
    return others.kinks_forward, inputs, others.kinks_backward()


def dense(d):
    """tanh, relu or linear layer, then a mean squared error."""
    target, kind = d.array(d.N, d.H), int(d.rng.integers(3))

    def forward(x, W, b):
        a = x @ W + b
        y = [np.tanh(a), np.maximum(a, 0), a][kind]
        return np.mean((y - target) ** 2), (x, W, a, y)

    def backward(dloss, cache):
        x, W, a, y = cache
        dy = dloss * 2 * (y - target) / y.size
        da = dy * [1 - y**2, a > 0, 1.0][kind]
        return da @ W.T, x.T @ da, da.sum(axis=0)

    return forward, [d.array(d.N, d.D), d.array(d.D, d.H), d.array(d.H)], backward


MAKERS = (
    cell_rnn,
    cell_lstm,
    cell_gru,
    foreign_rnn,
    foreign_lstm_step,
    foreign_gru_cell,
    foreign_relu,
    foreign_loss,
    dense,
    foreign_lstm,
    foreign_joined,
    foreign_loops,
    foreign_gru,
    foreign_last,
    foreign_kinks,
)


def trial(seed):
    """Return the maker's name and the result of one random check."""
    draw = Draw(seed)
    maker = MAKERS[seed % len(MAKERS)]
    f, inputs, backward = maker(draw)
    # Every third by inner products, as large arrays are.
    limit = 4 if seed % 3 == 0 else 2000
    return maker.__name__, check_gradients(f, inputs, backward, seed=seed, max_entries=limit)


def spoil(backward, choice):
    """Return `backward` with one clear entry of one gradient changed by a thousandth."""

    def spoiled(*given, **named):
        gradients = backward(*given, **named)
        found = {k: g for k, g in gradients._asdict().items() if g is not None and np.any(g)}
        if not found:
            return gradients
        name = sorted(found)[choice % len(found)]
        gradient = found[name].copy()
        largest = np.argsort(np.abs(gradient), axis=None)[-1 - choice % 3 :][0]
        gradient.flat[largest] *= 1 + 1e-3
        return gradients._replace(**{name: gradient})

    spoiled.__signature__ = inspect.signature(backward)
    return spoiled


def count_misses(count):
    """Return how many spoiled gradients passed, passed as too small to tell, and were spoiled."""
    missed = unresolved = spoiled = 0
    for seed in range(count):
        draw = Draw(seed)
        draw.extreme = False
        maker = MAKERS[seed % 3]
        f, inputs, backward = maker(draw)
        right = check_gradients(f, inputs, backward, seed=seed)
        wrong = check_gradients(f, inputs, spoil(backward, seed), seed=seed)
        if str(right) == str(wrong):
            continue
        spoiled += 1
        if wrong.ok:
            small = sum(array.unresolved for array in wrong) > 0
            unresolved, missed = unresolved + small, missed + (not small)
            print(f"seed {seed}, {maker.__name__}:\n{wrong}\n")
    return missed, unresolved, spoiled


def examine(seeds):
    """Run right functions; return the counts, and what was called wrong as text."""
    counts, reports = Counter(trials=len(seeds)), []
    for seed in seeds:
        name, result = trial(seed)
        for array in result:
            counts["kinks skipped"] += int(array.kinks)
            counts["too small to tell"] += int(array.unresolved)
            counts["entries compared"] += int(array.checked)
        if not result.ok:
            reports.append(f"seed {seed}, {name}:\n{result}\n")
    return counts, reports


def count_alarms(count, first=0, processes=1):
    """Run right functions and return how many were called wrong; print what happened."""
    seeds = range(first, first + count)
    shares = [seeds[k :: 4 * processes] for k in range(4 * processes)]
    if processes == 1:
        results = list(map(examine, shares))
    else:
        # Fresh processes: those of a fork would inherit locks of compiled kernels' threads.
        with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
            results = list(pool.map(examine, shares))
    counts = sum((counts for counts, _ in results), Counter())
    reports = [report for _, found in results for report in found]
    print(*reports, f"{len(reports)} false alarms; {dict(counts)}", sep="\n", flush=True)
    return len(reports)


if __name__ == "__main__":
    number, start = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    count_alarms(number, start, processes=os.cpu_count() or 1)
    print("spoiled gradients: missed, too small to tell, of", count_misses(number // 5))
