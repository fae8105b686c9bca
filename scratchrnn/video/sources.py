"""What decodes a file: PyAV for everything, Pillow (by imageio) for WebP and for GIF without PyAV.

A source is opened on one file, hands out decoded pictures one by one in presentation order, and
turns a picture into a NumPy frame. It knows nothing of strides, lengths and error policies: those
are the reader's.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .resize import resize_area

#: The largest single frame that is decoded, in pixels (a 16K frame): a few bytes of a header can
#: declare a picture of many gigabytes.
MAX_FRAME_PIXELS = 2**27

# Frames up to this size are decoded fastest by one thread.
_ONE_THREAD_PIXELS = 640 * 480
# Demuxers that are happy with anything, and draw what they read: text, ANSI art.
_NOT_VIDEO = frozenset({"tty", "bin", "xbin", "adf", "idf"})
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC
_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class PyAVSource:
    """One video stream of one file, decoded by FFmpeg's libraries through PyAV."""

    plugin = "pyav"

    def __init__(
        self,
        path: Path,
        stream: int = 0,
        threads: int | None = None,
        size: tuple[int, int] | None = None,
    ):
        import av
        from av.video.reformatter import Interpolation, VideoReformatter

        # "file:" keeps a name such as "http:x.avi" a file.
        self._container = av.open(f"file:{path}")
        try:
            if self._container.format.name in _NOT_VIDEO:
                raise ValueError("text, not a video")
            self._stream = self._choose(stream)
        except ValueError:
            self._container.close()
            raise
        codec = self._stream.codec_context
        if threads is None:
            threads = 1 if codec.height * codec.width <= _ONE_THREAD_PIXELS else 0
        # Slice threads alone, PyAV's default, pass over damage in silence (VP9).
        codec.thread_type, codec.thread_count = "AUTO", threads
        codec.options = {"max_pixels": str(MAX_FRAME_PIXELS)}
        self._stored = None
        halvings = _halvings(codec, size)
        if halvings:
            codec.options |= {"lowres": str(halvings)}
            self._stored = (codec.height, codec.width)
        # One reformatter for all frames keeps its scaler; PyAV's own makes one a frame.
        self._reformatter = VideoReformatter()
        self._area = Interpolation.AREA
        self._orientation: tuple[bool, bool, bool] = (False, False, False)
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.rotation = 0

    def _choose(self, index: int):
        """Return video stream number `index`, cover pictures not counted."""
        streams = [s for s in self._container.streams.video if not _is_cover(s)]
        if not streams:
            kinds = sorted({s.type for s in self._container.streams} - {"video"}) or ["nothing"]
            raise ValueError(f"no video stream (the file has {', '.join(kinds)} only)")
        if index >= len(streams):
            raise ValueError(f"stream: expected 0 to {len(streams) - 1}, got {index}")
        if streams[index].codec_context is None:
            raise ValueError("no decoder for its codec")
        return streams[index]

    def pictures(self) -> Iterator[Any]:
        """Decode the stream from its start."""
        for number, picture in enumerate(self._container.decode(self._stream)):
            if number == 0:
                self._orientation = _orientation(picture)
                self.rotation = int(picture.rotation)
            yield picture

    def stored_size(self, picture: Any) -> tuple[int, int]:
        """Return the height and width that the file stores."""
        return self._stored or (picture.height, picture.width)

    def display_size(self, picture: Any) -> tuple[int, int]:
        """Return the height and width as seen, the right way up."""
        height, width = self.stored_size(picture)
        return (width, height) if self._orientation[0] else (height, width)

    def to_array(self, picture: Any, size: tuple[int, int], gray: bool) -> np.ndarray:
        """Return `picture` upright at `size`: (h, w, 3) or, for gray, (h, w), uint8."""
        height, width = size[::-1] if self._orientation[0] else size
        aim = height, width
        if picture.height > 48 * height or picture.width > 48 * width:
            # The scaler's weights are too coarse for such a ratio: the last 16 are done here.
            aim = min(picture.height, 16 * height), min(picture.width, 16 * width)
        scaled = aim != (picture.height, picture.width)
        frame = self._reformatter.reformat(
            picture,
            width=aim[1],
            height=aim[0],
            format="gray" if gray else "rgb24",
            threads=1,
            **({"interpolation": self._area} if scaled else {}),
        ).to_ndarray()
        if aim != (height, width):
            frame = resize_area(frame, (height, width))
        return _upright(frame, self._orientation)

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()


