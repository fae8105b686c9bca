# %% [markdown]
# # 5. GRU, in both forms, and LSTM versus GRU
#
# ## What you'll do
#
# Write the gated recurrent unit in its two forms, derive and check both backward passes, correct a
# sentence that many texts copy from each other, and then measure LSTM against GRU in a way that
# could have come out either way.
#
# ## What you'll learn
#
# * equations (1) to (6) of the GRU and their derivatives;
# * which gates of the LSTM the GRU merges (the input and the forget gate, not the output gate);
# * why there are two networks of the name GRU, and how to tell which one you have;
# * what a fair comparison of two cells takes, and how little remains of many claims then.
#
# ## What you'll need
#
# [Tutorial 4](04_lstm.ipynb). About half a minute.

# %%
import numpy as np

import scratchrnn
from scratchrnn import cells, plot
from scratchrnn.gradcheck import check_gradients

scratchrnn.set_backend("numpy")
rng = np.random.default_rng(5)

# %% [markdown]
# ## One state, two gates
#
# The LSTM has two states and three gates. Cho et al. (2014) asked what can be left out. In the GRU
# there is one state $h$, which is memory and output at once, and
#
# $$ h_t = z_t \odot h_{t-1} + (1 - z_t) \odot n_t : \tag{6} $$
#
# the *update gate* $z$ decides, unit by unit, whether to keep the old state or to take the
# candidate $n$. Put this beside the LSTM's $c_t = f_t \odot c_{t-1} + i_t \odot g_t$, its equation
# (5):
#
# | LSTM | GRU |
# |---|---|
# | f, how much is kept | z |
# | i, how much is let in | 1 − z |
# | g, the candidate | n |
# | o, how much is shown | – (all of it, always) |
# | – | r, how much of the old state the candidate sees |
#
# **On the source document.** It says, twice, that the GRU "merges the *forget gate and the output
# gate* into one gate". The table shows what is right: **z does the work of the *input and forget*
# gates, with i = 1 − f. The output gate is not merged with anything. It is gone**, and a reset
# gate r is new. It also says that the GRU "can avoid the vanishing gradient"; as for the LSTM,
# that depends on where its gate stands (z near 1 is an open road). And it says that LSTM is "more
# powerful" and better at long dependencies; we shall measure that.
#
# ## The form of today: reset after the product
#
# $$
# \begin{align*}
# a &= x_t W_x + b_x \tag{1} \\
# u &= h_{t-1} W_h + b_h \tag{2} \\
# z &= \sigma(a_z + u_z) \tag{3} \\
# r &= \sigma(a_r + u_r) \tag{4} \\
# n &= \tanh(a_n + r \odot u_n) \tag{5} \\
# h_t &= z \odot h_{t-1} + (1 - z) \odot n \tag{6}
# \end{align*}
# $$
#
# Gates are packed in the order **z r n**: $W_x$ (D, 3H), $W_h$ (H, 3H). There are two biases, `b`
# (2, 3H), row 0 beside x and row 1 beside h. For z and r their sum is all that matters, but not
# for n, where $b_h$ is inside the product with r. This is what cuDNN, PyTorch and Keras
# (`reset_after=True`, its default) compute: the whole of $u$ is *one* product, which can run
# before any gate is known.
#
# ## The form of the paper: reset before the product
#
# $$ k = r \odot h_{t-1}, \qquad n = \tanh(a_n + k W_{h,n}) \tag{5b} $$
#
# The old state is reset first and then multiplied. One bias (3H,) is enough. The two forms are
# *different functions with the same parameter shapes*: a model trained in one and run in the other
# does not crash, it gives other numbers. (One more trap: some texts, Chung et al. 2014 among them,
# write $h = (1 - z) h_{prev} + z n$. That is the same network with z read the other way round; it
# matters when weights are moved.)

# %%
sigmoid = cells.sigmoid


