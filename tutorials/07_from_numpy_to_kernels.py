# %% [markdown]
# # 7. From NumPy to compiled kernels
#
# ## What you'll do
#
# Take the LSTM of tutorial 4, prove every faster version equal to it before timing it, and climb
# from the readable reference to kernels on all cores, one idea at a time. Each rung is measured
# here, on your machine, as the notebook runs.
#
# ## What you'll learn
#
# * which products can leave the loop over time, and which cannot;
# * what compiling buys and what it does not;
# * the *roofline*: how many operations for each byte decides what a machine can do at all;
# * register blocking: the same arithmetic, several times as fast, because less is read;
# * why rows of a batch are the right thing to give to threads.
#
# ## What you'll need
#
# Tutorials [2](02_backpropagation_through_time.ipynb) and [4](04_lstm.ipynb). Half a minute, a
# little more where the kernels are compiled for the first time. The times below are those of the
# machine where this page was made: look at the ratios, and run it on your own.

# %%
import time

import numba
import numpy as np
from threadpoolctl import threadpool_limits

import scratchrnn
from scratchrnn import cells, kernels, plot

rng = np.random.default_rng(7)
N, T, D, H = 32, 50, 64, 128
x = rng.normal(size=(N, T, D)).astype(np.float32)
Wx = (0.1 * rng.normal(size=(D, 4 * H))).astype(np.float32)
Wh = (0.1 * rng.normal(size=(H, 4 * H))).astype(np.float32)
b = np.zeros(4 * H, np.float32)
dh = rng.normal(size=(N, T, H)).astype(np.float32)
operations = 3 * 2 * N * T * 4 * H * (D + H)  # forward once, backward twice
print(f"{operations / 1e6:.0f} million multiplications and additions, forward and backward")

# %% [markdown]
# Two rules before anything is timed. *Nothing is timed before it has been shown equal.* And
# *candidates take turns*, with the median of several rounds: another program that runs meanwhile
# then slows all of them, not one.

# %%
def check(forward, backward):
    """Compare a pair with the reference: outputs and all gradients."""
    h, *_, cache = forward(x, None, None, Wx, Wh, b)
    h0, *_, cache0 = cells.lstm_forward(x, None, None, Wx, Wh, b)
    ours, reference = backward(dh, cache), cells.lstm_backward(dh, cache0)
    np.testing.assert_allclose(h, h0, atol=2e-5)
    for name in ("dx", "dWx", "dWh", "db"):
        wanted = getattr(reference, name)
        size = np.abs(wanted).max()
        np.testing.assert_allclose(getattr(ours, name) / size, wanted / size, atol=2e-5)


def seconds(jobs, rounds=7):
    """Return the median time of each job; the jobs take turns."""
    taken = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, job in jobs.items():
            begin = time.perf_counter()
            job()
            taken[name].append(time.perf_counter() - begin)
    return {name: float(np.median(values)) for name, values in taken.items()}


def both(forward, backward):
    def job():
        *_, cache = forward(x, None, None, Wx, Wh, b)
        backward(dh, cache)

    return job

# %% [markdown]
# ## Rung 0: the reference
#
# `cells.lstm_forward` and `cells.lstm_backward` call one step after another, as the equations are
# written. At every step there are two products forward and four backward, of a few rows each, and
# some thirty small NumPy calls that each make a new array.
#
# ## Rung 1: out of the loop
#
# Look at equation (1): $a_t = x_t W_x + h_{t-1} W_h + b$. Only the second term has to wait for
# step t − 1. All of $x W_x + b$ is **one** product of (T·N, D) with (D, 4H). Backward, only
# $\mathrm{d}h_{prev} = \mathrm{d}a\, W_h^\top$ has to wait. If all $\mathrm{d}a_t$ are kept, then
# $\mathrm{d}W_x$, $\mathrm{d}W_h$, $\mathrm{d}b$ and $\mathrm{d}x$ are one product each, after the
# loop:
#
# $$ \mathrm{d}W_h = \sum_t h_{t-1}^\top \mathrm{d}a_t =
#    \begin{pmatrix} h_0 \\ \vdots \\ h_{T-1} \end{pmatrix}^{\!\top}
#    \begin{pmatrix} \mathrm{d}a_1 \\ \vdots \\ \mathrm{d}a_T \end{pmatrix} . $$
#
# A sum over steps of products is *one* product with a longer inner dimension. The arithmetic is
# the same; large products are fast and small ones are not.

