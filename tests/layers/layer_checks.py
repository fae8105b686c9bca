"""Central differences for layers, in the conditions under which a wrong gradient shows.

float64, seeded, every array random and non-zero (biases and initial states too), a random
upstream gradient on every output and every final state, and an error that NaN cannot pass.
"""

from __future__ import annotations

import numpy as np

FLOOR = 1e-2
FIVE_POINTS = ((1, 8 / 12), (-1, -8 / 12), (2, -1 / 12), (-2, 1 / 12))  # error of order step⁴


def flat(states) -> list[np.ndarray]:
    """Flatten states, however nested."""
    if isinstance(states, np.ndarray):
        return [states]
    return [array for state in states for array in flat(state)]


def like(structure, arrays):
    """Nest `arrays` as `structure` is nested."""
    if isinstance(structure, np.ndarray):
        return next(arrays)
    return [like(inner, arrays) for inner in structure]


def numeric_gradient(f, array: np.ndarray, stencil=((1, 0.5), (-1, -0.5)), step=1e-5):
    """df/d`array` by central differences, changing `array` in place and back."""
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        value = array[index]
        for offset, weight in stencil:
            array[index] = value + offset * step
            gradient[index] += weight * f() / step
        array[index] = value
    return gradient


def worst_error(analytic: np.ndarray, numeric: np.ndarray) -> float:
    """Relative error with a floor: gradients far below the largest are compared with it."""
    assert analytic.shape == numeric.shape, (analytic.shape, numeric.shape)
    if analytic.size == 0:
        return 0.0
    scale = np.maximum(np.abs(analytic), np.abs(numeric))
    floor = max(FLOOR, 1e-3 * scale.max())
    return float((np.abs(analytic - numeric) / np.maximum(scale, floor)).max())


def randomise(layer, rng: np.random.Generator, scale: float = 0.6) -> None:
    """Make every weight random and non-zero, biases too."""
    for value in layer.weights:
        value[...] = scale * (rng.normal(size=value.shape) + 0.1)


def check_layer(
    layer, x, *, seed=0, mask=None, states=None, training=False, scale=0.6, indices=False
):
    """Assert that every gradient of `layer` equals central differences to 1e-7.

    Parameters
    ----------
    layer : Layer
        In float64.
    x : ndarray
        Not changed, but for a moment.
    seed : int
        Of weights and upstream gradients.
    mask : ndarray of bool, optional
    states : list of ndarray, optional
        Initial states to give, whose gradients are checked too.
    training : bool
        Dropout masks are held fixed by putting the generators back before every call.
    scale : float
        Of the weights.
    indices : bool
        x holds indices: only the weights have gradients.
    """
    rng = np.random.default_rng(seed)
    assert layer.dtype == "float64", "a gradient check in float32 sees nothing"
    options = {"mask": mask, "training": training}
    if states is not None:
        options["initial_state"] = states
    layer.build(x.shape)
    randomise(layer, rng, scale)
    before = layer.get_state()

    def outputs() -> list:
        layer.set_state(before)
        y = layer(x, **options)
        return y if isinstance(y, list) else [y]

    first = outputs()
    upstream = [rng.normal(size=y.shape) for y in flat(first)]

    def loss() -> float:
        return sum(float((y * dy).sum()) for y, dy in zip(flat(outputs()), upstream, strict=True))

    outputs()
    given = like(first, iter(upstream))
    heads = 2 if getattr(layer, "merge_mode", "one") is None else 1
    dy = given[0] if heads == 1 else given[:2]
    dx = layer.backward(dy, given[heads:]) if len(given) > heads else layer.backward(dy)
    analytic = {} if indices else {"x": dx}
    analytic |= {f"weight {k}": g for k, g in enumerate(layer.gradients)}
    arrays = {f"weight {k}": w for k, w in enumerate(layer.trainable_weights)}
    arrays |= {} if indices else {"x": x}
    if states is not None:
        analytic |= {f"state {k}": d for k, d in enumerate(flat(layer.d_initial_state))}
        arrays |= {f"state {k}": s for k, s in enumerate(flat(states))}
    assert analytic.keys() == arrays.keys()
    for name, array in arrays.items():
        error = worst_error(analytic[name], numeric_gradient(loss, array))
        if not error <= 1e-7:  # strongly curved, or wrong
            error = worst_error(analytic[name], numeric_gradient(loss, array, FIVE_POINTS, 3e-4))
        assert error <= 1e-7, f"{type(layer).__name__}: {name}: relative error {error:.1e}"
