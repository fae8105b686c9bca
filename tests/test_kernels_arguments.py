"""What kernels refuse, and with which words; what they compute in."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import cells, kernels
from scratchrnn.cells.activations import Activation

from .kernel_cases import Problem


def wrong_arguments():
    yield "dtype", {"x": np.zeros((2, 3, 4), int), "Wx": np.zeros((4, 5), int),
                    "Wh": np.zeros((5, 5), int)}  # fmt: skip
    yield "x axes", {"x": np.zeros((2, 3))}
    yield "x inputs", {"x": np.zeros((2, 3, 9))}
    yield "Wx", {"Wx": np.zeros((4, 7))}
    yield "Wx axes", {"Wx": np.zeros(4)}
    yield "Wx too many axes", {"Wx": np.zeros((4, 5, 1))}
    yield "Wh", {"Wh": np.zeros((5, 6))}
    yield "Wh axes", {"Wh": np.zeros(5)}
    yield "b", {"b": np.zeros(3)}
    yield "h0", {"h0": np.zeros((1, 5))}
    yield "mask", {"mask": np.ones((3, 2), bool)}
    yield "recurrent mask", {"recurrent_mask": np.ones(5)}
    yield "activation", {"activation": "tanhh"}


@pytest.mark.parametrize("case, wrong", [*wrong_arguments()])
def test_errors_say_what_those_of_the_cells_say(case, wrong):
    right = {"x": np.zeros((2, 3, 4)), "h0": None, "Wx": np.zeros((4, 5)), "Wh": np.zeros((5, 5))}
    messages = []
    for module in (kernels, cells):
        with pytest.raises(ValueError) as error:
            module.rnn_forward(**{**right, **wrong})
        who, said = str(error.value).split(": ", 1)
        assert who.startswith("rnn_")  # the cell's step may be the one who complains
        messages.append(said)
    assert messages[0] == messages[1]


def test_wrong_shapes_of_gradients_are_refused():
    problem = Problem("lstm", (2, 3, 4, 5))
    _, cache = problem.forward()
    with pytest.raises(ValueError, match=r"lstm_backward: dh: expected \(2, 3, 5\), got \(2, 5\)"):
        kernels.lstm_backward(np.zeros((2, 5)), cache)
    with pytest.raises(ValueError, match=r"lstm_backward: dcT: expected \(2, 5\)"):
        kernels.lstm_backward(None, cache, dcT=np.zeros((3, 5)))
    with pytest.raises(ValueError, match=r"peepholes: expected \(3, 5\)"):
        kernels.lstm_forward(
            problem.x, None, None, problem.Wx, problem.Wh, peepholes=np.zeros((2, 5))
        )


def test_a_pair_of_functions_is_refused_and_the_other_backend_named():
    pair = Activation(np.sin, np.cos)
    with pytest.raises(ValueError, match="only the backend 'numpy'"):
        kernels.rnn_forward(
            np.zeros((1, 1, 1)), None, np.ones((1, 1)), np.ones((1, 1)), activation=pair
        )


def test_half_precision_is_refused():
    zeros = np.zeros((1, 1, 1), np.float16)
    with pytest.raises(ValueError, match="float32 and float64, got float16"):
        kernels.rnn_forward(zeros, None, zeros[0], zeros[0])


@pytest.mark.parametrize("wide", ["x", "Wx", "Wh"])
def test_the_widest_dtype_of_inputs_and_weights_is_computed_in(wide):
    shapes = {"x": (2, 3, 4), "Wx": (4, 5), "Wh": (5, 5)}
    arrays = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    arrays[wide] = arrays[wide].astype(np.float64)
    assert kernels.rnn_forward(arrays["x"], None, arrays["Wx"], arrays["Wh"])[0].dtype == np.float64
