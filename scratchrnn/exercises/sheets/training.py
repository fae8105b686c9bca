# %% [markdown]
# # Exercises 6: training
#
# A loss over time, gradients that do not explode, an optimizer, and sequences that are too long
# to go back through. Arrays are float64. Never change an argument in place.

# %%
import numpy as np

from scratchrnn.cells import rnn_backward, rnn_forward

# %% [markdown]
# ## `softmax_loss`: cross-entropy over time
#
# At every real step the network gives `V` scores and the right class is `y[n, t]`. With M =
# Σ_nt mask the number of real steps, the loss is the mean over *these*, not over the padding:
#
#     p = softmax(scores) = exp(scores) / Σ_v exp(scores)         (1)
#     loss = - Σ_nt mask[n, t] · log p[n, t, y[n, t]] / M         (2)
#
#     dscores[n, t, v] = mask[n, t] · (p[n, t, v] - [v = y[n, t]]) / M   (2')
#
# where [v = y] is 1 if so and 0 if not. Scores may be as large as 1000: subtract the largest
# score of a step from all of them, which changes nothing in (1), before you take exp. What
# `scores` and `y` hold at masked steps, NaN included, has no effect, and `dscores` is 0 there.
# Hint: replace masked scores by 0 with `np.where` first. And do not take the logarithm of `p`: exp
# of -1000 is 0, and the loss would be infinite where it is 1000. With `shifted` for the scores
# after the subtraction, log p = shifted - log Σ_v exp(shifted).


# %%
def softmax_loss(scores, y, mask):
    """Cross-entropy averaged over the real steps, and its gradient.

    Parameters
    ----------
    scores : ndarray, (N, T, V)
    y : ndarray of int, (N, T), each in 0 … V - 1 where the step is real
    mask : ndarray of bool, (N, T), with at least one True

    Returns
    -------
    loss : float
    dscores : ndarray, (N, T, V)

    Examples
    --------
    >>> scores, y = np.array([[[0.0, 1.0], [5.0, 5.0]]]), np.array([[0, 1]])
    >>> loss, dscores = softmax_loss(scores, y, np.array([[True, False]]))
    >>> round(float(loss), 4), (dscores + 0).round(4)[0]
    (1.3133, array([[-0.7311,  0.7311],
           [ 0.    ,  0.    ]]))
    """
    ### BEGIN SOLUTION
    V = scores.shape[2]
    m = mask[:, :, None]  # (2)
    s = np.where(m, scores, 0)  # (2)
    shifted = s - s.max(axis=2, keepdims=True)  # (1)
    e = np.exp(shifted)  # (1)
    total = e.sum(axis=2, keepdims=True)  # (1)
    p = e / total  # (1)
    right = np.arange(V) == np.where(m, y[:, :, None], 0)  # (2)
    log_p = shifted - np.log(total)  # (1)
    M = mask.sum()  # (2)
    loss = -np.sum(log_p * right * m) / M  # (2)
    dscores = (p - right) * m / M  # (2')
    return loss, dscores
    ### END SOLUTION


# %% [markdown]
# ## `clip_by_global_norm`
#
# Gradients of a recurrent network now and then explode. Scale them *all* by one factor, so that
# their direction stays:
#
#     norm = √( Σ over all gradients and all their entries of g² )    (1)
#     g   ← g · max_norm / norm   if norm > max_norm, else g          (2)
#
# Return new arrays; those that were passed in stay as they are.


# %%
def clip_by_global_norm(gradients, max_norm):
    """Scale gradients together so that their global norm is at most `max_norm`.

    Parameters
    ----------
    gradients : list of ndarray, of any shapes
    max_norm : float

    Returns
    -------
    clipped : list of ndarray
    norm : float, the global norm before clipping

    Examples
    --------
    >>> clipped, norm = clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    >>> [g.round(4).item() for g in clipped], round(float(norm), 4)
    ([0.6, 0.8], 5.0)
    """
    ### BEGIN SOLUTION
    norm = np.sqrt(sum(np.sum(g**2) for g in gradients))  # (1)
    scale = min(1.0, max_norm / norm) if norm > 0 else 1.0  # (2)
    clipped = [g * scale for g in gradients]  # (2)
    return clipped, norm
    ### END SOLUTION


