# %% [markdown]
# # 6. Training: losses, optimizers, masks, truncation, dropout, traps
#
# ## What you'll do
#
# Write everything between a gradient and a trained network: the loss over time with its gradient,
# Adam, masks for sequences of unequal length, truncated backpropagation, dropout. Each piece is a
# few lines, each is checked, and each has a way of being wrong that does not raise an error.
#
# ## What you'll learn
#
# * softmax and cross-entropy at every step, stably, and why the gradient is "p minus one";
# * what momentum and Adam's two averages do, and what the bias correction corrects;
# * what a mask must do in the forward pass *and* in the backward pass, and to the average;
# * what truncation saves and what it cuts off;
# * why dropout between steps needs one mask for all steps.
#
# ## What you'll need
#
# Tutorials [2](02_backpropagation_through_time.ipynb), [3](03_vanishing_and_exploding.ipynb)
# (clipping is there) and [4](04_lstm.ipynb). About twenty seconds.

# %%
import numpy as np

import scratchrnn
from scratchrnn import cells, plot
from scratchrnn.gradcheck import check_gradients

scratchrnn.set_backend("numpy")
rng = np.random.default_rng(6)

# %% [markdown]
# ## A loss over time
#
# A layer on top of the states gives at every step V *scores* (logits) $s$, one for each class or
# letter. The softmax makes probabilities of them, and the loss is minus the logarithm of the
# probability of the right class $y$,
#
# $$ p_v = \frac{e^{s_v}}{\sum_w e^{s_w}}, \qquad \ell = -\log p_y, $$
#
# averaged over the M steps that are real (`mask` is True):
#
# $$ L = \frac{1}{M} \sum_{n,t} \text{mask}_{nt}\, \ell_{nt}, \qquad
#    M = \sum_{n,t} \text{mask}_{nt} . $$
#
# For the gradient write $\ell = -s_y + \log \sum_w e^{s_w}$. The first term gives −1 for $v = y$,
# the second $e^{s_v} / \sum_w e^{s_w} = p_v$. So
#
# $$ \frac{\partial L}{\partial s_{ntv}}
#    = \frac{\text{mask}_{nt}}{M} \bigl(p_{ntv} - [v = y_{nt}]\bigr) : $$
#
# "p minus one at the right class". Since only differences of scores matter, subtract the largest
# one before `exp`; nothing overflows then.

# %%
def softmax_loss(scores, y, mask):
    """scores (N,T,V), y (N,T) of int, mask (N,T) of bool. Returns the loss and dscores."""
    real = mask[:, :, None]
    s = np.where(real, scores, 0)  # choose, do not multiply: 0 * nan is nan
    s = s - s.max(axis=2, keepdims=True)
    log_p = s - np.log(np.exp(s).sum(axis=2, keepdims=True))
    right = np.arange(scores.shape[2]) == np.where(real, y[:, :, None], 0)
    M = mask.sum()
    loss = -(log_p * right * real).sum() / M
    return loss, (np.exp(log_p) - right) * real / M


N, T, V = 3, 5, 4
scores, y = 3 * rng.normal(size=(N, T, V)), rng.integers(0, V, (N, T))
mask = np.arange(T) < np.array([5, 2, 3])[:, None]
scores[1, 3] = np.nan  # padding may hold anything
loss, dscores = softmax_loss(scores, y, mask)
print("loss:", loss.round(6), "  gradient at padding:", np.abs(dscores[~mask]).max())

from scratchrnn.losses import SparseCategoricalCrossentropy

theirs = SparseCategoricalCrossentropy(from_logits=True)
clean = np.where(mask[:, :, None], scores, 0)
print("library:", round(theirs(y, clean, mask=mask), 6))
result = check_gradients(lambda s: softmax_loss(s, y, mask), [clean])
print("gradient check:", result.ok)

# %% [markdown]
# **A trap.** Averaging over all N·T steps instead of the M real ones gives a loss that depends on
# how far the batch happened to be padded: a batch with one long sequence gets a small loss and a
# small gradient for no reason.

