# %% [markdown]
# # 1. Sequences and the vanilla RNN
#
# ## What you'll do
#
# Write a recurrent network's forward pass in a dozen lines of NumPy, follow it by hand through two
# steps, number by number, and let it do something that no average over frames can do: tell a film
# from the same film played backwards.
#
# ## What you'll learn
#
# * what a sequence looks like as an array, and the letters that this course uses for its sizes;
# * the two equations of the vanilla (Elman) recurrent network, (1) and (2);
# * what it means to *unroll* a network in time, and that the weights are the same at every step;
# * what the network can and cannot keep in its state.
#
# ## What you'll need
#
# NumPy (arrays, broadcasting, `@`), what a matrix product is, and the chain rule for the last
# section. Nothing about neural networks is assumed beyond "affine map, then a nonlinear function".
# Install once with `pip install -e ".[tutorials]"`; this tutorial then takes a few seconds.

# %%
import numpy as np

import scratchrnn
from scratchrnn import cells, plot

scratchrnn.set_backend("numpy")  # the readable functions; tutorial 7 is about the compiled ones
rng = np.random.default_rng(0)

# %% [markdown]
# ## A sequence is an array with time in it
#
# A film is a sequence of frames. So is a melody of notes, a sentence of letters, a day of
# temperatures. Throughout the course, and in the code, the sizes have fixed letters:
#
# | letter | is the number of | in this tutorial |
# |---|---|---|
# | N | sequences handled together (the batch) | 512 films |
# | T | steps in a sequence | 6 frames |
# | D | numbers at a step (the inputs) | 8 pixels |
# | H | numbers that the network remembers (its units) | 16 |
#
# A batch of sequences is one array `x` of shape (N, T, D). Here are the simplest films there are:
# a line of 8 pixels on which one bright dot moves by one pixel a frame, to the left or to the
# right. What leaves on one side comes back on the other.

