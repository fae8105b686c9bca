"""One step of each recurrence: a sequence of one, for those who write the loop themselves."""

from __future__ import annotations

import numpy as np

from .gru import gru_backward, gru_forward
from .lstm import lstm_backward, lstm_forward
from .rnn import rnn_backward, rnn_forward


def rnn_step(x, h_prev, Wx, Wh, b=None, *, activation="tanh", recurrent_mask=None):
    """Advance the state by one step, as `scratchrnn.cells.rnn_step` does.

    Parameters
    ----------
    x : ndarray, (N, D)
    h_prev : ndarray, (N, H)
    Wx : ndarray, (D, H)
    Wh : ndarray, (H, H)
    b : ndarray, (H,), or None
    activation : str, default "tanh"
    recurrent_mask : ndarray, (N, H), or None
        Multiplies h_prev inside the recurrent product.

    Returns
    -------
    h : ndarray, (N, H)
    cache : RNNCache

    References
    ----------
    Elman (1990); equations (1) and (2) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import rnn_step
    >>> h, _ = rnn_step(np.ones((1, 1)), np.zeros((1, 1)), np.array([[0.5]]),
    ...                 np.array([[-1.0]]), np.array([0.1]))
    >>> h.round(5)
    array([[0.53705]])
    """
    options = {"activation": activation, "recurrent_mask": recurrent_mask}
    _, h, cache = rnn_forward(np.asarray(x)[:, None], h_prev, Wx, Wh, b, **options)
    return h, cache._replace(x=cache.x[0])


def rnn_step_backward(dh, cache):
    """Gradients of one step, as `scratchrnn.cells.rnn_step_backward` gives them.

    Parameters
    ----------
    dh : ndarray, (N, H)
        From above and from step t + 1 together.
    cache : RNNCache

    Returns
    -------
    dx : ndarray, (N, D)
    dh_prev : ndarray, (N, H)
    dWx : ndarray, (D, H)
    dWh : ndarray, (H, H)
    db : ndarray, (H,)

    References
    ----------
    Werbos (1990); equations (2') and (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import rnn_step, rnn_step_backward
    >>> w = np.ones((1, 1))
    >>> h, cache = rnn_step(w, w, w, w, np.zeros(1))
    >>> [float(g.round(4).item()) for g in rnn_step_backward(w, cache)]
    [0.0707, 0.0707, 0.0707, 0.0707, 0.0707]
    """
    dx, *others = rnn_backward(None, cache._replace(x=cache.x[None], has_bias=True), dh)
    return dx[:, 0], *others


def lstm_step(x, h_prev, c_prev, Wx, Wh, b=None, **options):
    """Advance output and cell state by one step, as `scratchrnn.cells.lstm_step` does.

    Parameters
    ----------
    x : ndarray, (N, D)
    h_prev, c_prev : ndarray, (N, H)
    Wx, Wh, b : ndarray, (D, 4H), (H, 4H) and (4H,) or None
    **options
        The fields of `LSTMOptions`, as in `lstm_forward`.

    Returns
    -------
    h, c : ndarray, (N, H)
    cache : LSTMCache

    References
    ----------
    Gers, Schmidhuber, Cummins (2000); equations (1) to (7) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import lstm_step
    >>> w = np.full((1, 4), 0.5)
    >>> h, c, _ = lstm_step(np.ones((1, 1)), np.zeros((1, 1)), np.ones((1, 1)), w, w)
    >>> h.round(4), c.round(4)
    (array([[0.4489]]), array([[0.9101]]))
    """
    _, h, c, cache = lstm_forward(np.asarray(x)[:, None], h_prev, c_prev, Wx, Wh, b, **options)
    return h, c, cache._replace(x=cache.x[0], gates=cache.gates[0])


def lstm_step_backward(dh, dc, cache):
    """Gradients of one step, as `scratchrnn.cells.lstm_step_backward` gives them.

    Parameters
    ----------
    dh, dc : ndarray, (N, H)
        From above and from step t + 1 together.
    cache : LSTMCache

    Returns
    -------
    dx : ndarray, (N, D)
    dh_prev, dc_prev : ndarray, (N, H)
    dWx, dWh, db : ndarray, (D, 4H), (H, 4H), (4H,)
    dpeepholes : ndarray, (3, H)

    References
    ----------
    Gers, Schraudolph, Schmidhuber (2002); equations (7') to (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import lstm_step, lstm_step_backward
    >>> w, one = np.full((1, 4), 0.5), np.ones((1, 1))
    >>> h, c, cache = lstm_step(one, one, one, w, w)
    >>> [g.shape for g in lstm_step_backward(one, one, cache)]
    [(1, 1), (1, 1), (1, 1), (1, 4), (1, 4), (4,), (3, 1)]
    """
    options = cache.options
    if options.peepholes is None:  # zeros are the same function, and have a gradient
        options = options._replace(peepholes=np.zeros((3, cache.h.shape[2]), cache.h.dtype))
    cache = cache._replace(x=cache.x[None], gates=cache.gates[None], has_bias=True)
    dx, *others = lstm_backward(None, cache._replace(options=options), dh, dc)
    return dx[:, 0], *others


def gru_step(x, h_prev, Wx, Wh, b=None, **options):
    """Advance the state by one step, as `scratchrnn.cells.gru_step` does.

    Parameters
    ----------
    x : ndarray, (N, D)
    h_prev : ndarray, (N, H)
    Wx, Wh : ndarray, (D, 3H) and (H, 3H)
    b : ndarray, (2, 3H) with reset_after, else (3H,), or None
    **options
        The fields of `GRUOptions`, as in `gru_forward`.

    Returns
    -------
    h : ndarray, (N, H)
    cache : GRUCache

    References
    ----------
    Cho et al. (2014); equations (1) to (6) of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import gru_step
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> gru_step(one, one, w, w)[0].round(4)
    array([[0.9191]])
    """
    _, h, cache = gru_forward(np.asarray(x)[:, None], h_prev, Wx, Wh, b, **options)
    u_n = None if cache.u_n is None else cache.u_n[0]
    return h, cache._replace(x=cache.x[0], gates=cache.gates[0], u_n=u_n)


def gru_step_backward(dh, cache):
    """Gradients of one step, as `scratchrnn.cells.gru_step_backward` gives them.

    Parameters
    ----------
    dh : ndarray, (N, H)
        From above and from step t + 1 together.
    cache : GRUCache

    Returns
    -------
    dx, dh_prev : ndarray, (N, D) and (N, H)
    dWx, dWh : ndarray, (D, 3H) and (H, 3H)
    db : ndarray, (2, 3H) with reset_after, else (3H,)

    References
    ----------
    Cho et al. (2014); equations (6') to (1') of the cell.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.kernels import gru_step, gru_step_backward
    >>> w, one = np.full((1, 3), 0.5), np.ones((1, 1))
    >>> h, cache = gru_step(one, one, w, w)
    >>> [g.shape for g in gru_step_backward(one, cache)]
    [(1, 1), (1, 1), (1, 3), (1, 3), (2, 3)]
    """
    u_n = None if cache.u_n is None else cache.u_n[None]
    cache = cache._replace(x=cache.x[None], gates=cache.gates[None], u_n=u_n, has_bias=True)
    dx, *others = gru_backward(None, cache, dh)
    return dx[:, 0], *others
