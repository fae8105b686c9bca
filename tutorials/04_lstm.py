# %% [markdown]
# # 4. LSTM: gates, and a conveyor for the gradient
#
# ## What you'll do
#
# Build a long short-term memory cell from its seven equations, derive its backward pass from the
# last equation to the first, check it, and see, in numbers and in a trained network, why it
# remembers what the vanilla network of tutorial 3 forgot.
#
# ## What you'll learn
#
# * equations (1) to (7) of the LSTM, what each gate is for, and (7') to (1');
# * why a cell state that is only *scaled and added to* keeps a gradient alive;
# * that it does not do so by itself: the forget gate must be open, hence the forget bias;
# * peepholes, and where their gradients enter.
#
# ## What you'll need
#
# [Tutorials 2](02_backpropagation_through_time.ipynb) and [3](03_vanishing_and_exploding.ipynb).
# About half a minute.

# %%
import numpy as np

import scratchrnn
from scratchrnn import cells, plot
from scratchrnn.gradcheck import check_gradients

scratchrnn.set_backend("numpy")
rng = np.random.default_rng(4)

# %% [markdown]
# ## The idea
#
# In the vanilla network the whole state goes through a matrix and a tanh at every step, and back
# again for the gradient. The LSTM (Hochreiter, Schmidhuber 1997) puts a second state beside h: the
# **cell state** $c$, which goes from step to step on a conveyor. At every step it is multiplied by
# a number between 0 and 1, and something is added. That is all:
#
# $$ c_t = f_t \odot c_{t-1} + i_t \odot g_t . \tag{5} $$
#
# How much is kept ($f$, the *forget gate*), how much is let in ($i$, the *input gate*), and how
# much of the result is shown to the outside ($o$, the *output gate*) is decided anew at every
# step, by small networks of their own that look at the input and at the last output:
#
# $$
# \begin{align*}
# a_t &= x_t W_x + h_{t-1} W_h + b \tag{1} \\
# i_t &= \sigma(a_i) & \text{what to let in} \tag{2} \\
# f_t &= \sigma(a_f) & \text{what to keep} \tag{3} \\
# g_t &= \tanh(a_g) & \text{the candidate: what would be new} \tag{4} \\
# o_t &= \sigma(a_o) & \text{what to show} \tag{6} \\
# h_t &= o_t \odot \tanh(c_t) & \text{the output} \tag{7}
# \end{align*}
# $$
#
# $a_t$ is (N, 4H): the four pre-activations lie side by side in the order **i f g o**, so that one
# product serves all gates, $W_x$ (D, 4H), $W_h$ (H, 4H), $b$ (4H,). $\sigma$ is the logistic
# function, 0 to 1; the numbers of the equations are those of `scratchrnn/cells/lstm.py`. (The
# forget gate came three years later, with Gers, Schmidhuber, Cummins 2000. In 1997 it was the
# constant 1.)
#
# **On the source document.** It says that the three gates "control the updating of the hidden
# state and the output" and describes the LSTM with the four steps of the vanilla network; the cell
# state, which is the whole point, does not occur. And it says that LSTM "can avoid the vanishing
# gradient". It can *mitigate* it. We shall see below by how much, and on what that depends.
#
# ## Forward
#
# The logistic function first. Written as `1 / (1 + np.exp(-a))` it overflows for large negative
# `a`. Both forms below are the same function; each is safe on its side:
#
# $$ \sigma(a) = \frac{1}{1 + e^{-a}} \;(a \ge 0), \qquad
#    \sigma(a) = \frac{e^{a}}{1 + e^{a}} \;(a < 0). $$

# %%
def sigmoid(a):
    e = np.exp(-np.abs(a))  # never above 1
    return np.where(a >= 0, 1 / (1 + e), e / (1 + e))


