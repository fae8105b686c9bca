"""PyTorch state dicts in and out: the numbers that PyTorch computes, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from scratchrnn import layers as L
from scratchrnn.interop import from_torch, load_torch, save_safetensors, to_torch
from tests.interop.references import cases, close, installed, named, state_of
from tests.interop.vectors import load_cases


def run(layers, x):
    """Call layers one after another."""
    for layer in layers:
        x = layer(x)
    return x


def gru_state(D=3, H=4, seed=0) -> dict[str, np.ndarray]:
    """Return a GRU's state dict of random numbers."""
    rng = np.random.default_rng(seed)
    shapes = {"weight_ih_l0": (3 * H, D), "weight_hh_l0": (3 * H, H)}
    shapes |= {"bias_ih_l0": (3 * H,), "bias_hh_l0": (3 * H,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


@pytest.mark.parametrize("name", [n for n in named("torch_") if n != "torch_model"])
def test_recurrent_modules_compute_what_pytorch_computes(name):
    case = cases()[name]
    options = {"nonlinearity": case.get("nonlinearity", "tanh")}
    close(run(from_torch(state_of(case), **options), case["x"]), case["y"])
    last = from_torch(state_of(case), return_sequences=False, **options)
    close(run(last, case["x"]), case["y_last"])


def test_a_model_of_several_modules_comes_in_its_order():
    case = cases()["torch_model"]
    layers = from_torch(state_of(case), kinds={"embed": "Embedding"})
    assert [type(layer).__name__ for layer in layers] == [
        "Embedding",
        "LayerNormalization",
        "Bidirectional",
        "Bidirectional",
        "Dense",
    ]
    close(run(layers, case["x"]), case["y"])


@pytest.mark.parametrize("name", named("conv_"))
def test_convolutions_compute_what_pytorch_computes(name):
    case = cases()[name]
    (layer,) = from_torch(state_of(case))
    x, y = (case[key].transpose(0, 2, 3, 1) for key in ("x", "y"))
    close(layer(x), y)
    back = to_torch(layer)
    assert list(back) == list(state_of(case))
    assert all((back[key] == value).all() for key, value in state_of(case).items())


def test_state_dicts_of_other_projects_compute_their_numbers():
    found = load_cases(
        lambda e: e["convention"] == "torch" and any(a.startswith("native") for a in e["arrays"])
    )
    found = [case for case in found if "padding" not in case.config]
    assert len(found) >= 10
    for case in found:
        prefix = "native."
        state = {k.removeprefix(prefix): v for k, v in case.arrays.items() if k.startswith(prefix)}
        layers = from_torch(state, nonlinearity="relu" if "relu" in case.id else "tanh")
        x = case.arrays["in.x"]
        for k, layer in enumerate(layers):
            states = [
                case.arrays.get(f"in.l{k}.{d}.{s}") for d in ("fwd", "bwd") for s in ("h0", "c0")
            ]
            states = [s for s in states if s is not None]
            x = layer(x, initial_state=states or None)
        if "out.y" in case.arrays:
            case.close(x, case.arrays["out.y"])


@pytest.mark.parametrize("name", named("torch_"))
def test_a_state_dict_comes_back_as_the_same_function(name):
    case = cases()[name]
    state = state_of(case)
    kinds = {"embed": "Embedding"} if name == "torch_model" else None
    options = {"kinds": kinds, "nonlinearity": case.get("nonlinearity", "tanh")}
    names = ["embed", "norm", "rnn", "head"] if name == "torch_model" else None
    back = to_torch(from_torch(state, **options), names=names)
    assert list(back) == list(state)
    assert {k: v.shape for k, v in back.items()} == {k: v.shape for k, v in state.items()}
    close(run(from_torch(back, **options), case["x"]), case["y"])
    for key, value in state.items():
        if "bias" not in key or "GRU" in name:
            assert (back[key] == value).all(), key


def test_layers_are_one_module_only_where_pytorch_could_have_it_so():
    def stack(*layers):
        shape = (None, None, 3)
        for layer in layers:
            layer.build(shape)
            shape = layer.compute_output_shape(shape)
        return list(layers)

    rs = {"return_sequences": True}
    names = list(to_torch(stack(L.LSTM(4, **rs), L.Dropout(0.5), L.LSTM(4)), stack=True))
    assert "weight_ih_l1" in names
    for layers in (
        stack(L.LSTM(4, name="a", **rs), L.LSTM(5, name="b")),
        stack(L.LSTM(4, name="a", **rs), L.GRU(4, name="b")),
        stack(L.LSTM(4, name="a", **rs), L.LSTM(4, name="b", use_bias=False)),
        stack(L.LSTM(4, name="a", **rs), L.Activation("relu"), L.LSTM(4, name="b")),
        stack(L.SimpleRNN(4, name="a", **rs), L.SimpleRNN(4, name="b", activation="relu")),
    ):
        assert {name.split(".")[0] for name in to_torch(layers)} == {"a", "b"}
    twins = stack(L.LSTM(4, name="a", **rs), L.LSTM(4, name="b"))
    assert "b.weight_ih_l0" in to_torch(twins, stack=False)


def test_loading_fills_a_model_and_the_names_say_in_which_order():
    case = cases()["torch_model"]
    state = state_of(case)
    layers = from_torch(state, kinds={"embed": "Embedding"})
    for layer in layers:
        layer.set_weights([0 * w for w in layer.weights])
    mixed = dict(sorted(state.items(), key=lambda item: item[0]))  # embed, head, norm, rnn
    with pytest.raises(ValueError, match="head"):
        load_torch(layers, mixed)
    load_torch(layers, mixed, names=["embed", "norm", "rnn", "head"])
    close(run(layers, case["x"]), case["y"])


def test_a_safetensors_file_is_a_state_dict(tmp_path):
    case = cases()["torch_model"]
    path = tmp_path / "model.safetensors"
    save_safetensors(state_of(case), path)
    layers = from_torch(path, kinds={"embed": "Embedding"})
    close(run(layers, case["x"]), case["y"])


def test_cell_modules_have_one_layer():
    state = {name.removesuffix("_l0"): value for name, value in gru_state().items()}
    (layer,) = from_torch(state)
    (same,) = from_torch(gru_state())
    assert all((a == b).all() for a, b in zip(layer.weights, same.weights, strict=True))
    assert layer.dtype == "float64"


def test_gate_order_is_seen():
    """Swapping two gates of a state dict changes the result: the test above can fail."""
    state = gru_state()
    swapped = {k: v[[*range(4, 8), *range(4), *range(8, 12)]] for k, v in state.items()}
    x = np.random.default_rng(1).normal(size=(2, 5, 3))
    assert np.abs(run(from_torch(state), x) - run(from_torch(swapped), x)).max() > 0.01


BAD_STATES = {
    "missing: bias_hh_l0": lambda s: s.pop("bias_hh_l0"),
    r"weight_ih_l0: expected shape \(12, 3\), got \(9, 3\)": lambda s: s.update(
        weight_ih_l0=s["weight_ih_l0"][:9]
    ),
    r"weight_hh_l0: expected \(G\*H, H\)": lambda s: s.update(weight_hh_l0=s["weight_hh_l0"][:11]),
    "bias_ih_l0: expected finite numbers": lambda s: s["bias_ih_l0"].fill(np.nan),
    "surplus: weight_extra": lambda s: s.update(weight_extra=np.ones(3)),
    "missing: weight_ih_l1": lambda s: s.update(weight_hh_l1=np.ones((12, 4))),
    "missing: weight_hh_l0_reverse": lambda s: s.update(weight_ih_l0_reverse=np.ones((12, 3))),
    "weight_hr_l0: an LSTM with proj_size": lambda s: s.update(weight_hr_l0=np.ones((2, 4))),
    "running_mean: not a module": lambda s: s.update({"running_mean.weight2": np.ones(3)}),
    "expected an array of numbers, got <U": lambda s: s.update(bias_ih_l0=np.array(["a"])),
    "head: weight .* may be an Embedding or a Linear": lambda s: s.update(
        {"head.weight": np.ones((2, 3))}
    ),
    "head: weight: expected 1, 2 or 4 axes": lambda s: s.update(
        {"head.weight": np.ones((2, 3, 4))}
    ),
    r"head: bias: expected shape \(2,\)": lambda s: s.update(
        {"head.weight": np.ones((2, 3)), "head.bias": np.ones(3)}
    ),
}


@pytest.mark.parametrize("message", BAD_STATES)
def test_a_bad_state_dict_is_refused(message):
    state = gru_state()
    BAD_STATES[message](state)
    with pytest.raises(ValueError, match=message):
        from_torch(state)


def test_what_is_no_state_dict_is_refused(tmp_path):
    for source, message in [
        ({}, "at least one array"),
        (7, "expected a mapping or a path"),
        ({3: np.ones(2)}, "expected names"),
        (tmp_path / "model.pth", "pickles"),
        (tmp_path / "none.safetensors", "none.safetensors: cannot be read"),
    ]:
        with pytest.raises(ValueError, match=message):
            from_torch(source)
    with pytest.raises(ValueError, match="nonlinearity: expected 'tanh' or 'relu', got 'selu'"):
        from_torch(gru_state(), nonlinearity="selu")
    with pytest.raises(ValueError, match="kinds: expected prefixes among"):
        from_torch(gru_state(), kinds={"rnn": "GRU"})
    with pytest.raises(ValueError, match="expected one of"):
        from_torch(gru_state(), kinds={"": "Transformer"})


def built(layer, shape=(None, None, 3)):
    """Build a layer."""
    layer.build(shape)
    return layer


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        (lambda: L.LSTM(4, activation="relu"), "LSTM 'x': activation: PyTorch has"),
        (lambda: L.LSTM(4, recurrent_activation="hard_sigmoid"), "recurrent_activation"),
        (lambda: L.GRU(4, reset_after=False), "reset_after"),
        (lambda: L.GRU(4, go_backwards=True), "go_backwards"),
        (lambda: L.LSTM(4, peepholes=True), "no weights peepholes"),
        (lambda: L.GRU(4, trainable_initial_state=True), "no weights initial_h"),
        (lambda: L.Bidirectional(L.GRU(4), merge_mode="sum"), "merge_mode"),
        (lambda: L.LayerNormalization(scale=False), "LayerNorm has a scale"),
        (
            lambda: L.Bidirectional(L.GRU(4), backward_layer=L.LSTM(4, go_backwards=True)),
            "the same kind in both directions",
        ),
        (
            lambda: L.Bidirectional(L.GRU(4), backward_layer=L.GRU(5, go_backwards=True)),
            "the same options in both directions",
        ),
        (lambda: L.LayerNormGRU(4), "no module that this layer's weights would fit"),
    ],
)
def test_what_pytorch_has_not_is_refused_by_name(layer, message):
    layer = built(layer())
    layer.name = "x"
    with pytest.raises(ValueError, match=message):
        to_torch(layer)