def gru_step(x, h_prev, Wx, Wh, b, reset_after=True):
    """x (N,D), h_prev (N,H), Wx (D,3H), Wh (H,3H), b (2,3H), or (3H,) with reset_after=False."""
    H = len(Wh)
    b_x, b_h = b if reset_after else (b, np.zeros(3 * H))
    a_z, a_r, a_n = np.split(x @ Wx + b_x, 3, axis=1)  # (1)
    u_z, u_r, u_n = np.split(h_prev @ Wh + b_h, 3, axis=1)  # (2)
    z, r = sigmoid(a_z + u_z), sigmoid(a_r + u_r)  # (3) (4)
    seen = r * u_n if reset_after else (r * h_prev) @ Wh[:, 2 * H :]  # (5) or (5b)
    n = np.tanh(a_n + seen)  # (5)
    h = z * h_prev + (1 - z) * n  # (6)
    return h, (x, h_prev, z, r, n, u_n, Wx, Wh)


N, D, H = 2, 3, 4
x, h_prev = rng.normal(size=(N, D)), rng.normal(size=(N, H))
Wx, Wh = rng.normal(size=(D, 3 * H)), rng.normal(size=(H, 3 * H))
b2, b1 = rng.normal(size=(2, 3 * H)), rng.normal(size=3 * H)
for after, b in [(True, b2), (False, b1)]:
    mine, _ = gru_step(x, h_prev, Wx, Wh, b, after)
    theirs, _, _ = cells.gru_forward(x[:, None], h_prev, Wx, Wh, b, reset_after=after)
    print(f"reset_after={after}: difference from the library {np.abs(mine - theirs[:, 0]).max()}")

same_bias = np.stack([b1, 0 * b1])
after, _ = gru_step(x, h_prev, Wx, Wh, same_bias, True)
before, _ = gru_step(x, h_prev, Wx, Wh, b1, False)
print("the two forms with the same weights differ by", np.abs(after - before).max().round(3))

# %% [markdown]
# ## Backward
#
# From (6) upwards. $h_{t-1}$ is used in four places: in (6) itself and in each of the three
# products. All four shares have to be added, and most published bugs of GRUs are a forgotten one.
#
# **(6')** $h = z \odot h_{\text{prev}} + (1 - z) \odot n$:
#
# $$ \mathrm{d}z = \mathrm{d}h \odot (h_{\text{prev}} - n), \qquad
#    \mathrm{d}n = \mathrm{d}h \odot (1 - z), \qquad
#    \mathrm{d}h_{\text{prev}} = \mathrm{d}h \odot z. \tag{6'} $$
#
# The last one is the conveyor: no matrix, no activation, only z.
#
# **(5')** $n = \tanh(a_n + r \odot u_n)$:
#
# $$ \mathrm{d}a_n = \mathrm{d}n \odot (1 - n^2), \qquad
#    \mathrm{d}r = \mathrm{d}a_n \odot u_n, \qquad
#    \mathrm{d}u_n = \mathrm{d}a_n \odot r. \tag{5'} $$
#
# **(4') (3')** z and r are functions of a sum, so both summands get the same gradient:
#
# $$ \mathrm{d}a_r = \mathrm{d}u_r = \mathrm{d}r \odot r (1 - r), \tag{4'} $$
# $$ \mathrm{d}a_z = \mathrm{d}u_z = \mathrm{d}z \odot z (1 - z). \tag{3'} $$
#
# **(2') (1')** and the two affine maps, with $\mathrm{d}u = (\mathrm{d}u_z, \mathrm{d}u_r,
# \mathrm{d}u_n)$ and $\mathrm{d}a = (\mathrm{d}a_z, \mathrm{d}a_r, \mathrm{d}a_n)$. They differ in
# their last third only:
#
# $$ \mathrm{d}h_{\text{prev}} \mathrel{+}= \mathrm{d}u\, W_h^\top, \quad
#    \mathrm{d}W_h \mathrel{+}= h_{\text{prev}}^\top \mathrm{d}u, \quad
#    \mathrm{d}b_h \mathrel{+}= \textstyle\sum_n \mathrm{d}u, \tag{2'} $$
# $$ \mathrm{d}x = \mathrm{d}a\, W_x^\top, \quad
#    \mathrm{d}W_x \mathrel{+}= x^\top \mathrm{d}a, \quad
#    \mathrm{d}b_x \mathrel{+}= \textstyle\sum_n \mathrm{d}a. \tag{1'} $$
#
# In the paper's form (5') gives way to
#
# $$ \mathrm{d}k = \mathrm{d}a_n W_{h,n}^\top, \quad
#    \mathrm{d}r = \mathrm{d}k \odot h_{\text{prev}}, \quad
#    \mathrm{d}h_{\text{prev}} \mathrel{+}= \mathrm{d}k \odot r, \quad
#    \mathrm{d}W_{h,n} \mathrel{+}= k^\top \mathrm{d}a_n, \tag{5b'} $$
#
# and (2') runs over the columns of z and r only.

