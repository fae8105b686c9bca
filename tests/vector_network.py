"""A stack of recurrences, forward and backward, as the conformance vectors describe it.

Built on the functional core alone: layers, directions, merging and padding are a few lines each
here, so that a case can be run on either backend without anything of the layers.
"""

from __future__ import annotations

import numpy as np

from scratchrnn.cells.activations import Activation

from . import recurrences

ORDER = {"simple_rnn": "h", "lstm": "ifgo", "gru": "zrn"}
CELL = {"simple_rnn": "rnn", "lstm": "lstm", "gru": "gru"}


def activation(spec):
    """Return the core's activation for a name, or for a name with parameters."""
    if isinstance(spec, str):
        return spec
    alpha, beta = spec.get("alpha", 0.0), spec.get("beta", 0.0)
    if spec["name"] == "hard_sigmoid" and np.isclose(alpha, 1 / 6) and beta == 0.5:
        return "hard_sigmoid"
    return {
        "hard_sigmoid": Activation(
            lambda a: np.clip(alpha * a + beta, 0, 1), lambda y: alpha * ((y > 0) & (y < 1))
        ),
        "leaky_relu": Activation(
            lambda a: np.where(a > 0, a, alpha * a), lambda y: np.where(y > 0, 1, alpha)
        ),
        "scaled_tanh": Activation(
            lambda a: alpha * np.tanh(beta * a), lambda y: beta * (alpha - y**2 / alpha)
        ),
    }[spec["name"]]


def activations(cell: str, act: dict) -> dict:
    """Return the options of the core's forward function."""
    if act.get("out", act["cand"]) != act["cand"]:
        raise ValueError(f"candidate and output activation differ: {act}")
    options = {"activation": activation(act["cand"])}
    if cell != "simple_rnn":
        options["recurrent_activation"] = activation(act["gate"])
    return options