# %%
from typing import NamedTuple


class Cache(NamedTuple):
    x: np.ndarray  # (T,N,D)
    h: np.ndarray  # (T+1,N,H)
    c: np.ndarray  # (T+1,N,H)
    gates: np.ndarray  # (T,N,4H): i f g o
    Wx: np.ndarray
    Wh: np.ndarray


class Grads(NamedTuple):
    dx: np.ndarray
    dWx: np.ndarray
    dWh: np.ndarray
    db: np.ndarray


def before_the_loop(x, Wx, Wh, b):
    (N, T, D), H = x.shape, len(Wh)
    x = np.ascontiguousarray(x.swapaxes(0, 1))
    gates = (x.reshape(T * N, D) @ Wx + b).reshape(T, N, 4 * H)  # (1), the part of x
    h, c = np.zeros((T + 1, N, H), x.dtype), np.zeros((T + 1, N, H), x.dtype)
    return Cache(x, h, c, gates, Wx, Wh)


def after_the_loop(da, cache):
    (T, N, D), H = cache.x.shape, len(cache.Wh)
    rows = da.reshape(T * N, 4 * H)
    dx = (rows @ cache.Wx.T).reshape(T, N, D).swapaxes(0, 1)
    dWx = cache.x.reshape(T * N, D).T @ rows
    dWh = cache.h[:-1].reshape(T * N, H).T @ rows
    return Grads(dx, dWx, dWh, rows.sum(axis=0))  # (1')


def forward_1(x, h0, c0, Wx, Wh, b):
    cache, H = before_the_loop(x, Wx, Wh, b), len(Wh)
    _, h, c, gates, *_ = cache
    for t in range(len(gates)):
        a = gates[t]
        a += h[t] @ Wh  # (1), the part that has to wait
        a[:, : 2 * H] = cells.sigmoid(a[:, : 2 * H])  # (2) (3)
        np.tanh(a[:, 2 * H : 3 * H], out=a[:, 2 * H : 3 * H])  # (4)
        a[:, 3 * H :] = cells.sigmoid(a[:, 3 * H :])  # (6)
        i, f, g, o = np.split(a, 4, axis=1)
        c[t + 1] = f * c[t] + i * g  # (5)
        h[t + 1] = o * np.tanh(c[t + 1])  # (7)
    return h[1:].swapaxes(0, 1), cache


def backward_1(dh, cache):
    _, h, c, gates, _, Wh = cache
    da, dh_next, dc_next = np.empty_like(gates), np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in reversed(range(len(gates))):
        i, f, g, o = np.split(gates[t], 4, axis=1)
        total, tanh_c = dh[:, t] + dh_next, np.tanh(c[t + 1])
        dc = dc_next + total * o * (1 - tanh_c**2)  # (7')
        da_i, da_f, da_g, da_o = np.split(da[t], 4, axis=1)
        da_i[...] = dc * g * i * (1 - i)  # (5') (2')
        da_f[...] = dc * c[t] * f * (1 - f)  # (5') (3')
        da_g[...] = dc * i * (1 - g**2)  # (5') (4')
        da_o[...] = total * tanh_c * o * (1 - o)  # (7') (6')
        dc_next, dh_next = dc * f, da[t] @ Wh.T  # (5') (1')
    return after_the_loop(da, cache)


check(forward_1, backward_1)
print("rung 1 is equal to the reference")

