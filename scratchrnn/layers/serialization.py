"""Layers to JSON-able descriptions and back; classes come from a list, never from an import."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .base import Layer

LAYERS: dict[str, type[Layer]] = {}
_scope: ContextVar[dict[str, type[Layer]] | None] = ContextVar("layer_classes", default=None)


def register(cls: type[Layer]) -> type[Layer]:
    """Make a layer or cell class of your own known to `deserialize`, so that models load it.

    Parameters
    ----------
    cls : type
        A subclass of `Layer` (or of `Cell`) under a name that is not taken.

    Returns
    -------
    type
        `cls` itself: use it as a decorator.

    Raises
    ------
    ValueError
        If it is not a layer class, or another class has its name.

    Examples
    --------
    >>> from scratchrnn import layers
    >>> @layers.register
    ... class Twice(layers.Layer):
    ...     def call(self, x, mask=None, training=False):
    ...         return 2 * x
    ...     def backward(self, dy):
    ...         return 2 * dy
    >>> layers.deserialize({"class_name": "Twice", "config": {"name": "t"}}).name
    't'
    """
    if not isinstance(cls, type) or not issubclass(cls, Layer):
        raise ValueError(f"register: cls: expected a subclass of Layer, got {cls!r}")
    taken = LAYERS.get(cls.__name__)
    if taken is not None and taken.__module__ != cls.__module__:
        raise ValueError(f"register: cls: the name {cls.__name__!r} is taken by {taken!r}")
    LAYERS[cls.__name__] = cls
    return cls


def serialize(layer: Layer) -> dict:
    """Return a JSON-able description of a layer (not its weights).

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    dict
        ``{"class_name": …, "config": …}``.

    Examples
    --------
    >>> from scratchrnn import layers
    >>> layers.serialize(layers.Flatten(name="f"))["class_name"]
    'Flatten'
    """
    return {"class_name": type(layer).__name__, "config": layer.get_config()}


def deserialize(description: dict, custom_objects: dict[str, type[Layer]] | None = None) -> Layer:
    """Make a layer from what `serialize` returned.

    Parameters
    ----------
    description : dict
    custom_objects : dict of str to type, optional
        Classes of your own by name, beside those of this library and the registered ones.

    Returns
    -------
    Layer

    Raises
    ------
    ValueError
        If it does not describe a known layer.

    Examples
    --------
    >>> from scratchrnn import layers
    >>> layers.deserialize(layers.serialize(layers.Dense(3))).units
    3
    """
    if not isinstance(description, dict) or set(description) != {"class_name", "config"}:
        raise ValueError(f"deserialize: expected class_name and config, got {description!r:.80}")
    name, config = description["class_name"], description["config"]
    if not isinstance(config, dict) or not all(isinstance(key, str) for key in config):
        raise ValueError(f"deserialize: config: expected a dict, got {config!r:.80}")
    with _known(custom_objects or {}) as classes:
        if not isinstance(name, str) or name not in classes:
            raise ValueError(
                f"deserialize: class_name: expected a layer of this library or one given to "
                f"layers.register, got {name!r:.80}"
            )
        try:
            return classes[name].from_config(dict(config))
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(f"deserialize: {name}: config does not fit: {error!r}") from error


@contextmanager
def _known(custom_objects: dict[str, type[Layer]]) -> Iterator[dict[str, type[Layer]]]:
    classes = {**LAYERS, **(_scope.get() or {}), **custom_objects}
    token = _scope.set(classes)
    try:
        yield classes
    finally:
        _scope.reset(token)


def clone(layer: Layer, **changes) -> Layer:
    """Return a new, unbuilt layer with the arguments of `layer`, but for `changes`.

    It draws from the same random generators as `layer`, one after the other, so that the two
    do not start equal.

    Parameters
    ----------
    layer : Layer
        Of any class, registered or not.
    **changes
        Entries of its configuration to replace.

    Returns
    -------
    Layer
    """
    description = serialize(layer)
    description["config"] = {**description["config"], **changes}
    twin = deserialize(description, {type(part).__name__: type(part) for part in _parts(layer)})
    for part, original in zip(_parts(twin), _parts(layer), strict=True):
        part.rng = original.rng
        for name, value in vars(original).items():
            if name.endswith("_initializer"):
                setattr(part, name, value)
    return twin


def _parts(layer: Layer) -> list[Layer]:
    return [layer, *(part for inner in layer.sublayers() for part in _parts(inner))]