# %%
wider = np.zeros((N, 50, V))
wider[:, :T] = clean
y_wide, mask_wide = np.zeros((N, 50), int), np.zeros((N, 50), bool)
y_wide[:, :T], mask_wide[:, :T] = y, mask
right, _ = softmax_loss(wider, y_wide, mask_wide)
print(f"over the real steps: {loss:.4f}, padded to 50: {right:.4f}")
print(f"over all steps:      {loss * mask.sum() / (N * T):.4f}, padded to 50: "
      f"{right * mask.sum() / (N * 50):.4f}")

# %% [markdown]
# For numbers instead of classes the loss is the mean squared error, $L = \frac1M \sum \text{mask}
# (\hat y - y)^2$, with gradient $\frac{2}{M} \text{mask} (\hat y - y)$. Everything said about
# masks holds there too.
#
# ### Before and after the recurrence
#
# Two layers usually stand around it. A **Dense** layer at every step, $\text{out}_{nt} = x_{nt}
# W + b$, is one affine map for all $N T$ rows, so its gradients are those of tutorial 2 with
# sums over sequences *and* steps: $\mathrm{d}x_{nt} = \mathrm{d}\text{out}_{nt} W^\top$,
# $\mathrm{d}W = \sum_{nt} x_{nt}^\top \mathrm{d}\text{out}_{nt}$, $\mathrm{d}b = \sum_{nt}
# \mathrm{d}\text{out}_{nt}$. An **Embedding** turns numbers of words into vectors by looking
# them up, $\text{out}_{nt} = W[x_{nt}]$; a word's row gets the sum of the gradients of *all*
# places where the word stands. (In NumPy `dW[x] += dout` keeps only one of them; `np.add.at(dW,
# x, dout)` adds all.)

# %%
W, words = rng.normal(size=(4, 2)), np.array([[0, 1, 1], [1, 3, 0]])
dout = np.ones((2, 3, 2))
lost, right = np.zeros_like(W), np.zeros_like(W)
lost[words] += dout
np.add.at(right, words, dout)
print("rows of dW with +=:", lost[:, 0], "  with np.add.at:", right[:, 0])

# %% [markdown]
# ## Optimizers
#
# *Gradient descent* goes downhill, $w \leftarrow w - \eta\, \mathrm{d}w$. In a long narrow valley
# it either crawls along or jumps across. *Momentum* averages the direction: what alternates
# cancels, what persists adds up,
#
# $$ m \leftarrow \mu\, m - \eta\, \mathrm{d}w, \qquad w \leftarrow w + m . $$
#
# **Adam** (Kingma, Ba 2015) keeps two running means for every single weight, of the gradient and
# of its square, and divides one by the root of the other. The step is then about $\eta$, whatever
# the scale of the gradient:
#
# $$
# \begin{align*}
# m &\leftarrow \beta_1 m + (1 - \beta_1)\, \mathrm{d}w, &
# v &\leftarrow \beta_2 v + (1 - \beta_2)\, \mathrm{d}w^2, \\
# \hat m &= \frac{m}{1 - \beta_1^t}, &
# \hat v &= \frac{v}{1 - \beta_2^t}, \\
# w &\leftarrow w - \eta\, \frac{\hat m}{\sqrt{\hat v} + \varepsilon}, &
# t &= 1, 2, 3, \dots
# \end{align*}
# $$
#
# Why the hats? Both means start at 0. After one step $m = (1 - \beta_1)\, \mathrm{d}w$, a tenth of
# the gradient, and $v$ a thousandth of its square: too small, by factors that differ. In general,
# if the gradient did not change, $m = (1 - \beta_1^t)\, \mathrm{d}w$; dividing by $1 - \beta_1^t$
# makes the mean right from the first step on. t counts updates from **1**; with t = 0 one divides
# by zero.