# %% [markdown]
# ## Rung 2: compile the loop
#
# What is left in the loop are many passes over small arrays. Numba compiles Python loops to
# machine code, so one pass over the units can do equations (2) to (7) at once, with every number
# in a register while it is needed. Written plainly:

# %%
import math


@numba.njit(error_model="numpy")
def loop_forward(gates, h, c, Wh):
    T, N, H = len(gates), gates.shape[1], len(Wh)
    for t in range(T):
        for n in range(N):
            a = gates[t, n]
            for k in range(H):
                value = h[t, n, k]
                for j in range(4 * H):
                    a[j] += value * Wh[k, j]  # (1), the part that has to wait
            for j in range(H):
                i = 1 / (1 + math.exp(-a[j]))  # (2)
                f = 1 / (1 + math.exp(-a[H + j]))  # (3)
                g = math.tanh(a[2 * H + j])  # (4)
                o = 1 / (1 + math.exp(-a[3 * H + j]))  # (6)
                a[j], a[H + j], a[2 * H + j], a[3 * H + j] = i, f, g, o
                c[t + 1, n, j] = f * c[t, n, j] + i * g  # (5)
                h[t + 1, n, j] = o * math.tanh(c[t + 1, n, j])  # (7)


@numba.njit(error_model="numpy")
def loop_backward(dh, gates, c, da, WhT):
    T, N, H = len(gates), gates.shape[1], WhT.shape[1]
    dh_next, dc_next = np.zeros_like(c[0]), np.zeros_like(c[0])
    for t in range(T - 1, -1, -1):
        for n in range(N):
            a, d = gates[t, n], da[t, n]
            for j in range(H):
                i, f, g, o = a[j], a[H + j], a[2 * H + j], a[3 * H + j]
                total, tanh_c = dh[n, t, j] + dh_next[n, j], math.tanh(c[t + 1, n, j])
                dc = dc_next[n, j] + total * o * (1 - tanh_c * tanh_c)  # (7')
                d[j] = dc * g * i * (1 - i)  # (5') (2')
                d[H + j] = dc * c[t, n, j] * f * (1 - f)  # (5') (3')
                d[2 * H + j] = dc * i * (1 - g * g)  # (5') (4')
                d[3 * H + j] = total * tanh_c * o * (1 - o)  # (7') (6')
                dc_next[n, j] = dc * f  # (5')
                dh_next[n, j] = 0
            for k in range(4 * H):
                value = d[k]
                for j in range(H):
                    dh_next[n, j] += value * WhT[k, j]  # (1')


def forward_2(x, h0, c0, Wx, Wh, b):
    cache = before_the_loop(x, Wx, Wh, b)
    loop_forward(cache.gates, cache.h, cache.c, Wh)
    return cache.h[1:].swapaxes(0, 1), cache


def backward_2(dh, cache):
    da = np.empty_like(cache.gates)
    loop_backward(dh, cache.gates, cache.c, da, np.ascontiguousarray(cache.Wh.T))
    return after_the_loop(da, cache)


check(forward_2, backward_2)
print("rung 2 is equal to the reference")

# %% [markdown]
# ## Rungs 3 and 4: blocked products, vector functions, threads
#
# The library's kernels (`scratchrnn.kernels`, the directory `kernels/`) have the arguments of the
# cells and give the same results; a test compares every kernel with its cell. What they add, each
# explained below: the recurrent product in *register blocks*, $\sigma$ and $\tanh$ for a whole
# vector register at a time, and *rows shared out among threads*.

# %%
check(kernels.lstm_forward, kernels.lstm_backward)

reference = both(cells.lstm_forward, cells.lstm_backward)
compiled = both(kernels.lstm_forward, kernels.lstm_backward)
cores = scratchrnn.get_num_threads()


def on_one_thread(job):
    def run():
        with threadpool_limits(1):
            job()

    return run


def kernels_on(threads):
    def run():
        scratchrnn.set_num_threads(threads)
        compiled()

    return run


