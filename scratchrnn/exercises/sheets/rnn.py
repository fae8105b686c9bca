# %% [markdown]
# # Exercises 1: the vanilla RNN
#
# `N` sequences, `T` steps, `D` inputs, `H` units. Every array is float64, batch first.
# `d<name>` is the derivative of the loss by `<name>` and has its shape. ⊙ multiplies entry by
# entry, `A B` is a matrix product, Σ_n sums over the batch. One step of the network is
#
#     a = x Wx + h_prev Wh + b      (1)
#     h = tanh(a)                   (2)
#
# and one step back, given `dh`, the derivative of the loss by `h`,
#
#     da  = dh ⊙ (1 - h²)                                (2')
#     dx  = da Wxᵀ,   dh_prev = da Whᵀ                   (1')
#     dWx = xᵀ da,    dWh = h_prevᵀ da,    db = Σ_n da   (1')
#
# Never change an argument in place: somebody else may still need it.

# %%
import numpy as np

# %% [markdown]
# ## `rnn_step`: one step forward
#
# Write equations (1) and (2). `cache` is for you alone: put into it what `rnn_step_backward`
# will need, under names that you choose.


# %%
def rnn_step(x, h_prev, Wx, Wh, b):
    """Advance the state by one step: equations (1) and (2).

    Parameters
    ----------
    x, h_prev : ndarray, (N, D) and (N, H)
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,)

    Returns
    -------
    h : ndarray, (N, H)
    cache : whatever `rnn_step_backward` needs

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> h, cache = rnn_step(one, 0 * one, 0.5 * one, -one, np.array([0.1]))
    >>> h.round(5)
    array([[0.53705]])
    """
    ### BEGIN SOLUTION
    a = x @ Wx + h_prev @ Wh + b  # (1)
    h = np.tanh(a)  # (2)
    cache = dict(x=x, h_prev=h_prev, h=h, Wx=Wx, Wh=Wh)
    return h, cache
    ### END SOLUTION


# %% [markdown]
# ## `rnn_step_backward`: one step back
#
# Write equations (2') and (1'). The derivative of tanh is wanted in its *output*: 1 - h², where
# h is the output of tanh already. `db` is summed over the batch, since every row used the same
# `b`. Hint: write the shapes beside each product; only one arrangement of transposes fits.


# %%
def rnn_step_backward(dh, cache):
    """Go back through one step: equations (2') and (1').

    Parameters
    ----------
    dh : ndarray, (N, H)
    cache : what `rnn_step` returned

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh, db : ndarray, (D, H), (H, H) and (H,)

    Examples
    --------
    >>> one = np.ones((1, 1))
    >>> h, cache = rnn_step(one, one, one, one, np.zeros(1))
    >>> [gradient.round(4).item() for gradient in rnn_step_backward(one, cache)]
    [0.0707, 0.0707, 0.0707, 0.0707, 0.0707]
    """
    ### BEGIN SOLUTION
    x, h_prev, h = cache["x"], cache["h_prev"], cache["h"]
    Wx, Wh = cache["Wx"], cache["Wh"]
    da = dh * (1 - h**2)  # (2')
    dx = da @ Wx.T  # (1')
    dh_prev = da @ Wh.T  # (1')
    dWx = x.T @ da  # (1')
    dWh = h_prev.T @ da  # (1')
    db = da.sum(axis=0)  # (1')
    return dx, dh_prev, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## `rnn_forward`: a whole sequence
#
# Run the step for t = 1 … T: the state that one step returns is `h_prev` of the next, `h0` that
# of the first. Keep the output of every step, and the last one once more as `hT`. (NumPy counts
# from 0: step 1 is `x[:, 0]`, and step T is `x[:, T - 1]`.)


# %%
def rnn_forward(x, h0, Wx, Wh, b):
    """Run the network over whole sequences.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,)

    Returns
    -------
    h : ndarray, (N, T, H), the output of every step
    hT : ndarray, (N, H), the final state
    cache : whatever `rnn_backward` needs

    Examples
    --------
    >>> x, one = np.array([[[1.0], [2.0]]]), np.ones((1, 1))
    >>> h, hT, cache = rnn_forward(x, 0 * one, 0.5 * one, -one, np.array([0.1]))
    >>> h.round(5).ravel()
    array([0.53705, 0.51016])
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = dict(x=x, steps=[])
    h_prev = h0  # (1)
    for t in range(T):
        h_t, step = rnn_step(x[:, t], h_prev, Wx, Wh, b)  # (1)
        h[:, t] = h_t  # (2)
        cache["steps"].append(step)
        h_prev = h_t  # (1)
    hT = h_prev  # (2)
    return h, hT, cache
    ### END SOLUTION


# %% [markdown]
# ## `rnn_backward`: backpropagation through time (BPTT)
#
# The state `h` of step t is used twice: it is an output, where `dh[:, t]` comes from above, and
# it is `h_prev` of step t + 1, from where `dh_next` comes back. The two *add up*; step T has no
# step after it, but the final state may itself be used, and `dhT` is what comes back from
# there:
#
#     dh_total = dh[:, t] + dh_next,  dh_next = dhT at t = T    (3')
#
# `dh_total` goes through one step back, (2') and (1'), whose `dh_prev` is `dh_next` for step t
# - 1. All steps share `Wx`, `Wh`, `b`: their gradients are sums over the steps. What arrives
# before the first step is `dh0`.


# %%
def rnn_backward(dh, cache, dhT):
    """Backpropagate through time: equations (3'), (2') and (1').

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on the output of every step
    cache : what `rnn_forward` returned
    dhT : ndarray, (N, H), from above on the final state

    Returns
    -------
    dx, dh0 : ndarray, (N, T, D) and (N, H)
    dWx, dWh, db : ndarray, (D, H), (H, H) and (H,)

    Examples
    --------
    >>> x, one = np.array([[[1.0], [2.0]]]), np.ones((1, 1))
    >>> h, hT, cache = rnn_forward(x, 0 * one, 0.5 * one, -one, np.array([0.1]))
    >>> dx, dh0, dWx, dWh, db = rnn_backward(0 * h, cache, one)
    >>> dWx.round(5).item(), dWh.round(5).item(), db.round(5).item()
    (0.95309, 0.39727, 0.21336)
    """
    ### BEGIN SOLUTION
    N, T, H = dh.shape
    x, steps = cache["x"], cache["steps"]
    D = x.shape[2]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dh_next = dhT  # (3')
    for t in reversed(range(T)):
        dh_total = dh[:, t] + dh_next  # (3')
        dx_t, dh_prev, dWx_t, dWh_t, db_t = rnn_step_backward(dh_total, steps[t])  # (3')
        dx[:, t] = dx_t  # (1')
        dWx += dWx_t  # (1')
        dWh += dWh_t  # (1')
        db += db_t  # (1')
        dh_next = dh_prev  # (3')
    dh0 = dh_next  # (3')
    return dx, dh0, dWx, dWh, db
    ### END SOLUTION