# %%
def gru_step_backward(dh, cache):
    """Reset after the product."""
    x, h_prev, z, r, n, u_n, Wx, Wh = cache
    dz, dn, dh_prev = dh * (h_prev - n), dh * (1 - z), dh * z  # (6')
    da_n = dn * (1 - n**2)  # (5')
    dr, du_n = da_n * u_n, da_n * r  # (5')
    da_r, da_z = dr * r * (1 - r), dz * z * (1 - z)  # (4') (3')
    da = np.concatenate([da_z, da_r, da_n], axis=1)
    du = np.concatenate([da_z, da_r, du_n], axis=1)
    dh_prev = dh_prev + du @ Wh.T  # (2')
    db = np.stack([da.sum(axis=0), du.sum(axis=0)])  # (1') (2')
    return da @ Wx.T, dh_prev, x.T @ da, h_prev.T @ du, db  # (1') (2')


def gru_before_step_backward(dh, cache):
    """Reset before the product."""
    x, h_prev, z, r, n, _, Wx, Wh = cache
    H = len(Wh)
    dz, dn, dh_prev = dh * (h_prev - n), dh * (1 - z), dh * z  # (6')
    da_n = dn * (1 - n**2)  # (5')
    dk = da_n @ Wh[:, 2 * H :].T  # (5b')
    da_r, da_z = dk * h_prev * r * (1 - r), dz * z * (1 - z)  # (5b') (4') (3')
    du = np.concatenate([da_z, da_r], axis=1)
    da = np.concatenate([du, da_n], axis=1)
    dh_prev = dh_prev + dk * r + du @ Wh[:, : 2 * H].T  # (5b') (2')
    dWh = np.concatenate([h_prev.T @ du, (r * h_prev).T @ da_n], axis=1)  # (2') (5b')
    return da @ Wx.T, dh_prev, x.T @ da, dWh, da.sum(axis=0)  # (1')


def before_step(x, h_prev, Wx, Wh, b):
    return gru_step(x, h_prev, Wx, Wh, b, reset_after=False)


inputs = {"x": x, "h_prev": h_prev, "Wx": Wx, "Wh": Wh}
for forward, backward, b in [(gru_step, gru_step_backward, b2),
                             (before_step, gru_before_step_backward, b1)]:
    result = check_gradients(forward, {**inputs, "b": b}, backward)
    print(f"{backward.__doc__:<28} ok: {result.ok}   worst error {result.worst_error:.0e}")

# %% [markdown]
# The random weights matter here: with all weights equal, z and r get equal numbers, and a network
# in which the two are swapped passes the check. A forgotten share is found, too:

# %%
def without_u_n(dh, cache):
    """The gradient through r ⊙ u_n to h_prev is forgotten."""
    _, _, z, r, n, _, _, Wh = cache
    dx, dh_prev, dWx, dWh, db = gru_step_backward(dh, cache)
    du_n = dh * (1 - z) * (1 - n**2) * r
    return dx, dh_prev - du_n @ Wh[:, 2 * len(Wh) :].T, dWx, dWh, db


for array in check_gradients(gru_step, {**inputs, "b": b2}, without_u_n):
    print(f"d{array.name:<7}", array.verdict)

