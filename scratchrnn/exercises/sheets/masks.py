# %% [markdown]
# # Exercises 5: sequences of unequal length
#
# Short sequences are padded to the length of the longest; `mask (N, T)` of bool is True where a
# step is real. Padding may stand at the end, at the beginning or in between. A masked step
# carries the state through unchanged, and what `x` holds there, **NaN included**, changes no
# output and no gradient. (0 · NaN is NaN: multiplying by the mask is not enough; `np.where`
# chooses.)
#
#     h_new = tanh(x Wx + h_prev Wh + b)             (1) (2)
#     h     = h_new where the step is real, else h_prev    (3)
#
#     dh_total = dh[:, t] + dh_next,  dh_next = dhT at t = T         (4')
#     dh_new   = dh_total where the step is real, else 0             (3')
#     dh_next  = dh_prev of the step where it is real, else dh_total (3')
#
# with (2') and (1') of exercises 1 in between, from `dh_new` to `dx`, `dh_prev` and the
# weights.

# %%
import numpy as np

from scratchrnn.cells import rnn_step, rnn_step_backward

# %% [markdown]
# ## `masked_rnn_forward`
#
# `rnn_step` and `rnn_step_backward` are given (those of exercises 1). At a masked step the
# output is the carried state.


# %%
def masked_rnn_forward(x, h0, Wx, Wh, b, mask):
    """Run the RNN over padded sequences: equations (1) to (3).

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,)
    mask : ndarray of bool, (N, T)

    Returns
    -------
    h : ndarray, (N, T, H); at masked steps the state that is carried
    hT : ndarray, (N, H), the state after the last real step
    cache : whatever `masked_rnn_backward` needs

    Examples
    --------
    >>> x, one, mask = np.array([[[1.0], [np.nan]]]), np.ones((1, 1)), np.array([[True, False]])
    >>> h, hT, cache = masked_rnn_forward(x, 0 * one, one, one, np.zeros(1), mask)
    >>> h.round(4).ravel()
    array([0.7616, 0.7616])
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    cache = dict(x=x, mask=mask, steps=[])
    h_prev = h0  # (1)
    for t in range(T):
        m = mask[:, t, None]  # (3)
        x_t = np.where(m, x[:, t], 0)  # (3)
        h_new, step = rnn_step(x_t, h_prev, Wx, Wh, b)  # (1)
        h_t = np.where(m, h_new, h_prev)  # (3)
        h[:, t] = h_t  # (3)
        cache["steps"].append(step)
        h_prev = h_t  # (1)
    hT = h_prev  # (3)
    return h, hT, cache
    ### END SOLUTION


# %% [markdown]
# ## `masked_rnn_backward`
#
# A masked step did nothing on the way forward, so it does nothing on the way back: `dh_total`
# goes past it untouched to step t - 1, `dx` there is exactly 0, and it adds nothing to the
# weights. Note that `dh[:, t]` of a masked step counts: the output there is the carried state. The
# arguments come in the order of exercises 1, `dhT` last.


# %%
def masked_rnn_backward(dh, cache, dhT):
    """Backpropagate through padded sequences: equations (4'), (3'), (2'), (1').

    Parameters
    ----------
    dh : ndarray, (N, T, H), from above on the output of every step
    cache : what `masked_rnn_forward` returned
    dhT : ndarray, (N, H), from above on the final state

    Returns
    -------
    dx, dh0 : ndarray, (N, T, D) and (N, H)
    dWx, dWh, db : ndarray, (D, H), (H, H) and (H,)

    Examples
    --------
    >>> x, one, mask = np.array([[[1.0], [np.nan]]]), np.ones((1, 1)), np.array([[True, False]])
    >>> h, hT, cache = masked_rnn_forward(x, 0 * one, one, one, np.zeros(1), mask)
    >>> dx, dh0, dWx, dWh, db = masked_rnn_backward(0 * h, cache, one)
    >>> dx.round(4).ravel(), db.round(4)
    (array([0.42, 0.  ]), array([0.42]))
    """
    ### BEGIN SOLUTION
    mask, steps = cache["mask"], cache["steps"]
    N, T, H = dh.shape
    D = cache["x"].shape[2]
    dx = np.zeros((N, T, D))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    dh_next = dhT  # (4')
    for t in reversed(range(T)):
        m = mask[:, t, None]  # (3')
        dh_total = dh[:, t] + dh_next  # (4')
        dh_new = np.where(m, dh_total, 0)  # (3')
        dx_t, dh_prev, dWx_t, dWh_t, db_t = rnn_step_backward(dh_new, steps[t])  # (3')
        dx[:, t] = dx_t  # (1')
        dWx += dWx_t  # (1')
        dWh += dWh_t  # (1')
        db += db_t  # (1')
        dh_next = np.where(m, dh_prev, dh_total)  # (3')
    dh0 = dh_next  # (4')
    return dx, dh0, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## `last_step`: the last real step
#
# To classify a sequence one takes the output of its last *real* step, not `h[:, -1]`. Where a
# masked step holds anything at all (this `h` does not come from exercise `masked_rnn_forward`),
# that matters:
#
#     last[n] = h[n, t_n],  t_n the largest t with mask[n, t]      (5)
#
# A row without a real step gets zeros.


# %%
def last_step(h, mask):
    """Return the output of the last real step of every row: equation (5).

    Parameters
    ----------
    h : ndarray, (N, T, H)
    mask : ndarray of bool, (N, T)

    Returns
    -------
    ndarray, (N, H)

    Examples
    --------
    >>> h = np.arange(6.0).reshape(2, 3, 1)
    >>> last_step(h, np.array([[True, True, False], [False, False, False]])).ravel()
    array([1., 0.])
    """
    ### BEGIN SOLUTION
    N, T = mask.shape
    t = T - 1 - np.argmax(mask[:, ::-1], axis=1)  # (5)
    last = np.where(mask.any(axis=1)[:, None], h[np.arange(N), t], 0)  # (5)
    return last
    ### END SOLUTION


# %% [markdown]
# ## `bidirectional_rnn`: two readers
#
# One RNN reads the sequence forward, a second one, with its own weights, reads it backward,
# from step T to step 1. At every step of `h` stand both their outputs *for that step*, forward
# first:
#
#     h[:, t] = [h_forward[:, t], h_backward[:, t]]         (6)
#
# so what the backward half computed has to be turned back in time. `last` holds the final state
# of each, that is when each has read everything: the forward half's after step T, the backward
# half's after step 1:
#
#     last = [h_forward[:, T], h_backward[:, 1]]  (t = 1 … T)     (7)


# %%
def bidirectional_rnn(x, forward, backward):
    """Read sequences in both directions: equations (6) and (7).

    Parameters
    ----------
    x : ndarray, (N, T, D)
    forward, backward : (h0, Wx, Wh, b), (N, H), (D, H), (H, H) and (H,), of each half

    Returns
    -------
    h : ndarray, (N, T, 2H)
    last : ndarray, (N, 2H)

    Examples
    --------
    >>> x, one = np.array([[[1.0], [2.0]]]), np.ones((1, 1))
    >>> half = (0 * one, 0.5 * one, -one, np.zeros(1))
    >>> h, last = bidirectional_rnn(x, half, half)
    >>> h.round(4)[0], last.round(4)
    (array([[ 0.4621, -0.2558],
           [ 0.4914,  0.7616]]), array([[ 0.4914, -0.2558]]))
    """
    ### BEGIN SOLUTION
    N, T, _ = x.shape
    h0, Wx, Wh, b = forward
    h0_back, Wx_back, Wh_back, b_back = backward
    H = h0.shape[1]
    h = np.zeros((N, T, 2 * H))
    h_forward, h_backward = h0, h0_back  # (6)
    for k in range(T):
        t = T - 1 - k  # (6)
        h_forward, _ = rnn_step(x[:, k], h_forward, Wx, Wh, b)  # (1)
        h_backward, _ = rnn_step(x[:, t], h_backward, Wx_back, Wh_back, b_back)  # (6)
        h[:, k, :H] = h_forward  # (6)
        h[:, t, H:] = h_backward  # (6)
    last = np.concatenate([h_forward, h_backward], axis=1)  # (7)
    return h, last
    ### END SOLUTION
