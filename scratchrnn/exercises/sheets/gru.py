# %% [markdown]
# # Exercises 3: the GRU, in both its forms
#
# `N` sequences, `T` steps, `D` inputs, `H` units, float64. Three gates side by side in the
# columns of `Wx (D, 3H)` and `Wh (H, 3H)`, in the order **z r n** (update, reset, new; Keras
# writes h for n). There are two GRUs, and weights trained for one are wrong for the other.
#
# **Reset after** the matrix product (cuDNN, Keras, PyTorch). It has two biases, `b (2, 3H)`:
# row 0, b_x, beside the input, and row 1, b_h, beside the state:
#
#     a = x Wx + b_x                   (1)      a_z, a_r, a_n: its blocks of H columns
#     u = h_prev Wh + b_h              (2)      u_z, u_r, u_n: likewise
#     z = σ(a_z + u_z)                 (3)
#     r = σ(a_r + u_r)                 (4)
#     n = tanh(a_n + r ⊙ u_n)          (5)
#     h = z ⊙ h_prev + (1 - z) ⊙ n     (6)
#
#     dz = dh ⊙ (h_prev - n),   dn = dh ⊙ (1 - z),   dh_prev = dh ⊙ z    (6')
#     da_n = dn ⊙ (1 - n²),   dr = da_n ⊙ u_n,   du_n = da_n ⊙ r         (5')
#     da_r = dr ⊙ r(1 - r)                                               (4')
#     da_z = dz ⊙ z(1 - z)                                               (3')
#     dh_prev += du Whᵀ,   dWh = h_prevᵀ du,   db_h = Σ_n du             (2')
#     dx = da Wxᵀ,   dWx = xᵀ da,   db_x = Σ_n da                        (1')
#
# with da = [da_z, da_r, da_n] and du = [da_z, da_r, du_n]; in Σ_n the letter n counts the
# batch.
#
# **Reset before** the product (the 2014 paper). One bias, `b (3H,)`, and with Wh_zr the first
# 2H columns of Wh, Wh_n the last H:
#
#     a = x Wx + b                     (1)
#     u = h_prev Wh_zr                 (2)      u_z, u_r
#     z = σ(a_z + u_z)                 (3)
#     r = σ(a_r + u_r)                 (4)
#     k = r ⊙ h_prev,  n = tanh(a_n + k Wh_n)                           (5b)
#     h = z ⊙ h_prev + (1 - z) ⊙ n     (6)
#
#     da_n = dn ⊙ (1 - n²),  dk = da_n Wh_nᵀ,  dr = dk ⊙ h_prev         (5b')
#     dh_prev += dk ⊙ r,     dWh_n = kᵀ da_n                            (5b')
#     du = [da_z, da_r],  dh_prev += du Wh_zrᵀ,  dWh_zr = h_prevᵀ du    (2')
#     dx = da Wxᵀ,   dWx = xᵀ da,   db = Σ_n da                         (1')
#
# (6'), (4') and (3') as above. Never change an argument in place.

# %%
import numpy as np

from scratchrnn.cells import sigmoid

# %% [markdown]
# ## `gru_step`: one step forward, reset after
#
# Write equations (1) to (6) of the first form. `sigmoid` is given. `cache` is for you alone.


# %%
def gru_step(x, h_prev, Wx, Wh, b):
    """Advance the state by one step, the reset gate after the product: equations (1) to (6).

    Parameters
    ----------
    x, h_prev : ndarray, (N, D) and (N, H)
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (2, 3H), gates in the order z r n

    Returns
    -------
    h : ndarray, (N, H)
    cache : whatever `gru_step_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_step(one, one, w, w, np.full((2, 3), 0.25))
    >>> h.round(4).item()
    0.9776
    """
    ### BEGIN SOLUTION
    b_x, b_h = b
    a = x @ Wx + b_x  # (1)
    u = h_prev @ Wh + b_h  # (2)
    a_z, a_r, a_n = np.split(a, 3, axis=1)  # (1)
    u_z, u_r, u_n = np.split(u, 3, axis=1)  # (2)
    z = sigmoid(a_z + u_z)  # (3)
    r = sigmoid(a_r + u_r)  # (4)
    n = np.tanh(a_n + r * u_n)  # (5)
    h = z * h_prev + (1 - z) * n  # (6)
    cache = dict(x=x, h_prev=h_prev, z=z, r=r, n=n, u_n=u_n, Wx=Wx, Wh=Wh)
    return h, cache
    ### END SOLUTION


# %% [markdown]
# ## `gru_step_backward`: one step back, reset after
#
# Write equations (6') to (1') of the first form. `h_prev` is used twice, in z ⊙ h_prev and in
# the one product h_prev Wh of all three gates, so `dh_prev` has two terms, dh ⊙ z and du Whᵀ.
# `db` has two rows: db_x and db_h.


