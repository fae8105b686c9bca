# %% [markdown]
# # 3. Why gradients vanish and explode
#
# ## What you'll do
#
# Send a gradient back through a hundred steps and watch its size, predict what you see from the
# eigenvalues of one matrix, see a vanilla network fail to remember a single symbol, and cure the
# one half of the problem that can be cured from outside: explosions, by clipping.
#
# ## What you'll learn
#
# * why a product of a hundred similar matrices is almost never of moderate size;
# * what eigenvalues and singular values of $W_h$ say, and what they do not;
# * what the activation adds, and why the logistic function is the worst choice of all;
# * what *vanishing* means for learning (the gradient is not zero: it is all about the recent
#   past);
# * gradient clipping: by value, by norm and by global norm, and why they differ.
#
# ## What you'll need
#
# [Tutorial 2](02_backpropagation_through_time.ipynb), eigenvalues and eigenvectors. Under half a
# minute.

# %%
import numpy as np

import scratchrnn
from scratchrnn import cells, plot

scratchrnn.set_backend("numpy")
rng = np.random.default_rng(3)

# %% [markdown]
# The source document says in its questions and answers that recurrent networks do badly on long
# dependencies "because of the vanishing gradient: the gradient fades and finally becomes very
# small". That is half of it. *Why* it fades is not said, that it can as well *explode* is not
# said, and neither is what can be done.
#
# ## A product of T matrices
#
# Equations (2') and (1') of the last tutorial take the gradient from one step to the one before:
#
# $$ \mathrm{d}h_{t-1} = \bigl(\mathrm{d}h_t \odot \varphi'(a_t)\bigr) W_h^\top . $$
#
# From step T to step s this happens T − s times, always with the same $W_h$:
#
# $$ \mathrm{d}h_s
#    = \mathrm{d}h_T \prod_{t=T}^{s+1} \mathrm{diag}\bigl(\varphi'(a_t)\bigr)\, W_h^\top . $$
#
# ### Without an activation: eigenvalues decide
#
# Let $\varphi$ be the identity first. Then $\mathrm{d}h_s = \mathrm{d}h_T\, (W_h^\top)^{T-s}$. If
# $W_h = Q \Lambda Q^{-1}$ with eigenvalues $\lambda_1, \dots, \lambda_H$ on the diagonal of
# $\Lambda$, then
#
# $$ W_h^{\,k} = Q\, \Lambda^{k}\, Q^{-1}, \qquad
#    \Lambda^k = \mathrm{diag}(\lambda_1^k, \dots, \lambda_H^k), $$
#
# and with the *spectral radius* $\rho = \max_i |\lambda_i|$ the size goes like $\rho^{\,T-s}$.
# Small differences from 1 become enormous: $0.9^{100} = 2.7 \cdot 10^{-5}$, $1.1^{100} = 1.4 \cdot
# 10^{4}$.

# %%
H = 64
W = rng.normal(size=(H, H)) / np.sqrt(H)  # a random matrix: its eigenvalues fill the unit disc
orthogonal = np.linalg.qr(rng.normal(size=(H, H)))[0]  # all of them lie on the unit circle

fig, ax = plot.figure(3.9, 3.6)
circle = np.exp(1j * np.linspace(0, 2 * np.pi, 200))
ax.plot(circle.real, circle.imag, color="#222222", linewidth=0.8)
for name, matrix, marker, k in [("random / √H", W, "o", 0), ("orthogonal", orthogonal, "^", 1)]:
    values = np.linalg.eigvals(matrix)
    ax.plot(values.real, values.imag, marker, color=plot.color("", k), markersize=4, label=name)
ax.set(aspect="equal", xlabel="real part", ylabel="imaginary part", xlim=(-1.3, 1.3),
       ylim=(-1.3, 1.5))
ax.legend(loc="upper center", ncols=2)
fig.describe("The eigenvalues of two matrices in the complex plane: those of a random matrix, "
             "divided by the root of its size, fill the unit disc; those of an orthogonal matrix "
             "lie on the circle itself.")

# %% [markdown]
# Scale the orthogonal matrix so that its eigenvalues have size 0.8, 1 or 1.2, and send a gradient
# back 100 steps. Beside it the random matrix, scaled to a spectral radius of 1:

# %%
def norms_back(W, steps=100, derivative=lambda t: 1.0):
    """Return the size of a gradient at every step, the last step last."""
    d = np.random.default_rng(0).normal(size=len(W))
    sizes = [np.linalg.norm(d)]
    for t in reversed(range(steps)):
        d = (d * derivative(t)) @ W.T  # (2') (1')
        sizes.append(np.linalg.norm(d))
    return np.array(sizes[::-1]) / sizes[0]


