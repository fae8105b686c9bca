"""Video files in, arrays of frames and features out."""

from .errors import VideoError
from .reader import VideoReader, read_frames
from .writer import write_clip, write_gif

__all__ = ["VideoError", "VideoReader", "read_frames", "write_clip", "write_gif"]
