"""Layer normalisation: subtract the mean, divide by the standard deviation.

Each row is normalised by itself, so that nothing depends on the batch and nothing has to be
remembered from training; that is what makes it fit for a recurrence.

    μ = mean(v),  r = 1 / √(mean((v - μ)²) + ε)     (1)
    n = (v - μ) ⊙ r                                 (2)
    dv = r ⊙ (dn - mean(dn) - n ⊙ mean(dn ⊙ n))     (1') (2')

Moving every v by the same amount, or scaling all of them, leaves n as it is: (2') takes those two
directions out of the gradient.

Reference: J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization", arXiv:1607.06450 (2016).
"""

from __future__ import annotations

import numpy as np


def normalize(v, epsilon, axis=-1):
    """Normalise one axis, or several together.

    Parameters
    ----------
    v : ndarray, (..., H)
    epsilon : float
        ε, added to the variance.
    axis : int or tuple of int, default -1

    Returns
    -------
    n : ndarray, (..., H)
    r : ndarray, (..., 1)
        The factor 1/√(variance + ε), which backward needs.

    References
    ----------
    Ba, Kiros, Hinton (2016); equations (1) and (2) of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.normalization import normalize
    >>> normalize(np.array([[1.0, 3.0]]), 0.0)[0]
    array([[-1.,  1.]])
    """
    centred = v - v.mean(axis=axis, keepdims=True)
    r = 1 / np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + epsilon)  # (1)
    return centred * r, r  # (2)


def normalize_backward(dn, n, r, axis=-1):
    """Gradient on what was normalised.

    Parameters
    ----------
    dn : ndarray, (..., H)
        On the normalised values, from above.
    n, r : ndarray, (..., H) and (..., 1)
        What `normalize` returned.
    axis : int or tuple of int, default -1
        What it was given.

    Returns
    -------
    ndarray, (..., H)

    References
    ----------
    Equations (1') and (2') of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.normalization import normalize, normalize_backward
    >>> n, r = normalize(np.array([[1.0, 2.0, 4.0]]), 0.0)
    >>> abs(normalize_backward(np.array([[1.0, 1.0, 1.0]]), n, r)).max() < 1e-15
    np.True_
    """
    mean = dn.mean(axis=axis, keepdims=True)
    along = (dn * n).mean(axis=axis, keepdims=True)
    return r * (dn - mean - n * along)  # (1') (2')
