"""Embedding: a table of vectors, one for each index, learnt by looking up."""

from __future__ import annotations

import numpy as np

from .. import initializers, regularizers
from ..random import make_generator
from .arguments import check_count, check_flag, check_seed, refusing
from .base import Layer


class Embedding(Layer):
    """Turn indices (N, T) into vectors (N, T, E).

    Parameters
    ----------
    input_dim : int
        V, the number of indices: 0 … V - 1.
    output_dim : int
        E, the size of a vector.
    embeddings_initializer : default "uniform"
    embeddings_regularizer : optional
    mask_zero : bool, default False
        Index 0 is padding: the layers that follow do not see it.
    weights : array_like, (V, E), or a list with one, optional
        Vectors to begin with.
    seed : int or numpy.random.Generator, optional
        For the initial vectors.
    **options
        As in `Layer`.

    Notes
    -----
    Forward y[n, t] = W[x[n, t]] (1); backward dW[k] = Σ dy[n, t] over all places where k stands
    (1'). Indices have no gradient: `backward` returns zeros for them.
    A mask that is given beside x hides places as well, whatever index stands there.
    Weights: embeddings (V, E).

    References
    ----------
    Y. Bengio et al., "A neural probabilistic language model", JMLR 3 (2003).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import Embedding
    >>> layer = Embedding(5, 2, mask_zero=True, weights=np.arange(10.0).reshape(5, 2))
    >>> layer(np.array([[3, 0]]))
    array([[[6., 7.],
            [0., 1.]]], dtype=float32)
    >>> layer.compute_mask(np.array([[3, 0]]))
    array([[ True, False]])
    """

    refused = refusing(
        embeddings_constraint=(None,),
        input_length=(None,),
        lora_rank=(None,),
        lora_alpha=(None,),
        quantization_config=(None,),
    )

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        *,
        mask_zero=False,
        weights=None,
        seed=None,
        **options,
    ):
        super().__init__(**options)
        self.input_dim = check_count("Embedding", "input_dim", input_dim)
        self.output_dim = check_count("Embedding", "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.mask_zero = check_flag("Embedding", "mask_zero", mask_zero)
        self.seed = check_seed("Embedding", seed)
        if weights is not None:
            self.build(None)
            self.set_weights(weights if isinstance(weights, list) else [weights])

    def build(self, input_shape):
        if self.built:
            return
        self.embeddings = self.add_weight(
            "embeddings",
            (self.input_dim, self.output_dim),
            self.embeddings_initializer,
            self.embeddings_regularizer,
            rng=make_generator(self.seed),
        )
        super().build(input_shape)

    def _as_input(self, x) -> np.ndarray:
        return _indices(x)

    def call(self, x, mask=None, training=False):
        if mask is not None:
            mask = np.broadcast_to(mask.reshape(mask.shape + (1,) * (x.ndim - mask.ndim)), x.shape)
            x = np.where(mask, x, 0)
        if x.size and not 0 <= x.min() <= x.max() < self.input_dim:
            expected = f"indices 0 to {self.input_dim - 1}"
            raise ValueError(f"Embedding: x: expected {expected}, got {x.min()} to {x.max()}")
        self._places = x
        return self.embeddings[x]  # (1)

    def backward(self, dy):
        self._check_called()
        places = self._places
        E = self.output_dim
        dy = self._upstream(dy, (*places.shape, E)).reshape(places.size, E)
        order = np.argsort(places, axis=None, kind="stable")
        used, starts = np.unique(places.ravel()[order], return_index=True)
        gradient = np.zeros_like(self.embeddings)
        if len(used):
            gradient[used] = np.add.reduceat(dy[order], starts, axis=0)  # (1')
        self._gradients = [gradient]
        return np.zeros(places.shape, self.dtype)

    def compute_mask(self, x, mask=None):
        if not self.mask_zero:
            return mask
        real = np.asarray(x) != 0
        return real if mask is None else real & np.asarray(mask, bool)

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "mask_zero": self.mask_zero,
            "seed": self.seed if isinstance(self.seed, int) else None,
        }


def _indices(x) -> np.ndarray:
    """Return whole numbers as integers; what is not finite becomes -1, an index of nothing."""
    x = np.asarray(x)
    if x.dtype.kind in "iub":
        return x.astype(np.int64)
    if x.dtype.kind != "f":
        raise ValueError(f"Embedding: x: expected whole numbers, got {x.dtype}")
    known = np.where(np.isfinite(x), x, -1)
    if (known != np.floor(known)).any():
        raise ValueError("Embedding: x: expected whole numbers, got fractions")
    return known.astype(np.int64)