# %%
def adam_step(w, dw, m, v, t, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    """Return new w, m, v."""
    m = beta1 * m + (1 - beta1) * dw
    v = beta2 * v + (1 - beta2) * dw**2
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


from scratchrnn.optimizers import SGD, Adam

ours = theirs = rng.normal(size=7)
m = v = np.zeros(7)
theirs, optimizer = theirs.copy(), Adam(learning_rate=0.01)
for t in range(1, 201):
    ours, m, v = adam_step(ours, ours - 1.0, m, v, t, lr=0.01, eps=1e-7)
    optimizer.apply([theirs - 1.0], [theirs])  # in place
print("after 200 updates, largest difference:", f"{np.abs(ours - theirs).max():.0e}")

# %% [markdown]
# (Where exactly $\varepsilon$ stands differs: Keras adds it to $\sqrt v$ *before* the correction,
# which changes its size by $\sqrt{1 - \beta_2^t}$; its value differs too, $10^{-7}$ there and
# $10^{-8}$ in the paper. It matters only where gradients are tiny, and then it is why two
# frameworks disagree.)
#
# The same valley, three optimizers, 60 updates each:

# %%
def valley(a, b):
    return 0.5 * (0.1 * a**2 + 8.0 * b**2) + 0.01


def walk(optimizer, updates=60):
    w, path = np.array([-4.0, 1.0]), []
    for _ in range(updates):
        path.append(w.copy())
        optimizer.apply([np.array([0.1, 8.0]) * w], [w])
    return np.array(path)


paths = {
    "SGD": walk(SGD(0.22)),
    "momentum": walk(SGD(0.05, momentum=0.9)),
    "Adam": walk(Adam(0.15)),
}
plot.loss_surface(valley, np.linspace(-4.5, 1.5, 60), np.linspace(-1.5, 1.5, 60), paths=paths,
                  names=("flat direction", "steep direction")).describe(
    "A long narrow valley with the paths of three optimizers. SGD zigzags across it and has not "
    "reached the middle after 60 updates; momentum swings and arrives; Adam swings once, and "
    "arrives."
)

# %% [markdown]
# ## Sequences of unequal length
#
# Sequences are padded to the length of the longest and come with a mask (N, T), True where a step
# is real. What must a masked step do? *Nothing*: the state goes through unchanged, and neither
# outputs nor gradients depend on what the padding holds,
#
# $$ h_t = \begin{cases} \varphi(a_t) & \text{real} \\
#    h_{t-1} & \text{masked} \end{cases} \tag{3} $$
#
# So in the backward pass the gradient on $h_t$ goes *past* a masked step to $h_{t-1}$, and through
# a real one as always; the weights get nothing from it, and $\mathrm{d}x_t$ there is exactly 0:
#
# $$ \mathrm{d}h^{\text{new}} = \begin{cases} \mathrm{d}h^{\text{total}} \\ 0 \end{cases} \qquad
#    \mathrm{d}h^{\text{next}}_{t-1} = \begin{cases} \mathrm{d}a\, W_h^\top & \text{real} \\
#    \mathrm{d}h^{\text{total}} & \text{masked} \end{cases} \tag{3'} $$

# %%
def masked_rnn_forward(x, h0, Wx, Wh, b, mask):
    N, T, _ = x.shape
    h_all, h, cache = np.empty((N, T, len(Wh))), h0, []
    for t in range(T):
        real = mask[:, t, None]
        x_t = np.where(real, x[:, t], 0)  # choose: a nan must not get in
        h_new = np.tanh(x_t @ Wx + h @ Wh + b)  # (1) (2)
        cache.append((x_t, h, h_new, real, Wx, Wh))
        h = np.where(real, h_new, h)  # (3)
        h_all[:, t] = h
    return h_all, h, cache


def masked_rnn_backward(dh, dhT, cache):
    Wx, Wh = cache[0][-2:]
    dx, dh_next = np.empty((*dh.shape[:2], len(Wx))), dhT
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(len(Wh))
    for t in reversed(range(dh.shape[1])):
        x_t, h_prev, h_new, real, _, _ = cache[t]
        dh_total = dh[:, t] + dh_next
        da = np.where(real, dh_total, 0) * (1 - h_new**2)  # (3') (2')
        dx[:, t] = da @ Wx.T  # (1')
        dWx += x_t.T @ da
        dWh += h_prev.T @ da
        db += da.sum(axis=0)
        dh_next = np.where(real, da @ Wh.T, dh_total)  # (3')
    return dx, dh_next, dWx, dWh, db


N, T, D, H = 3, 6, 2, 4
mask = np.array([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 0, 1]], bool)
shapes = {"x": (N, T, D), "h0": (N, H), "Wx": (D, H), "Wh": (H, H), "b": (H,)}
arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
print(check_gradients(masked_rnn_forward, {**arrays, "mask": mask}, masked_rnn_backward).ok)