def lstm_step(x, h_prev, c_prev, Wx, Wh, b):
    """x (N,D); h_prev, c_prev (N,H); Wx (D,4H), Wh (H,4H), b (4H,)."""
    a = x @ Wx + h_prev @ Wh + b  # (1)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)
    i, f, g, o = sigmoid(a_i), sigmoid(a_f), np.tanh(a_g), sigmoid(a_o)  # (2) (3) (4) (6)
    c = f * c_prev + i * g  # (5)
    h = o * np.tanh(c)  # (7)
    return h, c, (x, h_prev, c_prev, i, f, g, o, c, Wx, Wh)


def lstm_forward(x, h0, c0, Wx, Wh, b):
    N, T, H = *x.shape[:2], len(Wh)
    h_all, h, c, cache = np.empty((N, T, H)), h0, c0, []
    for t in range(T):
        h, c, kept = lstm_step(x[:, t], h, c, Wx, Wh, b)
        h_all[:, t] = h
        cache.append(kept)
    return h_all, h, c, cache


N, T, D, H = 2, 5, 3, 4
shapes = {"x": (N, T, D), "h0": (N, H), "c0": (N, H), "Wx": (D, 4 * H), "Wh": (H, 4 * H),
          "b": (4 * H,)}
arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
h, hT, cT, _ = lstm_forward(**arrays)
theirs = cells.lstm_forward(**arrays)
print("difference from the library:", [float(np.abs(a - b).max().round(16)) for a, b in
                                       zip((h, hT, cT), theirs[:3], strict=True)])

# %% [markdown]
# The network has $4 (DH + H^2 + H)$ weights, four times those of a vanilla network of the same
# size.
#
# ## Backward
#
# Go through the equations from the last to the first. Two states go from step to step, so two
# gradients come back: $\mathrm{d}h^{\text{next}}$ and $\mathrm{d}c^{\text{next}}$.
#
# **(7')** $h = o \odot \tanh c$. Both factors get a share, and $c$ *adds* its share to what comes
# from step t + 1, since c is used twice, in (7) and in the (5) of the next step:
#
# $$ \mathrm{d}o = \mathrm{d}h^{\text{total}} \odot \tanh c, \qquad
#    \mathrm{d}c = \mathrm{d}c^{\text{next}}
#    + \mathrm{d}h^{\text{total}} \odot o \odot (1 - \tanh^2 c). \tag{7'} $$
#
# **(5')** $c = f \odot c_{\text{prev}} + i \odot g$: four quantities, four products.
#
# $$ \mathrm{d}i = \mathrm{d}c \odot g, \quad \mathrm{d}f = \mathrm{d}c \odot c_{\text{prev}}, \quad
#    \mathrm{d}g = \mathrm{d}c \odot i, \quad
#    \mathbf{\mathrm{d}c_{\text{prev}} = \mathrm{d}c \odot f}. \tag{5'} $$
#
# **(6') (4') (3') (2')** through the activations, with the derivatives written in the outputs,
# $\sigma' = \sigma (1 - \sigma)$ and $\tanh' = 1 - \tanh^2$:
#
# $$
# \begin{align*}
# \mathrm{d}a_o &= \mathrm{d}o \odot o (1 - o) \tag{6'} \\
# \mathrm{d}a_g &= \mathrm{d}g \odot (1 - g^2) \tag{4'} \\
# \mathrm{d}a_f &= \mathrm{d}f \odot f (1 - f) \tag{3'} \\
# \mathrm{d}a_i &= \mathrm{d}i \odot i (1 - i) \tag{2'}
# \end{align*}
# $$
#
# **(1')** put the four side by side, $\mathrm{d}a$ (N, 4H), and go through the affine map as in
# tutorial 2:
#
# $$ \mathrm{d}x = \mathrm{d}a\, W_x^\top, \quad
#    \mathrm{d}h_{\text{prev}} = \mathrm{d}a\, W_h^\top, \quad
#    \mathrm{d}W_x \mathrel{+}= x^\top \mathrm{d}a, \quad
#    \mathrm{d}W_h \mathrel{+}= h_{\text{prev}}^\top \mathrm{d}a, \quad
#    \mathrm{d}b \mathrel{+}= \textstyle\sum_n \mathrm{d}a . \tag{1'} $$

