"""One streaming reader for every video file: :func:`read_frames`.

Frames are decoded one at a time, so memory does not grow with the length of the clip. The reader
counts frames itself (headers lie: mpg, webm and mkv say 0), puts rotated video upright, gives the
real frames of variable-rate video, and turns every failure of a decoder into one
:class:`VideoError` that names the file and the number of frames read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .errors import VideoError
from .sources import MAX_FRAME_PIXELS, open_source

#: Most pixels (height x width x frames, as stored) that one pass over a clip decodes by default:
#: about twenty minutes of 1920 x 1080.
MAX_PIXELS = 2**36


class VideoReader:
    """Frames of one clip, as :func:`read_frames` returns it.

    Iterating decodes the clip from its start, as often as asked.

    Attributes
    ----------
    path : str
        The file.
    plugin : str
        What decodes it: ``"pyav"`` or ``"pillow"``.
    fps : float or None
        Average frame rate, None where the file does not say.
    rotation : int
        Degrees, counter-clockwise, that the stored frames had to be turned by to be upright.
    size : (int, int)
        Height and width of the frames given.
    stored_size : (int, int)
        Height and width of the frames in the file.
    frames_read : int
        Frames decoded so far in the present pass (those passed over by a stride included).
    error : VideoError or None
        What ended the last pass early, with ``on_error="truncate"``.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        *,
        start: int = 0,
        stride: int = 1,
        max_frames: int | None = None,
        size: tuple[int, int] | None = None,
        max_size: tuple[int, int] | None = None,
        gray: bool = False,
        stream: int = 0,
        max_pixels: int = MAX_PIXELS,
        on_error: str = "raise",
        threads: int | None = None,
    ):
        self.path = os.fspath(path)
        self._start = check_count("read_frames", "start", start, 0)
        self._stride = check_count("read_frames", "stride", stride, 1)
        self._max_frames = (
            None if max_frames is None else check_count("read_frames", "max_frames", max_frames, 1)
        )
        self._gray = bool(gray)
        self._stream = check_count("read_frames", "stream", stream, 0)
        self._max_pixels = check_count("read_frames", "max_pixels", max_pixels, 1)
        self._threads = threads
        if threads is not None:
            self._threads = check_count("read_frames", "threads", threads, 0)
        if on_error not in ("raise", "truncate"):
            raise ValueError(
                f'read_frames: on_error: expected "raise" or "truncate", got {on_error!r}'
            )
        self._on_error = on_error
        self._size = check_size("read_frames", size)
        self._max_size = check_size("read_frames", max_size)
        if self._size and self._max_size:
            raise ValueError("read_frames: max_size: not to be given beside size")
        self.frames_read = 0
        self.error: VideoError | None = None
        # The first frame is decoded here: what the file says of itself is known at once, and a
        # file that holds no frame fails where it is named. The first pass goes on from it.
        self._opened = self._open()
        source, _, first = self._opened
        self.plugin, self.fps, self.rotation = source.plugin, source.fps, source.rotation
        self.stored_size = source.stored_size(first)
        self.size = self._size or source.display_size(first)
        if self._max_size:
            height, width = self.size
            self.size = min(height, self._max_size[0]), min(width, self._max_size[1])

    def _open(self):
        """Open the file and decode its first picture: (source, pictures, first picture)."""
        path = Path(self.path)
        self.frames_read, self.error = 0, None
        if not path.is_file():
            raise self._failure(f"cannot be opened: {_no_file(path)}")
        try:
            source = open_source(path, self._stream, self._threads, self._size or self._max_size)
        except ImportError:
            raise
        except Exception as error:  # whatever a decoder throws at a bad file
            raise self._failure(f"cannot be read as video: {_reason(error)}") from error
        pictures = source.pictures()
        first = self._next_picture(pictures, 0)
        if first is None:
            source.close()
            raise self.error or self._failure("holds no frames")
        return source, pictures, first

    def _next_picture(self, pictures: Iterator[Any], count: int) -> Any:
        """Decode the picture after the first `count`; None at the end or, with `error`, a failure.

        The count is the pass's own, so that two passes at once do not disturb each other.
        """
        self.frames_read = count
        try:
            picture = next(pictures, None)
        except Exception as error:  # whatever a decoder throws at a bad file
            self.error = self._failure(f"broken after {_count(count)}: {_reason(error)}")
            self.error.__cause__ = error
            return None
        self.frames_read += picture is not None
        return picture

    def _failure(self, what: str) -> VideoError:
        name = self.path if self.path.isprintable() else ascii(self.path)[1:-1]  # one line
        return VideoError(f"{name}: {what}", self.path, self.frames_read)

    def __iter__(self) -> Iterator[np.ndarray]:
        source, pictures, first = self._opened or self._open()
        self._opened = None
        try:
            yield from self._frames(source, pictures, first)
        finally:
            source.close()

    def _frames(self, source, pictures: Iterator[Any], picture: Any) -> Iterator[np.ndarray]:
        """Give the frames that were asked for, until the end, a failure or a limit."""
        number, given, pixels, wanted = 0, 0, 0, self._start
        while picture is not None:
            height, width = source.stored_size(picture)
            pixels += height * width
            if pixels > self._max_pixels:
                raise self._failure(
                    f"more than max_pixels={self._max_pixels} pixels after "
                    f"{_count(number)} of {height}x{width}"
                )
            if number == wanted:
                yield self._array(source, picture)
                given, wanted = given + 1, wanted + self._stride
                if given == self._max_frames:
                    return
            number += 1
            picture = self._next_picture(pictures, number)
        if self.error is not None and (self._on_error == "raise" or given == 0):
            raise self.error
        if given == 0:
            raise self._failure(f"start={self._start} is past its {_count(self.frames_read)}")

    def _array(self, source, picture: Any) -> np.ndarray:
        try:
            return source.to_array(picture, self.size, self._gray)
        except Exception as error:  # a pixel format that nothing converts
            raise self._failure(
                f"frame {self.frames_read} cannot be converted: {_reason(error)}"
            ) from error

    def close(self) -> None:
        """Let go of a file that was opened and not read; iterating opens it again."""
        if self._opened:
            self._opened[0].close()
        self._opened = None

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(self, *exception) -> None:
        self.close()


