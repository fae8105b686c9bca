"""What a recurrent network sees of a clip: small grey pictures, their mean taken out, and motion.

Each frame is averaged down to a few cells while it is decoded, so that only the small pictures are
ever held. Then, over the whole clip,

    (1)  a_t = frame_t / 255                          the small picture
    (2)  b_t = a_t - mean_t(a)                        `remove_mean`: what stands still goes
    (3)  c_t = b_t / (std(b) + 1/255)                 `normalize`: lighting and contrast go
    (4)  m_t = c_t - c_(t-1),  m_0 = 0,  scaled as (3)  `difference`: motion
    (5)  a_t - 1/2, in colour                         `appearance`: what stands there, as it is

and the features of a step are c_t, m_t and, if asked for, (5), side by side. Without (5) a clip in
which nothing moves gives zeros: with (2), classes that differ in what stands still need (5).
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import numpy as np

from .errors import VideoError
from .reader import MAX_PIXELS, VideoReader, check_count, check_size, read_frames
from .resize import area_weights

# One grey level: contrast below it is the noise of the coding, and is not blown up to the full.
_GREY_LEVEL = 1 / 255
# So many numbers are scaled together: more would not stay in the processor's cache.
_AT_ONCE = 2**18
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class FrameFeatures:
    """Turn a clip into a sequence of feature vectors, frame by frame.

    Parameters
    ----------
    size : (int, int), default (6, 8)
        Height and width of the small pictures. Coarse is good: it forgives small shifts.
    gray : bool, default True
        Luma only; else three colours.
    remove_mean : bool, default True
        Take the clip's mean picture out of every frame.
    normalize : bool, default True
        Divide by the standard deviation over the clip.
    difference : bool, default True
        Append the change since the frame before.
    appearance : (int, int), optional
        Append the picture itself, averaged to so many rows and columns (no more than `size`; with
        ``flatten=False`` exactly `size`), in colour whatever `gray` says, less 1/2.
    flatten : bool, default True
        Give vectors (T, D); else pictures (T, h, w, channels), for layers that convolve.
    stride : int, default 1
        Use every `stride`-th frame.
    max_frames : int, optional
        Use at most so many frames.
    max_pixels : int, default 2**36
        Most pixels to decode of one clip.

    Examples
    --------
    >>> import numpy as np
    >>> from scratchrnn.video import FrameFeatures
    >>> features = FrameFeatures(size=(4, 6))
    >>> features(np.zeros((10, 33, 45, 3), np.uint8)).shape, features.feature_count
    ((10, 48), 48)
    """

    def __init__(
        self,
        size: tuple[int, int] = (6, 8),
        *,
        gray: bool = True,
        remove_mean: bool = True,
        normalize: bool = True,
        difference: bool = True,
        appearance: tuple[int, int] | None = None,
        flatten: bool = True,
        stride: int = 1,
        max_frames: int | None = None,
        max_pixels: int = MAX_PIXELS,
    ):
        self.size = check_size("FrameFeatures", size)
        if self.size is None:
            raise ValueError("FrameFeatures: size: expected (height, width), got None")
        self.gray, self.remove_mean, self.normalize = bool(gray), bool(remove_mean), bool(normalize)
        self.difference, self.flatten = bool(difference), bool(flatten)
        self.appearance = check_size("FrameFeatures", appearance)
        fits = self.appearance is None or (
            all(a <= b for a, b in zip(self.appearance, self.size, strict=True))
            if self.flatten
            else self.appearance == self.size
        )
        if not fits:
            limit = "at most" if self.flatten else "for flatten=False exactly"
            raise ValueError(
                f"FrameFeatures: appearance: expected {limit} size={self.size}, got {appearance!r}"
            )
        self.stride = check_count("FrameFeatures", "stride", stride, 1)
        self.max_frames = max_frames
        if max_frames is not None:
            self.max_frames = check_count("FrameFeatures", "max_frames", max_frames, 1)
        self.max_pixels = check_count("FrameFeatures", "max_pixels", max_pixels, 1)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the features of one step: (D,), or (h, w, channels)."""
        channels = (1 if self.gray else 3) * (2 if self.difference else 1)
        if not self.flatten:
            return (*self.size, channels + (3 if self.appearance else 0))
        shown = 3 * int(np.prod(self.appearance)) if self.appearance else 0
        return (int(np.prod(self.size)) * channels + shown,)

    @property
    def _decode_gray(self) -> bool:
        """Whether frames without colour are enough."""
        return self.gray and self.appearance is None

    @property
    def feature_count(self) -> int:
        """Number of features of one step, D."""
        return int(np.prod(self.shape))

    def __call__(self, frames: Iterable[np.ndarray]) -> np.ndarray:
        """Return the features of frames that are already decoded.

        Parameters
        ----------
        frames : iterable of ndarray, (H, W), (H, W, 1) or (H, W, 3), uint8 or float
            Frames of any one size, 0 to 255; none is kept. `stride` and `max_frames` are not
            applied to them.

        Returns
        -------
        ndarray, (T, D) or (T, h, w, channels), float32
        """
        if isinstance(frames, np.ndarray) and frames.ndim in (3, 4) and 0 not in frames.shape:
            some = max(1, _AT_ONCE // frames[0].size)
            parts = [frames[start : start + some] for start in range(0, len(frames), some)]
            small = [frame for part in parts for frame in self._shrink(part)]
        else:
            small = [self._shrink(np.asarray(frame)[None])[0] for frame in frames]
        if not small:
            raise VideoError("FrameFeatures: frames: expected at least one frame, got none")
        return self._finish(np.stack(small))

    def from_file(self, path: str | os.PathLike, *, on_error: str = "raise") -> np.ndarray:
        """Return the features of a video file, read with :func:`read_frames`.

        Parameters
        ----------
        path : str or path
            The file.
        on_error : {"raise", "truncate"}, default "raise"
            What to do with a clip that breaks off.

        Returns
        -------
        ndarray, (T, D) or (T, h, w, channels), float32

        Raises
        ------
        VideoError
            If the clip cannot be read.
        """
        return self(self.frames(path, on_error=on_error))

    def frames(
        self, path: str | os.PathLike, *, on_error: str = "raise", pixels: int = 16
    ) -> VideoReader:
        """Return a reader of the frames that the features of a file are made of.

        They are as small as they may be without the features losing by it.

        Parameters
        ----------
        path : str or path
            The file.
        on_error : {"raise", "truncate"}, default "raise"
            What to do with a clip that breaks off.
        pixels : int, default 16
            Rows and columns that are enough for a cell; more are averaged while decoding.

        Returns
        -------
        VideoReader
        """
        # Rounded to whole grey levels in many pixels a cell, little is lost.
        return read_frames(
            path,
            stride=self.stride,
            max_frames=self.max_frames,
            max_size=(pixels * self.size[0], pixels * self.size[1]),
            max_pixels=self.max_pixels,
            gray=self._decode_gray,
            on_error=on_error,
        )

    def _shrink(self, frames: np.ndarray) -> np.ndarray:
        """Average frames (n, H, W[, C]) down to (n, h, w) or (n, h, w, 3), float32 in [0, 1]."""
        colours = frames.shape[3] if frames.ndim == 4 else 1
        if frames.ndim not in (3, 4) or colours not in (1, 3) or 0 in frames.shape:
            got = frames.shape[1:]
            raise ValueError(
                f"FrameFeatures: frames: expected (H, W), (H, W, 1) or (H, W, 3), got {got}"
            )
        frames = frames.astype(np.float32, copy=False).reshape(*frames.shape[:3], colours)
        if self._decode_gray:
            frames = frames @ _LUMA if colours == 3 else frames[..., 0]
        elif colours == 1:
            frames = np.repeat(frames, 3, axis=3)
        n, height, width = frames.shape[:3]
        rows = area_weights(height, self.size[0]) * np.float32(_GREY_LEVEL)
        columns = area_weights(width, self.size[1])
        tall = rows @ frames.reshape(n, height, -1)  # (n, h, W[C])
        if frames.ndim == 3:
            return tall @ columns.T
        return columns @ tall.reshape(n, self.size[0], width, 3)

    def _finish(self, small: np.ndarray) -> np.ndarray:
        """Apply equations (2) to (5) to the small pictures (T, h, w[, 3])."""
        shown = pictures = small.reshape(*small.shape[:3], -1)  # (T, h, w, colours)
        if self.gray and self.appearance is not None:
            pictures = (pictures @ _LUMA)[..., None]
        if self.remove_mean:
            pictures = pictures - pictures.mean(axis=0)  # (2)
        if self.normalize:
            pictures = pictures / (pictures.std() + np.float32(_GREY_LEVEL))  # (3)
        if self.difference:
            motion = np.diff(pictures, axis=0, prepend=pictures[:1])  # (4)
            if self.normalize:
                motion = motion / (motion.std() + np.float32(_GREY_LEVEL))
            pictures = np.concatenate([pictures, motion], axis=3)
        parts = [pictures]
        if self.appearance is not None:
            parts.append(self._averaged(shown) - np.float32(0.5))  # (5)
        if self.flatten:
            parts = [part.reshape(len(small), -1) for part in parts]
        return np.ascontiguousarray(np.concatenate(parts, axis=-1), dtype=np.float32)

    def _averaged(self, shown: np.ndarray) -> np.ndarray:
        """Average (T, h, w, 3) down to the size of `appearance`."""
        rows = area_weights(self.size[0], self.appearance[0])
        columns = area_weights(self.size[1], self.appearance[1])
        return np.einsum("ah,thwc,bw->tabc", rows, shown, columns, optimize=True)

    def get_config(self) -> dict:
        """Return the settings, as JSON can hold them."""
        return {
            "size": list(self.size),
            "gray": self.gray,
            "remove_mean": self.remove_mean,
            "normalize": self.normalize,
            "difference": self.difference,
            "appearance": None if self.appearance is None else list(self.appearance),
            "flatten": self.flatten,
            "stride": self.stride,
            "max_frames": self.max_frames,
            "max_pixels": self.max_pixels,
        }

    @classmethod
    def from_config(cls, config: dict) -> FrameFeatures:
        """Make features from what :meth:`get_config` returned."""
        known = set(cls().get_config())
        if not isinstance(config, dict) or set(config) - known:
            raise ValueError(
                f"FrameFeatures: config: expected keys of {sorted(known)}, got {config}"
            )
        return cls(**config)

    def __repr__(self) -> str:
        return f"FrameFeatures({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrameFeatures) and self.get_config() == other.get_config()

    def __hash__(self) -> int:
        return hash(repr(self))