# %%
def lstm_step_backward(dh, dc, cache):
    """dh and dc: from above and from step t + 1 together."""
    x, h_prev, c_prev, i, f, g, o, c, Wx, Wh = cache
    do = dh * np.tanh(c)  # (7')
    dc = dc + dh * o * (1 - np.tanh(c) ** 2)  # (7'), a fresh array: the caller's dc stays
    di, df, dg = dc * g, dc * c_prev, dc * i  # (5')
    dc_prev = dc * f  # (5')
    da = np.concatenate(
        [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1
    )  # (2') (3') (4') (6')
    dx, dh_prev = da @ Wx.T, da @ Wh.T  # (1')
    return dx, dh_prev, dc_prev, x.T @ da, h_prev.T @ da, da.sum(axis=0)  # (1')


def lstm_backward(dh, dhT, dcT, cache):
    """dh (N,T,H) on every output, dhT and dcT (N,H) on the final states."""
    Wx, Wh = cache[0][-2:]
    dx, dh_next, dc_next = [], dhT, dcT
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[1])
    for t in reversed(range(dh.shape[1])):
        dx_t, dh_next, dc_next, dWx_t, dWh_t, db_t = lstm_step_backward(
            dh[:, t] + dh_next, dc_next, cache[t]
        )
        dx.append(dx_t)
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return np.stack(dx[::-1], axis=1), dh_next, dc_next, dWx, dWh, db


check_gradients(lstm_forward, arrays, lstm_backward)

# %% [markdown]
# The marker of the exercises agrees, and shows every intermediate:

# %%
from scratchrnn import exercises

exercises.check(lstm_step_backward)

# %% [markdown]
# Two mistakes, and what the checker of gradients says about them:

# %%
def conveyor_cut(dh, dhT, dcT, cache):
    """dc_next is forgotten: each step begins with dc = 0."""
    dx, dh_next, total = [], dhT, [0, 0, 0]
    for t in reversed(range(dh.shape[1])):
        start = dcT if t == dh.shape[1] - 1 else np.zeros_like(dcT)
        dx_t, dh_next, dc_next, *w = lstm_step_backward(dh[:, t] + dh_next, start, cache[t])
        dx.append(dx_t)
        total = [a + b for a, b in zip(total, w, strict=True)]
    return np.stack(dx[::-1], axis=1), dh_next, dc_next, *total


def gates_swapped(dh, dhT, dcT, cache):
    """i and f change places in the backward pass."""
    return lstm_backward(dh, dhT, dcT, [(*k[:3], k[4], k[3], *k[5:]) for k in cache])


for wrong in (conveyor_cut, gates_swapped):
    print(wrong.__doc__)
    for array in check_gradients(lstm_forward, arrays, wrong):
        print(f"    d{array.name:<3}", array.verdict[:150])

# %% [markdown]
# ## The conveyor
#
# Look at $\mathrm{d}c_{\text{prev}} = \mathrm{d}c \odot f$ again. No matrix, no derivative of an
# activation. Along this road, from step T to step s,
#
# $$ \frac{\partial c_T}{\partial c_s}\Big|_{\text{conveyor}} = \prod_{t=s+1}^{T} f_t , $$
#
# number by number. With $f = 1$ nothing is lost at all (the "constant error carousel" of 1997).
# With $f = 0.5$ it is a half at every step, $0.5^{100} = 8 \cdot 10^{-31}$: an LSTM whose forget
# gates stand half open **has** a vanishing gradient. (There are other roads too, through the gates
# and $W_h$. They behave like those of a vanilla network: they may vanish or explode. That is why
# LSTMs, too, are trained with clipping.)
#
# So what matters is where $f$ stands *before* training, when nothing has been learnt. Its
# pre-activation is then near its bias:
#
# | $b_f$ | f | f to the power of 100 |
# |---|---|---|
# | 0 | 0.50 | $8 \cdot 10^{-31}$ |
# | 1 (Keras's default, `unit_forget_bias`) | 0.73 | $2 \cdot 10^{-14}$ |
# | 3 | 0.95 | $8 \cdot 10^{-3}$ |
# | 5 | 0.993 | 0.5 |

