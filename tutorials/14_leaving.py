# %% [markdown]
# # 14. Leaving: PyTorch, Keras, ONNX
#
# ## What you'll do
#
# Take a trained network elsewhere, and bring one back: as plain arrays, as a PyTorch state dict,
# as a Keras file, as an ONNX graph. First by hand, so that you see what has to be turned and
# reordered; then with the functions that do it and check it.
#
# ## What you'll learn
#
# * what differs between frameworks: orientation, order of the gates, number of biases, and the
#   form of the GRU;
# * why a wrong order is not noticed by shapes, and what notices it;
# * which file formats are safe to open.
#
# ## What you'll need
#
# Tutorials [4](04_lstm.ipynb) and [5](05_gru.ipynb). No other framework: where PyTorch, Keras,
# h5py or onnx are installed the notebook uses them, everywhere else it says so and goes on. A few
# seconds.

# %%
import importlib.util
import tempfile
from pathlib import Path

import numpy as np

import scratchrnn
from scratchrnn import cells, interop, plot
from scratchrnn.layers import GRU, LSTM, Dense, Input
from scratchrnn.models import Sequential, load_model

scratchrnn.set_backend("numpy")
folder = Path(tempfile.mkdtemp())


def installed(*names):
    return all(importlib.util.find_spec(name) for name in names)


rng = np.random.default_rng(14)
model = Sequential([Input((None, 3)), GRU(5, seed=0), Dense(2, seed=1)])
model.set_weights([0.5 * rng.normal(size=w.shape) for w in model.get_weights()])
x = rng.normal(size=(4, 7, 3)).astype(np.float32)
answer = model.predict(x, verbose=0)

# %% [markdown]
# The weights are random and, above all, the *biases are not zero*: with the zeros of a fresh
# network half of the mistakes below would go unnoticed.
#
# ## Staying: one file of plain arrays
#
# `save` writes one `.npz`: the weights, the configuration as JSON, the optimizer's state. It is
# read with `allow_pickle=False`; nothing in it can run code. It appears under its name only when
# it is complete.

# %%
model.save(folder / "model.npz")
again = load_model(folder / "model.npz")
print("the same predictions:", np.array_equal(again.predict(x, verbose=0), answer))
with np.load(folder / "model.npz", allow_pickle=False) as archive:
    print({name: archive[name].shape for name in archive.files})

# %% [markdown]
# And `get_weights()` is a list of arrays, which anything can read:

# %%
for name, array in zip(("kernel", "recurrent_kernel", "bias", "kernel", "bias"),
                       model.get_weights(), strict=True):
    print(f"{name:<18}{array.shape}")

# %% [markdown]
# ## What differs between frameworks
#
# | | here and Keras 3 | PyTorch | ONNX |
# |---|---|---|---|
# | product | x @ W, W is (D, G·H) | W @ x, (G·H, D) | W @ x, (dirs, G·H, D) |
# | LSTM gates | i f g o | i f g o | i o f g |
# | GRU gates | z r n | r z n | z r n |
# | biases, LSTM | one | two, added | two, added |
# | biases, GRU | (2, 3H) | two | two |
# | GRU form | both, after by default | after | before by default |
#
# ## By hand: a GRU to PyTorch and back
#
# PyTorch's `nn.GRU` computes, in the words of its own documentation turned into our letters,
#
# $$
# \begin{align*}
# r &= \sigma(W_{ir} x + b_{ir} + W_{hr} h + b_{hr}) \\
# z &= \sigma(W_{iz} x + b_{iz} + W_{hz} h + b_{hz}) \\
# n &= \tanh(W_{in} x + b_{in} + r \odot (W_{hn} h + b_{hn})) \\
# h' &= (1 - z) \odot n + z \odot h .
# \end{align*}
# $$
#
# Compare with (1) to (6) of tutorial 5: it is the form with the reset *after* the product, z has
# the same meaning, there are two biases. Only two things differ: the matrices stand the other way
# round, and the rows come in the order r z n.

# %%
def gru_to_torch(Wx, Wh, b):
    """From Wx, Wh, b in the order z r n to weight_ih, weight_hh, bias_ih, bias_hh in r z n."""

    def reorder(columns):  # (..., 3H), z r n -> r z n
        z, r, n = np.split(columns, 3, axis=-1)
        return np.concatenate([r, z, n], axis=-1)

    return reorder(Wx).T, reorder(Wh).T, *reorder(b)