class Direction:
    """One recurrence of one layer: parameters in, gradients out, in the vectors' names."""

    def __init__(self, case, cell: str, layer: int, name: str, dtype):
        self.cell, self.key, self.backwards = cell, f"l{layer}.{name}", name == "bwd"
        self.gates, self.arrays, self.dtype = ORDER[cell], case.arrays, dtype
        act = case.config["act"]
        if self.backwards:
            act = case.config.get("act_bwd", act)
        self.options = activations(cell, act)
        self.two_biases = bool(case.config.get("reset_after"))
        if cell == "gru":
            self.options["reset_after"] = self.two_biases

    def parameter(self, letter: str, shape: tuple[int, ...]) -> np.ndarray:
        """Return one kind of parameter of all gates side by side; zeros where one is absent."""
        name = f"p.{self.key}.{letter}"
        parts = [self.arrays.get(f"{name}_{g}", np.zeros(shape)) for g in self.gates]
        return np.concatenate(parts, axis=-1).astype(self.dtype)

    def weights(self) -> dict[str, np.ndarray]:
        """Return Wx, Wh, b, peepholes and initial states for the core."""
        H = self.arrays[f"p.{self.key}.U_{self.gates[-1]}"].shape[0]
        b, bu = self.parameter("b", (H,)), self.parameter("bu", (H,))
        found = {"Wx": self.parameter("W", (0, H)), "Wh": self.parameter("U", (H, H))}
        found["b"] = np.stack([b, bu]) if self.two_biases else b + bu
        if any(f"p.{self.key}.p_{g}" in self.arrays for g in "ifo"):
            rows = [self.arrays.get(f"p.{self.key}.p_{g}", np.zeros(H)) for g in "ifo"]
            found["peepholes"] = np.stack(rows).astype(self.dtype)
        for letter in recurrences.STATES[CELL[self.cell]]:
            state = self.arrays.get(f"in.{self.key}.{letter}0")
            found[f"{letter}0"] = None if state is None else state.astype(self.dtype)
        return found

    def turn(self, x):
        """Return steps in processing order, or back from it."""
        return x[:, ::-1] if self.backwards and x is not None else x

    def forward(self, pair, x, mask, states: dict) -> np.ndarray:
        """Run over x (N, T, F); return h (N, T, H) in processing order."""
        self.pair = pair
        arrays = {**self.weights(), **states, "x": self.turn(x), "mask": self.turn(mask)}
        self.outputs, self.cache = recurrences.forward(
            pair, CELL[self.cell], arrays, **self.options
        )
        return self.outputs["h"]

    def backward(self, dh: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Return dx in input order, and gradients by the vectors' names."""
        upstream = {"h": dh}
        for letter in recurrences.STATES[CELL[self.cell]]:
            cotangent = self.arrays.get(f"cot.{self.key}.{letter}_T")
            upstream[f"{letter}T"] = None if cotangent is None else cotangent.astype(self.dtype)
        found = recurrences.backward(self.pair, CELL[self.cell], upstream, self.cache)
        named = self.named_gradients(found["Wx"], found["Wh"], found["b"])
        named |= {f"{self.key}.{k}": found[k] for k in ("h0", "c0") if k in found}
        return self.turn(found["x"]), named

    def named_gradients(self, dWx, dWh, db) -> dict[str, np.ndarray]:
        """Return packed gradients gate by gate, by the vectors' names."""
        db, dbu = np.broadcast_to(db, (2, db.shape[-1]))
        named = {}
        for letter, gradient in (("W", dWx), ("U", dWh), ("b", db), ("bu", dbu)):
            parts = np.split(gradient, len(self.gates), axis=-1)
            for gate, part in zip(self.gates, parts, strict=True):
                named[f"{self.key}.{letter}_{gate}"] = part
        return named


class Network:
    """All layers and directions of one case on one backend."""

    def __init__(self, case, cell: str, pair, dtype=np.float64):
        self.case, self.pair, self.dtype = case, pair, dtype
        names = {"forward": ["fwd"], "reverse": ["bwd"], "bidirectional": ["fwd", "bwd"]}
        self.layers = [
            [Direction(case, cell, layer, n, dtype) for n in names[case.config["direction"]]]
            for layer in range(case.config.get("layers", 1))
        ]
        self.merge = case.config.get("merge", "concat")
        self.in_processing_order = case.config.get("output_order") == "processing"

    def mask(self, T: int):
        """Return the mask (N, T), from a mask or from lengths, or None."""
        if "in.lengths" in self.case.arrays:
            return recurrences.mask_of(self.case.arrays["in.lengths"], T)
        mask = self.case.arrays.get("in.mask")
        return None if mask is None else mask.astype(bool)

    def forward(self) -> dict[str, np.ndarray]:
        """Return every output by the vectors' names; of several calls, those of the last."""
        calls = self.case.config.get("calls", 1)
        names = ["in.x"] if calls == 1 else [f"in.x.{i}" for i in range(calls)]
        states: dict = {}
        for name in names:
            y = self._layers(self.case.arrays[name].astype(self.dtype), states)
            states = {
                d.key: {k.replace("T", "0"): v for k, v in d.outputs.items() if k != "h"}
                for layer in self.layers for d in layer
            }  # fmt: skip
        final = {
            f"{d.key}.{k[0]}_T": v
            for layer in self.layers for d in layer for k, v in d.outputs.items() if k != "h"
        }  # fmt: skip
        return {**y, **final}

    def _layers(self, x, states: dict) -> dict[str, np.ndarray]:
        self.inputs, self.shown, self.parts = [], [], []
        mask = self.mask(x.shape[1])
        for layer in self.layers:
            self.inputs.append(x)
            runs = [d.forward(self.pair, x, mask, states.get(d.key, {})) for d in layer]
            shown = [self._shown(d.turn(mask)) for d in layer]
            runs = [
                np.where(s, h, 0) if s is not None else h for s, h in zip(shown, runs, strict=True)
            ]
            last = [h[:, -1] for h in runs]
            parts = runs if self.in_processing_order else [
                d.turn(h) for d, h in zip(layer, runs, strict=True)
            ]  # fmt: skip
            self.shown.append(shown)
            self.parts.append((parts, last))
            if self.merge != "none":
                x = self._merged(parts)
        if self.merge == "none":
            both = zip(("fwd", "bwd"), parts, last, strict=True)
            return {f"{k}.{n}": v for n, y, e in both for k, v in (("y", y), ("y_last", e))}
        return {"y": x, "y_last": self._merged(last)}

    def _shown(self, mask):
        """Where an output is what the core gives, in processing order (N, T, 1), or None."""
        if mask is None:
            return None
        if self.case.config["padding"] == "mask_hold":
            return np.logical_or.accumulate(mask, axis=1)[..., None]
        return mask[..., None]

    def _merged(self, parts):
        if len(parts) == 1:
            return parts[0]
        first, second = parts
        return {
            "concat": lambda: np.concatenate(parts, axis=-1),
            "sum": lambda: first + second,
            "ave": lambda: (first + second) / 2,
            "mul": lambda: first * second,
        }[self.merge]()

    def _unmerged(self, dy, parts):
        if len(parts) == 1:
            return [dy]
        return {
            "concat": lambda: np.split(dy, 2, axis=-1),
            "sum": lambda: [dy, dy],
            "ave": lambda: [dy / 2, dy / 2],
            "mul": lambda: [dy * parts[1], dy * parts[0]],
        }[self.merge]()

    def _cotangents(self, name: str, parts):
        """Return the cotangent of each direction's part of an output; zeros where none is."""
        whole = self.case.arrays.get(f"cot.{name}")
        if whole is not None:
            return self._unmerged(whole.astype(self.dtype), parts)
        names = [f"cot.{name}.{n}" for n in ("fwd", "bwd")]
        zeros = [np.zeros_like(part) for part in parts]
        return [self.case.arrays.get(n, z) for n, z in zip(names, zeros, strict=False)]

    def backward(self) -> dict[str, np.ndarray]:
        """Return every gradient by the vectors' names."""
        gradients: dict = {}
        dx = None
        for number in reversed(range(len(self.layers))):
            layer, (parts, last) = self.layers[number], self.parts[number]
            if dx is None:
                d_parts = self._cotangents("y", parts)
                d_last = self._cotangents("y_last", last)
            else:
                d_parts, d_last = self._unmerged(dx, parts), [np.zeros_like(e) for e in last]
            total = 0
            for i, direction in enumerate(layer):
                dh = np.array(
                    d_parts[i] if self.in_processing_order else direction.turn(d_parts[i])
                )
                dh[:, -1] += d_last[i]
                if self.shown[number][i] is not None:
                    dh = np.where(self.shown[number][i], dh, 0)
                part, named = direction.backward(dh)
                total, gradients = total + part, {**gradients, **named}
            dx = total
        return {**gradients, "x": dx}