def test_kinds_that_are_said_have_to_fit():
    plain = {"head.weight": np.ones((12, 4)), "head.bias": np.ones(12)}
    with pytest.raises(ValueError, match="head: expected the names of a recurrent module"):
        from_torch(plain, kinds={"head": "LSTM"})
    with pytest.raises(ValueError, match=r"weight_hh_l0: expected a LSTM, .*: GRU"):
        from_torch(gru_state(), kinds={"": "LSTM"})


def test_names_of_modules_have_to_fit():
    model = [built(L.GRU(4, return_sequences=True)), built(L.Dense(2), (None, None, 4))]
    with pytest.raises(ValueError, match=r"names: expected 2 different ones, for gru.*, dense"):
        to_torch(model, names=["same", "same"])
    state = to_torch(model, names=["rnn", "head"])
    with pytest.raises(ValueError, match="names: expected the prefixes rnn, head, got rnn, tail"):
        load_torch(model, state, names=["rnn", "tail"])
    deep = {f"{k[:-1]}{n}": v for k, v in gru_state(D=4).items() for n in range(2)}
    lone = built(L.GRU(4), (None, None, 4))
    with pytest.raises(ValueError, match="2 layers, the model has 1 left for it"):
        load_torch(lone, deep)


def test_a_layer_at_every_step_is_the_layer_itself():
    inner = L.Dense(2)
    outer = built(L.TimeDistributed(inner))
    state = to_torch(outer)
    assert list(state) == ["weight", "bias"]
    assert (state["weight"] == inner.kernel.T).all()