rungs = {
    "0  reference, NumPy": on_one_thread(reference),
    "1  products out of the loop": on_one_thread(both(forward_1, backward_1)),
    "2  loop compiled, plain": on_one_thread(both(forward_2, backward_2)),
    "3  kernels, one thread": kernels_on(1),
    f"4  kernels, {cores} threads": kernels_on(cores),
}
times = seconds(rungs)
scratchrnn.set_num_threads(cores)
plot.ladder(times, title=f"LSTM, forward and backward, N,T,D,H = {N},{T},{D},{H}").describe(
    "Bars of the time of five versions of the same LSTM, each shorter than the one before or "
    "nearly so; the kernels on all cores take a small fraction of the reference's time."
)

# %%
for name, value in times.items():
    speed = operations / value / 1e9
    print(f"{name:<30}{1e3 * value:8.2f} ms {speed:8.1f} · 10⁹ operations a second")

# %% [markdown]
# Rung 2 teaches the most: a compiled loop that is written plainly need not beat NumPy, since the
# library behind NumPy's `@` has a better *product* than the plain triple loop. Compiling removes
# what Python costs. It does not make the arithmetic good.
#
# ## The roofline
#
# What is the most that can be expected? A core can do a certain number of operations a second, the
# *peak*, if the numbers are at hand; and memory delivers a certain number of bytes a second, the
# *bandwidth*. If a computation does $I$ operations for each byte that it reads (its *arithmetic
# intensity*), it cannot be faster than
#
# $$ \min(\text{peak},\; I \cdot \text{bandwidth}) . $$
#
# For the recurrent product of a step with N rows: $2 \cdot N \cdot H \cdot 4H$ operations, and the
# weights have to be read, $4H \cdot H$ numbers of 4 bytes. So
#
# $$ I = \frac{8 N H^2}{16 H^2} = \frac{N}{2} \quad \text{operations a byte}, $$
#
# whatever H is. *One sequence alone cannot be fast*: for each weight that is read, one
# multiplication and one addition. A batch of 64 uses each weight 64 times.

# %%
big = 1536
A = rng.normal(size=(big, big)).astype(np.float32)
stream = np.ones(2**25, np.float32)  # 128 MB: larger than the caches
target = np.empty_like(stream)
Hbig = 2048
W_big = (0.01 * rng.normal(size=(Hbig, 4 * Hbig))).astype(np.float32)  # 64 MB
states = {n: rng.normal(size=(n, Hbig)).astype(np.float32) for n in (1, 4, 16, 64)}

with threadpool_limits(1):
    jobs = {"peak": lambda: A @ A, "copy": lambda: np.copyto(target, stream),
            "sum": lambda: stream.sum()}
    jobs |= {n: lambda n=n: states[n] @ W_big for n in states}
    taken = seconds(jobs, rounds=5)

peak = 2 * big**3 / taken["peak"]
bandwidth = max(2 * stream.nbytes / taken["copy"], stream.nbytes / taken["sum"])
points = {f"h Wh, N = {n}": (n / 2, 2 * n * W_big.size / taken[n]) for n in states}
plot.roofline(points, peak=peak, bandwidth=bandwidth, title="one core, float32").describe(
    "The roofline of one core on logarithmic axes: a slope where memory limits, then a flat roof. "
    "The recurrent product for 1, 4, 16 and 64 rows climbs along the slope and reaches the "
    "neighbourhood of the roof."
)

# %% [markdown]
# (The flat part is what NumPy's large product reaches, not what the core could do at most: on the
# machine of this page rung 3 of the ladder is above it.) That is why inference on one sequence is
# slow on every machine, why batches help, and why the kernels keep the weights in the nearest
# cache: the slope for the cache is several times as steep as the one for memory that is drawn
# here.
#
# ## Register blocking
#
# The same thinking, one level down. A register is to the cache what the cache is to memory. Take
# $C = A B$ with (M, K) and (K, N), three loops. Written as `C[i, j] += A[i, k] * B[k, j]` with j
# innermost, each multiply-add loads a number of B, loads and stores one of C: three trips to the
# cache for one operation.
#
# Now take **four rows of A and four values of k at once**. For one j, load four numbers of B and
# four of C, do *sixteen* multiply-adds, store four: 12 trips for 16. (The other classic is a tile
# of 4 × 4 elements of C whose sixteen sums stay in registers for the whole of k: eight loads for
# sixteen multiply-adds, and no store until the end.)

