"""Cases of other projects as their own frameworks pack them."""

from __future__ import annotations

import json

import numpy as np

from tests.shared import shared

ONNX_GATES = {"simple_rnn": "h", "lstm": "iofg", "gru": "zrn"}
OPS = {"simple_rnn": "RNN", "lstm": "LSTM", "gru": "GRU"}
_NAMES = {
    "relu": "Relu",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "hard_sigmoid": "HardSigmoid",
    "leaky_relu": "LeakyRelu",
    "scaled_tanh": "ScaledTanh",
    "affine": "Affine",
    "thresholded_relu": "ThresholdedRelu",
    "elu": "Elu",
}


class Case:
    """A case with its arrays."""

    def __init__(self, entry: dict, arrays: dict[str, np.ndarray]):
        self.id, self.cell, self.config = entry["id"], entry["cell"], entry["config"]
        self.tol, self.arrays = entry["tol"], arrays

    @property
    def directions(self) -> list[str]:
        """fwd, bwd or both."""
        known = {"forward": ["fwd"], "reverse": ["bwd"], "bidirectional": ["fwd", "bwd"]}
        return known[self.config["direction"]]

    def close(self, got, want) -> None:
        """Compare as the manifest says."""
        np.testing.assert_allclose(got, want, self.tol["rtol"], self.tol["atol"], err_msg=self.id)


def load_cases(keep) -> list[Case]:
    """Return the recurrent cases whose manifest entry `keep` accepts; skip without the data."""
    folder = shared("vectors")
    manifest = json.loads((folder / "manifest.json").read_text())
    cases = []
    for entry in manifest["cases"]:
        if entry["kind"] != "rnn" or not keep(entry):
            continue
        with np.load(folder / entry["npz"]) as file:
            arrays = {name: file[f"{entry['id']}/{name}"] for name in entry["arrays"]}
        cases.append(Case(entry, arrays))
    return cases


def onnx_arguments(case: Case) -> tuple[dict, dict]:
    """Return arrays W, R, B, P in ONNX's packing, from the single gates, and the attributes."""
    gates, config = ONNX_GATES[case.cell], case.config

    def rows(side, letter, letters=gates):
        found = [case.arrays.get(f"p.l0.{side}.{letter}_{gate}") for gate in letters]
        like = next((a for a in found if a is not None), None)
        if like is None:
            return None
        return np.concatenate([(np.zeros_like(like) if a is None else a).T for a in found])

    packed = {}
    for name, letters in (("W", ["W"]), ("R", ["U"]), ("B", ["b", "bu"]), ("P", ["p"])):
        sides = []
        for side in case.directions:
            parts = [rows(side, letter, "iof" if name == "P" else gates) for letter in letters]
            given = [part for part in parts if part is not None]
            if given:
                sides.append(
                    np.concatenate([np.zeros_like(given[0]) if p is None else p for p in parts])
                )
        if sides:
            packed[name] = np.stack(sides)
    attributes = {"direction": config["direction"], **_activations(case)}
    if config.get("clip"):
        attributes["clip"] = config["clip"]
    if config.get("cifg") == "f=1-i":
        attributes["input_forget"] = 1
    if case.cell == "gru":
        attributes["linear_before_reset"] = int(config["reset_after"])
    return packed, attributes


def _activations(case: Case) -> dict:
    names, alphas, betas = [], [], []
    order = {"simple_rnn": ["cand"], "gru": ["gate", "cand"], "lstm": ["gate", "cand", "out"]}
    for side in case.directions:
        chosen = case.config["act"]
        if side == "bwd" and case.config["direction"] == "bidirectional":
            chosen = case.config.get("act_bwd", chosen)
        for role in order[case.cell]:
            function = chosen[role]
            function = {"name": function} if isinstance(function, str) else function
            names.append(_NAMES[function["name"]])
            alphas += [function["alpha"]] if "alpha" in function else []
            betas += [function["beta"]] if "beta" in function else []
    return {"activations": names, "activation_alpha": alphas, "activation_beta": betas}
