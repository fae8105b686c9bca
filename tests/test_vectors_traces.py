"""Whole training runs, single layers and a captioning pipeline against others' numbers."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import layers, losses, optimizers
from scratchrnn.models import Sequential

from .recurrences import forward, functions
from .vector_cases import Case, cases
from .vector_network import Network


def of_framework(name: str) -> list:
    """Return the training traces that a framework made."""
    found = cases("training_trace")
    return [p for p in found if p.values[0] is None or p.values[0].config["framework"] == name]


def make_layer(config: dict):
    """Return our layer for a layer of a trace."""
    config = dict(config)
    kind = config.pop("type")
    if kind == "TimeDistributed":
        return layers.TimeDistributed(make_layer(config["layer"]), dtype="float64")
    if kind == "Embedding":
        return layers.Embedding(**config, dtype="float64")
    if "kernel_regularizer" in config:
        config["kernel_regularizer"] = {
            "class_name": "L2", "config": {"l2": config["kernel_regularizer"]["l2"]}
        }  # fmt: skip
    return getattr(layers, kind)(**config, dtype="float64")


def made(module, config: dict):
    """Return the loss or optimizer that a configuration names."""
    config = dict(config)
    return getattr(module, config.pop("type"))(**config)


@pytest.mark.parametrize("case", of_framework("keras"))
def test_training_goes_step_by_step_as_in_keras(case: Case):
    model = Sequential([make_layer(config) for config in case.config["model"]])
    model.build((None, *case.arrays["in.x.0"].shape[1:]))
    initial = [k for k in sorted(case.arrays) if k.startswith("native.initial.")]
    model.set_weights([case.arrays[k] for k in initial])
    model.compile(made(optimizers, case.config["optimizer"]), made(losses, case.config["loss"]))
    case.check(model.predict(case.arrays["in.x.0"], verbose=0), case.arrays["out.pred0"])
    history = [
        model.fit(x, y, batch_size=len(x), verbose=0).history["loss"][0]
        for x, y in zip(case.numbered("in.x"), case.numbered("in.y"), strict=True)
    ]
    case.check(history, case.arrays["out.loss"])
    final = [k for k in sorted(case.arrays) if k.startswith("native.final.")]
    for key, weight in zip(final, model.get_weights(), strict=True):
        case.check(weight, case.arrays[key])


class TorchTrace:
    """PyTorch's training loop: two biases a gate, a linear head on the last step of all."""

    def __init__(self, case: Case):
        self.case, model = case, case.config["model"]
        self.op = {"RNN": "simple_rnn", "LSTM": "lstm", "GRU": "gru"}[model["rnn"]]
        act = {"gate": "sigmoid", "cand": "tanh"}
        direction = "bidirectional" if model["bidirectional"] else "forward"
        self.config = {"direction": direction, "layers": model["num_layers"], "act": act}
        if self.op == "gru":
            self.config["reset_after"] = True
        self.variables = {k: v.copy() for k, v in case.arrays.items() if k.startswith("p.")}
        self.loss = {
            "CrossEntropyLoss": lambda: losses.SparseCategoricalCrossentropy(from_logits=True),
            "L1Loss": losses.MeanAbsoluteError,
            "MSELoss": losses.MeanSquaredError,
        }[case.config["loss"]["type"]]()

    def step(self, x, y) -> tuple[float, dict[str, np.ndarray]]:
        """Return the loss and the gradient of every variable."""
        v, cell = self.variables, {"simple_rnn": "rnn"}.get(self.op, self.op)
        arrays = {**v, "in.x": x}
        network = Network(
            self.case._replace(config=self.config, arrays=arrays), self.op, functions("numpy", cell)
        )
        h = network.forward()["y"]
        logits = h[:, -1] @ v["p.dense.kernel"] + v["p.dense.bias"]
        value, d_logits = self.loss.value_and_gradient(y, logits)
        arrays["cot.y"] = np.zeros_like(h)
        arrays["cot.y"][:, -1] = d_logits @ v["p.dense.kernel"].T
        gradients = network.backward()
        gradients |= {"dense.kernel": h[:, -1].T @ d_logits, "dense.bias": d_logits.sum(axis=0)}
        return float(value), {k: gradients[k.removeprefix("p.")] for k in v}

    def optimizer(self):
        """Return our optimizer; its settings are made PyTorch's at every step."""
        config = self.case.config["optimizer"]
        if config["type"] == "Adam":
            return optimizers.Adam(config["lr"], *config["betas"])
        if config["type"] == "SGD":
            return optimizers.SGD(config["lr"], momentum=config["momentum"])
        return optimizers.Adagrad(config["lr"], initial_accumulator_value=0.0, epsilon=1e-20)