# %%
@numba.njit(error_model="numpy", fastmath={"contract"})
def product_ijk(A, B, C):
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            total = np.float32(0)
            for k in range(A.shape[1]):
                total += A[i, k] * B[k, j]  # walks down a column of B: a new cache line each time
            C[i, j] = total


@numba.njit(error_model="numpy", fastmath={"contract"})
def product_ikj(A, B, C):
    C[:] = 0
    for i in range(A.shape[0]):
        for k in range(A.shape[1]):
            a = A[i, k]
            for j in range(B.shape[1]):
                C[i, j] += a * B[k, j]  # contiguous: the compiler uses vectors


@numba.njit(error_model="numpy", fastmath={"contract"})
def product_blocked(A, B, C):
    """M and K are multiples of 4 here; at the edges one would write smaller blocks."""
    C[:] = 0
    for i in range(0, A.shape[0], 4):
        c0, c1, c2, c3 = C[i], C[i + 1], C[i + 2], C[i + 3]
        for k in range(0, A.shape[1], 4):
            b0, b1, b2, b3 = B[k], B[k + 1], B[k + 2], B[k + 3]
            a00, a01, a02, a03 = A[i, k], A[i, k + 1], A[i, k + 2], A[i, k + 3]
            a10, a11, a12, a13 = A[i + 1, k], A[i + 1, k + 1], A[i + 1, k + 2], A[i + 1, k + 3]
            a20, a21, a22, a23 = A[i + 2, k], A[i + 2, k + 1], A[i + 2, k + 2], A[i + 2, k + 3]
            a30, a31, a32, a33 = A[i + 3, k], A[i + 3, k + 1], A[i + 3, k + 2], A[i + 3, k + 3]
            for j in range(B.shape[1]):
                c0[j] += a00 * b0[j] + a01 * b1[j] + a02 * b2[j] + a03 * b3[j]
                c1[j] += a10 * b0[j] + a11 * b1[j] + a12 * b2[j] + a13 * b3[j]
                c2[j] += a20 * b0[j] + a21 * b1[j] + a22 * b2[j] + a23 * b3[j]
                c3[j] += a30 * b0[j] + a31 * b1[j] + a32 * b2[j] + a33 * b3[j]


A = rng.normal(size=(32, 128)).astype(np.float32)  # h of a step
B = rng.normal(size=(128, 512)).astype(np.float32)  # Wh
C = np.empty((32, 512), np.float32)
for product in (product_ijk, product_ikj, product_blocked):
    product(A, B, C)
    np.testing.assert_allclose(C, A @ B, atol=1e-4)

many = 20
jobs = {
    name: lambda p=p: [p(A, B, C) for _ in range(many)]
    for name, p in [("loops i j k", product_ijk), ("loops i k j", product_ikj),
                    ("4 rows × 4 k", product_blocked)]
}
jobs["NumPy's @"] = lambda: [np.matmul(A, B, out=C) for _ in range(many)]
with threadpool_limits(1):
    taken = seconds(jobs)
speeds = {name: many * 2 * 32 * 128 * 512 / value / 1e9 for name, value in taken.items()}
plot.bars(
    speeds, ylabel="10⁹ operations a second", title="(32, 128) @ (128, 512), one core"
).describe(
    "Speed of a small matrix product in four versions: the loops in the order i j k are slowest, "
    "i k j is many times as fast, the blocked loop is faster again and comparable with NumPy's."
)

