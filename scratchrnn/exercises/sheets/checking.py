# %% [markdown]
# # Exercises 7: checking a gradient
#
# A backward pass is checked against differences of the forward pass. The check itself can be
# wrong: these exercises are about checks that cannot see a mistake, and checks that see one
# where there is none.

# %%
import numpy as np

# %% [markdown]
# ## `numeric_gradient`: central differences
#
# `f` takes an array and returns an array y; L = Σ y ⊙ dy is the loss whose derivative `dy`
# comes from above. Move one entry of x at a time by ±step, and leave `x` as it was. Two fresh
# copies for every entry are safest: x + step - 2·step + step need not be x again, and an `f` that
# returns its own argument would give the same array twice.
#
#     dx[k] = Σ ( f(x + step·e_k) - f(x - step·e_k) ) ⊙ dy / (2 · step)      (1)


# %%
def numeric_gradient(f, x, dy, step=1e-5):
    """Differentiate Σ f(x) ⊙ dy by every entry of x: equation (1).

    Parameters
    ----------
    f : callable, from an array like x to an array like dy
    x : ndarray of float64, any shape
    dy : ndarray, the shape of f(x)
    step : float

    Returns
    -------
    ndarray, the shape of x

    Examples
    --------
    >>> numeric_gradient(np.square, np.array([1.0, 2.0]), np.array([1.0, 10.0])).round(4)
    array([ 2., 40.])
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for k in np.ndindex(*x.shape):
        plus, minus = x.copy(), x.copy()
        plus[k] = x[k] + step  # (1)
        minus[k] = x[k] - step  # (1)
        dx[k] = np.sum((f(plus) - f(minus)) * dy) / (2 * step)  # (1)
    return dx
    ### END SOLUTION


# %% [markdown]
# ## `gradients_agree`: when are two gradients equal?
#
# Rounding makes a relative error large where both are nearly 0; an absolute error is small
# wherever gradients are small, right or wrong. So: relative, with a floor, entry by entry,
#
#     |a - n| ≤ tolerance · max(|a|, |n|, floor)      (2)
#
# True if *every* entry fulfils (2), and a NaN never does. (Note which way round you write it:
# with `not (error > tolerance)` a NaN passes.) One norm over all entries will not do: beside a
# large entry it does not see a small one that is wrong. Arrays of different shapes do not agree,
# not even if they have equally many entries or broadcast.


# %%
def gradients_agree(analytic, numeric, tolerance=1e-6, floor=1e-3):
    """Whether every entry fulfils (2).

    Parameters
    ----------
    analytic, numeric : ndarray
    tolerance, floor : float

    Returns
    -------
    bool

    Examples
    --------
    >>> n = np.array([1.0, 1e-12])
    >>> gradients_agree(n + 1e-10, n), gradients_agree(n * 1.01, n)
    (True, False)
    """
    ### BEGIN SOLUTION
    if analytic.shape != numeric.shape:
        return False
    size = np.maximum(np.maximum(np.abs(analytic), np.abs(numeric)), floor)  # (2)
    agree = bool(np.all(np.abs(analytic - numeric) <= tolerance * size))  # (2)
    return agree
    ### END SOLUTION


# %% [markdown]
# ## `check_backward`: a check that can see
#
# Put the two together: is `backward` the derivative of `forward` at `x`? The gradient from
# above, `dy`, has to be **random**: with ones everywhere, a backward pass that sums or mixes up
# the entries of dy passes. Draw it from `rng` with `rng.normal(size=...)`, in the shape of
# `forward(x)`, which need not be that of x. Leave step, tolerance and floor at their defaults.


# %%
def check_backward(forward, backward, x, rng):
    """Whether `backward` is the derivative of `forward`.

    Parameters
    ----------
    forward : callable, x -> y
    backward : callable, (dy, x) -> dx
    x : ndarray of float64
    rng : numpy.random.Generator

    Returns
    -------
    bool

    Examples
    --------
    >>> x, rng = np.array([0.5, -1.0]), np.random.default_rng(0)
    >>> check_backward(np.sin, lambda dy, x: dy * np.cos(x), x, rng)
    True
    >>> check_backward(np.sin, lambda dy, x: dy[::-1] * np.cos(x), x, rng)
    False
    """
    ### BEGIN SOLUTION
    dy = rng.normal(size=forward(x).shape)  # (1)
    return gradients_agree(backward(dy, x), numeric_gradient(forward, x, dy))
    ### END SOLUTION
