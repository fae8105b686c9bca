"""Losses, metrics, activations, optimizers, schedules and padding against others' numbers.

The cases left out, and why, are listed in ``LEFT_OUT``; ``pytest -rs`` prints them.
"""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from scratchrnn import activations, losses, metrics, optimizers
from scratchrnn.optimizers import schedules
from scratchrnn.utils import pad_sequences

from .shared import shared
from .test_vectors_recurrent import LEFT_OUT as LEFT_OUT_OF_CORE
from .test_vectors_recurrent import LEFT_OUT_OF_LAYERS
from .vector_cases import Case, cases

EPSILON_OUTSIDE = "PyTorch adds epsilon after the root or the bias correction; ours is Keras's"
LEFT_OUT = {
    "torch_optimizer_SGD_03": "dampening: Keras has none",
    "torch_optimizer_SGD_04": "weight decay added to the gradient; ours, as Keras's, is decoupled",
    "torch_optimizer_RMSprop_02": EPSILON_OUTSIDE,
    "torch_optimizer_Adam_01": EPSILON_OUTSIDE,
    "torch_optimizer_Adam_02": EPSILON_OUTSIDE,
    "torch_optimizer_Adagrad_00": EPSILON_OUTSIDE,
    "torch_optimizer_Adamax_00": EPSILON_OUTSIDE,
    "torch_optimizer_RAdam_00": "Keras has no RAdam",
}


def make_loss(case: Case) -> losses.Loss:
    """Return our loss for a case of Keras's or PyTorch's."""
    config = {k: v for k, v in case.config.items() if k != "magnitude"}
    if case.convention != "torch":
        return getattr(losses, case.op)(**config)
    reduction = {"mean": "sum_over_batch_size", "sum": "sum"}[config["reduction"]]
    if case.op == "cross_entropy":
        ignore = config.get("ignore_index")
        return losses.SparseCategoricalCrossentropy(True, ignore, reduction)
    return {
        "mse_loss": lambda: losses.MeanSquaredError(reduction),
        "l1_loss": lambda: losses.MeanAbsoluteError(reduction),
        "huber_loss": lambda: losses.Huber(config["delta"], reduction),
        "smooth_l1_loss": lambda: losses.Huber(config["beta"], reduction),
        "binary_cross_entropy": lambda: losses.BinaryCrossentropy(reduction=reduction),
        "binary_cross_entropy_with_logits": lambda: losses.BinaryCrossentropy(
            True, reduction=reduction
        ),
    }[case.op]()


@pytest.mark.parametrize("case", cases("loss"))
def test_losses_have_the_published_values_and_gradients(case):
    loss = make_loss(case)
    batch = [case.arrays.get(f"in.{n}") for n in ("y_true", "y_pred", "sample_weight")]
    case.check(loss(*batch), case.arrays["out.loss"])
    value, gradient = loss.value_and_gradient(*batch)
    case.check(value, case.arrays["out.loss"])
    if "grad.y_pred" in case.arrays:
        case.check(gradient, case.arrays["grad.y_pred"])


@pytest.mark.filterwarnings("ignore:R2Score")  # too few samples to adjust: Keras warns as well
@pytest.mark.parametrize("case", cases("metric"))
def test_metrics_have_the_published_results(case):
    config = dict(case.config)
    if case.op == "R2Score":  # what is None is missing from the stored configuration
        config.setdefault("class_aggregation", None)
    metric = getattr(metrics, case.op)(**config)
    update = 0
    while any(name.startswith(f"in.{update}.") for name in case.arrays):
        names = ("values", "y_true", "y_pred", "sample_weight")
        batch = {n: case.arrays.get(f"in.{update}.{n}") for n in names}
        metric.update_state(**{n: array for n, array in batch.items() if array is not None})
        update += 1
    assert update > 0
    case.check(metric.result(), case.arrays["out.result"])


@pytest.mark.parametrize("case", cases("activation"))
def test_activations_have_the_published_values_and_gradients(case):
    names = {"hardsigmoid": "hard_sigmoid", "hardtanh": "hard_tanh", "exp": "exponential"}
    activation = activations.get(names.get(case.op, case.op)).configure(**case.config)
    x = case.arrays["in.x"]
    y = activation(x)
    case.check(y, case.arrays["out.y"])
    cotangent = case.arrays.get("cot.y", np.ones_like(y))
    case.check(activation.gradient(cotangent, x, y), case.arrays["grad.x"])


