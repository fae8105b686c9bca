"""Initializers that scale their draws to the size of the layer."""

from __future__ import annotations

import math

from .distributions import RandomInitializer, truncated_normal


class VarianceScaling(RandomInitializer):
    """Zero mean and a variance of scale / n, n by `mode`: inputs, outputs, or their mean.

    Parameters
    ----------
    scale : float
        Positive.
    mode : {"fan_in", "fan_out", "fan_avg"}
    distribution : {"truncated_normal", "untruncated_normal", "uniform"}
        "normal" is the truncated one.
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        The axes that count as inputs and outputs; both or neither.

    References
    ----------
    Glorot, Bengio, 2010, eq. (16); He et al., 2015, eq. (10); LeCun et al., 1998, section 4.6.

    Examples
    --------
    >>> w = VarianceScaling(2.0, "fan_in", "untruncated_normal", seed=1)((100, 200))
    >>> round(float(w.var() * 100), 1)
    2.0
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed=None,
        input_axes=None,
        output_axes=None,
    ) -> None:
        super().__init__(seed)
        who = type(self).__name__
        if not scale > 0:
            raise ValueError(f"{who}: scale: expected a positive number, got {scale!r}")
        if mode not in ("fan_in", "fan_out", "fan_avg"):
            raise ValueError(f"{who}: mode: expected fan_in, fan_out or fan_avg, got {mode!r}")
        chosen = "truncated_normal" if distribution == "normal" else distribution
        if chosen not in ("truncated_normal", "untruncated_normal", "uniform"):
            raise ValueError(
                f"{who}: distribution: expected truncated_normal, untruncated_normal or uniform, "
                f"got {distribution!r}"
            )
        if (input_axes is None) != (output_axes is None):
            raise ValueError(f"{who}: input_axes: expected it and output_axes, or neither")
        self.scale, self.mode, self.distribution = float(scale), mode, chosen
        self.input_axes = None if input_axes is None else [int(a) for a in input_axes]
        self.output_axes = None if output_axes is None else [int(a) for a in output_axes]

    def _draw(self, shape, rng):
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]
        variance = self.scale / max(1.0, fan)
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return rng.uniform(-limit, limit, shape)
        if self.distribution == "untruncated_normal":
            return rng.normal(0.0, math.sqrt(variance), shape)
        # A normal distribution cut at two standard deviations has this standard deviation.
        return truncated_normal(shape, rng) * (math.sqrt(variance) / 0.87962566103423978)

    def get_config(self) -> dict:
        return {
            **super().get_config(),
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "input_axes": self.input_axes,
            "output_axes": self.output_axes,
        }


class _Scaled(VarianceScaling):
    """A named choice of scale, mode and distribution."""

    choice: tuple[float, str, str]

    def __init__(self, seed=None, input_axes=None, output_axes=None) -> None:
        super().__init__(*self.choice, seed, input_axes, output_axes)

    def get_config(self) -> dict:
        config = super().get_config()
        return {key: config[key] for key in ("seed", "input_axes", "output_axes")}


class GlorotUniform(_Scaled):
    """Uniform within ±√(6 / (fan_in + fan_out)): the default of kernels (Glorot, Bengio, 2010).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> GlorotUniform(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal of variance 2 / (fan_in + fan_out) (Glorot, Bengio, 2010).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> GlorotNormal(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (1.0, "fan_avg", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform within ±√(3 / fan_in) (LeCun et al., 1998).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> LecunUniform(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (1.0, "fan_in", "uniform")


class LecunNormal(_Scaled):
    """Truncated normal of variance 1 / fan_in (LeCun et al., 1998).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> LecunNormal(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (1.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform within ±√(6 / fan_in) (He et al., 2015).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> HeUniform(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (2.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal of variance 2 / fan_in (He et al., 2015).

    Parameters
    ----------
    seed : int, optional
    input_axes, output_axes : sequence of int, optional
        See :class:`VarianceScaling`.

    Examples
    --------
    >>> HeNormal(seed=1)((4, 3)).shape
    (4, 3)
    """

    choice = (2.0, "fan_in", "truncated_normal")


def compute_fans(shape, input_axes=None, output_axes=None) -> tuple[int, int]:
    """Return how many inputs feed an output and how many outputs an input feeds.

    Parameters
    ----------
    shape : tuple of int
        (fan,), (inputs, outputs), or a convolution kernel (..., inputs, outputs).
    input_axes, output_axes : sequence of int, optional
        Axes that count instead.

    Examples
    --------
    >>> compute_fans((3, 3, 8, 16))
    (72, 144)
    """
    shape = tuple(shape)
    if input_axes is not None:
        return math.prod(shape[a] for a in input_axes), math.prod(shape[a] for a in output_axes)
    if len(shape) < 2:
        return (shape[0], shape[0]) if shape else (1, 1)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]