def torch_gru(x, weight_ih, weight_hh, bias_ih, bias_hh):
    """The four lines of PyTorch's documentation, from a zero state. x (N,T,D)."""
    h = np.zeros((len(x), weight_hh.shape[1]))
    for t in range(x.shape[1]):
        i_r, i_z, i_n = np.split(x[:, t] @ weight_ih.T + bias_ih, 3, axis=1)
        h_r, h_z, h_n = np.split(h @ weight_hh.T + bias_hh, 3, axis=1)
        r, z = cells.sigmoid(i_r + h_r), cells.sigmoid(i_z + h_z)
        n = np.tanh(i_n + r * h_n)
        h = (1 - z) * n + z * h
    return h


Wx, Wh, b = [w.astype(float) for w in model.get_weights()[:3]]
_, mine, _ = cells.gru_forward(x, None, Wx, Wh, b)
right = torch_gru(x, *gru_to_torch(Wx, Wh, b))
wrong = torch_gru(x, Wx.T, Wh.T, *b)  # turned, but not reordered
print("reordered:     largest difference", f"{np.abs(right - mine).max():.0e}")
print("not reordered: largest difference", f"{np.abs(wrong - mine).max():.2f}")

# %%
fig, ax = plot.figure(5.2, 2.4)
with plot.style():
    for k, (name, values) in enumerate([("here", mine), ("reordered", right),
                                        ("not reordered", wrong)]):
        ax.plot(values.ravel(), "osx"[k], label=name, markersize=(8, 4, 6)[k],
                color=plot.OKABE_ITO[("sky", "black", "vermillion")[k]])
    ax.set(xlabel="unit (four sequences, five units each)", ylabel="final state")
    fig.legend(loc="outside lower center", ncols=3)
fig.describe("The final states of twenty units: circles for this library, squares for PyTorch's "
             "equations with reordered weights exactly inside them, and crosses for weights that "
             "were not reordered: elsewhere, but in the same range.")

# %% [markdown]
# The crosses are wrong, and nothing about them looks wrong: the shapes fit, the numbers are
# between −1 and 1. *Only a comparison of outputs on the same input notices it.* Make it a rule for
# every import and export.
#
# ### With the library
#
# `to_torch` makes a state dict of plain arrays, with PyTorch's names; `from_torch` makes layers
# from one; `save_safetensors` and `load_safetensors` write and read the format that holds arrays
# and nothing else. None of them needs PyTorch.

# %%
state = interop.to_torch(model, names=["rnn", "head"])
print({name: array.shape for name, array in state.items()})
ours = gru_to_torch(*model.get_weights()[:3])
kept = [state[f"rnn.{k}_l0"] for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
print("as by hand:", all(np.array_equal(a, b) for a, b in zip(ours, kept, strict=True)))

interop.save_safetensors(state, folder / "model.safetensors")
layers = interop.from_torch(folder / "model.safetensors", return_sequences=False)
h = x
for layer in layers:
    h = layer(h)
print("there and back:", [type(layer).__name__ for layer in layers], "largest difference",
      f"{np.abs(h - answer).max():.0e}")

# %%
if installed("torch"):
    import torch

    rnn, head = torch.nn.GRU(3, 5, batch_first=True), torch.nn.Linear(5, 2)
    both = torch.nn.ModuleDict({"rnn": rnn, "head": head})
    both.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in state.items()})
    with torch.no_grad():
        theirs = head(rnn(torch.from_numpy(x))[0][:, -1]).numpy()
    print("PyTorch itself: largest difference", f"{np.abs(theirs - answer).max():.0e}")
else:
    print("PyTorch is not installed here: its equations above have to do")

# %% [markdown]
# ## Keras
#
# Nothing has to be turned: shapes, orders and both biases are Keras's, so
# `set_weights(model.get_weights())` works in both directions. For files there are
# `save_keras_weights` (`.weights.h5`) and `save_keras_model` (`.keras`); they need h5py.

# %%
if installed("h5py"):
    path = folder / "model.weights.h5"
    interop.save_keras_weights(model, path)
    twin = Sequential([Input((None, 3)), GRU(5), Dense(2)])
    interop.load_keras_weights(twin, path)
    print("through a Keras file:", np.array_equal(twin.predict(x, verbose=0), answer))
else:
    print("h5py is not installed here: pip install 'scratchrnn[keras-weights]'")

backends = [name for name in ("jax", "torch", "tensorflow") if installed(name)]
if installed("keras") and backends:
    import os

    os.environ.setdefault("KERAS_BACKEND", backends[0])
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import keras

    theirs = keras.Sequential([keras.Input((None, 3)), keras.layers.GRU(5), keras.layers.Dense(2)])
    theirs.set_weights(model.get_weights())
    difference = np.abs(np.asarray(theirs.predict(x, verbose=0)) - answer).max()
    print("Keras itself: largest difference", f"{difference:.0e}")