x, h0, *weights = arrays.values()
short, _, _ = masked_rnn_forward(x[1:2, :3], h0[1:2], *weights, mask[1:2, :3])
arrays["x"][1, 3:] = np.nan
padded, last, _ = masked_rnn_forward(**arrays, mask=mask)
print("as without padding:", np.allclose(padded[1, :3], short[0], rtol=0, atol=1e-15),
      "  final state is that of step 3:", np.array_equal(last[1], padded[1, 2]))

# %% [markdown]
# **A trap with a history.** To classify a sequence one takes the output of its *last real step*.
# `h[:, -1]` of a layer that knows nothing of masks is the output after the padding. "The model
# does not learn" is how that is usually reported:

# %%
from scratchrnn.layers import LSTM, Dense, Input
from scratchrnn.models import Sequential


def unequal(N, rng, T=40):
    """x (N,T,3), mask, and the class: whether the sum of the first column is positive."""
    lengths = rng.integers(3, 12, N)
    mask = np.arange(T) < lengths[:, None]
    x = rng.normal(size=(N, T, 3))
    return np.where(mask[:, :, None], x, 0), mask, ((x[:, :, 0] * mask).sum(axis=1) > 0).astype(int)


x, mask, y = unequal(640, np.random.default_rng(0))
x_test, mask_test, y_test = unequal(300, np.random.default_rng(1))
runs = {}
for name in ("with the mask", "without"):
    use = name == "with the mask"
    model = Sequential([Input((None, 3)), LSTM(12, seed=0), Dense(2, "softmax", seed=1)])
    model.compile(Adam(0.01), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, mask=mask if use else None, epochs=6, batch_size=32, verbose=0, seed=0)
    runs[name] = model.evaluate(x_test, y_test, mask=mask_test if use else None, verbose=0,
                                return_dict=True)["accuracy"]
print({name: f"{100 * value:.0f} %" for name, value in runs.items()})

# %% [markdown]
# The same weights at the start, the same data, the same number of updates. In Keras and here a
# `Masking` layer makes the mask from a padding value, and `fit(..., mask=)` takes it directly.
#
# **Reading in both directions.** `Bidirectional` runs a second layer from the end to the
# beginning. Two things go wrong easily: its outputs come in *its* order and must be turned back in
# time before they are put beside those of the first; and its *final* state, the one that has read
# everything, is the one at step **1**, not at step T.
#
# ## Truncated backpropagation
#
# A text of a million letters cannot be backpropagated through: the cache alone would not fit
# (tutorial 2). So cut it into windows of k steps. The **state** is carried from window to window;
# the **gradient** is not:

# %%
def truncated_bptt(x, h0, Wx, Wh, b, dh, k):
    """Forward over everything, backward within windows of k steps."""
    h, state = [], h0
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    for start in range(0, x.shape[1], k):
        stop = min(start + k, x.shape[1])  # the last window may be shorter
        h_w, state, cache = cells.rnn_forward(x[:, start:stop], state, Wx, Wh, b)
        grads = cells.rnn_backward(dh[:, start:stop], cache)  # dhT = 0: nothing from the future
        h.append(h_w)
        dWx, dWh, db = dWx + grads.dWx, dWh + grads.dWh, db + grads.db
    return np.concatenate(h, axis=1), dWx, dWh, db