radius = np.abs(np.linalg.eigvals(W)).max()
linear = {f"ρ = {rho}": norms_back(orthogonal * rho) for rho in (0.8, 1.0, 1.2)}
linear["random, ρ = 1"] = norms_back(W / radius)
plot.gradient_norms(linear, title="no activation").describe(
    "Size of the gradient over 100 steps back, on a logarithmic axis: a straight line down to "
    "ten to the minus ten for spectral radius 0.8, level for 1.0, a straight line up to ten to "
    "the eight for 1.2; for a random matrix of radius 1 a wavy line that falls slowly."
)

# %% [markdown]
# Straight lines on a logarithmic axis: the $\rho^{T-s}$ of the formula, to the last digit. The
# random matrix wavers, since its eigenvectors are not at right angles, and falls, since most of
# its eigenvalues are smaller than the largest.

# %%
for rho in (0.8, 1.0, 1.2):
    sizes = linear[f"ρ = {rho}"]
    print(f"ρ = {rho}: a factor of {(sizes[0] / sizes[50]) ** (1 / 50):.3f} a step")

# %% [markdown]
# Eigenvalues speak of the long run only. In the short run a matrix can enlarge a vector although
# all its eigenvalues are small; the largest enlargement in *one* step is its largest **singular
# value** $\sigma_1$, and
#
# $$ \|\mathrm{d}h_s\| \le (\sigma_1 \max|\varphi'|)^{\,T-s}\, \|\mathrm{d}h_T\| . $$
#
# So $\sigma_1 \max|\varphi'| < 1$ is *sufficient* for vanishing, and $\sigma_1 \max|\varphi'| > 1$
# is *necessary* for exploding, not sufficient (Pascanu, Mikolov, Bengio 2013). Only for symmetric
# and orthogonal matrices, and their like, are the two numbers the same. Here is a matrix with both
# eigenvalues 0.5:

# %%
skew = np.array([[0.5, 4.0], [0.0, 0.5]])
print("eigenvalues:", np.linalg.eigvals(skew), "  singular values:",
      np.linalg.svd(skew)[1].round(3))
v = np.array([1.0, 0.0])
print("sizes:", [round(float(np.linalg.norm(v @ np.linalg.matrix_power(skew, k))), 3)
                 for k in range(9)])

# %% [markdown]
# First it grows to four times its size, and only then does it fade.
#
# ### With an activation: one more factor
#
# $\varphi'$ multiplies every step by a number that is at most 1 for $\tanh$, with equality at $a =
# 0$ only, and at most **1/4** for the logistic function. So with $\sigma$ as activation the
# gradient vanishes whenever $\sigma_1(W_h) < 4$, and a network whose units *saturate* (|h| near 1)
# passes nothing at all.

# %%
def with_activation(name, rho, steps=100):
    """Norms of a gradient through a real network that sees a random input."""
    Wh, Wx = W * rho / radius, rng.normal(size=(8, H))
    x = rng.normal(size=(1, steps, 8)) * 0.3
    _, _, cache = cells.rnn_forward(x, None, Wx, Wh, activation=name)
    df = cells.get_activation("tutorial", name).df
    return norms_back(Wh, steps, lambda t: df(cache.h[t + 1, 0]))


cases = [("tanh", 1.0), ("tanh", 1.5), ("tanh", 4.0), ("sigmoid", 1.0), ("sigmoid", 4.0)]
found = {f"{name}, ρ = {rho}": with_activation(name, rho) for name, rho in cases}
plot.gradient_norms(found, title="with an activation").describe(
    "Size of the gradient over 100 steps back, logarithmic: with tanh it falls for "
    "spectral radius 1 and, more slowly, for 1.5, and grows for 4; with sigmoid it falls to ten "
    "to the minus sixty-eight for radius 1, and even for 4 it falls."
)

# %% [markdown]
# The larger $W_h$, the larger the states, the smaller $\tanh'$: the two effects work against each
# other, and there is no setting that balances them *at every step and for every input*. That is
# the real difficulty. It is not a bug in an implementation, and no optimizer repairs it.
#
# ## What vanishing does to learning
#
# The gradient of a weight is a *sum* over the steps, equation (1'). When $\mathrm{d}h_s$ fades
# with distance, the sum is not zero: it is dominated by the last few steps. The network learns
# well, about the recent past.
#
# Test it on the plainest task there is. The first symbol says what the answer is; then come random
# distractors, and at the end the network is asked. Only the distance changes.

