"""ONNX nodes against the numbers of other projects' test suites."""

from __future__ import annotations

import numpy as np

from scratchrnn.interop import OnnxRecurrence
from tests.interop.vectors import OPS, Case, load_cases, onnx_arguments

SOURCES = ("onnx.npz", "onnxruntime.npz", "onnxruntime_generated.npz", "ngraph.npz", "webnn.npz")


def run(case: Case, node: OnnxRecurrence, lengths=None):
    """Call a node with the inputs of a case."""

    def state(name):
        found = [case.arrays.get(f"in.l0.{side}.{name}") for side in case.directions]
        return None if found[0] is None else np.stack(found)

    x = case.arrays["in.x"].swapaxes(0, 1)
    lengths = case.arrays.get("in.lengths")
    states = (state("h0"), state("c0")) if case.cell == "lstm" else (state("h0"),)
    return node(x, lengths, *states)


def check(case: Case, outputs) -> int:
    """Compare every output that the case knows; return how many there were."""
    compared = 0
    T, dirs, N, H = outputs.Y.shape
    if "out.y" in case.arrays and case.config.get("merge") in (None, "concat"):
        case.close(outputs.Y.transpose(2, 0, 1, 3).reshape(N, T, dirs * H), case.arrays["out.y"])
        compared += 1
    for d, side in enumerate(case.directions):
        for name, value in (("h_T", outputs.Y_h), ("c_T", outputs.Y_c)):
            if f"out.l0.{side}.{name}" in case.arrays:
                case.close(value[d], case.arrays[f"out.l0.{side}.{name}"])
                compared += 1
    return compared


def test_nodes_give_the_numbers_of_other_projects():
    cases = load_cases(lambda entry: entry["npz"] in SOURCES)
    assert len(cases) >= 60
    for case in cases:
        arrays, attributes = onnx_arguments(case)
        outputs = run(case, OnnxRecurrence(OPS[case.cell], **arrays, **attributes))
        assert check(case, outputs) >= 1, case.id


def test_nodes_take_the_packing_of_the_file():
    cases = load_cases(lambda e: e["npz"] in SOURCES and "native.W" in e["arrays"])
    assert len(cases) >= 40
    for case in cases:
        packed = {name: case.arrays.get(f"native.{name}") for name in "WRBP"}
        attributes = onnx_arguments(case)[1]
        assert check(case, run(case, OnnxRecurrence(OPS[case.cell], **packed, **attributes))) >= 1
