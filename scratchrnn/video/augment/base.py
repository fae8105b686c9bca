"""What all augmentations have in common, and :class:`Compose`, which chains them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import ClassVar

import numpy as np

from .warp import at_times, warp


@dataclass(frozen=True)
class Augmentation:
    """Base class: checks its arguments, applies itself with probability `p`, has a configuration.

    A subclass is a frozen dataclass with a method ``apply(frames, rng)``. What is random is drawn
    once for the clip, from the generator given.
    """

    p = 1.0  # without annotation: each subclass has its own field, as its last
    _classes: ClassVar[dict[str, type[Augmentation]]] = {}

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        if not cls.__name__.startswith("_"):
            Augmentation._classes[cls.__name__] = cls

    def __call__(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return an augmented clip.

        Parameters
        ----------
        frames : ndarray, (T, H, W) or (T, H, W, C), uint8 or float
            The clip; float values are taken to lie between 0 and 1. It is not changed.
        rng : numpy.random.Generator
            Where the parameters are drawn from.

        Returns
        -------
        ndarray, of the dtype of `frames`
            Of its shape too, but for those that change time, which may give another T.
        """
        self.check(frames, rng)
        return self.apply(frames, rng) if self.happens(rng) else frames.copy()

    def happens(self, rng: np.random.Generator) -> bool:
        """Draw whether it is done this time; certainty draws nothing."""
        return self.p >= 1 or rng.random() < self.p

    def apply(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Return the augmented clip; `frames` has been checked."""
        raise NotImplementedError

    def check(self, frames: np.ndarray, rng: np.random.Generator) -> None:
        """Raise ``ValueError`` if the arguments of a call are not what they must be."""
        name = type(self).__name__
        good = isinstance(frames, np.ndarray) and frames.ndim in (3, 4) and 0 not in frames.shape
        if not good or (frames.dtype != np.uint8 and frames.dtype.kind != "f"):
            got = f"{frames.dtype} {frames.shape}" if isinstance(frames, np.ndarray) else frames
            raise ValueError(
                f"{name}: frames: expected (T, H, W) or (T, H, W, C) of uint8 or float, got {got}"
            )
        if not isinstance(rng, np.random.Generator):
            raise ValueError(f"{name}: rng: expected a numpy.random.Generator, got {rng!r}")

    def get_config(self) -> dict:
        """Return the name of the class and its settings, as JSON can hold them."""
        return {"class_name": type(self).__name__, "config": asdict(self)}

    @classmethod
    def from_config(cls, config: dict) -> Augmentation:
        """Make the augmentation, of whichever class, that :meth:`get_config` described."""
        kind = cls._classes.get(config.get("class_name")) if isinstance(config, dict) else None
        if kind is None or not isinstance(config.get("config"), dict):
            known = ", ".join(sorted(cls._classes))
            raise ValueError(f"Augmentation: config: expected one of {known}, got {config!r}")
        return kind._from_settings(config["config"])

    @classmethod
    def _from_settings(cls, settings: dict) -> Augmentation:
        unknown = set(settings) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"{cls.__name__}: config: unknown settings {sorted(unknown)}")
        return cls(**settings)

    def _require(self, **limits: tuple[float, float]) -> None:
        """Raise ``ValueError`` unless each named setting is a number within its limits."""
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or not low <= value <= high:
                raise ValueError(
                    f"{type(self).__name__}: {name}: expected a number from {low} to {high}, "
                    f"got {value!r}"
                )


@dataclass(frozen=True)
class _Geometric(Augmentation):
    """An augmentation that is an affine map; neighbours in a :class:`Compose` become one warp."""

    def matrix(self, size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """Draw a (3, 3) map for :func:`warp`, for frames of `size` (H, W)."""
        raise NotImplementedError

    def apply(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return warp(frames, self.matrix(frames.shape[1:3], rng))


@dataclass(frozen=True)
class _Temporal(Augmentation):
    """An augmentation that shows other moments; neighbours in a :class:`Compose` become one."""

    def times(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw which moments of `count` frames are shown, (S,), as fractional frame numbers."""
        raise NotImplementedError

    def apply(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        return at_times(frames, self.times(len(frames), rng))


class _Pending:
    """What is still to be done to a clip: moments to show, and a map."""

    def __init__(self, frames: np.ndarray):
        self.frames, self.count = frames, len(frames)
        self.matrix: np.ndarray | None = None
        self.times: np.ndarray | None = None

    def add_matrix(self, matrix: np.ndarray) -> None:
        self.matrix = matrix if self.matrix is None else self.matrix @ matrix

    def add_times(self, times: np.ndarray) -> None:
        if self.times is not None:  # the moments of those moments
            times = np.interp(times, np.arange(self.count), self.times)
        self.times, self.count = times, len(times)

    def done(self) -> np.ndarray:
        """Do both: the order is all the same, since one knows nothing of the other."""
        frames = self.frames if self.times is None else at_times(self.frames, self.times)
        if self.matrix is not None:
            return warp(frames, self.matrix)
        return frames.copy() if frames is self.frames else frames


class Compose(Augmentation):
    """Augmentations one after another.

    Those in space that follow each other are done as one warp, and those in time as one choice of
    moments, so that the clip is interpolated once; the random numbers are the same as if each were
    called.

    Parameters
    ----------
    augmentations : sequence of Augmentation
        What to apply, in this order.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video.augment import Compose, RandomFlip, RandomShift
    >>> augment = Compose([RandomShift(0.1), RandomFlip()])
    >>> augment(np.zeros((5, 8, 12), np.uint8), np.random.default_rng(0)).shape
    (5, 8, 12)
    """

    def __init__(self, augmentations: Sequence[Augmentation]):
        object.__setattr__(self, "augmentations", tuple(augmentations))
        for augmentation in self.augmentations:
            if not isinstance(augmentation, Augmentation):
                raise ValueError(
                    f"Compose: augmentations: expected augmentations, got {augmentation!r}"
                )

    def apply(self, frames: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pending = _Pending(frames)
        for augmentation in self.augmentations:
            if isinstance(augmentation, _Geometric):
                if augmentation.happens(rng):
                    pending.add_matrix(augmentation.matrix(frames.shape[1:3], rng))
            elif isinstance(augmentation, _Temporal):
                if augmentation.happens(rng):
                    pending.add_times(augmentation.times(pending.count, rng))
            else:
                pending = _Pending(augmentation(pending.done(), rng))
        return pending.done()

    def get_config(self) -> dict:
        parts = [augmentation.get_config() for augmentation in self.augmentations]
        return {"class_name": "Compose", "config": {"augmentations": parts}}

    @classmethod
    def _from_settings(cls, settings: dict) -> Compose:
        if set(settings) != {"augmentations"}:
            raise ValueError(f"Compose: config: expected augmentations, got {sorted(settings)}")
        return cls([Augmentation.from_config(part) for part in settings["augmentations"]])

    def __repr__(self) -> str:
        return f"Compose({list(self.augmentations)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Compose) and self.augmentations == other.augmentations

    def __hash__(self) -> int:
        return hash(self.augmentations)