# %%
def norms_through_time(bias, T=100, H=32, D=4):
    """Size of the gradient on the states of a fresh LSTM, every step; the loss is at the end."""
    rng = np.random.default_rng(1)
    Wx = rng.uniform(-1, 1, (D, 4 * H)) * np.sqrt(6 / (D + 4 * H))  # glorot_uniform
    Wh = np.linalg.qr(rng.normal(size=(4 * H, H)))[0].T  # orthogonal
    b = np.zeros(4 * H)
    b[H : 2 * H] = bias  # the columns of f
    _, _, _, cache = lstm_forward(rng.normal(size=(8, T, D)), np.zeros((8, H)),
                                  np.zeros((8, H)), Wx, Wh, b)
    dh, dc, sizes = rng.normal(size=(8, H)), np.zeros((8, H)), []
    for kept in reversed(cache):
        sizes.append(np.sqrt((dh**2 + dc**2).sum(axis=1)))
        _, dh, dc, *_ = lstm_step_backward(dh, dc, kept)
    return (np.stack(sizes[::-1]) / sizes[0]).T  # (8,T)


plot.gradient_norms({f"forget bias {b}": norms_through_time(b) for b in (0, 1, 3, 5)}).describe(
    "Size of the gradient over 100 steps back in a fresh LSTM, logarithmic: with forget bias 0 "
    "it falls to ten to the minus twenty-two, with 1 to ten to the minus nine; with 3 and with 5 "
    "it stays nearly level."
)

# %% [markdown]
# (The measured losses are smaller than those of the table: f is not the same for every unit and
# step, and the largest survive; and the other roads help.) Set $b_f$ to 1 at least, and to more
# when you know that dependencies are long: a gate with $f = 1 - 1/T$ remembers for about T steps,
# which is $b_f = \ln(T - 1)$ (Tallec, Ollivier 2018).

# %%
def lstm_init(D, H, rng, forget_bias=1.0):
    """Return Wx, Wh, b as Keras does: Glorot, orthogonal, zeros but ones for f."""
    limit = np.sqrt(6 / (D + 4 * H))
    Wx = rng.uniform(-limit, limit, (D, 4 * H))
    Wh = np.linalg.qr(rng.normal(size=(4 * H, H)))[0].T  # its rows are orthonormal
    b = np.zeros(4 * H)
    b[H : 2 * H] = forget_bias
    return Wx, Wh, b


Wx, Wh, b = lstm_init(3, 5, rng)
print("b:", b)
print("rows of Wh orthonormal:", np.allclose(Wh @ Wh.T, np.eye(5)))

# %% [markdown]
# Draw *one* matrix for all gates, from one generator: four gates that begin with the same numbers
# would begin as one gate, and their gradients would keep them together for a long time.
#
# ## Does it remember?
#
# The task of tutorial 3: the first of T symbols is the answer, the rest are distractors. The
# vanilla network failed for T = 80, and for some seeds already for T = 40. Now T = 60, the same
# budget of 240 updates, and three cells:

# %%
from scratchrnn.layers import LSTM, Dense, Input, SimpleRNN
from scratchrnn.models import Sequential


def remember(N, T, seed):
    rng = np.random.default_rng(seed)
    symbols = rng.integers(2, 4, (N, T))
    symbols[:, 0] = rng.integers(0, 2, N)
    return np.eye(4)[symbols], symbols[:, 0]


