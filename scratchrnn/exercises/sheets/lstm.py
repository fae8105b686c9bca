# %% [markdown]
# # Exercises 2: the LSTM
#
# `N` sequences, `T` steps, `D` inputs, `H` units, float64. The four gates lie side by side in
# the columns of `Wx (D, 4H)`, `Wh (H, 4H)` and `b (4H,)`, in the order **i f g o** (that of
# Keras and PyTorch). Forward, with σ the sigmoid:
#
#     a = x Wx + h_prev Wh + b      (1)      a_i, a_f, a_g, a_o: its four blocks of H columns
#     i = σ(a_i)                    (2)
#     f = σ(a_f)                    (3)
#     g = tanh(a_g)                 (4)
#     c = f ⊙ c_prev + i ⊙ g        (5)
#     o = σ(a_o)                    (6)
#     h = o ⊙ tanh(c)               (7)
#
# Backward, given `dh` and `dc`, the derivatives of the loss by what the step returned:
#
#     do = dh ⊙ tanh(c)                                              (7')
#     dc_total = dc + dh ⊙ o ⊙ (1 - tanh²(c))                        (7')
#     da_o = do ⊙ o(1 - o)                                           (6')
#     di = dc_total ⊙ g,  df = dc_total ⊙ c_prev,  dg = dc_total ⊙ i (5')
#     dc_prev = dc_total ⊙ f                                         (5')
#     da_g = dg ⊙ (1 - g²)                                           (4')
#     da_f = df ⊙ f(1 - f)                                           (3')
#     da_i = di ⊙ i(1 - i)                                           (2')
#     dx = da Wxᵀ,   dh_prev = da Whᵀ                                (1')
#     dWx = xᵀ da,   dWh = h_prevᵀ da,   db = Σ_n da                 (1')
#
# where `da` puts da_i, da_f, da_g, da_o side by side. Never change an argument in place.

# %%
import numpy as np

# %% [markdown]
# ## `sigmoid`: without overflow
#
#     σ(a) = 1 / (1 + exp(-a))      (1)
#
# For a = -1000 the exponential overflows, and NumPy warns. Yours must not, for any finite `a`:
# where a is negative, use the same fraction multiplied through by exp(a). Hint:
# `np.exp(-np.abs(a))` is between 0 and 1 always.


