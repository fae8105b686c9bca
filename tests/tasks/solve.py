"""Train a recurrent network on a published task until it is solved or its budget is spent.

Every network starts as the papers' did, from small uniform weights (Hochreiter and Schmidhuber
draw from [-0.1, 0.1]), and is trained in the same way with the same budget of sequences. Gates
begin nearly shut, so that what is stored stays: their biases are drawn for the time span of the
task (Tallec and Ollivier 2018), which for an LSTM comes close to the cell of 1997, that had no
forget gate and negative input biases.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import scratchrnn
from scratchrnn import layers
from scratchrnn.initializers import RandomUniform
from scratchrnn.layers import Dense, Input, RepeatVector, TimeDistributed
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam

from .catalogue import TASKS, Task
from .problems import Sample

CELLS = ("SimpleRNN", "LSTM", "GRU")
FINAL = 2560  # fresh sequences that a trained network is tested on, as in 1997


class Outcome(NamedTuple):
    """What a network achieved."""

    solved: bool
    wrong: float  # share of the final test that is wrong
    sequences: int  # seen in training
    curve: list[float]  # score on unseen sequences after every so many updates
    model: Sequential


def initial_weights(cell: str, seed: int, start: str) -> dict:
    """Return the constructor's arguments for the weights that a network begins with."""
    if start == "orthogonal":
        return {"seed": seed}
    return {
        "kernel_initializer": RandomUniform(-0.1, 0.1, seed=seed),
        "recurrent_initializer": RandomUniform(-0.1, 0.1, seed=seed + 50),
    }


def shut_gates(layer, span: int, rng: np.random.Generator) -> None:
    """Let each unit forget at a rate of its own, between one step and `span`.

    References
    ----------
    C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018, section 3.
    """
    H = layer.units
    keep = np.log(rng.uniform(1, span - 1, H))
    if layer.cell == "lstm":
        layer.bias[:H], layer.bias[H : 2 * H] = -keep, keep
    elif layer.cell == "gru":
        layer.bias[0, :H] = keep


def build(task: Task, cell: str, seed: int = 0, start: str = "uniform") -> Sequential:
    """Make the network of a task: one recurrent layer and a dense one, or two and a dense one.

    Parameters
    ----------
    task : Task
    cell : {"SimpleRNN", "LSTM", "GRU"}
    seed : int
    start : {"uniform", "orthogonal"}
        Small uniform weights, or what Keras begins with.
    """
    kind = getattr(layers, cell)
    x = task.make(np.random.default_rng(0), 1).x

    def recurrent(seed: int, **options):
        return kind(task.units, **initial_weights(cell, seed, start), **options)

    head = Dense(task.outputs, activation=task.activation, seed=seed + 1)
    stack = [Input((None, x.shape[2])), recurrent(seed, return_sequences=task.answers == "step")]
    if task.answers == "later":
        steps = task.make(np.random.default_rng(0), 1).y.shape[1]
        stack += [RepeatVector(steps), recurrent(seed + 2, return_sequences=True)]
    stack.append(head if task.answers == "end" else TimeDistributed(head))
    model = Sequential(stack)
    model.compile(Adam(task.learning_rate, global_clipnorm=1.0), task.loss)
    if start == "uniform":
        rng = np.random.default_rng(seed + 7)
        for layer in model.layers:
            if hasattr(layer, "recurrent_kernel"):
                shut_gates(layer, task.span, rng)
    return model


def score(task: Task, model: Sequential, sample: Sample) -> float:
    """Return the share of what the network gets right."""
    predicted = model.predict(sample.x, batch_size=512, verbose=0, mask=sample.mask)
    return task.score(sample, predicted)


def solve(
    name: str,
    cell: str,
    seed: int = 0,
    start: str = "uniform",
    updates: int | None = None,
    tbptt: int | None = None,
) -> Outcome:
    """Train `cell` on fresh sequences of a task; stop when 512 unseen ones are solved.

    Parameters
    ----------
    name : str
        One of ``TASKS``.
    cell : {"SimpleRNN", "LSTM", "GRU"}
    seed : int
        Of the weights, and of the sequences trained on and tested with.
    start : {"uniform", "orthogonal"}
        See :func:`build`.
    updates : int, optional
        The budget; the task's own by default.
    tbptt : int, optional
        Truncate BPTT after so many steps; 1 trains as Elman did.

    Returns
    -------
    Outcome
    """
    task = TASKS[name]
    rng = np.random.default_rng(seed)
    test = task.make(np.random.default_rng(10_000 + seed), 512, True)
    curve, done = [], 0
    with scratchrnn.use_backend("numba"):
        model = build(task, cell, seed, start)
        while done < (updates or task.updates) and (not curve or curve[-1] < task.solved):
            _train(model, task, rng, tbptt)
            done += task.every
            curve.append(score(task, model, test))
        final = task.make(np.random.default_rng(20_000 + seed), FINAL, True)
        wrong = 1 - score(task, model, final)
    return Outcome(curve[-1] >= task.solved, wrong, done * task.batch, curve, model)


def _train(model: Sequential, task: Task, rng: np.random.Generator, tbptt: int | None) -> None:
    """Make `task.every` updates on fresh sequences, each with the gradient of one batch."""
    for _ in range(task.every):
        batch = task.make(rng, task.batch)
        if tbptt is None:
            model.train_on_batch(batch.x, batch.y, mask=batch.mask)
        else:
            options = {"tbptt": tbptt, "batch_size": task.batch, "verbose": 0}
            model.fit(batch.x, batch.y, mask=batch.mask, **options)
