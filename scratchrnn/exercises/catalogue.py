"""The exercises: what goes in, what comes out, and under which names and arguments.

A shape is written in letters, ``"N T H"`` or ``"D 4H"``; all lengths are different whenever
numbers are drawn, so that no mistake hides behind two axes of one length.
"""

from __future__ import annotations

from dataclasses import dataclass, field

RNN = {"Wx": "D H", "Wh": "H H", "b": "H"}
LSTM = {"Wx": "D 4H", "Wh": "H 4H", "b": "4H"}
GRU = {"Wx": "D 3H", "Wh": "H 3H", "b": "2 3H"}
GRU_BEFORE = {"Wx": "D 3H", "Wh": "H 3H", "b": "3H"}


@dataclass(frozen=True)
class Exercise:
    """One function that a student writes.

    Attributes
    ----------
    name, sheet : str
    inputs, outputs : dict of str to str
        Names in order, with their shapes in letters; ``"cache"`` among the inputs stands for
        what the student's own forward function keeps.
    forward : str
        The exercise whose cache this one goes back through, or ``""``.
    keeps_cache : bool
        Whether a cache is returned after the outputs.
    gates : str
        The letters of the gates, in the order of the columns.
    special : bool
        Also marked by what it does, see `scratchrnn.exercises.behaviour`.
    """

    name: str
    sheet: str
    inputs: dict[str, str]
    outputs: dict[str, str]
    forward: str = ""
    keeps_cache: bool = False
    gates: str = ""
    special: bool = False


@dataclass(frozen=True)
class Signature:
    """One way of calling an exercise's function.

    Attributes
    ----------
    names : tuple of str
        What the function may be called.
    exercise : Exercise
    arguments, returns : tuple of str
        The exercise's own names, in this signature's order.
    order : str
        The order of the gates in the weights' columns, if it is another one.
    shown : dict of str to str
        This signature's names for outputs, where they differ.
    """

    names: tuple[str, ...]
    exercise: Exercise
    arguments: tuple[str, ...]
    returns: tuple[str, ...]
    order: str = ""
    shown: dict[str, str] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """Return what this signature calls an output."""
        return self.shown.get(name, name)


def _forward(name, sheet, state, weights, outputs, gates="", x="N D", extra=None) -> Exercise:
    inputs = {"x": x, **dict.fromkeys(state, "N H"), **weights, **(extra or {})}
    return Exercise(name, sheet, inputs, outputs, keeps_cache=True, gates=gates)


def _backward(name, sheet, upstream, outputs, weights, forward, gates="") -> Exercise:
    grads = {f"d{key}": shape for key, shape in weights.items()}
    inputs = {**upstream, "cache": ""}
    if forward.endswith("forward"):  # the gradients on the final states come last
        last = {k: v for k, v in upstream.items() if k.endswith("T")}
        inputs = {k: v for k, v in upstream.items() if k not in last} | {"cache": ""} | last
    return Exercise(name, sheet, inputs, {**outputs, **grads}, forward=forward, gates=gates)


_STEP, _SEQUENCE = {"h": "N H"}, {"h": "N T H", "hT": "N H"}
_STEP_BACK, _BACK = {"dx": "N D", "dh_prev": "N H"}, {"dx": "N T D", "dh0": "N H"}
_UP, _UP_T = {"dh": "N H"}, {"dh": "N T H", "dhT": "N H"}