def read_frames(
    path: str | os.PathLike,
    *,
    start: int = 0,
    stride: int = 1,
    max_frames: int | None = None,
    size: tuple[int, int] | None = None,
    max_size: tuple[int, int] | None = None,
    gray: bool = False,
    stream: int = 0,
    max_pixels: int = MAX_PIXELS,
    on_error: str = "raise",
    threads: int | None = None,
) -> VideoReader:
    """Stream the frames of a video file.

    Parameters
    ----------
    path : str or path
        Any file that FFmpeg's libraries decode (mp4, mov, mkv, webm, avi, GIF, ...), or WebP.
        Without PyAV, GIF and WebP only.
    start : int, default 0
        First frame to give.
    stride : int, default 1
        Give every `stride`-th frame from there.
    max_frames : int, optional
        Give at most so many; nothing after the last of them is decoded.
    size : (int, int), optional
        Height and width to scale to, by averaging areas, while decoding. By default the size of
        the first frame, upright; later frames of another size are scaled to it.
    max_size : (int, int), optional
        Instead of `size`: the most rows and columns; frames that have no more keep theirs.
    gray : bool, default False
        Give the luma (0 black to 255 white) only.
    stream : int, default 0
        Which video stream, cover pictures not counted.
    max_pixels : int, default 2**36
        Most pixels (stored height x width x frames) to decode in one pass; more is an error.
    on_error : {"raise", "truncate"}, default "raise"
        What a failure after the first frame does: raise when the frames before it have been
        given, or end there (`VideoReader.error` keeps it).
    threads : int, optional
        Decoder threads, 0 for as many as there are cores; by default 1 for frames up to 640 x 480
        and 0 for larger ones. Only 1 gives a *damaged* file the same frames every time.

    Returns
    -------
    VideoReader
        An iterable of uint8 frames, (H, W, 3) RGB, or (H, W) with `gray`. Transparency is dropped;
        more than 8 bits are reduced to 8.

    Raises
    ------
    VideoError
        If the file is missing, is not video, has no frames or breaks off.
    ImportError
        If the file needs PyAV and PyAV is missing.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np
    >>> from scratchrnn.video import read_frames, write_gif
    >>> path = os.path.join(tempfile.mkdtemp(), "dot.gif")
    >>> write_gif(path, np.zeros((5, 8, 12, 3), np.uint8), fps=10)
    >>> reader = read_frames(path, stride=2, gray=True)
    >>> [frame.shape for frame in reader], reader.frames_read, reader.fps
    ([(8, 12), (8, 12), (8, 12)], 5, 10.0)
    """
    return VideoReader(
        path,
        start=start,
        stride=stride,
        max_frames=max_frames,
        size=size,
        max_size=max_size,
        gray=gray,
        stream=stream,
        max_pixels=max_pixels,
        on_error=on_error,
        threads=threads,
    )


def check_size(who: str, size) -> tuple[int, int] | None:
    """Return `size` as (height, width) integers, or None; raise ``ValueError`` on anything else."""
    if size is None:
        return None
    try:
        height, width = (int(side) for side in size)
    except (TypeError, ValueError):
        height = width = 0
    if height < 1 or width < 1 or height * width > MAX_FRAME_PIXELS:
        raise ValueError(f"{who}: size: expected (height, width) of at least 1, got {size!r}")
    return height, width


def check_count(who: str, name: str, value, least: int) -> int:
    """Return `value` as an integer of at least `least`; raise ``ValueError`` on anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{who}: {name}: expected an integer >= {least}, got {value!r}")
    return int(value)


def _no_file(path: Path) -> str:
    """Return why `path` is not a file; a pipe or a device could keep a reader waiting for ever."""
    if path.is_dir():
        return "it is a folder"
    return "it is a pipe, a socket or a device" if path.exists() else "no such file"


def _count(frames: int) -> str:
    return f"{frames} frame" if frames == 1 else f"{frames} frames"


def _reason(error: BaseException) -> str:
    """Return what a decoder complains of, on one line."""
    error = error.__cause__ or error  # imageio wraps what Pillow says
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())
