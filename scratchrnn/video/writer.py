"""Writing clips: :func:`write_clip` for video files, :func:`write_gif` for animated GIFs.

Both write to a temporary file beside the target and rename it when it is whole, so that a file of
the target's name is never half a clip.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..files import replacing

# The container and codec of each suffix, and the options that take the place of a bit rate.
# Without cpu-independent, x264 writes other bytes from one run to the next (by where its buffers
# lie in memory); with it, the same frames always give the same file.
_H264 = ("libx264", {"crf": "{}", "x264-params": "cpu-independent=1"})
_VP9 = ("libvpx-vp9", {"crf": "{}", "b": "0"})
_MPEG = {"flags": "+qscale", "global_quality": "236"}
_CODECS = {
    ".mp4": ("mp4", *_H264),
    ".m4v": ("mp4", *_H264),
    ".mov": ("mov", *_H264),
    ".mkv": ("matroska", *_H264),
    ".ts": ("mpegts", *_H264),
    ".webm": ("webm", *_VP9),
    ".avi": ("avi", "mpeg4", _MPEG),
    ".mpg": ("mpeg", "mpeg2video", _MPEG),
}


def write_clip(
    path: str | os.PathLike,
    frames: Iterable[np.ndarray],
    fps: float = 25,
    *,
    quality: int = 18,
) -> None:
    """Write frames to a video file.

    Parameters
    ----------
    path : str or path
        Target; its suffix chooses the container and codec: .mp4, .m4v, .mov, .mkv and .ts H.264,
        .webm VP9, .avi MPEG-4, .mpg MPEG-2, .gif as :func:`write_gif`.
    frames : iterable of ndarray, (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8
        Frames of one size, gray, RGB or RGBA (the alpha is dropped). Streamed: a generator will do.
        Any size: where H and W are even, H.264 with halved colour resolution, which every player
        shows; an odd size keeps the full colour resolution instead of losing a row or column.
    fps : float, default 25
        Frames a second.
    quality : int, default 18
        Constant rate factor of H.264 and VP9: 0 is lossless, 18 looks it, 51 is the worst.

    Raises
    ------
    ValueError
        If there are no frames, or they are not of one size and of uint8, or the suffix is unknown.
    ImportError
        If PyAV is missing.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np
    >>> from scratchrnn.video import read_frames, write_clip
    >>> path = os.path.join(tempfile.mkdtemp(), "black.mp4")
    >>> write_clip(path, np.zeros((5, 33, 45, 3), np.uint8))
    >>> [frame.shape for frame in read_frames(path)]
    [(33, 45, 3), (33, 45, 3), (33, 45, 3), (33, 45, 3), (33, 45, 3)]
    """
    path = Path(path)
    if path.suffix.lower() == ".gif":
        return write_gif(path, frames, fps)
    try:
        import av
    except ImportError as error:
        raise ImportError(
            'write_clip: writing video needs PyAV: pip install "scratchrnn[video]"'
        ) from error
    if path.suffix.lower() not in _CODECS:
        known = ", ".join([*_CODECS, ".gif"])
        raise ValueError(f"write_clip: path: expected a suffix of {known}, got {path.suffix!r}")
    rate = _rate("write_clip", fps)
    given = _checked("write_clip", frames)
    first = next(given)
    try:
        with replacing(path) as file:
            _encode(file, path.suffix.lower(), first, given, rate, quality)
    except av.FFmpegError as error:
        raise ValueError(f"write_clip: {path}: cannot be written: {error.strerror}") from error


def _encode(
    file: BinaryIO,
    suffix: str,
    first: np.ndarray,
    rest: Iterator[np.ndarray],
    rate: Fraction,
    quality: int,
) -> None:
    """Send the frames through the encoder that `suffix` stands for."""
    import av

    height, width = first.shape[:2]
    container_format, codec, options = _CODECS[suffix]
    with av.open(file, "w", format=container_format) as container:
        options = {name: value.format(quality) for name, value in options.items()}
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height = width, height
        # Halved colour resolution needs even sides, but in MPEG-2 and MPEG-4, which pad.
        full = codec.startswith("lib") and (height % 2 or width % 2)
        stream.pix_fmt = "yuv444p" if full else "yuv420p"
        pixels = "gray" if first.ndim == 2 else "rgb24"
        for frame in chain([first], rest):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format=pixels)))
        container.mux(stream.encode(None))


def write_gif(path: str | os.PathLike, frames: Iterable[np.ndarray], fps: float = 10) -> None:
    """Write frames to a GIF that plays for ever. Needs no PyAV.

    Parameters
    ----------
    path : str or path
        Target.
    frames : iterable of ndarray, (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), uint8
        Frames of one size, gray, RGB or RGBA (the alpha is dropped).
    fps : float, default 10
        Frames a second; GIF keeps it to a hundredth of a second a frame, 50 a second at most.

    Raises
    ------
    ValueError
        If there are no frames, or they are not of one size and of uint8.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np
    >>> from scratchrnn.video import write_gif
    >>> path = os.path.join(tempfile.mkdtemp(), "black.gif")
    >>> write_gif(path, np.zeros((3, 8, 12), np.uint8), fps=5)
    >>> os.path.getsize(path) > 0
    True
    """
    path = Path(path)
    hundredths = max(2, round(100 / _rate("write_gif", fps)))
    given = _checked("write_gif", frames)
    first = next(given)
    height, width = first.shape[:2]
    if max(height, width) > 0xFFFF:
        raise ValueError(f"write_gif: frames: expected sides up to 65535, got {first.shape}")
    with replacing(path) as file:
        file.write(struct.pack("<6s2H3B", b"GIF89a", width, height, 0, 0, 0))
        file.write(b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00")  # play for ever
        previous = None
        for frame in chain([first], given):
            file.writelines(_gif_frame(frame, previous, 10 * hundredths))
            previous = frame
        file.write(b";")


def _gif_frame(frame: np.ndarray, previous: np.ndarray | None, milliseconds: int) -> list[bytes]:
    """Return the GIF blocks of one frame: what changed since `previous`, with its own colours.

    Pillow's own writer drops a frame that equals the one before it; a clip must keep its length.
    """
    from PIL import GifImagePlugin, Image

    top, left = 0, 0
    if previous is not None:
        changed = frame != previous if frame.ndim == 2 else (frame != previous).any(axis=2)
        rows, columns = np.flatnonzero(changed.any(axis=1)), np.flatnonzero(changed.any(axis=0))
        top, left = (rows[0], columns[0]) if rows.size else (0, 0)
        bottom, right = (rows[-1] + 1, columns[-1] + 1) if rows.size else (1, 1)
        frame = np.ascontiguousarray(frame[top:bottom, left:right])
    image = Image.fromarray(frame)
    image = image if frame.ndim == 2 else image.quantize(256)
    if image.mode == "L":
        image = image.convert("P")
    return GifImagePlugin.getdata(
        image, (int(left), int(top)), include_color_table=True, duration=milliseconds
    )


def _checked(who: str, frames: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
    """Give each frame as contiguous (H, W) or (H, W, 3) uint8, all of the first one's shape."""
    shape = None
    for number, frame in enumerate(frames):
        frame = np.asarray(frame)
        good = frame.ndim == 2 or (frame.ndim == 3 and frame.shape[2] in (1, 3, 4))
        if not good or frame.dtype != np.uint8 or 0 in frame.shape:
            raise ValueError(
                f"{who}: frames: expected uint8 (H, W) or (H, W, 1, 3 or 4), got {frame.dtype} "
                f"{frame.shape} at frame {number}"
            )
        if frame.ndim == 3:
            frame = frame[:, :, 0] if frame.shape[2] == 1 else frame[:, :, :3]
        shape = shape or frame.shape
        if frame.shape != shape:
            raise ValueError(
                f"{who}: frames: expected {shape} as frame 0, got {frame.shape} at frame {number}"
            )
        yield np.ascontiguousarray(frame)
    if shape is None:
        raise ValueError(f"{who}: frames: expected at least one frame, got none")


def _rate(who: str, fps: float) -> Fraction:
    try:
        rate = Fraction(fps).limit_denominator(1001)
    except (TypeError, ValueError, OverflowError):
        rate = Fraction(0)
    if rate <= 0:
        raise ValueError(f"{who}: fps: expected a number above 0, got {fps!r}")
    return rate