else:
    print("Keras is not installed here: tutorial 8 holds numbers that it made")

# %% [markdown]
# ## ONNX
#
# ONNX is a file format for graphs that many runtimes execute: a network trained here can run in a
# browser, on a telephone or in a C++ program. The LSTM's gates have yet another order there, i o f
# g, both biases are always there, and the GRU node computes the *paper's* form unless
# `linear_before_reset=1` says otherwise. By hand for the LSTM:

# %%
def lstm_to_onnx(Wx, Wh, b):
    """Wx (D,4H), Wh (H,4H), b (4H,), order i f g o -> W (1,4H,D), R (1,4H,H), B (1,8H), i o f g."""

    def reorder(columns):
        i, f, g, o = np.split(columns, 4, axis=-1)
        return np.concatenate([i, o, f, g], axis=-1)

    return reorder(Wx).T[None], reorder(Wh).T[None], np.concatenate([reorder(b), 0 * b])[None]


layer = LSTM(4, seed=0)
layer.build((None, None, 3))
W, R, B = lstm_to_onnx(*layer.get_weights())
print("W", W.shape, "R", R.shape, "B", B.shape)

# %%
if installed("onnx"):
    graph = interop.to_onnx(model, folder / "model.onnx")
    print("nodes:", [node.op_type for node in graph.graph.node])
    lstm = interop.to_onnx(Sequential([Input((None, 3)), layer]))
    written = {t.name: t for t in lstm.graph.initializer}
    import onnx

    arrays = {name: onnx.numpy_helper.to_array(t) for name, t in written.items()}
    same = any(a.shape == W.shape and np.allclose(a, W) for a in arrays.values())
    print("the exporter's W is the one made by hand:", same)
    if installed("onnxruntime"):
        import onnxruntime

        session = onnxruntime.InferenceSession(graph.SerializeToString())
        (theirs,) = session.run(None, {"x": x})
        print("ONNX Runtime: largest difference", f"{np.abs(theirs - answer).max():.0e}")
    else:
        print("ONNX Runtime is not installed here")
else:
    print("onnx is not installed here: pip install 'scratchrnn[onnx]'")

# %% [markdown]
# ## Files from strangers
#
# A weights file is data, and data can be made to do harm. Python's *pickle*, on which old PyTorch
# files (`.pt`) and object arrays in `.npy` rest, runs code when it is opened. Formats that hold
# arrays and nothing else do not: `.npz` read with `allow_pickle=False`, safetensors,
# `.weights.h5`, ONNX. Even so a file can lie about its sizes. The loaders here read the header
# first, refuse what does not fit, and name the file:

# %%
(folder / "cut.npz").write_bytes((folder / "model.npz").read_bytes()[:2000])
try:
    load_model(folder / "cut.npz")
except ValueError as error:
    print(str(error).replace(str(folder), "…"))

# %% [markdown]
# ## On your own
#
# 1. The exercise `gru_from_torch` of the sheet `8_beyond`: the way back from PyTorch, with the
#    order of the gates.
# 2. Write `lstm_from_onnx`, the inverse of `lstm_to_onnx`. What must be done with the second half
#    of B?
# 3. Take a Keras GRU with `reset_after=False` to PyTorch. Why is it impossible, and for which
#    special weights is it not?
# 4. Export a Bidirectional LSTM by hand. Which arrays get a first axis of 2 in ONNX, which get a
#    suffix in PyTorch?
# 5. Give `wrong` in the figure the right order of gates but *no* `bias_hh`. How far off is it, and
#    would you have noticed?
#
# ## In practice
#
# * Never trust an import by its shapes. Compare outputs on random input, with non-zero biases,
#   more than one step and more than one sequence, in float64 if you can.
# * Keep the comparison as a test next to the export.
# * Besides the order of gates look for: epsilon in normalisation layers, padding conventions,
#   where dropout acts, whether the last step or the last *real* step is taken.
#
# ## Further reading
#
# * PyTorch's documentation of `nn.GRU` and `nn.LSTM`, Keras's of `GRU` (`reset_after`), the ONNX
#   operators GRU and LSTM.
# * `scratchrnn/interop/`: everything above, for all layers, both directions, masks and several
#   directions included.
# * The safetensors format: a length, a JSON header, raw bytes. One page.
#
# That was the last tutorial. You have derived, built, checked, trained, sped up, looked into and
# exported a recurrent network. What remains is your own data.