# %%
from scratchrnn.layers import Dense, Input, SimpleRNN
from scratchrnn.models import Sequential


def remember(N, T, seed):
    """x (N,T,4): one-hot symbols; the class is the first one, 0 or 1; then noise of 2 and 3."""
    rng = np.random.default_rng(seed)
    symbols = rng.integers(2, 4, (N, T))
    symbols[:, 0] = rng.integers(0, 2, N)
    return np.eye(4)[symbols], symbols[:, 0]


def accuracy(T, updates=240, seed=0):
    model = Sequential([Input((None, 4)), SimpleRNN(16, seed=seed), Dense(2, "softmax", seed=1)])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = remember(960, T, seed)
    model.fit(x, y, batch_size=32, epochs=updates // 30, verbose=0, seed=seed)
    return model.evaluate(*remember(500, T, 99), verbose=0, return_dict=True)["accuracy"]


scores = {str(T): np.array([accuracy(T, seed=s) for s in range(3)]) for T in (5, 20, 40, 80)}
plot.bars(
    {T: 100 * v.mean() for T, v in scores.items()},
    spread={T: (100 * v.min(), 100 * v.max()) for T, v in scores.items()},
    ylabel="accuracy (%)", reference=(50, "chance"), title="remember one symbol for T steps",
).describe(
    "Accuracy of a vanilla network on remembering the first symbol: near 100 per cent over 5 and "
    "20 steps, and falling toward the chance level of 50 per cent over 40 and 80 steps. Error "
    "bars show the range over three seeds."
)

# %% [markdown]
# Keras's (and our) default for $W_h$ is a random *orthogonal* matrix, all eigenvalues on the unit
# circle: a good start. With the same budget of updates everywhere, the task is still lost as it
# gets longer. What an LSTM makes of it, and under which condition, is the subject of tutorial 4.
#
# ## Exploding: a cliff in the loss
#
# One unit is enough to see it. Let $h_t = w\,\sigma(h_{t-1}) + b$ for 50 steps from $h_0 = 0.5$,
# with the loss $(h_{50} - 1.6)^2 + 10^{-3}$. For small $w$ the state settles. Where it becomes
# undecided between two resting points, a tiny change of $w$ or $b$ tips all that follows over to
# the other one: the loss has a cliff, almost vertical, and on it the gradient is enormous.

# %%
def unit(w, b, steps=50):
    """Return loss and gradient (2,) by backpropagation through time, one unit, no array."""
    s = []
    h = 0.5
    for _ in range(steps):
        s.append(1 / (1 + np.exp(-h)))
        h = w * s[-1] + b
    dh, dw, db = 2 * (h - 1.6), 0.0, 0.0
    for value in reversed(s):
        dw, db = dw + dh * value, db + dh
        dh = dh * w * value * (1 - value)  # through σ: the derivative from the output
    return (h - 1.6) ** 2 + 1e-3, np.array([dw, db])


def descend(start, rate, clip=None, updates=60):
    path = [np.array(start)]
    for _ in range(updates):
        _, g = unit(*path[-1])
        if clip is not None:
            g = g * min(1.0, clip / np.linalg.norm(g))
        path.append(path[-1] - rate * g)
        if not (np.abs(path[-1]) < 50).all():
            break
    return np.array(path)


start, rate = (6.2, -2.0), 0.02
paths = {"plain": descend(start, rate), "clipped at 2": descend(start, rate, clip=2.0)}
plot.loss_surface(
    lambda w, b: unit(w, b)[0], np.linspace(4.2, 7, 80), np.linspace(-4.0, -1.6, 80),
    paths=paths, names=("w", "b"), title="one unit, 50 steps",
).describe(
    "The loss over w and b, dark where it is high, with a sharp edge running across. Both paths "
    "run down a slope to the edge; there plain gradient descent leaps out of the picture, and the "
    "one with clipped gradients turns into the valley beside the edge."
)

# %%
for name, path in paths.items():
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    print(f"{name:<13} largest step {steps.max():10.3f}   loss at the end {unit(*path[-1])[0]:.3g}")

# %% [markdown]
# The direction of the gradient was useful; its length was not. Hence the cure.
#
# ## Clipping
#
# With $g$ the gradient of *all* weights together, written as one long vector, and a limit $c$,
#
# $$ g \leftarrow g \cdot \min\Bigl(1, \frac{c}{\|g\|}\Bigr), \qquad
#    \|g\| = \sqrt{\textstyle\sum_i \|g_i\|^2} \quad \text{over all arrays } g_i . $$
#
# This is clipping *by global norm*. The direction stays, the length is at most c. Two other forms
# go by the same name: clipping each array by its own norm, and clipping each *number* to [−c, c].
# Both change the direction.

# %%
def clip_by_global_norm(gradients, limit):
    """Return fresh gradients whose norm, all together, is at most `limit`."""
    norm = np.sqrt(sum((g * g).sum() for g in gradients))
    factor = limit / norm if norm > limit else 1.0  # says nothing about nan: see below
    return [g * factor for g in gradients]


g = [np.array([3.0, 4.0]), np.array([[12.0]])]  # the norm of all is 13
by_norm = clip_by_global_norm(g, 1.0)
by_array = [a / max(1.0, np.linalg.norm(a)) for a in g]
by_value = [np.clip(a, -1, 1) for a in g]
flat = np.concatenate([a.ravel() for a in g])
for name, result in [("global norm", by_norm), ("each array", by_array), ("each number", by_value)]:
    r = np.concatenate([a.ravel() for a in result])
    cosine = r @ flat / np.linalg.norm(r) / np.linalg.norm(flat)
    print(f"{name:<12} {r.round(3)}   norm {np.linalg.norm(r):.3f}   cosine {cosine:.3f}")

# %% [markdown]
# A cosine of 1 is the same direction. The optimizers of this library and of Keras have all three,
# named `global_clipnorm`, `clipnorm` (each array) and `clipvalue` (each number):

# %%
from scratchrnn.optimizers import SGD

theirs = [np.zeros_like(a) for a in g]
SGD(learning_rate=1.0, global_clipnorm=1.0).apply(g, theirs)
print("largest difference:", max(np.abs(a + b).max() for a, b in zip(theirs, by_norm, strict=True)))

# %% [markdown]
# Two warnings. Clip *after* the whole gradient is there, not inside the recurrence: clipped
# inside, it is no longer the gradient of anything, and no check will pass. And a norm of `nan` is
# not larger than any limit, so clipping lets it through; look for non-finite losses separately
# (`fit` does, and stops).
#
# Clipping does nothing for *vanishing*: multiplying a gradient by a factor does not bring back the
# early steps.
#
# ## What helps against vanishing
#
# | | how | where |
# |---|---|---|
# | start with eigenvalues of size 1 | orthogonal $W_h$ | default here and in Keras |
# | relu and $W_h$ = identity | $\varphi' = 1$ where active, no matrix | Le, Jaitly, Hinton 2015 |
# | shorter roads | skip connections over time; convolutions first | tutorial 9 |
# | **let the state be added to, not multiplied** | gates: LSTM, GRU | tutorials 4 and 5 |
#
# Look at the last line. If the new state is the old one *plus* something, the Jacobian is the
# identity plus something, and the identity to the power of a hundred is the identity.
#
# ## On your own
#
# 1. The exercise `clip_by_global_norm` of the sheet `6_training`; it returns the norm beside the
#    clipped gradients. What must it do when all gradients are zero?
# 2. Scale the orthogonal matrix by 1.05 and repeat the first experiment. Predict the size after
#    100 steps before you run it.
# 3. In `remember`, let the last three steps repeat the first symbol. At what T does the network
#    fail now? Why?
# 4. In the cliff, halve the learning rate instead of clipping. How small must it be before nothing
#    leaps, and how long does descent then take on the flat part?
# 5. Try `activation="relu"` with $W_h = I$ and biases 0 in the first experiment with an
#    activation.
#
# ## In practice
#
# * Always clip the gradients of recurrent networks, by global norm, at 1 to 5. It costs nothing.
# * Log the gradient norm; a run that is going to fail shows it there first. A single spike is
#   normal.
# * If the loss becomes `nan`, lower the limit or the learning rate, in that order, after checking
#   the data.
#
# ## Further reading
#
# * Y. Bengio, P. Simard, P. Frasconi, "Learning long-term dependencies with gradient descent is
#   difficult", *IEEE Trans. Neural Networks* 5 (1994).
# * R. Pascanu, T. Mikolov, Y. Bengio, "On the difficulty of training recurrent neural networks",
#   *ICML* 2013: the bounds, the cliff and the clipping of this tutorial.
# * S. Hochreiter, "Untersuchungen zu dynamischen neuronalen Netzen", diploma thesis, TU München
#   (1991).
# * Q. V. Le, N. Jaitly, G. E. Hinton, "A simple way to initialize recurrent networks of rectified
#   linear units", arXiv:1504.00941 (2015).
#
# Next: [4. LSTM](04_lstm.ipynb).