# %% [markdown]
# For whole sequences the loop over time is the one of the other cells; the library's is
# `cells.gru_forward` and `cells.gru_backward`.
#
# ## LSTM or GRU?
#
# "The GRU has fewer parameters and is easier to train; the LSTM is more powerful." To find out,
# decide *before* measuring what is to be equal:
#
# * **the same number of parameters**, not the same number of units. A GRU of H units has three
#   quarters of the weights of an LSTM of H units; comparing those compares sizes.
# * **the same data, the same number of updates, the same optimizer**, and the same effort of
#   tuning: each contender is tried at the same two learning rates, with a seed that is not used
#   again, and the better one *on validation data* counts, for each on its own.
# * **the same start.** Here it gets interesting: in Keras (and here) an LSTM's forget bias is 1 by
#   default, a GRU's update gate starts at bias 0. $\sigma(1)^{16} = 7 \cdot 10^{-3}$,
#   $\sigma(0)^{16} = 2 \cdot 10^{-5}$: whoever compares the two "as they come" compares two
#   biases. So there are three contenders: LSTM as it comes, GRU as it comes, and GRU with a bias
#   of 1 on z.
# * **several seeds**, and their spread on the page. A difference smaller than the spread is no
#   difference.
# * **a test set** that was used for nothing else, and more than one task.

# %%
from scratchrnn.layers import GRU, LSTM, Dense, Input
from scratchrnn.models import Sequential
from scratchrnn.optimizers import Adam


def parameters(cell, D, H):
    return 4 * (D * H + H * H + H) if cell is LSTM else 3 * (D * H + H * H + 2 * H)


LSTM_UNITS = 20
gru_units = {D: min(range(1, 60), key=lambda H: abs(parameters(GRU, D, H)
                                                    - parameters(LSTM, D, LSTM_UNITS)))
             for D in (2, 3)}
for D, H in gru_units.items():
    print(f"D={D}: LSTM({LSTM_UNITS}) {parameters(LSTM, D, LSTM_UNITS)} weights, "
          f"GRU({H}) {parameters(GRU, D, H)} weights")

# %% [markdown]
# Three tasks over T = 16 steps that ask for different things:

# %%
T = 16


def remember(N, rng):
    """Say at the end which symbol came first. D = 3."""
    symbols = rng.integers(0, 3, (N, T))
    symbols[:, 0] = rng.integers(0, 2, N)
    return np.eye(3)[symbols], 2.0 * symbols[:, :1] - 1


def add(N, rng):
    """Add the two numbers that are marked (the adding problem of 1997). D = 2."""
    values, marks = rng.uniform(-1, 1, (N, T)), np.zeros((N, T))
    where = np.argsort(rng.random((N, T)), axis=1)[:, :2]
    np.put_along_axis(marks, where, 1.0, axis=1)
    return np.stack([values, marks], axis=2), (values * marks).sum(axis=1, keepdims=True)


def count(N, rng):
    """Say how many more ups than downs there were. D = 3."""
    symbols = rng.integers(0, 3, (N, T))
    balance = (symbols == 0).sum(axis=1) - (symbols == 1).sum(axis=1)
    return np.eye(3)[symbols], balance[:, None] / 4.0


CONTENDERS = {"LSTM": (LSTM, None), "GRU, z bias 1": (GRU, 1.0), "GRU": (GRU, None)}


def left_over(contender, task, rate, seed):
    """Return validation and test loss as percentages of what saying the mean would cost."""
    cell, bias = CONTENDERS[contender]
    rng = np.random.default_rng(seed)
    (x, y), *held_out = task(1280, rng), task(300, rng), task(600, rng)
    units = LSTM_UNITS if cell is LSTM else gru_units[x.shape[2]]
    model = Sequential([Input((T, x.shape[2])), cell(units, seed=seed), Dense(1, seed=seed + 1)])
    if bias is not None:
        weights = model.get_weights()
        weights[2][0, :units] = bias  # b_x of z
        model.set_weights(weights)
    model.compile(Adam(rate, global_clipnorm=1.0), "mse")
    model.fit(x, y, batch_size=32, epochs=4, verbose=0, seed=seed)
    return [100 * ((model.predict(a, verbose=0) - b) ** 2).mean() / b.var() for a, b in held_out]