@pytest.mark.parametrize("case", of_framework("torch"))
def test_training_goes_step_by_step_as_in_pytorch(case: Case):
    if case.config["optimizer"]["type"] == "Adagrad":
        # sqrt(a) + 1e-10 there, the root of a sum here: gradients of 1e-4 step 1e-6 further.
        case = case._replace(tolerance={"rtol": 2e-6, "atol": 3e-7})
    trace, history, norms = TorchTrace(case), [], []
    optimizer, config = trace.optimizer(), case.config
    for s, (x, y) in enumerate(
        zip(case.numbered("in.x"), case.numbered("in.y"), strict=True), start=1
    ):
        value, gradients = trace.step(x, y)
        history.append(value)
        norms.append(optimizers.global_norm(list(gradients.values())))
        if config["clip_grad_norm"]:
            scale = min(1.0, config["clip_grad_norm"] / (norms[-1] + 1e-6))
            gradients = {k: scale * g for k, g in gradients.items()}
        if config["schedule"]:
            periods = (s - 1) // config["schedule"]["step_size"]
            rate = config["optimizer"]["lr"] * config["schedule"]["gamma"] ** periods
            optimizer.learning_rate = rate
        if config["optimizer"]["type"] == "Adam":
            # PyTorch adds epsilon after the bias correction of v, Keras before.
            beta_2 = config["optimizer"]["betas"][1]
            optimizer.epsilon = config["optimizer"]["eps"] * np.sqrt(1 - beta_2**s)
        optimizer.apply([gradients[k] for k in trace.variables], list(trace.variables.values()))
    case.check(history, case.arrays["out.loss"])
    if "out.grad_norm" in case.arrays:
        case.check(norms, case.arrays["out.grad_norm"])
    for key, value in trace.variables.items():
        case.check(value, case.arrays[f"out.final.{key.removeprefix('p.')}"])


@pytest.mark.parametrize("case", cases("layer"))
def test_single_layers_have_the_published_values_and_gradients(case: Case):
    p = {k.removeprefix("p."): v for k, v in case.arrays.items() if k.startswith("p.")}
    if case.op == "embedding":
        layer = layers.Embedding(*p["embeddings"].shape, dtype="float64")
        weights = [p["embeddings"]]
    else:
        bias = "bias" in p
        units, activation = p["kernel"].shape[1], case.config["activation"]
        layer = layers.Dense(units, activation=activation, use_bias=bias, dtype="float64")
        weights = [p["kernel"], p["bias"]] if bias else [p["kernel"]]
    layer.build(case.arrays["in.x"].shape)
    layer.set_weights(weights)
    case.check(layer(case.arrays["in.x"]), case.arrays["out.y"])
    if "cot.y" in case.arrays:
        dx = layer.backward(case.arrays["cot.y"])
        found = dict(zip(("kernel", "bias"), layer.gradients, strict=False))
        found |= {"embeddings": layer.gradients[0], "x": dx}
        for key, want in case.arrays.items():
            if key.startswith("grad."):
                case.check(found[key.removeprefix("grad.")], want)


@pytest.mark.parametrize("case", cases("pipeline"))
def test_the_captioning_pipeline_has_the_published_loss(case: Case):
    p = {k.removeprefix("p."): v for k, v in case.arrays.items() if k.startswith("p.")}
    captions = case.arrays["in.captions"].astype(int)
    arrays = {
        "x": p["W_embed"][captions[:, :-1]],
        "h0": case.arrays["in.features"] @ p["W_proj"] + p["b_proj"],
        **{key: p[key] for key in ("Wx", "Wh", "b")},
    }
    h = forward(functions("numpy", "rnn"), "rnn", arrays)[0]["h"]
    scores, target = h @ p["W_vocab"] + p["b_vocab"], captions[:, 1:]
    loss = losses.SparseCategoricalCrossentropy(
        from_logits=True, ignore_class=case.config["null_token"], reduction="sum"
    )
    case.check(loss(target, scores) / len(captions), case.arrays["out.loss"])
