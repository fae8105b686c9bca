# %% [markdown]
# # Exercises 8: weights from elsewhere, explanations, speed

# %%
import numpy as np

# %% [markdown]
# ## `gru_from_torch`: gate order
#
# PyTorch keeps the weights of a GRU as `weight_ih (3H, D)`, `weight_hh (3H, H)`, `bias_ih
# (3H,)` and `bias_hh (3H,)`, one *row* a unit, gates from top to bottom in the order **r z n**.
# Here (and in Keras) they are one *column* a unit, in the order **z r n**, with both biases in
# one array:
#
#     Wx = [ weight_ih_zᵀ, weight_ih_rᵀ, weight_ih_nᵀ ]     (D, 3H)     (1)
#     Wh = [ weight_hh_zᵀ, weight_hh_rᵀ, weight_hh_nᵀ ]     (H, 3H)     (2)
#     b  = [ bias_ih, bias_hh ], each in the order z r n    (2, 3H)     (3)


# %%
def gru_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """Turn the weights of PyTorch's GRU into ours: equations (1) to (3).

    Parameters
    ----------
    weight_ih, weight_hh : ndarray, (3H, D) and (3H, H), gates in the order r z n
    bias_ih, bias_hh : ndarray, (3H,), twice

    Returns
    -------
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (2, 3H), gates in the order z r n

    Examples
    --------
    >>> column, bias = np.array([[1.0], [2.0], [3.0]]), np.array([4.0, 5.0, 6.0])
    >>> Wx, Wh, b = gru_from_torch(column, 10 * column, bias, 10 * bias)
    >>> Wx, b
    (array([[2., 1., 3.]]), array([[ 5.,  4.,  6.],
           [50., 40., 60.]]))
    """
    ### BEGIN SOLUTION
    ih_r, ih_z, ih_n = np.split(weight_ih, 3, axis=0)  # (1)
    hh_r, hh_z, hh_n = np.split(weight_hh, 3, axis=0)  # (2)
    Wx = np.concatenate([ih_z.T, ih_r.T, ih_n.T], axis=1)  # (1)
    Wh = np.concatenate([hh_z.T, hh_r.T, hh_n.T], axis=1)  # (2)
    bi_r, bi_z, bi_n = np.split(bias_ih, 3)  # (3)
    bh_r, bh_z, bh_n = np.split(bias_hh, 3)  # (3)
    b_x = np.concatenate([bi_z, bi_r, bi_n])  # (3)
    b_h = np.concatenate([bh_z, bh_r, bh_n])  # (3)
    b = np.stack([b_x, b_h])  # (3)
    return Wx, Wh, b
    ### END SOLUTION


# %% [markdown]
# ## `integrated_gradients`: which inputs mattered
#
# Walk from a `baseline` (often zeros) to the input x in a straight line, in `steps` equal
# pieces, take the gradient of the network's answer at the *middle* of every piece, and average
# (Sundararajan, Taly, Yan 2017):
#
#     x_k = baseline + (k - ½)/steps · (x - baseline),   k = 1 … steps      (1)
#     g   = Σ_k gradient(x_k) / steps                                       (2)
#     attributions = (x - baseline) ⊙ g                                     (3)
#
# They add up to answer(x) - answer(baseline), but for an error that shrinks as `steps` grows.


# %%
def integrated_gradients(gradient, x, baseline, steps):
    """Attribute an answer to the entries of its input: equations (1) to (3).

    Parameters
    ----------
    gradient : callable, from an array like x to d answer / dx, the same shape
    x, baseline : ndarray, (T, D)
    steps : int

    Returns
    -------
    attributions : ndarray, (T, D)

    Examples
    --------
    >>> x = np.array([[1.0, 2.0]])
    >>> integrated_gradients(lambda x: 2 * x, x, 0 * x, 10)
    array([[1., 4.]])
    """
    ### BEGIN SOLUTION
    difference = x - baseline  # (3)
    g = np.zeros(x.shape)
    for k in range(steps):
        x_k = baseline + (k + 0.5) / steps * difference  # (1)
        g += gradient(x_k) / steps  # (2)
    attributions = difference * g  # (3)
    return attributions
    ### END SOLUTION


# %% [markdown]
# ## `blocked_matmul`: reading less
#
# C = A B needs M·K·N products, and written as three loops each of them reads two numbers from
# memory. Take a tile of 4 rows by 4 columns of C at once and keep its 16 sums in local
# variables (registers, once it is compiled): for each k read 4 numbers of A and 4 of B, and use
# each of them 4 times.
#
#     C[i, j] = Σ_k A[i, k] B[k, j]                                (1)
#     for each tile: for each k: 4 + 4 reads, 16 multiply-adds     (2)
#
# That is a quarter of the reads. M and N need not be multiples of 4: the tiles at the edges are
# smaller. Use no library product (`@`, `np.dot`, `einsum`), nor `*` and `sum` over whole arrays:
# the loops are the exercise. They are marked with small arrays, and `numba.njit` makes the same
# text fast.


# %%
def blocked_matmul(A, B):
    """Multiply matrices tile by tile: equations (1) and (2).

    Parameters
    ----------
    A, B : ndarray, (M, K) and (K, N)

    Returns
    -------
    C : ndarray, (M, N)

    Examples
    --------
    >>> blocked_matmul(np.ones((5, 2)), np.ones((2, 3)))[4]
    array([2., 2., 2.])
    """
    ### BEGIN SOLUTION
    M, K = A.shape
    N = B.shape[1]
    C = np.zeros((M, N))
    for i in range(0, M, 4):
        rows = min(4, M - i)  # (2)
        for j in range(0, N, 4):
            columns = min(4, N - j)  # (2)
            tile = np.zeros((4, 4))
            for k in range(K):
                a = A[i : i + rows, k]  # (2)
                b = B[k, j : j + columns]  # (2)
                for p in range(rows):
                    for q in range(columns):
                        tile[p, q] += a[p] * b[q]  # (1)
            C[i : i + rows, j : j + columns] = tile[:rows, :columns]  # (1)
    return C
    ### END SOLUTION
