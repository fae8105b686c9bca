"""Video files in, arrays of frames and features out.

reader.py    one streaming reader of frames            sources.py  what decodes
writer.py    clips and GIFs                            resize.py   averaging over areas
features.py  what a network sees of a frame            cache.py    features kept on disk
clips.py     a folder of class folders, in memory      splits.py   train and test parts
dataset.py   the same, streamed in batches             prefetch.py work done ahead
augment/     clips changed a little, to learn more     models.py   networks that take pictures
"""

from .cache import FeatureCache
from .clips import CLIP_SUFFIXES, ClipFolder, Clips, find_clips, load_clips, split
from .dataset import VideoFolder
from .errors import VideoError
from .features import FrameFeatures
from .models import frame_network, next_frame_network, next_frame_pairs
from .prefetch import prefetch
from .reader import VideoReader, read_frames
from .splits import class_weights, grouped_split, stratified_split
from .writer import write_clip, write_gif

__all__ = [
    "CLIP_SUFFIXES",
    "ClipFolder",
    "Clips",
    "FeatureCache",
    "FrameFeatures",
    "VideoError",
    "VideoFolder",
    "VideoReader",
    "class_weights",
    "find_clips",
    "frame_network",
    "grouped_split",
    "load_clips",
    "next_frame_network",
    "next_frame_pairs",
    "prefetch",
    "read_frames",
    "split",
    "stratified_split",
    "write_clip",
    "write_gif",
]
