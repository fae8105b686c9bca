"""Keras on TensorFlow, as a graph."""

from __future__ import annotations

import os

import tensorflow as tf

from ..cases import Case, data, results
from . import keras_model

_threads = int(os.environ["OMP_NUM_THREADS"])
tf.config.threading.set_intra_op_parallelism_threads(_threads)
tf.config.threading.set_inter_op_parallelism_threads(_threads)


def layer(case: Case):
    """One pass through a layer that returns its sequence."""
    d = data(case)
    theirs = keras_model.layer(case, d)
    x, dh = tf.constant(d.x), tf.constant(d.dh)
    mask = None if d.mask is None else tf.constant(d.mask)

    @tf.function
    def forward(x):
        return theirs(x, mask=mask)

    @tf.function
    def both(x, dh):
        with tf.GradientTape() as tape:
            tape.watch(x)
            h = theirs(x, mask=mask)
        variables = [x, *(variable.value for variable in theirs.trainable_variables)]
        return h, tape.gradient(h, variables, output_gradients=dh)

    def run():
        return both(x, dh) if case.backward else (forward(x), [])

    return run, lambda outcome: results(case, d, *outcome)


TASKS = {"layer": layer, "epoch": keras_model.epoch}