# %% [markdown]
# Same number of operations, in all four. The order of the loops decides whether the compiler can
# use vectors; the blocking decides how often they have to be loaded. `kernels/tile.py` goes one
# step further, a tile of 8 rows by 2 vectors that never leaves the registers.
#
# ## Threads
#
# Rows of a batch never meet, neither forward nor backward, except in the sums over the batch
# ($\mathrm{d}W$, $\mathrm{d}b$). So a thread takes a share of the *rows* and goes through all T
# steps alone: no waiting at every step. Splitting the *units* instead would need a meeting at each
# of the T steps, since every unit needs all of $h_{t-1}$. Compiled functions can let go of
# Python's lock, so ordinary threads do.

# %%
counts = sorted({1, cores})
for n in (4, 32, 128):
    part = rng.normal(size=(n, T, D)).astype(np.float32)
    part_dh = rng.normal(size=(n, T, H)).astype(np.float32)

    def pass_over(threads, part=part, part_dh=part_dh):
        scratchrnn.set_num_threads(threads)
        *_, cache = kernels.lstm_forward(part, None, None, Wx, Wh, b)
        kernels.lstm_backward(part_dh, cache)

    taken = seconds({k: lambda k=k: pass_over(k) for k in counts})
    print(f"N = {n:<4}" + "".join(f"{k} thread{'s' * (k > 1)} {1e3 * taken[k]:7.2f} ms    "
                                  for k in counts))
scratchrnn.set_num_threads(cores)

# %% [markdown]
# Small batches gain little: waking a thread costs some tens of microseconds, and four rows are
# soon done.
#
# Two details that cost more than they seem to. *BLAS has threads of its own*, which keep spinning
# for a while after a product and take the cores away; the library limits them while its own
# threads work. And *the order of additions* must not depend on the number of threads, or results
# change with the machine: the shares of $\mathrm{d}W$ are added in a fixed order, so one thread
# and many give the same bits.

# %%
results = []
for threads in counts:
    scratchrnn.set_num_threads(threads)
    *_, cache = kernels.lstm_forward(x, None, None, Wx, Wh, b)
    results.append(kernels.lstm_backward(dh, cache).dWh)
scratchrnn.set_num_threads(cores)
print("dWh is the same bit for bit:", all(np.array_equal(results[0], r) for r in results))

# %% [markdown]
# ## On your own
#
# 1. The exercise `blocked_matmul` of the sheet `8_beyond`: a product in tiles of 4 × 4, with edges
#    that are no multiple of 4.
# 2. Set `T = 500` and `N = 1`. Which rungs still help? Explain it with the roofline.
# 3. Repeat the ladder in float64. What is the ratio, and what did you expect from the size of a
#    vector register?
# 4. Replace `math.tanh` in rung 2 by a rational approximation, and check the error before you time
#    it.
# 5. Write rung 1 for the GRU. Which part of (5b) cannot leave the loop, and why is
#    `reset_after=True` kinder?
#
# ## In practice
#
# * Measure before and after each step, and keep the steps that pay. Most of the gain is usually in
#   the first two.
# * First use compiles; the result is kept on disk (`scratchrnn.warmup()` does it ahead of time,
#   `clear_cache()` undoes it).
# * `scratchrnn.set_backend("numpy")` and `"numba"` switch between cells and kernels; nothing falls
#   back silently.
# * `python -m benchmarks` measures all of this against PyTorch and Keras, in one run, on your
#   machine.
#
# ## Further reading
#
# * S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model",
#   *CACM* 52 (2009).
# * K. Goto, R. van de Geijn, "Anatomy of high-performance matrix multiplication", *ACM TOMS* 34
#   (2008).
# * J. Appleyard, T. Kociský, P. Blunsom, "Optimizing performance of recurrent neural networks on
#   GPUs", arXiv:1604.01946 (2016): the same ladder on a graphics card.
# * `kernels/lstm.py`, whose docstring says what differs from `scratchrnn/cells/lstm.py`, and why.
#
# Next: [8. The document's program](08_the_documents_program.ipynb).
