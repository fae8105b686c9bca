"""Video files in, arrays of frames and features out."""

from .clips import CLIP_SUFFIXES, ClipFolder, Clips, find_clips, load_clips, split
from .errors import VideoError
from .features import FrameFeatures
from .reader import VideoReader, read_frames
from .writer import write_clip, write_gif

__all__ = [
    "CLIP_SUFFIXES",
    "ClipFolder",
    "Clips",
    "FrameFeatures",
    "VideoError",
    "VideoReader",
    "find_clips",
    "load_clips",
    "read_frames",
    "split",
    "write_clip",
    "write_gif",
]
