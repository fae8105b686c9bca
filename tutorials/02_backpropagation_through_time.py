# %% [markdown]
# # 2. Backpropagation through time
#
# ## What you'll do
#
# Derive the gradient of a recurrent network line by line, write it in twenty lines of NumPy, check
# it against differences of the loss, and then break it on purpose in the ways in which people
# really break it.
#
# ## What you'll learn
#
# * equations (2') and (1'): the mirror image of (2) and (1);
# * why gradients of shared weights are *added* over the steps, and where `dh_next` comes from;
# * what the forward pass has to keep, and how many bytes that is;
# * how a gradient is checked, and why most checks in circulation pass wrong code.
#
# ## What you'll need
#
# [Tutorial 1](01_sequences_and_the_rnn.ipynb), the chain rule in several variables, and patience
# with indices once. Running time: a few seconds.

# %%
import numpy as np

from scratchrnn import cells, plot
from scratchrnn.gradcheck import check_gradients

rng = np.random.default_rng(2)

# %% [markdown]
# ## What we want
#
# The network of tutorial 1 computes for t = 1 … T
#
# $$
# \begin{align*}
# a_t &= x_t W_x + h_{t-1} W_h + b \tag{1} \\
# h_t &= \varphi(a_t) \tag{2}
# \end{align*}
# $$
#
# Something on top of it (a `Dense` layer and a loss, say) turns the states $h_1, \dots, h_T$ into
# one number, the loss $L$. Whatever that something is, it can tell us how $L$ changes when *it*
# sees a slightly different $h_t$. Call this gradient "from above"
#
# $$ \mathrm{d}h_t \quad \text{(N, H), zero at steps that the loss does not look at.} $$
#
# Wanted are $\mathrm{d}W_x, \mathrm{d}W_h, \mathrm{d}b$ to learn, $\mathrm{d}x_t$ for the layer
# below, and $\mathrm{d}h_0$ for whoever supplied the initial state. Throughout, $\mathrm{d}v$ is
# short for $\partial L / \partial v$ and has the shape of $v$; the code calls it `dv`.
#
# ## Line 1: two roads lead from a state to the loss
#
# $h_t$ is used *twice*: the loss looks at it, and step t + 1 computes with it. By the chain rule
# the contributions of all uses are added:
#
# $$ \mathrm{d}h^{\text{total}}_t = \underbrace{\mathrm{d}h_t}_{\text{from above}}
#    + \underbrace{\mathrm{d}h^{\text{next}}_t}_{\text{from step } t+1} . $$
#
# The second term is what step t + 1 will hand back, so **we must begin at the end**: after the
# last step nothing comes back, $\mathrm{d}h^{\text{next}}_T = 0$ (or, if somebody uses the final
# state separately, the gradient `dhT` that they give). This one sum is the whole of "through
# time". Leave it out and you have trained T unrelated layers; replace it by either term and you
# have one of the best-documented bugs in public RNN code.
#
# ## Line 2: through the activation, (2')
#
# $h_{nj} = \varphi(a_{nj})$, number by number: entry (n, j) of $a$ influences entry (n, j) of $h$
# and no other. So the chain rule has one term,
#
# $$ \mathrm{d}a_t = \mathrm{d}h^{\text{total}}_t \odot \varphi'(a_t), \tag{2'} $$
#
# with $\odot$ for the product of equal places. For $\tanh$ the derivative can be written *in the
# output*,
#
# $$ \varphi'(a) = 1 - \tanh^2 a = 1 - h^2 , $$
#
# so the forward pass need not keep $a$. (That convenience is a trap: `1 - np.tanh(h)**2` looks
# familiar, and applies tanh twice.)
#
# ## Line 3: through the affine map, (1')
#
# Write (1) with its indices, for one step, n the sequence, d the input, j and k units:
#
# $$ a_{nj} = \sum_d x_{nd}\, W^x_{dj} + \sum_k h^{\text{prev}}_{nk}\, W^h_{kj} + b_j . $$
#
# Now ask of each quantity *where does it appear*, and add up over all those places.
#
# * $x_{nd}$ appears in $a_{nj}$ for every j, with factor $W^x_{dj}$: $\mathrm{d}x_{nd} = \sum_j
#   \mathrm{d}a_{nj} W^x_{dj}$, which is row n of $\mathrm{d}a\, W_x^\top$.
# * $h^{\text{prev}}_{nk}$ appears in every $a_{nj}$ with factor $W^h_{kj}$: $\mathrm{d}a\,
#   W_h^\top$.
# * $W^x_{dj}$ appears in $a_{nj}$ for every *sequence* n, with factor $x_{nd}$:
#   $\mathrm{d}W^x_{dj} = \sum_n x_{nd}\, \mathrm{d}a_{nj}$, which is $x^\top \mathrm{d}a$.
# * $W^h_{kj}$ likewise: $(h^{\text{prev}})^\top \mathrm{d}a$.
# * $b_j$ appears in every row n with factor 1: $\sum_n \mathrm{d}a_{nj}$.
#
# And each weight appears *at every step*. Imagine a separate copy of $W_h$ for each step, take the
# gradient of each copy, and then remember that they are one matrix: the gradients add. That is
# what `+=` means here:
#
# $$
# \begin{align*}
# \mathrm{d}x_t &= \mathrm{d}a_t\, W_x^\top, &
# \mathrm{d}h^{\text{next}}_{t-1} &= \mathrm{d}a_t\, W_h^\top, \tag{1'} \\
# \mathrm{d}W_x &\mathrel{+}= x_t^\top\, \mathrm{d}a_t, &
# \mathrm{d}W_h &\mathrel{+}= h_{t-1}^\top\, \mathrm{d}a_t, \\
# \mathrm{d}b &\mathrel{+}= \textstyle\sum_n \mathrm{d}a_t . &&
# \end{align*}
# $$
#
# If you forget which side is transposed, the shapes tell: $\mathrm{d}W_x$ must be (D, H), and from
# (N, D) and (N, H) there is one product that gives it.
#
# ## The code
#
# Forward keeps what backward needs (the *cache*): the inputs and the states. Then backward is the
# mirror image of forward, from the last line to the first, from the last step to the first.