# %%
def moving_dots(N, T=6, D=8, seed=0):
    """Return films (N, T, D) of a moving dot, and whether it moves to the right (N,)."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, D, N)
    right = rng.integers(0, 2, N)
    position = (start[:, None] + (2 * right[:, None] - 1) * np.arange(T)) % D  # (N,T)
    return np.eye(D)[position], right


x, right = moving_dots(512)
print("x:", x.shape, " classes:", np.bincount(right))

# %%
k_left = np.flatnonzero(right == 0)[0]
k_right = np.flatnonzero((right == 1) & (x[:, 0] == x[k_left, 0]).all(axis=1))[0]
fig, axes = plot.figure(6.2, 2.2, columns=2, sharey=True)
for ax, k, name in [(axes[0], k_left, "to the left"), (axes[1], k_right, "to the right")]:
    ax.imshow(x[k], cmap=plot.UNIT_MAP, vmin=0, vmax=1)
    ax.set(title=name, xlabel="pixel", yticks=range(6), yticklabels=range(1, 7))
    ax.grid(False)
axes[0].set_ylabel("frame (time runs down)")
fig.describe("Two films of eight pixels, one frame a row: in the left one the bright dot wanders "
             "to the left, in the right one to the right.")

# %% [markdown]
# Each frame alone says nothing about the class: any frame can come from either film. Neither does
# their *average*, which forgets the order. Play a film backwards and every frame is still there,
# once:

# %%
film = x[k_left]  # (T,D)
backwards = film[::-1]
print("same frames on average:", np.array_equal(film.mean(axis=0), backwards.mean(axis=0)))
print("same film:             ", np.array_equal(film, backwards))

# %% [markdown]
# So whatever tells the two apart must take in the frames one after another and *remember*.
#
# ## One step
#
# The source document of this project (an article on deep learning for video) says in its section
# 3.1 what a recurrent network does: begin with an initial internal state; at every step combine
# the input with the state; the result is the new state. It announces the mathematics and leaves it
# out. Here it is. With the input $x_t$ of step $t$ (N, D) and the state $h_{t-1}$ of the step
# before (N, H), in one row per sequence,
#
# $$
# \begin{align*}
# a_t &= x_t W_x + h_{t-1} W_h + b \tag{1} \\
# h_t &= \varphi(a_t) \tag{2}
# \end{align*}
# $$
#
# with weights $W_x$ (D, H), $W_h$ (H, H) and $b$ (H,), and an *activation* $\varphi$, usually
# $\tanh$, applied to each number. $a_t$ is called the pre-activation. The numbers in parentheses
# are those of `scratchrnn/cells/rnn.py`: the same tag stands in that file's docstring, beside its
# line of code, and here.
#
# Two remarks on the document. It speaks of a "hidden state" *and* an "internal state" that are
# combined to give the output; in this network there is only one state, $h$, and the output is
# computed from it. And it says 递归 (recursive) where the usual word is 循环 (recurrent): a
# *recursive* network works along a tree.
#
# Without $h_{t-1} W_h$ this would be an ordinary layer applied to each frame. With it, $h_t$
# depends on $x_t$, and through $h_{t-1}$ on $x_{t-1}$, and so on back to the first frame.

# %%
def rnn_step(x, h_prev, Wx, Wh, b):
    """Advance the state by one step. x (N,D), h_prev (N,H), Wx (D,H), Wh (H,H), b (H,)."""
    a = x @ Wx + h_prev @ Wh + b  # (1), shape (N,H)
    return np.tanh(a)  # (2)

# %% [markdown]
# Read the shapes, they are half of the understanding: (N, D) @ (D, H) is (N, H); (N, H) @ (H, H)
# is (N, H); the bias (H,) is added to every row.
#
# ## Two steps by hand
#
# Take the smallest network there is, N = D = H = 1, so that every array is a number:
#
# $$ W_x = 0.5, \qquad W_h = -1, \qquad b = 0.1, \qquad x_1 = 1, \qquad x_2 = 2, \qquad h_0 = 0. $$
#
# **Step 1.** $a_1 = 1 \cdot 0.5 + 0 \cdot (-1) + 0.1 = 0.6$, so $h_1 = \tanh 0.6 = 0.53705$.
#
# **Step 2.** $a_2 = 2 \cdot 0.5 + 0.53705 \cdot (-1) + 0.1 = 0.56295$, so $h_2 = \tanh 0.56295 =
# 0.51016$.
#
# Please check both with a calculator before you go on. These numbers also stand in the docstring
# of `scratchrnn.cells.rnn`, and one of the project's tests computes them.

# %%
Wx, Wh, b = np.array([[0.5]]), np.array([[-1.0]]), np.array([0.1])
h0 = np.zeros((1, 1))
h1 = rnn_step(np.array([[1.0]]), h0, Wx, Wh, b)
h2 = rnn_step(np.array([[2.0]]), h1, Wx, Wh, b)
print(f"h1 = {h1.item():.5f}   h2 = {h2.item():.5f}")

# %% [markdown]
# ## All steps: the network unrolled
#
# A sequence is handled by calling the step T times, each time with *the same* weights and the
# state that the last call left. Drawn out, with one box per step, this is the network *unrolled in
# time*:

# %%
plot.unrolled_network("SimpleRNN", inputs=8, units=16).describe(
    "Four boxes in a row, one for each step, all called SimpleRNN. An arrow brings the input x "
    "of shape (N, 8) into each from below, the state h of shape (N, 16) goes up and on to the "
    "next box, and a Dense layer sits on the last."
)

# %% [markdown]
# Three habits of the code in this project are visible in the next function, and you will meet them
# again:
#
# * inside, **time comes first**: `x[t]` is then the contiguous block (N, D) of one step;
# * the buffer of states has **T + 1 rows**, row 0 the initial state, so that no `if t == 0` is
#   needed;
# * nothing is changed in place that belongs to the caller.

# %%
def rnn_forward(x, h0, Wx, Wh, b):
    """Run over whole sequences. x (N,T,D), h0 (N,H). Returns every state, (N,T,H)."""
    N, T, _ = x.shape
    x = x.swapaxes(0, 1)  # (T,N,D)
    h = np.empty((T + 1, N, len(Wh)))  # (T+1,N,H), row 0 is h0
    h[0] = h0
    for t in range(T):
        h[t + 1] = rnn_step(x[t], h[t], Wx, Wh, b)
    return h[1:].swapaxes(0, 1)

# %% [markdown]
# Compare it with the library's. A comparison is worth nothing where the numbers are special, so
# all arrays are random and no two sizes are the same:

# %%
N, T, D, H = 5, 7, 3, 4
x_try, h0_try = rng.normal(size=(N, T, D)), rng.normal(size=(N, H))
Wx, Wh, b = rng.normal(size=(D, H)), rng.normal(size=(H, H)), rng.normal(size=H)

mine = rnn_forward(x_try, h0_try, Wx, Wh, b)
theirs, last, cache = cells.rnn_forward(x_try, h0_try, Wx, Wh, b)
print("largest difference:", np.abs(mine - theirs).max())
print("the third result is what the backward pass will need:", cache._fields)

# %% [markdown]
# ## What the state knows
#
# Give the untrained network a film and the same film backwards. An average cannot tell them apart;
# the last state can. That does not make the network clever: it means that the information is
# *there*, and that something after it can learn to use it.

# %%
D, H = 8, 16
Wx, Wh = rng.normal(size=(D, H)), rng.normal(size=(H, H)) / np.sqrt(H)
b = 0.1 * rng.normal(size=H)
_, one_way, _ = cells.rnn_forward(film[None], None, Wx, Wh, b)
_, other_way, _ = cells.rnn_forward(backwards[None], None, Wx, Wh, b)
print("distance between the two last states:", np.linalg.norm(one_way - other_way).round(3))

# %% [markdown]
# Now train it. `SimpleRNN` is the layer made of (1) and (2); `Dense` turns the last state into two
# class probabilities. How the weights are found is the subject of the next tutorial and of
# tutorial 6. Beside it, as a *baseline*, the best that can be done without order: the same `Dense`
# layer on the average frame.

# %%
from scratchrnn.layers import Dense, Input, SimpleRNN
from scratchrnn.models import Sequential

x_test, right_test = moving_dots(400, seed=1)
test = (x_test, right_test)


def train(model, x, y, held_out):
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model.fit(x, y, epochs=30, validation_data=held_out, verbose=0, seed=0)


rnn = Sequential([Input((None, 8)), SimpleRNN(16, seed=0), Dense(2, "softmax", seed=1)])
blind = Sequential([Input((8,)), Dense(16, "tanh", seed=0), Dense(2, "softmax", seed=1)])
histories = {
    "RNN": train(rnn, x, right, test),
    "baseline": train(blind, x.mean(axis=1), right, (x_test.mean(axis=1), right_test)),
}
plot.learning_curves(histories, chance=0.5).describe(
    "Learning curves over 30 epochs. The recurrent network's accuracy on held-out films rises to "
    "100 per cent; that of the baseline, which sees the average frame, stays near 50 per cent."
)

# %% [markdown]
# The thick lines are films that were not trained on. The baseline is not badly trained: there is
# nothing in its input to be found. (The little that it gains on the training films is chance,
# learnt by heart.) *Always ask what a model without order would reach before you praise one with
# order.*
#
# What does the trained state look like? Below is each of the 16 units over the six frames of a
# film, first to the left and then to the right. Both begin at the same pixel: at frame 1 the
# network cannot know, and the two states are the same; they part from frame 2 on.

# %%
_, cache = cells.rnn_forward(
    np.stack([x[k_left], x[k_right]]), None, *[w.astype(float) for w in rnn.get_weights()[:3]]
)[1:]
states = cache.h[1:]  # (T,2,H)
fig, axes = plot.figure(6.2, 2.6, columns=2, sharey=True)
for ax, k, name in [(axes[0], 0, "to the left"), (axes[1], 1, "to the right")]:
    look = dict(cmap=plot.SIGNED_MAP, vmin=-1, vmax=1, aspect="auto")
    picture = ax.imshow(states[:, k].T, **look)
    ax.set(title=name, xlabel="frame", xticks=range(6), xticklabels=range(1, 7))
    ax.grid(False)
axes[0].set_ylabel("unit")
fig.colorbar(picture, ax=axes, label="h")
fig.describe("Two heat maps of the sixteen hidden units over six frames, one for a film to the "
             "left, one for a film to the right; the patterns differ from the second frame on.")

# %% [markdown]
# ## Learning, by hand
#
# To train means to ask how the loss changes when a weight changes. For the two-step network above
# this is the chain rule and nothing else, so let us do it once with numbers. Say the loss is
# simply $L = h_2$. Write $\mathrm{d}v$ for $\partial L / \partial v$, as the code does, and recall
# $\tanh' = 1 - \tanh^2$.
#
# 1. $\mathrm{d}h_2 = 1$, and $h_2 = \tanh a_2$, so $\mathrm{d}a_2 = 1 - h_2^2 = 1 - 0.26027 =
#    0.73973$.
# 2. $a_2 = x_2 W_x + h_1 W_h + b$. So the *state* gets $\mathrm{d}h_1 = \mathrm{d}a_2 \cdot W_h =
#    -0.73973$, and step 2's share of the weights is $x_2\,\mathrm{d}a_2 = 1.47947$ for $W_x$,
#    $h_1\,\mathrm{d}a_2 = 0.39727$ for $W_h$ and $\mathrm{d}a_2 = 0.73973$ for $b$.
# 3. $h_1 = \tanh a_1$, so $\mathrm{d}a_1 = \mathrm{d}h_1 (1 - h_1^2) = -0.73973 \cdot 0.71158 =
#    -0.52638$.
# 4. Step 1's share is $x_1\,\mathrm{d}a_1 = -0.52638$ for $W_x$, $h_0\,\mathrm{d}a_1 = 0$ for
#    $W_h$ and $\mathrm{d}a_1 = -0.52638$ for $b$.
# 5. The weights are *the same* in both steps, so their shares are added:
#
# $$ \mathrm{d}W_x = 1.47947 - 0.52638 = 0.95309, \quad \mathrm{d}W_h = 0.39727, \quad
#    \mathrm{d}b = 0.73973 - 0.52638 = 0.21336. $$
#
# (The last digits come from unrounded numbers.) That is backpropagation through time. A network
# with a thousand units over a thousand steps does the same, with matrices.

# %%
example = np.array([[[1.0], [2.0]]])  # (1,2,1)
_, _, cache = cells.rnn_forward(example, None, np.array([[0.5]]), np.array([[-1.0]]),
                                np.array([0.1]))
grads = cells.rnn_backward(None, cache, dhT=np.ones((1, 1)))
for name, value in [("dWx", grads.dWx), ("dWh", grads.dWh), ("db", grads.db)]:
    print(f"{name:<4}{value.item():9.5f}")

# %% [markdown]
# ## On your own
#
# 1. `scratchrnn exercises mine/` writes the exercise sheets of the course into a folder of yours,
#    as notebooks. In `mine/1_rnn.ipynb` fill in `rnn_step` and `rnn_forward` from equations (1)
#    and (2), without looking, and have them marked: `scratchrnn check mine/1_rnn.ipynb`. The
#    marker names the equation that is wrong.
# 2. Work the two-step example with $W_h = +1$. Which gradient changes its sign, and why?
# 3. Set $W_h = 0$ in the trained network. What accuracy do you expect on the films, and what do
#    you get?
# 4. Let the dot stand still in a third class. How many frames does the network need before it is
#    sure? (`scratchrnn.explain.running_prediction` tells the prediction after each frame.)
# 5. The number of weights is $DH + H^2 + H$. Which part dominates for video frames of 64 × 48
#    pixels and H = 128? What does that suggest doing to the frames first? (Tutorial 9 does it.)
#
# ## In practice
#
# * Sizes of real inputs are larger, and one does not feed raw pixels to a recurrent network: each
#   frame is first turned into a few dozen or hundred *features*.
# * $\varphi$ is almost always $\tanh$; $\mathrm{relu}$ does not bound the state and needs care.
# * The vanilla network is the right thing to learn first and rarely the right thing to use: over
#   many steps its memory fades (tutorial 3), which LSTM (4) and GRU (5) were made to mend.
#
# ## Further reading
#
# * J. L. Elman, "Finding structure in time", *Cognitive Science* 14 (1990): the network of this
#   tutorial.
# * A. Karpathy, "The unreasonable effectiveness of recurrent neural networks" (2015): what they
#   can do.
# * I. Goodfellow, Y. Bengio, A. Courville, *Deep Learning* (2016), chapter 10.
# * `scratchrnn/cells/rnn.py`: all of this, with masks and the backward pass, on one page.
#
# Next: [2. Backpropagation through time](02_backpropagation_through_time.ipynb).
