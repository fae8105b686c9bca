"""The conformance vectors' recurrent networks, built of layers as a user would build them."""

from __future__ import annotations

import numpy as np

from scratchrnn import layers

from .recurrences import STATES, mask_of
from .vector_network import CELL, Direction

KIND = {"simple_rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


class LayerNetwork:
    """One case as a stack of layers; outputs and gradients by the vectors' names.

    The layers return whole sequences, unless the case asks for nothing but the last output.
    """

    def __init__(self, case):
        self.case, self.config = case, case.config
        names = {"forward": ["fwd"], "reverse": ["bwd"], "bidirectional": ["fwd", "bwd"]}
        self.names = names[self.config["direction"]]
        self.sequences = not any(k.startswith(("out.y_last", "cot.y_last")) for k in case.arrays)
        self.turned = self.config.get("output_order") == "input"
        count = self.config.get("layers", 1)
        self.directions = [
            [Direction(case, case.op, number, name, np.float64) for name in self.names]
            for number in range(count)
        ]
        self.layers = [self._layer(number, number == count - 1) for number in range(count)]

    def _layer(self, number: int, last: bool):
        direction = self.directions[number][0]
        weights = direction.weights()
        options = {
            **{k: v for k, v in direction.options.items()},
            "units": weights["Wh"].shape[0],
            "return_sequences": self.sequences or not last,
            "return_state": True,
            "stateful": self.config.get("calls", 1) > 1,
            "zero_output_for_mask": self.config.get("padding") in ("mask_zero", "lengths_zero"),
            "dtype": "float64",
        }
        if self.case.op == "lstm" and "peepholes" in weights:
            options["peepholes"] = True
        layer = KIND[self.case.op](go_backwards=self.names == ["bwd"], **options)
        if len(self.names) == 2:
            merge = self.config["merge"]
            layer = layers.Bidirectional(
                layer, merge_mode=None if merge == "none" else merge, dtype="float64"
            )
        return layer

    def forward(self) -> dict[str, np.ndarray]:
        """Return every output of the last call."""
        arrays, calls = self.case.arrays, self.config.get("calls", 1)
        names = ["in.x"] if calls == 1 else [f"in.x.{i}" for i in range(calls)]
        for name in names:
            x = arrays[name].astype(np.float64)
            mask = arrays.get("in.mask")
            if "in.lengths" in arrays:
                mask = mask_of(arrays["in.lengths"], x.shape[1])
            outputs: dict = {}
            for number, layer in enumerate(self.layers):
                x, found = self._call(number, layer, x, mask)
                outputs |= found
        return outputs

    def _call(self, number: int, layer, x, mask):
        """Call one layer; return what the next one reads, and its outputs by name."""
        sides = self.directions[number]
        given = [d.weights() for d in sides]
        if not layer.built:
            layer.build(x.shape)
            layer.set_weights(
                [w[k] for w in given for k in ("Wx", "Wh", "b", "peepholes") if k in w]
            )
        letters = STATES[CELL[self.case.op]]
        states = [w[f"{k}0"] for w in given for k in letters]
        options = {}
        if any(state is not None for state in states):
            zero = np.zeros((len(x), given[0]["Wh"].shape[0]))
            options["initial_state"] = [zero if s is None else s for s in states]
        y, *rest = layer(x, mask=mask, **options)
        parts = [y]
        if self.config.get("merge") == "none":
            parts.append(rest.pop(0))
        outputs = {}
        for direction in sides:
            outputs |= {f"{direction.key}.{k}_T": rest.pop(0) for k in letters}
        return self._named(parts, outputs)

    def _named(self, parts: list, outputs: dict):
        key = "y" if parts[0].ndim == 3 else "y_last"
        if self.turned and self.names == ["bwd"] and key == "y":
            parts = [parts[0][:, ::-1]]
        if len(parts) == 1:
            return parts[0], {**outputs, key: parts[0]}
        named = {f"{key}.{n}": part for n, part in zip(self.names, parts, strict=True)}
        return parts[0], {**outputs, **named}

    def backward(self, outputs: dict) -> dict[str, np.ndarray]:
        """Return every gradient, given the outputs of the call."""
        letters, gradients, dy = STATES[CELL[self.case.op]], {}, None
        for number in reversed(range(len(self.layers))):
            layer, sides = self.layers[number], self.directions[number]
            keys = [f"{d.key}.{k}" for d in sides for k in letters]
            d_state = [self._cotangent(f"{key}_T", outputs) for key in keys]
            if dy is None:
                key = "y" if self.sequences else "y_last"
                dy = self._cotangent(key, outputs)
                if self.config.get("merge") == "none":
                    dy = [self._cotangent(f"{key}.{n}", outputs) for n in self.names]
            if self.turned and self.names == ["bwd"]:
                dy = dy[:, ::-1]
            dy = layer.backward(dy, d_state)
            per_side = np.array_split(np.arange(len(layer.gradients)), len(sides))
            for direction, places in zip(sides, per_side, strict=True):
                found = [layer.gradients[i] for i in places]
                gradients |= direction.named_gradients(*found[:3])
            gradients |= {f"{key}0": d for key, d in zip(keys, layer.d_initial_state, strict=True)}
        return {**gradients, "x": dy}

    def _cotangent(self, name: str, outputs: dict):
        cotangent = self.case.arrays.get(f"cot.{name}")
        if cotangent is None:
            return np.zeros_like(outputs[name]) if name in outputs else None
        return cotangent.astype(np.float64)