_ALL = [
    _forward("rnn_step", "rnn", ["h_prev"], RNN, _STEP),
    _backward("rnn_step_backward", "rnn", _UP, _STEP_BACK, RNN, "rnn_step"),
    _forward("rnn_forward", "rnn", ["h0"], RNN, _SEQUENCE, x="N T D"),
    _backward("rnn_backward", "rnn", _UP_T, _BACK, RNN, "rnn_forward"),
    Exercise("sigmoid", "lstm", {"a": "N H"}, {"y": "N H"}, special=True),
    Exercise("lstm_init", "lstm", {"D": "", "H": "", "rng": ""}, LSTM, special=True, gates="ifgo"),
    _forward("lstm_step", "lstm", ["h_prev", "c_prev"], LSTM, {"h": "N H", "c": "N H"}, "ifgo"),
    _backward("lstm_step_backward", "lstm", {"dh": "N H", "dc": "N H"},
              {**_STEP_BACK, "dc_prev": "N H"}, LSTM, "lstm_step", "ifgo"),
    _forward("lstm_forward", "lstm", ["h0", "c0"], LSTM,
             {**_SEQUENCE, "cT": "N H"}, "ifgo", x="N T D"),
    _backward("lstm_backward", "lstm", {**_UP_T, "dcT": "N H"},
              {**_BACK, "dc0": "N H"}, LSTM, "lstm_forward", "ifgo"),
    _forward("gru_step", "gru", ["h_prev"], GRU, _STEP, "zrn"),
    _backward("gru_step_backward", "gru", _UP, _STEP_BACK, GRU, "gru_step", "zrn"),
    _forward("gru_before_step", "gru", ["h_prev"], GRU_BEFORE, _STEP, "zrn"),
    _backward("gru_before_step_backward", "gru", _UP, _STEP_BACK, GRU_BEFORE,
              "gru_before_step", "zrn"),
    _forward("gru_forward", "gru_time", ["h0"], GRU, _SEQUENCE, "zrn", x="N T D"),
    _backward("gru_backward", "gru_time", _UP_T, _BACK, GRU, "gru_forward", "zrn"),
    _forward("gru_before_forward", "gru_time", ["h0"], GRU_BEFORE, _SEQUENCE, "zrn", x="N T D"),
    _backward("gru_before_backward", "gru_time", _UP_T, _BACK, GRU_BEFORE,
              "gru_before_forward", "zrn"),
    _forward("masked_rnn_forward", "masks", ["h0"], RNN, _SEQUENCE, x="N T D",
             extra={"mask": "N T"}),
    _backward("masked_rnn_backward", "masks", _UP_T, _BACK, RNN, "masked_rnn_forward"),
    Exercise("last_step", "masks", {"h": "N T H", "mask": "N T"}, {"last": "N H"}),
    Exercise("bidirectional_rnn", "masks", {"x": "N T D", "forward": "", "backward": ""},
             {"h": "N T 2H", "last": "N 2H"}),
    Exercise("softmax_loss", "training", {"scores": "N T V", "y": "N T", "mask": "N T"},
             {"loss": "", "dscores": "N T V"}),
    Exercise("clip_by_global_norm", "training", {"gradients": "", "max_norm": ""},
             {"clipped": "list", "norm": ""}),
    Exercise("adam_step", "training",
             {**dict.fromkeys(["w", "dw", "m", "v"], "D H"),
              **dict.fromkeys(["t", "lr", "beta1", "beta2", "eps"], "")},
             {"w": "D H", "m": "D H", "v": "D H"}),
    Exercise("truncated_bptt", "training",
             {"x": "N T D", "h0": "N H", **RNN, "dh": "N T H", "k": ""},
             {"h": "N T H", **{f"d{key}": shape for key, shape in RNN.items()}}),
    Exercise("numeric_gradient", "checking",
             {"f": "", "x": "D H", "dy": "D H", "step": ""}, {"dx": "D H"}),
    Exercise("gradients_agree", "checking", {"analytic": "", "numeric": ""}, {}, special=True),
    Exercise("check_backward", "checking",
             {"forward": "", "backward": "", "x": "", "rng": ""}, {}, special=True),
    Exercise("gru_from_torch", "beyond",
             {"weight_ih": "3H D", "weight_hh": "3H H", "bias_ih": "3H", "bias_hh": "3H"},
             GRU, gates="zrn"),
    Exercise("integrated_gradients", "beyond",
             {"gradient": "", "x": "T D", "baseline": "T D", "steps": ""},
             {"attributions": "T D"}),
    Exercise("blocked_matmul", "beyond", {"A": "P K", "B": "K Q"}, {"C": "P Q"}, special=True),
    Exercise("temporal_affine_forward", "around", {"x": "N T D", "w": "D M", "b": "M"},
             {"out": "N T M"}, keeps_cache=True),
    Exercise("temporal_affine_backward", "around", {"dout": "N T M", "cache": ""},
             {"dx": "N T D", "dw": "D M", "db": "M"}, forward="temporal_affine_forward"),
    Exercise("word_embedding_forward", "around", {"x": "N T", "W": "V D"}, {"out": "N T D"},
             keeps_cache=True),
    Exercise("word_embedding_backward", "around", {"dout": "N T D", "cache": ""},
             {"dW": "V D"}, forward="word_embedding_forward"),
    Exercise("temporal_softmax_loss", "around", {"x": "N T V", "y": "N T", "mask": "N T"},
             {"loss": "", "dx": "N T V"}),
]  # fmt: skip

EXERCISES: dict[str, Exercise] = {exercise.name: exercise for exercise in _ALL}


def _grads(*states: str) -> tuple[str, ...]:
    return ("dx", *states, "dWx", "dWh", "db")


_W = ("Wx", "Wh", "b")
_CS_ORDER = "ifog"
_NEXT = {"h": "next_h", "c": "next_c", "dh_prev": "dprev_h", "dc_prev": "dprev_c"}

# CS231n's names and arguments, where they are not those of the exercise itself.
_CS231N = [
    Signature(("rnn_step_forward",), EXERCISES["rnn_step"], ("x", "h_prev", *_W), ("h",),
              shown=_NEXT),
    Signature(("rnn_forward",), EXERCISES["rnn_forward"], ("x", "h0", *_W), ("h",)),
    Signature(("rnn_backward",), EXERCISES["rnn_backward"], ("dh", "cache"), _grads("dh0")),
    Signature(("lstm_step_forward",), EXERCISES["lstm_step"], ("x", "h_prev", "c_prev", *_W),
              ("h", "c"), _CS_ORDER, _NEXT),
    Signature(("lstm_step_backward",), EXERCISES["lstm_step_backward"], ("dh", "dc", "cache"),
              _grads("dh_prev", "dc_prev"), _CS_ORDER, _NEXT),
    Signature(("lstm_forward",), EXERCISES["lstm_forward"], ("x", "h0", *_W), ("h",), _CS_ORDER),
    Signature(("lstm_backward",), EXERCISES["lstm_backward"], ("dh", "cache"), _grads("dh0"),
              _CS_ORDER),
    Signature(("gru_backward",), EXERCISES["gru_backward"], ("dh", "cache"), _grads("dh0")),
    Signature(("gru_before_backward",), EXERCISES["gru_before_backward"], ("dh", "cache"),
              _grads("dh0")),
]  # fmt: skip

SIGNATURES: list[Signature] = [
    Signature((e.name,), e, tuple(e.inputs), tuple(e.outputs)) for e in _ALL
] + _CS231N


def signatures_of(name: str) -> list[Signature]:
    """Return every signature that a function called `name` may have."""
    plain = name.replace("_", "").lower()
    return [s for s in SIGNATURES if plain in {n.replace("_", "") for n in s.names}]
