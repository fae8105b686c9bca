# %% [markdown]
# # Exercises 4: the GRU through time, in both its forms
#
# Letters, equations and weights are those of exercises 3. You may call your own steps from
# there, or the ones that are imported below: they have the same arguments and results.

# %%
from functools import partial

import numpy as np

from scratchrnn.cells import gru_step, gru_step_backward

gru_before_step, gru_before_step_backward = partial(gru_step, reset_after=False), gru_step_backward

# %% [markdown]
# ## `gru_forward`: a whole sequence, reset after
#
# Run the step for t = 1 … T: the state that one step returns is `h_prev` of the next, `h0` that
# of the first. A state of zeros is a state like any other: the recurrent bias b_h counts at
# step 1 too.


# %%
def gru_forward(x, h0, Wx, Wh, b):
    """Run the GRU over whole sequences, the reset gate after the product.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (2, 3H), gates in the order z r n

    Returns
    -------
    h : ndarray, (N, T, H), the output of every step
    hT : ndarray, (N, H), the final state
    cache : whatever `gru_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, hT, cache = gru_forward(np.ones((1, 2, 1)), 0 * one, w, w, np.full((2, 3), 0.25))
    >>> h.round(4).ravel()
    array([0.1968, 0.3392])
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = dict(x=x, steps=[])
    h_prev = h0  # (2)
    for t in range(T):
        h_t, step = gru_step(x[:, t], h_prev, Wx, Wh, b)  # (1)
        h[:, t] = h_t  # (6)
        cache["steps"].append(step)
        h_prev = h_t  # (2)
    hT = h_prev  # (6)
    return h, hT, cache
    ### END SOLUTION


# %% [markdown]
# ## `gru_backward`: backpropagation through time, reset after
#
# The state of step t is used twice: it is an output, and it is `h_prev` of step t + 1. The two
# add up:
#
#     dh_total = dh[:, t] + dh_next,  dh_next = dhT at t = T    (7')
#
# `dh_total` goes through one step back; its `dh_prev` is `dh_next` for step t - 1, and `dh0`
# before the first. The gradients of the weights are sums over the steps.


# %%
def gru_backward(dh, cache, dhT):
    """Backpropagate through time, the reset gate after the product.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on the output of every step
    cache : what `gru_forward` returned
    dhT : ndarray, (N, H), from above on the final state

    Returns
    -------
    dx, dh0 : ndarray, (N, T, D) and (N, H)
    dWx, dWh, db : ndarray, (D, 3H), (H, 3H) and (2, 3H)

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, hT, cache = gru_forward(np.ones((1, 2, 1)), 0 * one, w, w, np.full((2, 3), 0.25))
    >>> dx, dh0, dWx, dWh, db = gru_backward(0 * h, cache, one)
    >>> dh0.round(4).item()
    0.5228
    """
    ### BEGIN SOLUTION
    N, T, H = dh.shape
    x, steps = cache["x"], cache["steps"]
    D = x.shape[2]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, 3 * H)), np.zeros((H, 3 * H)), np.zeros((2, 3 * H))
    dh_next = dhT  # (7')
    for t in reversed(range(T)):
        dh_total = dh[:, t] + dh_next  # (7')
        dx_t, dh_prev, dWx_t, dWh_t, db_t = gru_step_backward(dh_total, steps[t])  # (7')
        dx[:, t] = dx_t  # (1')
        dWx += dWx_t  # (1')
        dWh += dWh_t  # (2')
        db += db_t  # (1') (2')
        dh_next = dh_prev  # (7')
    dh0 = dh_next  # (7')
    return dx, dh0, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## `gru_before_forward`: a whole sequence, reset before
#
# As `gru_forward`, with the step of the second form.


# %%
def gru_before_forward(x, h0, Wx, Wh, b):
    """Run the GRU over whole sequences, the reset gate before the product.

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (3H,), gates in the order z r n

    Returns
    -------
    h : ndarray, (N, T, H), the output of every step
    hT : ndarray, (N, H), the final state
    cache : whatever `gru_before_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, _, cache = gru_before_forward(np.ones((1, 2, 1)), 0 * one, w, w, np.full(3, 0.25))
    >>> h.round(4).ravel()
    array([0.2038, 0.3449])
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = dict(x=x, steps=[])
    h_prev = h0  # (2)
    for t in range(T):
        h_t, step = gru_before_step(x[:, t], h_prev, Wx, Wh, b)  # (1)
        h[:, t] = h_t  # (6)
        cache["steps"].append(step)
        h_prev = h_t  # (2)
    hT = h_prev  # (6)
    return h, hT, cache
    ### END SOLUTION


# %% [markdown]
# ## `gru_before_backward`: backpropagation through time, reset before
#
# Equation (7') as above, with the other step.


# %%
def gru_before_backward(dh, cache, dhT):
    """Backpropagate through time, the reset gate before the product.

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on the output of every step
    cache : what `gru_before_forward` returned
    dhT : ndarray, (N, H), from above on the final state

    Returns
    -------
    dx, dh0 : ndarray, (N, T, D) and (N, H)
    dWx, dWh, db : ndarray, (D, 3H), (H, 3H) and (3H,)

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, _, cache = gru_before_forward(np.ones((1, 2, 1)), 0 * one, w, w, np.full(3, 0.25))
    >>> dx, dh0, dWx, dWh, db = gru_before_backward(0 * h, cache, one)
    >>> dh0.round(4).item()
    0.4793
    """
    ### BEGIN SOLUTION
    N, T, H = dh.shape
    x, steps = cache["x"], cache["steps"]
    D = x.shape[2]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, 3 * H)), np.zeros((H, 3 * H)), np.zeros(3 * H)
    dh_next = dhT  # (7')
    for t in reversed(range(T)):
        dh_total = dh[:, t] + dh_next  # (7')
        back = gru_before_step_backward(dh_total, steps[t])  # (7')
        dx_t, dh_prev, dWx_t, dWh_t, db_t = back
        dx[:, t] = dx_t  # (1')
        dWx += dWx_t  # (1')
        dWh += dWh_t  # (2') (5b')
        db += db_t  # (1')
        dh_next = dh_prev  # (7')
    dh0 = dh_next  # (7')
    return dx, dh0, dWx, dWh, db
    ### END SOLUTION