# %%
def sigmoid(a):
    """Logistic function, without overflow.

    Parameters
    ----------
    a : ndarray, any shape

    Returns
    -------
    ndarray, the same shape

    Examples
    --------
    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    ### BEGIN SOLUTION
    e = np.exp(-np.abs(a))  # (1)
    y = np.where(a >= 0, 1, e) / (1 + e)  # (1)
    return y
    ### END SOLUTION


# %% [markdown]
# ## `lstm_init`: fresh weights
#
# - `Wx (D, 4H)` and `Wh (H, 4H)`: uniform between -1/√H and 1/√H, every entry drawn by itself,
#   all from the generator `rng` that is passed in. Two gates with the same weights would learn
#   the same thing.
# - `b (4H,)`: zeros, but ones for the forget gate, so that the cell remembers from the start.
#
# (Tutorial 4 draws `Wx` and `Wh` by another rule, that of Keras. Both are in use.)


# %%
def lstm_init(D, H, rng):
    """Draw the weights of an LSTM.

    Parameters
    ----------
    D, H : int
    rng : numpy.random.Generator

    Returns
    -------
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,)

    Examples
    --------
    >>> Wx, Wh, b = lstm_init(3, 2, np.random.default_rng(0))
    >>> Wx.shape, Wh.shape, b
    ((3, 8), (2, 8), array([0., 0., 1., 1., 0., 0., 0., 0.]))
    """
    ### BEGIN SOLUTION
    limit = 1 / np.sqrt(H)
    Wx = rng.uniform(-limit, limit, size=(D, 4 * H))
    Wh = rng.uniform(-limit, limit, size=(H, 4 * H))
    b = np.zeros(4 * H)
    b[H : 2 * H] = 1
    return Wx, Wh, b
    ### END SOLUTION


# %% [markdown]
# ## `lstm_step`: one step forward
#
# Write equations (1) to (7). You may use your `sigmoid`. `cache` is for you alone.


# %%
def lstm_step(x, h_prev, c_prev, Wx, Wh, b):
    """Advance output and cell state by one step: equations (1) to (7).

    Parameters
    ----------
    x, h_prev, c_prev : ndarray, (N, D), (N, H) and (N, H)
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,), gates in the order i f g o

    Returns
    -------
    h, c : ndarray, (N, H), twice
    cache : whatever `lstm_step_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, c, cache = lstm_step(one, 0 * one, one, w, w, np.zeros(4))
    >>> h.round(4).item(), c.round(4).item()
    (0.4489, 0.9101)
    """
    ### BEGIN SOLUTION
    a = x @ Wx + h_prev @ Wh + b  # (1)
    a_i, a_f, a_g, a_o = np.split(a, 4, axis=1)  # (1)
    i = sigmoid(a_i)  # (2)
    f = sigmoid(a_f)  # (3)
    g = np.tanh(a_g)  # (4)
    c = f * c_prev + i * g  # (5)
    o = sigmoid(a_o)  # (6)
    h = o * np.tanh(c)  # (7)
    cache = dict(x=x, h_prev=h_prev, c_prev=c_prev, c=c, i=i, f=f, g=g, o=o, Wx=Wx, Wh=Wh)
    return h, c, cache
    ### END SOLUTION


# %% [markdown]
# ## `lstm_step_backward`: one step back
#
# Write equations (7') to (1'), in that order. `dh` and `dc` are all that comes back on `h` and
# on `c` from outside this step; inside it, `c` is used once more, by (7): that is the second
# term of `dc_total`. The derivatives of σ and tanh are written in their *outputs*.


# %%
def lstm_step_backward(dh, dc, cache):
    """Go back through one step: equations (7') to (1').

    Parameters
    ----------
    dh, dc : ndarray, (N, H), twice
    cache : what `lstm_step` returned

    Returns
    -------
    dx, dh_prev, dc_prev : ndarray, (N, D), (N, H) and (N, H)
    dWx, dWh, db : ndarray, (D, 4H), (H, 4H) and (4H,)

    Examples
    --------
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, c, cache = lstm_step(one, 0 * one, one, w, w, np.zeros(4))
    >>> dx, dh_prev, dc_prev, dWx, dWh, db = lstm_step_backward(one, 0 * one, cache)
    >>> dc_prev.round(4).item(), db.round(4)
    (0.1859, array([0.0324, 0.0702, 0.1462, 0.1695]))
    """
    ### BEGIN SOLUTION
    x, h_prev, c_prev, c = (cache[name] for name in ("x", "h_prev", "c_prev", "c"))
    i, f, g, o = (cache[name] for name in "ifgo")
    Wx, Wh = cache["Wx"], cache["Wh"]
    tanh_c = np.tanh(c)  # (7')
    do = dh * tanh_c  # (7')
    dc_total = dc + dh * o * (1 - tanh_c**2)  # (7')
    da_o = do * o * (1 - o)  # (6')
    di = dc_total * g  # (5')
    df = dc_total * c_prev  # (5')
    dg = dc_total * i  # (5')
    dc_prev = dc_total * f  # (5')
    da_g = dg * (1 - g**2)  # (4')
    da_f = df * f * (1 - f)  # (3')
    da_i = di * i * (1 - i)  # (2')
    da = np.concatenate([da_i, da_f, da_g, da_o], axis=1)  # (1')
    dx = da @ Wx.T  # (1')
    dh_prev = da @ Wh.T  # (1')
    dWx = x.T @ da  # (1')
    dWh = h_prev.T @ da  # (1')
    db = da.sum(axis=0)  # (1')
    return dx, dh_prev, dc_prev, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## `lstm_forward`: a whole sequence
#
# Run the step for t = 1 … T. Both states go on to the next step; only `h` is an output.


# %%
def lstm_forward(x, h0, c0, Wx, Wh, b):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0, c0 : ndarray, (N, H), twice
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,), gates in the order i f g o

    Returns
    -------
    h : ndarray, (N, T, H), the output of every step
    hT, cT : ndarray, (N, H), the final states
    cache : whatever `lstm_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, hT, cT, cache = lstm_forward(np.ones((1, 2, 1)), 0 * one, one, w, w, np.zeros(4))
    >>> h.round(4).ravel(), cT.round(4).item()
    (array([0.4489, 0.5214]), 1.0304)
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = dict(x=x, steps=[])
    h_prev, c_prev = h0, c0  # (1) (5)
    for t in range(T):
        h_t, c_t, step = lstm_step(x[:, t], h_prev, c_prev, Wx, Wh, b)  # (1)
        h[:, t] = h_t  # (7)
        cache["steps"].append(step)
        h_prev = h_t  # (1)
        c_prev = c_t  # (5)
    hT, cT = h_prev, c_prev  # (7) (5)
    return h, hT, cT, cache
    ### END SOLUTION