# %%
def gru_step_backward(dh, cache):
    """Go back through one step, the reset gate after the product: equations (6') to (1').

    Parameters
    ----------
    dh : ndarray, (N, H)
    cache : what `gru_step` returned

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh, db : ndarray, (D, 3H), (H, 3H) and (2, 3H)

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_step(one, one, w, w, np.full((2, 3), 0.25))
    >>> dx, dh_prev, dWx, dWh, db = gru_step_backward(one, cache)
    >>> db.round(4)
    array([[0.0183, 0.0047, 0.0421],
           [0.0183, 0.0047, 0.0344]])
    """
    ### BEGIN SOLUTION
    x, h_prev, Wx, Wh = (cache[name] for name in ("x", "h_prev", "Wx", "Wh"))
    z, r, n, u_n = (cache[name] for name in ("z", "r", "n", "u_n"))
    dz = dh * (h_prev - n)  # (6')
    dn = dh * (1 - z)  # (6')
    da_n = dn * (1 - n**2)  # (5')
    dr = da_n * u_n  # (5')
    du_n = da_n * r  # (5')
    da_r = dr * r * (1 - r)  # (4')
    da_z = dz * z * (1 - z)  # (3')
    da = np.concatenate([da_z, da_r, da_n], axis=1)  # (1')
    du = np.concatenate([da_z, da_r, du_n], axis=1)  # (2')
    dh_prev = dh * z  # (6')
    dh_prev = dh_prev + du @ Wh.T  # (2')
    dWh = h_prev.T @ du  # (2')
    dx = da @ Wx.T  # (1')
    dWx = x.T @ da  # (1')
    db_x = da.sum(axis=0)  # (1')
    db_h = du.sum(axis=0)  # (2')
    db = np.stack([db_x, db_h])  # (1') (2')
    return dx, dh_prev, dWx, dWh, db
    ### END SOLUTION


# %% [markdown]
# ## `gru_before_step`: one step forward, reset before
#
# Write equations (1) to (4), (5b) and (6) of the second form.


# %%
def gru_before_step(x, h_prev, Wx, Wh, b):
    """Advance the state by one step, the reset gate before the product: (1) to (4), (5b), (6).

    Parameters
    ----------
    x, h_prev : ndarray, (N, D) and (N, H)
    Wx, Wh, b : ndarray, (D, 3H), (H, 3H) and (3H,), gates in the order z r n

    Returns
    -------
    h : ndarray, (N, H)
    cache : whatever `gru_before_step_backward` needs

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_before_step(one, one, w, w, np.full(3, 0.25))
    >>> h.round(4).item()
    0.9586
    """
    ### BEGIN SOLUTION
    H = h_prev.shape[1]
    a = x @ Wx + b  # (1)
    u = h_prev @ Wh[:, : 2 * H]  # (2)
    a_z, a_r, a_n = np.split(a, 3, axis=1)  # (1)
    u_z, u_r = np.split(u, 2, axis=1)  # (2)
    z = sigmoid(a_z + u_z)  # (3)
    r = sigmoid(a_r + u_r)  # (4)
    k = r * h_prev  # (5b)
    n = np.tanh(a_n + k @ Wh[:, 2 * H :])  # (5b)
    h = z * h_prev + (1 - z) * n  # (6)
    cache = dict(x=x, h_prev=h_prev, z=z, r=r, n=n, k=k, Wx=Wx, Wh=Wh)
    return h, cache
    ### END SOLUTION


# %% [markdown]
# ## `gru_before_step_backward`: one step back, reset before
#
# After (6') comes (5b'): the reset gate now stands inside the product, so go back through
# k Wh_n first and then through k = r ⊙ h_prev. Then (4'), (3'), (2') and (1'). `dh_prev` has
# three terms: dh ⊙ z, dk ⊙ r and du Wh_zrᵀ. `dWh` puts dWh_zr and dWh_n side by side.


# %%
def gru_before_step_backward(dh, cache):
    """Go back through one step, the reset gate before the product.

    Parameters
    ----------
    dh : ndarray, (N, H)
    cache : what `gru_before_step` returned

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh, db : ndarray, (D, 3H), (H, 3H) and (3H,)

    Examples
    --------
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_before_step(one, one, w, w, np.full(3, 0.25))
    >>> dx, dh_prev, dWx, dWh, db = gru_before_step_backward(one, cache)
    >>> dh_prev.round(4).item(), db.round(4)
    (0.8259, array([0.0322, 0.0065, 0.0752]))
    """
    ### BEGIN SOLUTION
    x, h_prev, Wx, Wh = (cache[name] for name in ("x", "h_prev", "Wx", "Wh"))
    z, r, n, k = (cache[name] for name in ("z", "r", "n", "k"))
    H = h_prev.shape[1]
    dz = dh * (h_prev - n)  # (6')
    dn = dh * (1 - z)  # (6')
    da_n = dn * (1 - n**2)  # (5b')
    dk = da_n @ Wh[:, 2 * H :].T  # (5b')
    dr = dk * h_prev  # (5b')
    da_r = dr * r * (1 - r)  # (4')
    da_z = dz * z * (1 - z)  # (3')
    da = np.concatenate([da_z, da_r, da_n], axis=1)  # (1')
    du = np.concatenate([da_z, da_r], axis=1)  # (2')
    dh_prev = dh * z  # (6')
    dh_prev = dh_prev + dk * r  # (5b')
    dh_prev = dh_prev + du @ Wh[:, : 2 * H].T  # (2')
    dWh_zr = h_prev.T @ du  # (2')
    dWh_n = k.T @ da_n  # (5b')
    dWh = np.concatenate([dWh_zr, dWh_n], axis=1)  # (2') (5b')
    dx = da @ Wx.T  # (1')
    dWx = x.T @ da  # (1')
    db = da.sum(axis=0)  # (1')
    return dx, dh_prev, dWx, dWh, db
    ### END SOLUTION