N, T, D, H = 4, 120, 3, 16
x, h0 = 0.5 * rng.normal(size=(N, T, D)), np.zeros((N, H))
Wx, Wh = rng.normal(size=(D, H)), 0.95 * np.linalg.qr(rng.normal(size=(H, H)))[0]
b, dh = np.zeros(H), rng.normal(size=(N, T, H))
full, _, cache = cells.rnn_forward(x, h0, Wx, Wh, b)
exact = cells.rnn_backward(dh, cache).dWh
lengths, errors = [1, 2, 5, 10, 20, 40, 60, 120], []
for k in lengths:
    h, _, dWh, _ = truncated_bptt(x, h0, Wx, Wh, b, dh, k)
    errors.append(np.linalg.norm(dWh - exact) / np.linalg.norm(exact))
print("outputs are the same whatever k:", np.allclose(h, full, rtol=0, atol=1e-12))

fig, ax = plot.figure(4.6, 2.8)
with plot.style():
    ax.plot(lengths, 100 * np.array(errors), "o-", color=plot.OKABE_ITO["blue"])
    ax.set(xlabel="k, steps in a window", ylabel="error of dWh (%)", ylim=(0, None))
fig.describe("The error of the truncated gradient of Wh against the length of the window: large "
             "for windows of 1 and 2 steps, falling steadily, and zero when the window is the "
             "whole sequence of 120 steps.")

# %% [markdown]
# What is missing is exactly the gradient that would have crossed a cut: a loss in one window, a
# cause in an earlier one. Which pairs are left shows best in the triangle of tutorial 2. Whatever
# lies outside the blocks cannot be learnt *by gradient*; it can still be *used*, since the state
# crosses.