# %% [markdown]
# ## `lstm_backward`: backpropagation through time
#
# As for the RNN, and the cell state runs back beside the output:
#
#     dh_total = dh[:, t] + dh_next,  dh_next = dhT at t = T    (8')
#     dc_next is what comes back from step t + 1,  dcT at t = T (9')
#
# Step t goes back with `dh_total` and `dc_next`; its `dh_prev` and `dc_prev` are `dh_next` and
# `dc_next` for step t - 1, and `dh0` and `dc0` before the first. The gradients of the weights are
# sums over the steps. Mind the order of the arguments: here `cache` comes second (in tutorial 4 it
# comes last).


# %%
def lstm_backward(dh, cache, dhT, dcT):
    """Backpropagate through time.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on the output of every step
    cache : what `lstm_forward` returned
    dhT, dcT : ndarray, (N, H), from above on the final states

    Returns
    -------
    dx, dh0, dc0 : ndarray, (N, T, D), (N, H) and (N, H)
    dWx, dWh, db : ndarray, (D, 4H), (H, 4H) and (4H,)

    Examples
    --------
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, hT, cT, cache = lstm_forward(np.ones((1, 2, 1)), 0 * one, one, w, w, np.zeros(4))
    >>> dx, dh0, dc0, dWx, dWh, db = lstm_backward(0 * h, cache, 0 * one, one)
    >>> dc0.round(4).item(), db.round(4)
    (0.4891, array([0.2216, 0.3848, 0.7996, 0.0637]))
    """
    ### BEGIN SOLUTION
    N, T, H = dh.shape
    x, steps = cache["x"], cache["steps"]
    D = x.shape[2]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, 4 * H)), np.zeros((H, 4 * H)), np.zeros(4 * H)
    dh_next = dhT  # (8')
    dc_next = dcT  # (9')
    for t in reversed(range(T)):
        dh_total = dh[:, t] + dh_next  # (8')
        back = lstm_step_backward(dh_total, dc_next, steps[t])  # (9')
        dx_t, dh_prev, dc_prev, dWx_t, dWh_t, db_t = back
        dx[:, t] = dx_t  # (1')
        dWx += dWx_t  # (1')
        dWh += dWh_t  # (1')
        db += db_t  # (1')
        dh_next = dh_prev  # (8')
        dc_next = dc_prev  # (9')
    dh0, dc0 = dh_next, dc_next  # (8') (9')
    return dx, dh0, dc0, dWx, dWh, db
    ### END SOLUTION