def make_optimizer(case: Case) -> optimizers.Optimizer:
    """Return our optimizer for a case of Keras's or PyTorch's."""
    config = dict(case.config)
    if case.convention == "torch":
        config["learning_rate"] = config.pop("lr")
        config["epsilon"] = config.pop("eps", None)
        no_effect = {"dampening": 0, "weight_decay": 0}
        config = {k: v for k, v in config.items() if v is not None and no_effect.get(k) != v}
    return getattr(optimizers, case.op)(**config)


@pytest.mark.parametrize("case", cases("optimizer", left_out=LEFT_OUT))
def test_optimizers_take_the_published_steps(case):
    optimizer = make_optimizer(case)
    suffixes = [name.removeprefix("in.x0") for name in case.arrays if name.startswith("in.x0")]
    variables = [case.arrays[f"in.x0{s}"].copy() for s in suffixes]
    steps = {int(name.split(".")[2]) for name in case.arrays if name.startswith("in.grad.")}
    for step in sorted(steps):
        optimizer.apply([case.arrays[f"in.grad.{step}{s}"] for s in suffixes], variables)
        for s, x in zip(suffixes, variables, strict=True):
            if f"out.x.{step}{s}" in case.arrays:
                case.check(x, case.arrays[f"out.x.{step}{s}"])


@pytest.mark.parametrize("case", cases("gradient_clipping"))
def test_clipping_gives_the_published_gradients(case):
    gradients, config = case.numbered("in.grad"), case.config
    if "clipnorm" in config:
        clipped = [optimizers.clip_by_norm(g, config["clipnorm"]) for g in gradients]
    elif "clipvalue" in config or "clip_value" in config:
        bound = config.get("clipvalue", config.get("clip_value"))
        clipped = [optimizers.clip_by_value(g, bound) for g in gradients]
    else:
        order = math.inf if config["norm_type"] == "inf" else config["norm_type"]
        clipped = optimizers.clip_by_global_norm(gradients, config["max_norm"], order, 1e-6)
        norm = optimizers.global_norm(gradients, order)
        case.check(norm, case.arrays["out.total_norm"])
    for got, want in zip(clipped, case.numbered("out.grad"), strict=True):
        case.check(got, want)


@pytest.mark.parametrize("case", cases("lr_schedule"))
def test_schedules_give_the_published_rates(case):
    schedule = getattr(schedules, case.op)(**case.config)
    case.check([schedule(int(s)) for s in case.arrays["in.step"]], case.arrays["out.lr"])


@pytest.mark.parametrize("case", cases("pad_sequences"))
def test_sequences_are_padded_as_published(case):
    values, lengths = case.arrays["in.values"], case.arrays["in.lengths"]
    values = values[:, 0] if values.shape[1] == 1 else values
    ragged = np.split(values, np.cumsum(lengths)[:-1])
    case.check(pad_sequences(ragged, **case.config), case.arrays["out.padded"])


# Kinds that other files run: test_vectors_recurrent.py, test_vectors_traces.py.
ELSEWHERE = {"rnn", "layer", "pipeline", "training_trace"}
HERE = {
    "loss", "metric", "activation", "optimizer", "gradient_clipping", "lr_schedule", "pad_sequences"
}  # fmt: skip


def test_every_kind_of_case_is_run_and_only_cases_that_exist_are_left_out():
    manifest = json.loads((shared("vectors") / "manifest.json").read_text(encoding="utf-8"))
    assert {entry["kind"] for entry in manifest["cases"]} == HERE | ELSEWHERE
    assert set(LEFT_OUT) < {e["id"] for e in manifest["cases"] if e["kind"] == "optimizer"}
    left_out = {**LEFT_OUT_OF_CORE, **LEFT_OUT_OF_LAYERS}
    assert set(left_out) < {e["id"] for e in manifest["cases"] if e["kind"] == "rnn"}