results = {}
for task in (remember, add, count):
    for name in CONTENDERS:
        best = min((3e-3, 1e-2), key=lambda rate: left_over(name, task, rate, seed=100)[0])
        tested = [left_over(name, task, best, seed)[1] for seed in range(3)]
        results[task.__name__, name] = np.array(tested)

# %%
tasks = ["remember", "add", "count"]
values = {c: {t: results[t, c].mean() for t in tasks} for c in CONTENDERS}
spread = {c: {t: (results[t, c].min(), results[t, c].max()) for t in tasks} for c in CONTENDERS}
plot.bars(values, spread=spread, ylabel="error left (%), lower is better",
          reference=(100, "the mean"), form="{:.3g}").describe(
    "Error that is left on the test data, as a percentage of that of saying the mean, for LSTM, "
    "GRU and GRU with bias 1 on z on three tasks; error bars show the range over three seeds. "
    "On remembering the GRU as it comes stays at 100 per cent, the other two solve the task; on "
    "adding and counting all three are within a few per cent of each other."
)

# %%
for t in tasks:
    for c in ("GRU", "GRU, z bias 1"):
        lstm, gru = results[t, "LSTM"], results[t, c]
        if max(lstm.max(), gru.max()) < 1:
            verdict = "both have solved it"
        elif lstm.max() < gru.min():
            verdict = "LSTM better with every seed"
        elif gru.max() < lstm.min():
            verdict = "GRU better with every seed"
        else:
            verdict = "no difference beyond the seeds"
        print(f"{t:<9} LSTM {lstm.mean():5.1f} %   {c:<14}{gru.mean():5.1f} %   {verdict}")

# %% [markdown]
# Read it slowly. *As they come*, the LSTM solves `remember` and the GRU does not learn it at all:
# a paper could be written about the superiority of the LSTM. Give the GRU the same start, one
# number, and the difference is gone. On the other two tasks there is none beyond the spread of the
# seeds. The honest answer is that, with equal parameters, equal budget and an equal start, these
# tasks do not separate the two cells, and that the setting of one bias matters more than the
# choice of the cell.
#
# That is also what the literature finds: Chung et al. (2014), Jozefowicz et al. (2015) and Greff
# et al. (2017) see no cell that wins everywhere. One systematic difference is known: an LSTM's
# cell state is not bounded and can *count*, a GRU's state is an average of values between −1 and 1
# and cannot do so without end (Weiss, Goldberg, Yahav 2018). What is certain is arithmetic: at
# equal *units* a GRU has a quarter fewer weights and one state less to carry.
#
# ## On your own
#
# 1. The exercise sheets `3_gru` (one step, both forms) and `4_gru_time` (whole sequences). The
#    marker says whether you have written the other form by mistake.
# 2. Set all elements of `Wx` and `Wh` to 0.5 and check a step with z and r swapped in the backward
#    pass. Explain what you see.
# 3. When do both forms give the same output for all inputs? (Two answers; one is about r, one
#    about $W_{h,n}$.)
# 4. Start the GRU with a bias of +2 on z. Which task of the comparison gets easier?
# 5. Repeat the comparison with equal *units* instead. What would you have concluded?
#
# ## In practice
#
# * Start with either; change the cell late, after data, features, regularisation and learning
#   rate.
# * Loading weights: `reset_after` must agree, and the order of gates (Keras z r n, PyTorch r z n).
# * If you must count, or carry a value exactly over long times, prefer the LSTM. If memory is
#   short, the GRU.
#
# ## Further reading
#
# * K. Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
#   machine translation", *EMNLP* 2014.
# * J. Chung, C. Gulcehre, K. Cho, Y. Bengio, "Empirical evaluation of gated recurrent neural
#   networks on sequence modeling", arXiv:1412.3555 (2014).
# * R. Jozefowicz, W. Zaremba, I. Sutskever, "An empirical exploration of recurrent network
#   architectures", *ICML* 2015.
# * G. Weiss, Y. Goldberg, E. Yahav, "On the practical computational power of finite precision RNNs
#   for language recognition", *ACL* 2018.
#
# Next: [6. Training](06_training.ipynb).