def train(layer, T=60, bias=None):
    model = Sequential([Input((None, 4)), layer, Dense(2, "softmax", seed=1)])
    if bias is not None:
        weights = model.get_weights()
        weights[2][16:32] = bias
        model.set_weights(weights)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = remember(960, T, 0)
    run = model.fit(x, y, batch_size=32, epochs=8, verbose=0, seed=0,
                    validation_data=remember(300, T, 99))
    return model, run


runs = {
    "SimpleRNN": train(SimpleRNN(16, seed=0)),
    "LSTM": train(LSTM(16, seed=0)),
    "LSTM, forget bias 4": train(LSTM(16, seed=0), bias=4.0),
}
plot.learning_curves({name: run for name, (_, run) in runs.items()}, chance=0.5).describe(
    "Learning curves over eight epochs, T = 60: the vanilla network and the LSTM with forget "
    "bias 1 stay at chance; the LSTM with forget bias 4 is right on all held-out sequences after "
    "the first epoch."
)

# %% [markdown]
# So much for "LSTM avoids the vanishing gradient". With the default bias of 1, $f^{60} = 0.73^{60}
# = 6 \cdot 10^{-9}$, and within this budget the LSTM does no better than the vanilla network. With
# a bias of 4, $0.98^{60} = 0.34$: the gradient of the last step reaches the first one, and the
# task is easy. The *cell* makes it possible; the *gate* decides. (With five to six times as many
# updates the default comes there too, from 52 to 100 per cent within one epoch, the forty-third:
# it first has to learn to open the gate, from a gradient that hardly arrives. Try `epochs=60`.)
#
# Look inside the one that learnt it. `gate_traces` gives every gate and state at every step:

# %%
from scratchrnn.explain import gate_traces

x, _ = remember(1, 60, 5)
pair = np.concatenate([x, x])
pair[:, 0] = np.eye(4)[:2]  # two sequences that differ in their first symbol and nowhere else
layer = runs["LSTM, forget bias 4"][0].layers[-2]
traces = gate_traces(layer, pair)
plot.gate_heatmaps({letter: values[0] for letter, values in traces.items()}).describe(
    "Heat maps of the input gate, forget gate, candidate, output gate, cell state and hidden state "
    "of 16 units over 60 steps. The forget gate is nearly one everywhere; the cell state grows "
    "from grey at the first step to strong values of either sign at the last."
)

# %% [markdown]
# The forget gate is open throughout (dark), the cell state only ever accumulates. And where is the
# memory? Feed in two sequences that differ in the first symbol and in nothing else. Whatever the
# states differ by, *is* the memory of that symbol:

# %%
difference = {}
for name, (model, _) in runs.items():
    traces = gate_traces(model.layers[-2], pair)
    state = traces.get("c", traces["h"])
    difference[name] = np.linalg.norm(state[0] - state[1], axis=-1)  # (T,)

fig, ax = plot.figure(5.2, 3.0)
with plot.style():
    for k, (name, values) in enumerate(difference.items()):
        ax.plot(np.arange(1, 61), np.maximum(values, 1e-12), **plot.line(name, k), label=name)
    plot.log_axis(ax)
    ax.set(xlabel="step", ylabel="‖difference of the states‖")
    ax.legend(loc="lower left")
fig.describe("How far two sequences that differ in their first symbol are apart, over 60 steps, "
             "logarithmic: in the vanilla network and in the plain LSTM the difference fades by "
             "many powers of ten, in the LSTM with open forget gates it stays and grows.")

