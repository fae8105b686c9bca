"""Keras on JAX, compiled by XLA as `fit` compiles it."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from ..cases import Case, data, results
from . import keras_model


def layer(case: Case):
    """One pass through a layer that returns its sequence."""
    jax.config.update("jax_enable_x64", case.dtype == "float64")
    d = data(case)
    theirs = keras_model.layer(case, d)
    weights = [variable.value for variable in theirs.trainable_variables]
    others = [variable.value for variable in theirs.non_trainable_variables]
    x, dh = jnp.asarray(d.x), jnp.asarray(d.dh)
    mask = None if d.mask is None else jnp.asarray(d.mask)

    def forward(weights, x):
        return theirs.stateless_call(weights, others, x, mask=mask)[0]

    @jax.jit
    def both(weights, x, dh):
        h, pull = jax.vjp(forward, weights, x)
        return h, pull(dh)

    compiled = jax.jit(forward)

    def run():
        answer = both(weights, x, dh) if case.backward else (compiled(weights, x), None)
        return jax.block_until_ready(answer)

    def outcome(answer):
        h, gradients = answer
        return results(case, d, h, [gradients[1], *gradients[0]] if gradients else [])

    return run, outcome


TASKS = {"layer": layer, "epoch": keras_model.epoch}