class PillowSource:
    """A moving (or single) picture read by Pillow through imageio: GIF, WebP, PNG."""

    plugin = "pillow"
    rotation = 0

    def __init__(self, path: Path, stream: int = 0):
        import imageio.v3 as iio

        if stream != 0:
            raise ValueError(f"stream: expected 0 to 0, got {stream}")
        self._file = iio.imopen(path, "r", plugin="pillow")
        metadata = self._file.metadata(index=0, exclude_applied=False)
        milliseconds = metadata.get("duration")
        self.fps = 1000.0 / milliseconds if milliseconds else None

    def pictures(self) -> Iterator[Any]:
        """Decode all pictures from the start."""
        for picture in self._file.iter(mode="RGB"):
            if picture.shape[0] * picture.shape[1] > MAX_FRAME_PIXELS:
                raise ValueError(f"a frame of more than {MAX_FRAME_PIXELS} pixels")
            yield picture

    def stored_size(self, picture: Any) -> tuple[int, int]:
        """Return the height and width of `picture`."""
        return picture.shape[:2]

    display_size = stored_size

    def to_array(self, picture: Any, size: tuple[int, int], gray: bool) -> np.ndarray:
        """Return `picture` at `size`: (h, w, 3) or, for gray, (h, w), uint8."""
        frame = np.rint(picture @ _LUMA).astype(np.uint8) if gray else picture
        return frame if frame.shape[:2] == size else resize_area(frame, size)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def open_source(
    path: Path,
    stream: int = 0,
    threads: int | None = None,
    size: tuple[int, int] | None = None,
) -> PyAVSource | PillowSource:
    """Open `path` with what can read it; frames will be asked for at `size`, if it is given.

    Raises
    ------
    ImportError
        If the file needs PyAV and PyAV is not installed.
    """
    with open(path, "rb") as file:
        head = file.read(16)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return PillowSource(path, stream)  # FFmpeg decodes no animated WebP
    try:
        import av  # noqa: F401
    except ImportError as error:
        if head.startswith((b"GIF8", b"\x89PNG")):
            return PillowSource(path, stream)
        raise ImportError(
            f'{path}: reading video needs PyAV: pip install "scratchrnn[video]"'
        ) from error
    return PyAVSource(path, stream, threads, size)


def _is_cover(stream: Any) -> bool:
    """Tell whether `stream` is a still picture attached to music."""
    return bool(int(stream.disposition) & _ATTACHED_PICTURE)


def _halvings(codec: Any, size: tuple[int, int] | None) -> int:
    """Return how often the decoder itself may halve the frames on their way to `size`.

    Motion JPEG is decoded at 1/2, 1/4 or 1/8 from the lowest frequencies, up to 2.7 times as fast;
    twice the size asked for is kept, to average over. Codecs that predict would drift.
    """
    if size is None or codec.name != "mjpeg":
        return 0
    ratio = min(codec.height, codec.width) / (2 * max(size))
    return min(3, int(np.log2(ratio))) if ratio >= 2 else 0


def _orientation(picture: Any) -> tuple[bool, bool, bool]:
    """Find what puts `picture` upright: transpose, then flip rows, then flip columns.

    The display matrix sends a stored point (x, y) to the displayed point (a x + c y, b x + d y);
    its entries are 16.16 fixed point, and here all are near 0 or ±1.
    """
    try:
        matrices = [s for s in picture.side_data if s.type.name == "DISPLAYMATRIX"]
    except ValueError:  # side data of a kind that PyAV has no name for, such as EXIF
        quarters = round(picture.rotation / 90) % 4
        return quarters % 2 == 1, quarters in (1, 2), quarters in (2, 3)
    if not matrices:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(matrices[0])[:20], dtype=np.int32).tolist()
    return (True, b < 0, c < 0) if abs(b) > abs(a) else (False, d < 0, a < 0)


def _upright(frame: np.ndarray, orientation: tuple[bool, bool, bool]) -> np.ndarray:
    """Apply an orientation found by :func:`_orientation`."""
    transpose, flip_rows, flip_columns = orientation
    if not any(orientation):
        return frame
    turned = frame.swapaxes(0, 1) if transpose else frame
    turned = turned[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    return np.ascontiguousarray(turned)
