"""Using what a network has learned for other classes: :func:`new_classes`."""

from __future__ import annotations

from typing import Any


def new_classes(network: Any, classes: int, *, freeze: bool = False, seed: int = 0) -> Any:
    """Return a copy of a network with a new last layer, for other classes.

    Parameters
    ----------
    network : Sequential
        A trained classifier, its last layer a Dense one; it is not changed.
    classes : int
        Number of the new classes.
    freeze : bool, default False
        Let the new layer alone learn: all below keep their weights to the bit. Otherwise all
        learn, those as well that were frozen before.
    seed : int, default 0
        Of the new layer's first weights.

    Returns
    -------
    Sequential
        Not compiled: an optimizer that knows the old weights' history would be out of place.

    Raises
    ------
    ValueError
        If the last layer is not a Dense one, or it is the only one.

    Notes
    -----
    With few clips of the new classes the layers below would forget more than they learn: freeze
    them. With many, train all. To do one after the other, set ``layer.trainable = True`` and
    compile again.

    Examples
    --------
    >>> from scratchrnn.classify import build_network, new_classes
    >>> old = build_network("gru", inputs=6, classes=4, units=8)
    >>> new = new_classes(old, 2, freeze=True)
    >>> new.output_shape, len(new.trainable_weights), len(new.weights)
    ((None, 2), 2, 5)
    """
    from ..layers import Dense, Input
    from ..models import Sequential, clone_model

    last = network.layers[-1] if network.layers else None
    if not isinstance(last, Dense) or len(network.layers) < 2:
        got = type(last).__name__ if len(network.layers) != 1 else "one layer only"
        raise ValueError(f"new_classes: network: expected layers and a Dense on top, got {got}")
    twin = clone_model(network)
    twin.set_weights(network.get_weights())
    kept = twin.layers[:-1]
    for layer in kept:
        layer.trainable = not freeze
    top = Dense(classes, activation="softmax", seed=seed, name=last.name)
    return Sequential([Input(network.input_shape[1:]), *kept, top])