# %% [markdown]
# ## Peepholes
#
# The gates of (2), (3) and (6) look at the output $h_{t-1}$, which an output gate may have closed:
# then they do not see what is in the cell. Peepholes (Gers, Schraudolph, Schmidhuber 2002) let
# each gate look at its own unit's cell state, through one weight per unit, $p_i, p_f, p_o$ (H,):
#
# $$
# \begin{align*}
# i &= \sigma(a_i + p_i \odot c_{\text{prev}}) \tag{2} \\
# f &= \sigma(a_f + p_f \odot c_{\text{prev}}) \tag{3} \\
# o &= \sigma(a_o + p_o \odot c) \tag{6}
# \end{align*}
# $$
#
# Mind the difference: i and f look at the *old* cell state, o at the *new* one. So in the backward
# pass (6') must come before (5'), since it adds to $\mathrm{d}c$, and (3') and (2') add to
# $\mathrm{d}c_{\text{prev}}$:
#
# $$ \mathrm{d}c \mathrel{+}= \mathrm{d}a_o \odot p_o, \qquad
#    \mathrm{d}c_{\text{prev}} = \mathrm{d}c \odot f
#    + \mathrm{d}a_f \odot p_f + \mathrm{d}a_i \odot p_i,
#    \qquad \mathrm{d}p_o = \textstyle\sum_n \mathrm{d}a_o \odot c, \dots $$
#
# The library has them (`peepholes=` of the cell and of the layer); here is the check of all
# gradients:

# %%
def forward(x, h0, c0, Wx, Wh, b, peepholes):
    return cells.lstm_forward(x, h0, c0, Wx, Wh, b, peepholes=peepholes)


def backward(dh, dhT, dcT, cache):
    return cells.lstm_backward(dh, cache, dhT, dcT)


arrays["peepholes"] = rng.normal(size=(3, 4))
result = check_gradients(forward, arrays, backward)
print("ok:", result.ok, "  worst relative error:", f"{result.worst_error:.0e}")

# %% [markdown]
# Greff et al. (2017) trained more than five thousand LSTMs of eight variants: peepholes made no
# significant difference on their tasks, while without the forget gate or the output activation
# results became clearly worse. Keras and PyTorch have no peepholes.
#
# ## On your own
#
# 1. The exercise sheet `2_lstm`: `sigmoid`, `lstm_init`, `lstm_step`, `lstm_step_backward`,
#    `lstm_forward`, `lstm_backward`. The marker names the equation and the factor that is missing.
#    (Tutorial 1 says how to get it.)
# 2. Leave out the tanh in (7), forward and backward. Does the gradient check notice? Should it?
# 3. Tie the gates, $i = 1 - f$. Which two lines of backward change? How many weights are saved?
# 4. Set $b_f = 20$ and train. What goes wrong, and which factor in (3') says so?
# 5. Repeat the last figure for the plain LSTM. How far open is its forget gate after training?
#
# ## In practice
#
# * LSTM with `unit_forget_bias` (the default) and clipping is a safe first choice. For very long
#   dependencies raise the forget bias before you raise anything else.
# * The cache of a sequence holds x, h, c and four gates: $N (T D + 2 (T+1) H + 4 T H)$ numbers.
# * Frameworks differ in the order of the gates: Keras and PyTorch i f g o, ONNX i o f g. Weights
#   moved without reordering give numbers that look plausible and are wrong (tutorial 14).
#
# ## Further reading
#
# * S. Hochreiter, J. Schmidhuber, "Long short-term memory", *Neural Computation* 9 (1997).
# * F. Gers, J. Schmidhuber, F. Cummins, "Learning to forget", *Neural Computation* 12 (2000).
# * F. Gers, N. Schraudolph, J. Schmidhuber, "Learning precise timing with LSTM recurrent
#   networks", *JMLR* 3 (2002).
# * K. Greff et al., "LSTM: a search space odyssey", *IEEE Trans. NNLS* 28 (2017).
# * R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network
#   architectures", *ICML* 2015: on the forget bias.
# * C. Tallec, Y. Ollivier, "Can recurrent neural networks warp time?", *ICLR* 2018.
# * C. Olah, "Understanding LSTM networks" (2015).
#
# Next: [5. GRU](05_gru.ipynb).