# %%
t, s = np.mgrid[1:25, 1:25]
fig, axes = plot.figure(6.6, 2.7, columns=3, sharey=True)
with plot.style():
    for ax, k in zip(axes, (24, 12, 4), strict=True):
        kept = (s <= t) & ((t - 1) // k == (s - 1) // k)
        ax.imshow(kept, cmap=plot.UNIT_MAP, vmin=0, vmax=1.3, extent=(0.5, 24.5, 24.5, 0.5))
        ax.set(title=f"k = {k}", xlabel="state s")
        ax.grid(False)
axes[0].set_ylabel("loss at step t")
fig.describe("Which loss reaches which state. Untruncated: the whole lower triangle. With windows "
             "of 12 steps two smaller triangles along the diagonal, with windows of 4 steps six.")

# %% [markdown]
# `model.fit(..., tbptt=k)` does it, with one update a window. Two traps: cutting one step too
# early or too late at each border, and forgetting to carry the state, which turns a long text into
# many unrelated short ones. And the state belongs to *one* sequence: reset it before the next.
#
# ## Dropout
#
# Dropout (Srivastava et al. 2014) switches off a random part of the numbers in training, each with
# probability p, and divides what is left by 1 − p, so that the average stays and nothing has to be
# done at prediction time:
#
# $$ \text{dropout}(x) = \frac{x \odot r}{1 - p}, \qquad r \in \{0, 1\}, \; P(r = 1) = 1 - p . $$
#
# On the inputs $x_t$ that is harmless. On the recurrent road it is not: a *new* mask at every step
# lets a given memory survive T steps with probability $(1-p)^T$. Gal and Ghahramani (2016) draw
# **one** mask for each sequence and use it at all its steps; what is kept is then kept throughout:

# %%
p, T, H = 0.2, 30, 2000
new_each_step = np.prod(rng.random((T, H)) > p, axis=0)
one_for_all = rng.random(H) > p
print(f"units never switched off in {T} steps: new mask each step "
      f"{100 * new_each_step.mean():.1f} %, one mask {100 * one_for_all.mean():.1f} %")

# %% [markdown]
# In the cells it is the argument `recurrent_mask` (N, H), which multiplies $h_{t-1}$ inside the
# product of (1), and so $\mathrm{d}h_{prev}$ in (1'). In the layers it is `recurrent_dropout=`,
# and `dropout=` is the one on the inputs. Both act with `training=True` only; `fit` says so,
# `predict` does not.
#
# ## The traps
#
# What you see, what usually causes it, and what to try:
#
# * **The model does not learn at all.** The padded last step; T = 1; the state reset at every
#   step. *Print shapes; overfit ten sequences.*
# * **It learns the recent past only.** `dh_next` is missing, or gradients vanish. *Gradient norms
#   per step (tutorial 3).*
# * **The loss is `nan` after a while.** Exploding gradients, or a `nan` in the data. *Clip; check
#   the inputs.*
# * **Validation is better than it can be.** Overlapping windows were split at random; the test's
#   mean was used for scaling. *Split in time, before anything else.*
# * **Batches influence each other.** A state is carried in a stateless layer. *Call it twice with
#   the same input.*
# * **Results change with the padding.** Average over padding; a mask that is ignored in backward.
#   *Pad further, and compare.*
# * **Good in training, bad alone.** Dropout acts in prediction, or statistics of the batch are
#   used. *Predict twice; predict one by one.*
# * **Loaded weights give odd numbers.** Order of gates; reset before or after. *Compare one step
#   (tutorial 14).*
# * **The gradient check passes, training fails.** The check uses zeros, ones, or T = 1. *Random
#   everything (tutorial 2).*
#
# The most useful test of all comes first: **overfit ten sequences**. A network that cannot learn
# ten sequences by heart has a bug, not a lack of data.

# %%
x, mask, y = unequal(10, np.random.default_rng(3))
model = Sequential([Input((None, 3)), LSTM(12, seed=0), Dense(2, "softmax", seed=1)])
model.compile(Adam(0.02), "sparse_categorical_crossentropy", metrics=["accuracy"])
run = model.fit(x, y, mask=mask, epochs=60, batch_size=10, verbose=0, seed=0)
print(f"loss {run.history['loss'][0]:.2f} -> {run.history['loss'][-1]:.3f}, accuracy "
      f"{100 * run.history['accuracy'][-1]:.0f} %")

# %% [markdown]
# ## On your own
#
# 1. The exercise sheet `5_masks`: `masked_rnn_forward`, `masked_rnn_backward`, `last_step`,
#    `bidirectional_rnn`.
# 2. The exercise sheets `6_training` (`softmax_loss`, `clip_by_global_norm`, `adam_step`,
#    `truncated_bptt`) and `9_around` (CS231n's `temporal_affine`, `word_embedding` and
#    `temporal_softmax_loss`).
# 3. Leave out the bias correction and repeat the valley with $\beta_2 = 0.999$. What happens in
#    the first ten updates?
# 4. In the experiment with the mask, let the padding be 5 instead of 0. Which of the two
#    accuracies changes?
# 5. Derive the gradient of the mean squared error over real steps, and check it.
#
# ## In practice
#
# * Adam with a learning rate of $10^{-3}$, gradient norm clipped at 1, batches of 32 to 128. Then
#   tune the rate.
# * Sort sequences into batches of similar length: less padding, less waste.
# * Stop early on validation data (`callbacks.EarlyStopping`), and keep the best weights, not the
#   last.
# * Long runs get interrupted: `callbacks.BackupAndRestore` resumes to the same weights, bit for
#   bit.
#
# ## Further reading
#
# * D. P. Kingma, J. Ba, "Adam: a method for stochastic optimization", *ICLR* 2015.
# * R. J. Williams, J. Peng, "An efficient gradient-based algorithm for on-line training of
#   recurrent network trajectories", *Neural Computation* 2 (1990): truncation.
# * N. Srivastava et al., "Dropout", *JMLR* 15 (2014).
# * Y. Gal, Z. Ghahramani, "A theoretically grounded application of dropout in recurrent neural
#   networks", *NIPS* 2016.
# * A. Karpathy, "A recipe for training neural networks" (2019).
#
# Next: [7. From NumPy to compiled kernels](07_from_numpy_to_kernels.ipynb).