# %%
def rnn_step_forward(x, h_prev, Wx, Wh, b):
    a = x @ Wx + h_prev @ Wh + b  # (1)
    h = np.tanh(a)  # (2)
    return h, (x, h_prev, h, Wx, Wh)


def rnn_step_backward(dh_total, cache):
    x, h_prev, h, Wx, Wh = cache
    da = dh_total * (1 - h**2)  # (2')
    dx, dh_prev = da @ Wx.T, da @ Wh.T  # (1')
    dWx, dWh, db = x.T @ da, h_prev.T @ da, da.sum(axis=0)  # (1')
    return dx, dh_prev, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b):
    h_t, h, cache = h0, np.empty((*x.shape[:2], len(Wh))), []
    for t in range(x.shape[1]):
        h_t, kept = rnn_step_forward(x[:, t], h_t, Wx, Wh, b)
        h[:, t] = h_t
        cache.append(kept)
    return h, cache


def rnn_backward(dh, cache):
    N, T, H = dh.shape
    x, _, _, Wx, Wh = cache[0]
    dx = np.empty((N, T, x.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(H)
    dh_next = np.zeros((N, H))  # nothing comes back after the last step
    for t in reversed(range(T)):
        dh_total = dh[:, t] + dh_next  # two roads lead to the loss
        dx[:, t], dh_next, dWx_t, dWh_t, db_t = rnn_step_backward(dh_total, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dh_next, dWx, dWh, db  # what is left of dh_next at the end is dh0

# %% [markdown]
# Try it on the two steps that tutorial 1 worked by hand. The loss was $h_2$, so the gradient from
# above is 0 on $h_1$ and 1 on $h_2$:

# %%
_, cache = rnn_forward(np.array([[[1.0], [2.0]]]), np.zeros((1, 1)), np.array([[0.5]]),
                       np.array([[-1.0]]), np.array([0.1]))
dx, dh0, dWx, dWh, db = rnn_backward(np.array([[[0.0], [1.0]]]), cache)
print(f"dWx {dWx.item():.5f}   dWh {dWh.item():.5f}   db {db.item():.5f}")

# %% [markdown]
# 0.95309, 0.39727, 0.21336: the same as by hand, and as the docstring of `scratchrnn.cells.rnn`.
#
# ## Checking it
#
# A derivation can be wrong and so can its code, but the *definition* of a derivative cannot:
#
# $$ \frac{\partial L}{\partial v}
#    \approx \frac{L(v + \varepsilon) - L(v - \varepsilon)}{2 \varepsilon} . $$
#
# For the loss take the sum of all outputs, each multiplied by a random number `u`. Then `u` is
# exactly the gradient from above. Move each number of each argument by a little, in float64:

# %%
def numeric_gradient(loss, array, step=1e-6):
    gradient = np.empty_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        array[index] = value + step
        above = loss()
        array[index] = value - step
        gradient[index] = (above - loss()) / (2 * step)
        array[index] = value
    return gradient


N, T, D, H = 2, 4, 3, 5  # small, and all different
shapes = {"x": (N, T, D), "h0": (N, H), "Wx": (D, H), "Wh": (H, H), "b": (H,)}
arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
u = rng.normal(size=(N, T, H))

_, cache = rnn_forward(**arrays)
for name, analytic in zip(arrays, rnn_backward(u, cache), strict=True):
    numeric = numeric_gradient(lambda: (u * rnn_forward(**arrays)[0]).sum(), arrays[name])
    error = np.abs(analytic - numeric).max() / np.abs(numeric).max()
    print(f"d{name:<3} {error:.1e}")

# %% [markdown]
# Errors below $10^{-9}$ are the rounding of the differences, not of the gradient. The library does
# the same with more care (it finds the step, knows the error of its own differences, and compares
# *relative to the entry* unless rounding makes that meaningless), and prints a table:

# %%
check_gradients(rnn_forward, arrays, rnn_backward)

# %% [markdown]
# ## Break it
#
# A check that has never failed has not been tested. Here are three mistakes from public
# repositories. The checker does not only say *that* something is wrong: it compares the wrong
# numbers with what typical mistakes would give.

# %%
def no_time(dh, cache):
    """Mistake 1: dh_next is never added."""
    parts = [rnn_step_backward(dh[:, t], cache[t]) for t in range(dh.shape[1])]
    dx, dh_prev, dWx, dWh, db = zip(*parts, strict=True)
    return np.stack(dx, axis=1), dh_prev[0], sum(dWx), sum(dWh), sum(db)


result = check_gradients(rnn_forward, arrays, no_time)
for array in result:
    print(f"d{array.name:<3}", array.verdict)

# %%
def tanh_twice(dh, cache):
    """Mistake 2: the derivative takes the output for the pre-activation."""
    return rnn_backward(dh, [(x, h_prev, np.tanh(h), Wx, Wh) for x, h_prev, h, Wx, Wh in cache])


def state_off_by_one(dh, cache):
    """Mistake 3: dWh is made with h_t instead of h_(t-1)."""
    return rnn_backward(dh, [(x, h, h, Wx, Wh) for x, h_prev, h, Wx, Wh in cache])


for wrong in (tanh_twice, state_off_by_one):
    print(wrong.__doc__)
    for array in check_gradients(rnn_forward, arrays, wrong):
        if not array.ok:
            print(f"    d{array.name:<3}", array.verdict)

# %% [markdown]
# ### Checks that cannot see
#
# Now the opposite: a check that passes all three. It is what one often finds, and each of its
# habits hides something. Only one step hides mistake 1. A zero initial state hides mistake 3 at
# the first step, since with $h_0 = 0$ nothing is multiplied. Weights of nearly zero make tanh
# almost linear, where tanh and its double differ little, and an absolute tolerance of $10^{-2}$
# forgives the rest.

# %%
weak = {name: 1e-3 * rng.normal(size=shape) for name, shape in shapes.items()}
weak["h0"], weak["x"] = np.zeros((N, H)), weak["x"][:, :1]
ones = np.ones((N, 1, H))


def weak_check(backward):
    _, cache = rnn_forward(**weak)
    gradients = zip(weak, backward(ones, cache), strict=True)
    return all(
        np.abs(g - numeric_gradient(lambda: rnn_forward(**weak)[0].sum(), weak[name])).max() < 1e-2
        for name, g in gradients
    )


for backward in (rnn_backward, no_time, tanh_twice, state_off_by_one):
    print(f"{backward.__name__:<18} passes the weak check: {weak_check(backward)}")

# %% [markdown]
# And *when* are two gradients $a$ and $n$ equal? An absolute error passes wrong code where
# gradients are small; a relative one fails right code where both are nearly zero. So compare entry
# by entry, relative, with a floor,
#
# $$ |a - n| \le \text{tolerance} \cdot \max(|a|, |n|, \text{floor}), $$
#
# and let `nan` fail: no comparison with `nan` is true, so ask whether the error *is* small, never
# whether it is large.
#
# A good check: float64; random and non-zero upstream gradients, states, weights *and biases*; all
# sizes different; T of at least 3; an error relative to the gradient itself, with a floor only
# where rounding demands one; and written so that `nan` fails (`not error <= tolerance`).
#
# ### The marker
#
# The exercises of this course are marked by comparing *every intermediate* with what it should be.
# Here is somebody's `rnn_step_backward`, with mistake 2 in it, and what the marker says:

# %%
from scratchrnn import exercises


def somebodys(dh, cache):
    x, h_prev, h, Wx, Wh = cache
    da = dh * (1 - np.tanh(h) ** 2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, h_prev.T @ da, da.sum(axis=0)


exercises.check(somebodys, "rnn_step_backward", rnn_step_forward=rnn_step_forward)

# %% [markdown]
# ### Larger shapes
#
# Moving every number costs two forward passes each; a layer with a million weights cannot be
# checked that way. But for any directions $v$ of the arguments and $u$ of the outputs, with $J$
# the matrix of all derivatives,
#
# $$ u^\top (J v) = (J^\top u)^\top v : $$
#
# the left side needs two forward passes, the right side is one backward pass and a sum. One
# comparison checks a random mixture of everything:

# %%
N, T, D, H = 16, 30, 20, 40
shapes = {"x": (N, T, D), "h0": (N, H), "Wx": (D, H), "Wh": (H, H), "b": (H,)}
large = {name: rng.normal(size=shape) / np.sqrt(shape[-1]) for name, shape in shapes.items()}
v = {name: rng.normal(size=shape) for name, shape in shapes.items()}
u, step = rng.normal(size=(N, T, H)), 1e-6

above, _ = rnn_forward(**{k: large[k] + step * v[k] for k in large})
below, _ = rnn_forward(**{k: large[k] - step * v[k] for k in large})
_, cache = rnn_forward(**large)
left = (u * (above - below)).sum() / (2 * step)
right = sum((g * v[k]).sum() for k, g in zip(large, rnn_backward(u, cache), strict=True))
print(f"uᵀ(Jv) = {left:.6f}   (Jᵀu)ᵀv = {right:.6f}")

# %% [markdown]
# ## Which loss reaches which state
#
# Unroll the recursion "Line 1, (2'), (1')" and the gradient that a loss at step t sends to an
# earlier state $h_s$ is a product, one factor for each step in between:
#
# $$ \frac{\partial L_t}{\partial h_s} = \mathrm{d}h_t\;
#    \bigl[\mathrm{diag}\,\varphi'(a_t)\, W_h^\top\bigr]
#    \bigl[\mathrm{diag}\,\varphi'(a_{t-1})\, W_h^\top\bigr] \cdots
#    \bigl[\mathrm{diag}\,\varphi'(a_{s+1})\, W_h^\top\bigr] . $$
#
# The picture shows the size of this gradient for every pair. Above the diagonal it is empty: the
# future does not change the past. On the diagonal stand the direct gradients; to the left of it
# the echo of each loss in earlier states, fainter with distance.

# %%
T, H = 24, 32
Wx, Wh = rng.normal(size=(4, H)), 0.9 * np.linalg.qr(rng.normal(size=(H, H)))[0]
h, _, cache = cells.rnn_forward(rng.normal(size=(1, T, 4)) * 0.4, None, Wx, Wh)
norms = np.full((T, T), np.nan)
for t in range(T):  # the loss at step t alone
    d = np.zeros(H)
    d[0] = 1.0
    for s in range(t, -1, -1):
        norms[t, s] = np.linalg.norm(d)
        d = d * (1 - cache.h[s + 1, 0] ** 2) @ Wh.T  # (2') (1')

fig, ax = plot.figure(4.6, 3.6)
picture = ax.imshow(norms, cmap=plot.UNIT_MAP, vmin=0, vmax=1, extent=(0.5, T + 0.5, T + 0.5, 0.5))
ax.set(xlabel="state $h_s$", ylabel="loss at step t")
ax.grid(False)
fig.colorbar(picture, ax=ax, label="size of the gradient")
fig.describe("A triangular heat map: the gradient of the loss at step t with respect to the state "
             "at step s is 1 where s equals t, fades within a dozen steps to the left of the "
             "diagonal, and is empty to the right of it.")

# %% [markdown]
# That fading is the subject of the next tutorial.
#
# ## What the cache is for, and what it costs
#
# Backward reads $x_t$, $h_{t-1}$ and $h_t$ of every step, so forward has to keep all inputs and
# all states: $N \cdot (T D + (T + 1) H)$ numbers. This, not the weights, is what fills the memory
# when sequences are long, and why *truncated* backpropagation exists (tutorial 6).

# %%
N, T, D, H = 16, 200, 20, 64
_, _, cache = cells.rnn_forward(rng.normal(size=(N, T, D)), None, rng.normal(size=(D, H)),
                                0.1 * rng.normal(size=(H, H)))
kept = cache.x.nbytes + cache.h.nbytes
print("formula:", 8 * N * (T * D + (T + 1) * H), "bytes   kept:", kept, "bytes")

# %% [markdown]
# In time, backward costs about twice as much as forward: for the one product $h W_h$ there are
# two, one for $\mathrm{d}h$ and one for $\mathrm{d}W_h$.
#
# ## On your own
#
# 1. The exercise sheet `1_rnn`: `rnn_step_backward` and `rnn_backward`, from (2') and (1'),
#    without looking. And `7_checking`: `numeric_gradient`, `gradients_agree`, `check_backward`.
#    (Tutorial 1 says how to get and mark them.)
# 2. Replace `tanh` by `relu` in both functions. What is $\varphi'$ *in the output*? And by the
#    logistic function?
# 3. Collect all $\mathrm{d}a_t$ first and compute `dWx`, `dWh`, `db` and `dx` with **one** product
#    each after the loop. Why can `dh_next` not leave the loop? (Tutorial 7 measures what this
#    buys.)
# 4. Sum `dWx` over the steps in reverse order. Are the results equal bit for bit? Should a test
#    demand it?
# 5. The final state is often used separately (`return_state`). Where does its gradient `dhT`
#    enter?
#
# ## In practice
#
# * Frameworks do all of this automatically. Whoever writes a new layer, a fused kernel or a custom
#   loss still writes a backward pass by hand, and checks it in exactly this way.
# * Gradient checks belong in the test suite, not in the training loop.
# * When a model does not learn, check the gradient of *your own* part first; the inner-product
#   check takes ten lines and one second.
#
# ## Further reading
#
# * P. J. Werbos, "Backpropagation through time: what it does and how to do it", *Proc. IEEE* 78
#   (1990).
# * A. Griewank, A. Walther, *Evaluating Derivatives* (2008): the general theory, including the
#   product check.
# * `scratchrnn/cells/rnn.py`: the library's version with masks and dropout.
# * `scratchrnn/gradcheck/`: how a checker can know its own error and name mistakes.
#
# Next: [3. Why gradients vanish and explode](03_vanishing_and_exploding.ipynb).
