"""Two-dimensional convolution as one matrix product, forward and backward.

Every window of the image that the kernel meets is laid out as a row; then the convolution is the
product of those rows with the kernel, and both gradients are products too ("im2col"). Rows are
made for a few images at a time, so that they stay in the cache: nothing of their size is kept.

Shapes: x (N,A,B,C) height A, width B, C channels; W (P,Q,C,F) a kernel of P by Q; y (N,A',B',F).
Strides s, dilations d; x̃ is x with zeros around it ("same") or x itself ("valid").

    y[n,a,b,f] = Σ_pqc x̃[n, s a + d p, s b + d q, c] W[p,q,c,f]       (1)
    dW[p,q,c,f] = Σ_nab x̃[n, s a + d p, s b + d q, c] dy[n,a,b,f]     (1')
    dx̃[n, s a + d p, s b + d q, c] += Σ_f dy[n,a,b,f] W[p,q,c,f]      (1')

"same" gives A' = ⌈A/s⌉; of the zeros needed, the odd one goes below and to the right, as in
TensorFlow and Keras. Like everybody's, this "convolution" does not turn the kernel around.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

_ROW_NUMBERS = 1 << 18  # numbers in the rows made at a time: 1 MB of float32


class Windows(NamedTuple):
    """How a kernel moves over an image; one pair of numbers for height and width each."""

    size: tuple[int, int]  # P, Q
    strides: tuple[int, int] = (1, 1)
    padding: str = "valid"  # or "same"
    dilation: tuple[int, int] = (1, 1)

    def output(self, shape: tuple) -> tuple:
        """Return A', B' for A, B; None where open."""
        return tuple(
            None if n is None else self._axis(axis, n)[0] for axis, n in enumerate(shape)
        )

    def margins(self, shape: tuple[int, int]) -> tuple[tuple[int, int], ...]:
        """Return how many rows (columns) are added before and after."""
        return tuple(self._axis(axis, n)[1] for axis, n in enumerate(shape))

    def _axis(self, axis: int, n: int) -> tuple[int, tuple[int, int]]:
        reach = (self.size[axis] - 1) * self.dilation[axis] + 1
        s = self.strides[axis]
        if self.padding == "valid":
            return max(0, (n - reach) // s + 1), (0, 0)
        out = -(-n // s)
        missing = max(0, (out - 1) * s + reach - n)
        return out, (missing // 2, missing - missing // 2)

    def slices(self, p: int, q: int, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Where entry (p, q) of the kernel falls in the padded image, for all windows."""
        starts = (p * self.dilation[0], q * self.dilation[1])
        out = self.output(shape)
        return tuple(
            slice(start, start + (k - 1) * s + 1, s)
            for start, k, s in zip(starts, out, self.strides, strict=True)
        )


def pad(x: np.ndarray, windows: Windows, value: float = 0.0) -> np.ndarray:
    """Return x̃ (N,A~,B~,C): `x` with `value` around it, or itself where nothing is added."""
    rows, columns = windows.margins(x.shape[1:3])
    if not any((*rows, *columns)):
        return x
    return np.pad(x, ((0, 0), rows, columns, (0, 0)), constant_values=value)


def crop(dx: np.ndarray, windows: Windows, shape: tuple[int, int]) -> np.ndarray:
    """Cut from the gradient of x̃ what `pad` had added to an x of this height and width."""
    (top, _), (left, _) = windows.margins(shape)
    return np.ascontiguousarray(dx[:, top : top + shape[0], left : left + shape[1]])


def _images_at_a_time(N: int, rows: int, columns: int) -> Iterator[slice]:
    step = max(1, _ROW_NUMBERS // max(1, rows * columns))
    return (slice(start, min(start + step, N)) for start in range(0, N, step))


def _rows(padded: np.ndarray, windows: Windows, out: tuple[int, int]) -> np.ndarray:
    """Lay out every window as a row: (n A' B', P Q C)."""
    n, _, _, C = padded.shape
    on, oa, ob, oc = padded.strides
    (P, Q), (sa, sb), (da, db) = windows.size, windows.strides, windows.dilation
    view = np.lib.stride_tricks.as_strided(
        padded,
        (n, *out, P, Q, C),
        (on, oa * sa, ob * sb, oa * da, ob * db, oc),
        writeable=False,
    )
    return view.reshape(n * out[0] * out[1], P * Q * C)


def convolve(x, W, windows):
    """Convolve images with a kernel.

    Parameters
    ----------
    x : ndarray, (N, A, B, C)
    W : ndarray, (P, Q, C, F)
    windows : Windows
        Of the kernel's size.

    Returns
    -------
    ndarray, (N, A', B', F)

    References
    ----------
    K. Chellapilla, S. Puri, P. Simard, "High performance convolutional neural networks for
    document processing" (2006): the rows; equation (1) of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.convolution import Windows, convolve
    >>> x = np.arange(9.0).reshape(1, 3, 3, 1)
    >>> convolve(x, np.ones((2, 2, 1, 1)), Windows((2, 2)))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    N, A, B, _ = x.shape
    F, out = W.shape[3], windows.output((A, B))
    padded, W = pad(x, windows), W.reshape(-1, F)
    y = np.empty((N, *out, F), x.dtype)
    for images in _images_at_a_time(N, out[0] * out[1], len(W)):
        rows = _rows(padded[images], windows, out)
        np.matmul(rows, W, out=y[images].reshape(len(rows), F))  # (1)
    return y


def convolve_backward(dy, x, W, windows, with_dx=True):
    """Gradients of a convolution.

    Parameters
    ----------
    dy : ndarray, (N, A', B', F)
        On what `convolve` returned.
    x, W, windows
        What it was given.
    with_dx : bool, default True
        False: nothing needs dx, and it is None; its product is saved.

    Returns
    -------
    dx : ndarray, (N, A, B, C)
    dW : ndarray, (P, Q, C, F)

    References
    ----------
    Equations (1') of this module.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.cells.convolution import Windows, convolve_backward
    >>> x, W, windows = np.ones((1, 3, 3, 1)), np.ones((2, 2, 1, 1)), Windows((2, 2))
    >>> dx, dW = convolve_backward(np.ones((1, 2, 2, 1)), x, W, windows)
    >>> dx[0, :, :, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    N, A, B, C = x.shape
    (P, Q, _, F), out = W.shape, windows.output((A, B))
    padded, W = pad(x, windows), W.reshape(-1, F)
    dpadded, dW = np.zeros_like(padded), np.zeros_like(W)
    for images in _images_at_a_time(N, out[0] * out[1], len(W)):
        dy_rows = np.ascontiguousarray(dy[images]).reshape(-1, F)
        dW += _rows(padded[images], windows, out).T @ dy_rows  # (1')
        if not with_dx:
            continue
        drows = (dy_rows @ W.T).reshape(-1, *out, P, Q, C)  # (1')
        dimages = dpadded[images]
        for p in range(P):
            for q in range(Q):
                rows, columns = windows.slices(p, q, (A, B))
                dimages[:, rows, columns] += drows[:, :, :, p, q]
    dx = crop(dpadded, windows, (A, B)) if with_dx else None
    return dx, dW.reshape(P, Q, C, F)