def test_loading_is_all_or_nothing():
    (layer,) = from_torch(gru_state())
    before = layer.get_weights()
    worse = gru_state(seed=1)
    for change, message in [
        ({"bias_hh_l0": np.ones(9)}, r"bias_hh_l0: expected shape \(12,\), got \(9,\)"),
        ({"head.weight": np.ones((2, 4)), "head.bias": np.ones(2)}, "surplus: head"),
    ]:
        with pytest.raises(ValueError, match=message):
            load_torch(layer, {**worse, **change})
    with pytest.raises(ValueError, match="expected"):
        load_torch(layer, gru_state(D=5))
    with pytest.raises(ValueError, match=r"load_torch: rnn: .*/kernel: expected shape \(3, 12\)"):
        load_torch(layer, {f"rnn.{k}": v for k, v in gru_state(D=5).items()})
    with pytest.raises(ValueError, match="missing: modules for"):
        load_torch([layer, built(L.Dense(2))], worse)
    with pytest.raises(ValueError, match=r"directions: .* has 1, got 2"):
        load_torch(layer, {**worse, **{f"{k}_reverse": v for k, v in worse.items()}})
    with pytest.raises(ValueError, match=r"bias: .* has True, got False"):
        load_torch(layer, {k: v for k, v in worse.items() if "weight" in k})
    with pytest.raises(ValueError, match="build it first"):
        load_torch(L.GRU(4), worse)
    assert all((a == b).all() for a, b in zip(before, layer.weights, strict=True))
    load_torch(layer, worse)
    assert not (before[0] == layer.weights[0]).all()


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_every_form_of_a_live_module_agrees_both_ways(kind):
    torch = installed("torch")
    rng = np.random.default_rng(3)
    for layers, bidirectional, bias in itertools.product((1, 2, 3), (False, True), (False, True)):
        D, H = (int(n) for n in rng.integers(1, 6, 2))
        options = {"bias": bias, "bidirectional": bidirectional, "batch_first": True}
        module = getattr(torch.nn, kind)(D, H, layers, **options)
        other = getattr(torch.nn, kind)(D, H, layers, **options)
        with torch.no_grad():
            for parameter in module.parameters():
                parameter.copy_(torch.from_numpy(0.6 * rng.normal(size=tuple(parameter.shape))))
        x = rng.normal(size=(2, 6, D)).astype("float32")
        ours = from_torch(module.state_dict())
        want = module(torch.from_numpy(x))[0].detach().numpy()
        close(run(ours, x), want)
        other.load_state_dict({k: torch.from_numpy(v) for k, v in to_torch(ours).items()})
        close(other(torch.from_numpy(x))[0].detach().numpy(), want)
