"""A recurrent layer and its mirror image: one reads from the start, the other from the end."""

from __future__ import annotations

import numpy as np

from .arguments import check_choice
from .base import Layer
from .sequence import SequenceLayer
from .serialization import clone, deserialize, serialize
from .wrappers import same_dtype

MERGE_MODES = ("concat", "sum", "ave", "mul", None)


class Bidirectional(Layer):
    """Run a recurrent layer over a sequence in both directions and merge the outputs.

    Parameters
    ----------
    layer : recurrent layer
        Its arguments are taken, not the layer itself: the forward and the backward layer are
        new ones, made from them.
    merge_mode : {"concat", "sum", "ave", "mul", None}, default "concat"
        None: return both outputs, ``[y_forward, y_backward]``.
    weights : list of array_like, optional
        Initial weights: the forward layer's, then the backward layer's.
    backward_layer : recurrent layer, optional
        Taken as it is; `go_backwards` must differ from `layer`'s, all else that decides the
        shapes must be equal.
    **options
        As in `Layer`.

    Notes
    -----
    The backward layer's outputs are turned back, so that y[t] of both belongs to x[t]. With a
    mask and `return_sequences`, outputs at masked steps are zero, as in Keras.
    States, their gradients and `d_initial_state`: the forward layer's, then the backward's.
    With ``merge_mode=None``, `backward` takes the pair of gradients.
    Weights: all of the forward layer, then all of the backward layer.

    References
    ----------
    M. Schuster, K. Paliwal, "Bidirectional recurrent neural networks", IEEE Transactions on
    Signal Processing 45 (1997).

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.layers import LSTM, Bidirectional
    >>> layer = Bidirectional(LSTM(4, return_sequences=True))
    >>> layer(np.zeros((2, 5, 3))).shape
    (2, 5, 8)
    """

    def __init__(self, layer, merge_mode="concat", weights=None, backward_layer=None, **options):
        inner = [_check_recurrent("layer", layer)]
        if backward_layer is not None:
            inner.append(_check_recurrent("backward_layer", backward_layer))
        super().__init__(**same_dtype("Bidirectional", options, *inner))
        self.merge_mode = check_choice("Bidirectional", "merge_mode", merge_mode, MERGE_MODES)
        stem = layer.name.removeprefix("forward_")
        self.forward_layer = clone(layer, name=f"forward_{stem}")
        self._given_backward = backward_layer is not None
        if backward_layer is None:
            backward_layer = clone(layer, name=f"backward_{stem}", go_backwards=True)
        self.backward_layer = backward_layer
        self._check_pair()
        for half in self.sublayers():
            half.zero_output_for_mask = half.return_sequences
        self._initial_weights = weights

    def _check_pair(self) -> None:
        forward, backward = self.sublayers()
        if forward.go_backwards == backward.go_backwards:
            raise ValueError("Bidirectional: backward_layer: go_backwards: expected the other way")
        for name in ("stateful", "return_sequences", "return_state"):
            expected, got = getattr(forward, name), getattr(backward, name)
            if expected != got:
                raise ValueError(
                    f"Bidirectional: backward_layer: {name}: expected {expected}, got {got}"
                )

    def sublayers(self):
        return [self.forward_layer, self.backward_layer]

    def build(self, input_shape):
        for half in self.sublayers():
            if not half.built:
                half.build(input_shape)
        super().build(input_shape)
        if self._initial_weights is not None:
            self.set_weights(self._initial_weights)
            self._initial_weights = None

    # -- what the two halves have in common ------------------------------------------------

    @property
    def return_sequences(self) -> bool:
        """Whether the outputs of all steps are returned."""
        return self.forward_layer.return_sequences

    @property
    def return_state(self) -> bool:
        """Whether the final states are returned."""
        return self.forward_layer.return_state

    @property
    def stateful(self) -> bool:
        """Whether batches start from the states that the ones before ended in."""
        return self.forward_layer.stateful

    def reset_state(self) -> None:
        """Forget the states that stateful layers carry from batch to batch."""
        for half in self.sublayers():
            half.reset_state()

    reset_states = reset_state

    def _turned(self, half, y: np.ndarray) -> np.ndarray:
        """Turn outputs (or their gradients) of the backward layer around in time."""
        turn = half is self.backward_layer and self.return_sequences
        return y[:, ::-1] if turn else y

    def _halves(self, argument: str, states) -> list:
        if states is None:
            return [None, None]
        if not isinstance(states, list | tuple) or len(states) % 2:
            expected = "the forward layer's states, then the backward layer's"
            raise ValueError(f"Bidirectional: {argument}: expected {expected}, got {states!r:.40}")
        half = len(states) // 2
        return [list(states[:half]), list(states[half:])]

    # -- forward and backward --------------------------------------------------------------

    def __call__(self, x, mask=None, initial_state=None, training=False):
        """Run both layers forward and merge what they return.

        Parameters
        ----------
        x : array_like, (N, T, …)
        mask : array_like of bool, (N, T), optional
            True where a step is real.
        initial_state : list of array_like, optional
            The forward layer's states, then the backward layer's.
        training : bool, default False
            Whether dropout is on.

        Returns
        -------
        ndarray or list of ndarray
            ``y``, or ``[y, *states]`` with `return_state`; with ``merge_mode=None`` the pair
            ``y_forward, y_backward`` stands in the place of ``y``.
        """
        return super().__call__(x, mask=mask, training=training, initial_state=initial_state)

    def call(self, x, mask=None, training=False, initial_state=None):
        outputs, states = [], []
        given = self._halves("initial_state", initial_state)
        for half, state in zip(self.sublayers(), given, strict=True):
            y = half(x, mask=mask, initial_state=state, training=training)
            y, *final = y if self.return_state else [y]
            outputs.append(self._turned(half, y))
            states += final
        self._outputs = outputs
        merged = self._merged(*outputs)
        return [*merged, *states] if len(merged) + len(states) > 1 else merged[0]

    def _merged(self, y, z) -> list[np.ndarray]:
        if self.merge_mode == "concat":
            return [np.concatenate([y, z], axis=-1)]
        if self.merge_mode == "sum":
            return [y + z]
        if self.merge_mode == "ave":
            return [(y + z) / 2]
        if self.merge_mode == "mul":
            return [y * z]
        return [y, np.ascontiguousarray(z)]

    def _split(self, dy) -> list[np.ndarray]:
        """Gradients on the two outputs, given the one on what was merged of them."""
        y, z = self._outputs
        if self.merge_mode is None:
            if not isinstance(dy, list | tuple) or len(dy) != 2:
                raise ValueError("Bidirectional: dy: expected the pair (forward, backward)")
            return [self._upstream(d, out.shape) for d, out in zip(dy, (y, z), strict=True)]
        if self.merge_mode == "concat":
            H = y.shape[-1]
            dy = self._upstream(dy, (*y.shape[:-1], H + z.shape[-1]))
            return [dy[..., :H], dy[..., H:]]
        dy = self._upstream(dy, y.shape)
        if self.merge_mode == "mul":
            return [dy * z, dy * y]
        share = dy / 2 if self.merge_mode == "ave" else dy
        return [share, share]

    def backward(self, dy, d_state=None):
        """Backpropagate through both layers; fills `gradients` and `d_initial_state` afresh.

        Parameters
        ----------
        dy : ndarray, or pair of ndarray with ``merge_mode=None``
            Gradient on the output, with its shape.
        d_state : list of ndarray, optional
            Gradients on the final states, the forward layer's, then the backward layer's.

        Returns
        -------
        ndarray, (N, T, …)
            Gradient on the input.
        """
        self._check_called()
        dxs, self.d_initial_state = [], []
        parts = zip(
            self.sublayers(), self._split(dy), self._halves("d_state", d_state), strict=True
        )
        for half, d, d_final in parts:
            half.with_dx = self.with_dx
            dxs.append(half.backward(self._turned(half, d), d_final))
            self.d_initial_state += half.d_initial_state
        return dxs[0] + dxs[1] if self.with_dx else None

    # -- shapes and configuration ----------------------------------------------------------

    def compute_mask(self, x, mask=None):
        return mask if self.return_sequences else None

    def compute_output_shape(self, input_shape):
        shapes = [half.compute_output_shape(input_shape) for half in self.sublayers()]
        if not self.return_state:
            shapes = [[shape] for shape in shapes]
        (y, *states), (z, *more) = shapes
        if self.merge_mode == "concat":
            y = (*y[:-1], y[-1] + z[-1])
        merged = [y] if self.merge_mode is not None else [y, z]
        together = [*merged, *states, *more]
        return tuple(together) if len(together) > 1 else y

    def get_config(self):
        config = {
            **super().get_config(),
            "layer": serialize(self.forward_layer),
            "merge_mode": self.merge_mode,
        }
        if self._given_backward:
            config["backward_layer"] = serialize(self.backward_layer)
        return config

    @classmethod
    def from_config(cls, config_):
        config = {**config_, "layer": deserialize(config_["layer"])}
        if config.get("backward_layer") is not None:
            config["backward_layer"] = deserialize(config["backward_layer"])
        return cls(**config)


def _check_recurrent(argument: str, layer) -> SequenceLayer:
    if not isinstance(layer, SequenceLayer):
        expected = "a recurrent layer"
        raise ValueError(
            f"Bidirectional: {argument}: expected {expected}, got {type(layer).__name__}"
        )
    return layer
