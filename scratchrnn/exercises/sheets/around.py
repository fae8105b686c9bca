# %% [markdown]
# # Exercises 9: around the recurrence, with CS231n's names
#
# The layers that stand before and after a recurrent network in Stanford's CS231n, with the names
# and arguments of that course. Arrays are float64; never change an argument in place.

# %%
import numpy as np

# %% [markdown]
# ## `temporal_affine_forward` and `temporal_affine_backward`
#
# One affine map for every step of every sequence:
#
#     out[n, t] = x[n, t] w + b                       (1)
#
#     dx[n, t] = dout[n, t] wᵀ                        (1')
#     dw = Σ_nt x[n, t]ᵀ dout[n, t]                   (1')
#     db = Σ_nt dout[n, t]                            (1')


# %%
def temporal_affine_forward(x, w, b):
    """Map every step: equation (1).

    Parameters
    ----------
    x : ndarray, (N, T, D)
    w, b : ndarray, (D, M) and (M,)

    Returns
    -------
    out : ndarray, (N, T, M)
    cache : whatever `temporal_affine_backward` needs

    Examples
    --------
    >>> out, cache = temporal_affine_forward(np.ones((1, 1, 2)), np.ones((2, 1)), np.ones(1))
    >>> out
    array([[[3.]]])
    """
    ### BEGIN SOLUTION
    out = x @ w + b  # (1)
    cache = dict(x=x, w=w)
    return out, cache
    ### END SOLUTION


# %%
def temporal_affine_backward(dout, cache):
    """Go back: equation (1').

    Parameters
    ----------
    dout : ndarray, (N, T, M)
    cache : what `temporal_affine_forward` returned

    Returns
    -------
    dx, dw, db : ndarray, (N, T, D), (D, M) and (M,)

    Examples
    --------
    >>> out, cache = temporal_affine_forward(np.ones((1, 4, 2)), np.ones((2, 1)), np.ones(1))
    >>> dx, dw, db = temporal_affine_backward(out, cache)
    >>> dx.shape, dw, db
    ((1, 4, 2), array([[12.],
           [12.]]), array([12.]))
    """
    ### BEGIN SOLUTION
    x, w = cache["x"], cache["w"]
    D, M = w.shape
    dx = dout @ w.T  # (1')
    dw = x.reshape(-1, D).T @ dout.reshape(-1, M)  # (1')
    db = dout.reshape(-1, M).sum(axis=0)  # (1')
    return dx, dw, db
    ### END SOLUTION


# %% [markdown]
# ## `word_embedding_forward` and `word_embedding_backward`
#
# Every word is a row of a table. A word that occurs more than once gets the *sum* of its gradients
# (with `dW[x] += dout` NumPy keeps one of them only; `np.add.at` adds all):
#
#     out[n, t] = W[x[n, t]]                          (2)
#     dW[v] = Σ over all n, t with x[n, t] = v of dout[n, t]    (2')


# %%
def word_embedding_forward(x, W):
    """Look words up: equation (2).

    Parameters
    ----------
    x : ndarray of int, (N, T), each in 0 … V - 1
    W : ndarray, (V, D)

    Returns
    -------
    out : ndarray, (N, T, D)
    cache : whatever `word_embedding_backward` needs

    Examples
    --------
    >>> out, cache = word_embedding_forward(np.array([[1, 0, 1]]), np.array([[5.0], [7.0]]))
    >>> out.ravel()
    array([7., 5., 7.])
    """
    ### BEGIN SOLUTION
    out = W[x]  # (2)
    cache = dict(x=x, W=W)
    return out, cache
    ### END SOLUTION


# %%
def word_embedding_backward(dout, cache):
    """Go back: equation (2').

    Parameters
    ----------
    dout : ndarray, (N, T, D)
    cache : what `word_embedding_forward` returned

    Returns
    -------
    dW : ndarray, (V, D)

    Examples
    --------
    >>> out, cache = word_embedding_forward(np.array([[1, 0, 1]]), np.array([[5.0], [7.0]]))
    >>> word_embedding_backward(np.ones((1, 3, 1)), cache).ravel()
    array([1., 2.])
    """
    ### BEGIN SOLUTION
    x, W = cache["x"], cache["W"]
    dW = np.zeros(W.shape)  # (2')
    np.add.at(dW, x, dout)  # (2')
    return dW
    ### END SOLUTION


# %% [markdown]
# ## `temporal_softmax_loss`
#
# As `softmax_loss` of exercises 6, large scores included, but summed over the steps and averaged
# over the N sequences. All N count, one without a real step too, and masked steps hold ordinary
# scores and classes here, no NaN:
#
#     p = exp(x) / Σ_v exp(x)                                       (3)
#     loss = - Σ_nt mask[n, t] · log p[n, t, y[n, t]] / N           (4)
#     dx[n, t, v] = mask[n, t] · (p[n, t, v] - [v = y[n, t]]) / N   (4')


# %%
def temporal_softmax_loss(x, y, mask):
    """Cross-entropy summed over real steps, averaged over sequences, and its gradient.

    Parameters
    ----------
    x : ndarray, (N, T, V), scores
    y : ndarray of int, (N, T), each in 0 … V - 1
    mask : ndarray of bool, (N, T)

    Returns
    -------
    loss : float
    dx : ndarray, (N, T, V)

    Examples
    --------
    >>> x, y = np.array([[[0.0, 1.0], [5.0, 5.0]]]), np.array([[0, 1]])
    >>> loss, dx = temporal_softmax_loss(x, y, np.array([[True, True]]))
    >>> round(float(loss), 4)
    2.0064
    """
    ### BEGIN SOLUTION
    N, _, V = x.shape
    m = mask[:, :, None]  # (4)
    shifted = x - x.max(axis=2, keepdims=True)  # (3)
    e = np.exp(shifted)  # (3)
    total = e.sum(axis=2, keepdims=True)  # (3)
    p = e / total  # (3)
    log_p = shifted - np.log(total)  # (3)
    right = np.arange(V) == y[:, :, None]  # (4)
    loss = -np.sum(log_p * right * m) / N  # (4)
    dx = (p - right) * m / N  # (4')
    return loss, dx
    ### END SOLUTION