# %% [markdown]
# ## `adam_step`
#
# One update of one array of weights by Adam (Kingma, Ba 2015). `m` and `v` are running means of
# the gradient and of its square; both start at 0 and are therefore too small at first, which m̂
# and v̂ correct. `t` counts the updates: it is 1 for the first.
#
#     m ← β1 m + (1 - β1) dw            (1)
#     v ← β2 v + (1 - β2) dw²           (2)
#     m̂ = m / (1 - β1^t)                (3)
#     v̂ = v / (1 - β2^t)                (4)
#     w ← w - lr · m̂ / (√v̂ + ε)         (5)
#
# Return new arrays.


# %%
def adam_step(w, dw, m, v, t, lr, beta1, beta2, eps):
    """Update one array of weights: equations (1) to (5).

    Parameters
    ----------
    w, dw, m, v : ndarray, all of one shape
    t : int, 1 for the first update
    lr, beta1, beta2, eps : float

    Returns
    -------
    w, m, v : ndarray, new ones

    Examples
    --------
    >>> w, dw, zero = np.array([1.0]), np.array([0.5]), np.zeros(1)
    >>> [a.round(5).item() for a in adam_step(w, dw, zero, zero, 1, 0.1, 0.9, 0.999, 1e-8)]
    [0.9, 0.05, 0.00025]
    """
    ### BEGIN SOLUTION
    m = beta1 * m + (1 - beta1) * dw  # (1)
    v = beta2 * v + (1 - beta2) * dw**2  # (2)
    m_hat = m / (1 - beta1**t)  # (3)
    v_hat = v / (1 - beta2**t)  # (4)
    w = w - lr * m_hat / (np.sqrt(v_hat) + eps)  # (5)
    return w, m, v
    ### END SOLUTION


# %% [markdown]
# ## `truncated_bptt`: one long sequence in windows
#
# Cut the T steps into windows of `k` steps: 0 … k-1, k … 2k-1, …; the last window may be
# shorter and counts all the same. The *state* is carried from one window into the next; the
# *gradient* is not:
#
#     h0 of window w = final state of window w - 1 (h0 for the first), a constant     (1)
#     every window goes back by itself: nothing from above on its final state, dhT = 0 (2)
#     dWx, dWh, db = Σ over windows                                                   (3)
#
# `rnn_forward` and `rnn_backward` of exercises 1 are given. `dh[:, t]` comes from above on the
# output of step t.


# %%
def truncated_bptt(x, h0, Wx, Wh, b, dh, k):
    """Run an RNN forward in windows of k steps and back within each: equations (1) to (3).

    Parameters
    ----------
    x : ndarray, (N, T, D)
    h0 : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, H), (H, H) and (H,)
    dh : ndarray, (N, T, H), from above on the output of every step
    k : int

    Returns
    -------
    h : ndarray, (N, T, H), the output of every step
    dWx, dWh, db : ndarray, (D, H), (H, H) and (H,)

    Examples
    --------
    >>> x, one = np.array([[[1.0], [2.0]]]), np.ones((1, 1))
    >>> h, dWx, dWh, db = truncated_bptt(
    ...     x, 0 * one, 0.5 * one, -one, np.array([0.1]), np.ones((1, 2, 1)), 1)
    >>> dWx.round(5).item(), db.round(5).item()
    (2.19104, 1.45131)
    """
    ### BEGIN SOLUTION
    N, T, D = x.shape
    H = h0.shape[1]
    h = np.zeros((N, T, H))
    dWx, dWh, db = np.zeros((D, H)), np.zeros((H, H)), np.zeros(H)
    state = h0  # (1)
    for start in range(0, T, k):
        stop = min(start + k, T)  # (1)
        h_w, state, cache = rnn_forward(x[:, start:stop], state, Wx, Wh, b)  # (1)
        h[:, start:stop] = h_w  # (1)
        dhT = np.zeros((N, H))  # (2)
        _, _, dWx_w, dWh_w, db_w = rnn_backward(dh[:, start:stop], cache, dhT)  # (2)
        dWx += dWx_w  # (3)
        dWh += dWh_w  # (3)
        db += db_w  # (3)
    return h, dWx, dWh, db
    ### END SOLUTION
