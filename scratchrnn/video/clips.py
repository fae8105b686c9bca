"""A folder of class folders, read into one padded and masked array: :func:`load_clips`.

    clips/
        again/    a1.mp4  a2.mp4 ...      a class: the folder's name
        please/   p1.mp4  more/p2.mov     clips further down belong to the class as well

A file is taken for a clip by its suffix (:data:`CLIP_SUFFIXES`, in any case). Hidden files and
folders are passed over; other files, and clips that lie beside the class folders, are not used but
listed in :attr:`ClipFolder.ignored`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..utils import pad_sequences
from .cache import FeatureCache
from .errors import VideoError
from .features import FrameFeatures
from .splits import stratified_split

_SUFFIXES = """
.3gp .apng .asf .avi .f4v .flv .gif .m2ts .m4v .mjpeg .mjpg .mkv .mov .mp4 .mpeg .mpg .mts .mxf .ogv
.ts .vob .webm .webp .wmv .y4m
"""
#: Suffixes of files that are taken for clips.
CLIP_SUFFIXES = frozenset(_SUFFIXES.split())
#: Largest padded array that :func:`load_clips` makes, in bytes.
MAX_BYTES = 2**32


class ClipFolder(NamedTuple):
    """The clips of a folder of class folders, found and labelled but not read."""

    paths: list[str]
    """The files, by class, then by path."""
    y: np.ndarray
    """(N,) int64: the class of each."""
    class_names: list[str]
    """Names of the class folders, sorted."""
    ignored: list[str]
    """Files that were not taken for clips of a class."""


@dataclass(frozen=True)
class Clips:
    """Clips in memory, padded to one length.

    Attributes
    ----------
    x : ndarray, (N, T, D) float32
        Features; 0 beyond a clip's length.
    mask : ndarray, (N, T) bool
        True at real frames.
    lengths : ndarray, (N,) int64
        Frames of each clip.
    y : ndarray, (N,) int64
        Class of each clip.
    class_names : list of str
    paths : list of str
    skipped : list of str
        Clips that could not be read, and why: one line each.
    """

    x: np.ndarray
    mask: np.ndarray
    lengths: np.ndarray
    y: np.ndarray
    class_names: list[str]
    paths: list[str]
    skipped: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.y)

    def take(self, indices: np.ndarray) -> Clips:
        """Return the clips at `indices`, in that order, with the same padding."""
        indices = np.asarray(indices)
        return Clips(
            self.x[indices],
            self.mask[indices],
            self.lengths[indices],
            self.y[indices],
            self.class_names,
            [self.paths[i] for i in indices],
            self.skipped,
        )


def find_clips(folder: str | os.PathLike) -> ClipFolder:
    """Find and label the clips of a folder of class folders, without reading them.

    Parameters
    ----------
    folder : str or path
        A folder with one folder a class.

    Returns
    -------
    ClipFolder
        Sorted by class name, then by path: the same on every machine.

    Raises
    ------
    VideoError
        If the folder is missing or empty, has fewer than two class folders, or a class folder has
        no clips.
    """
    root = Path(folder)
    if not root.is_dir():
        what = "is not a folder" if root.exists() else "no such folder"
        raise VideoError(f"{root}: {what}", str(root))
    entries = [e for e in sorted(root.iterdir(), key=lambda e: e.name) if not _hidden(e.name)]
    classes = [entry for entry in entries if entry.is_dir()]
    ignored = [str(entry) for entry in entries if not entry.is_dir()]
    if len(classes) < 2:
        _complain_of_classes(root, classes, ignored)
    paths: list[str] = []
    labels: list[int] = []
    for label, directory in enumerate(classes):
        files = _files_below(directory)
        clips = [file for file in files if _is_clip(file)]
        others = [file for file in files if not _is_clip(file)]
        if not clips:
            found = f"only {Path(others[0]).name}" if others else "it is empty"
            if len(others) > 1:
                found += f" and {len(others) - 1} more that are not video files"
            raise VideoError(f"{directory}: class folder without clips: {found}", str(directory))
        paths += clips
        labels += [label] * len(clips)
        ignored += others
    names = [entry.name for entry in classes]
    return ClipFolder(paths, np.array(labels, dtype=np.int64), names, ignored)


def load_clips(
    folder: str | os.PathLike | ClipFolder,
    features: FrameFeatures | None = None,
    *,
    skip_unreadable: bool = False,
    on_error: str = "raise",
    progress: Callable[[int, int, str], None] | None = None,
    cache: FeatureCache | str | os.PathLike | None = None,
    max_bytes: int = MAX_BYTES,
) -> Clips:
    """Read a folder of class folders into memory.

    Parameters
    ----------
    folder : str or path, or ClipFolder
        A folder with one folder a class, or what :func:`find_clips` made of one.
    features : FrameFeatures, optional
        What to take from each clip; ``FrameFeatures()`` by default.
    skip_unreadable : bool, default False
        Go on without clips that cannot be read, and list them in `Clips.skipped`.
    on_error : {"raise", "truncate"}, default "raise"
        What to do with a clip that breaks off: it is unreadable, or as long as it is good.
    progress : callable, optional
        Called as ``progress(done, total, path)`` after each clip.
    cache : FeatureCache or path, optional
        Where features are kept, so that clips are decoded once.
    max_bytes : int, default 2**32
        Largest array to make.

    Returns
    -------
    Clips

    Raises
    ------
    VideoError
        If the folder is not as :func:`find_clips` wants it, a clip cannot be read, a class has no
        clip that can, or the padded array would be too large.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from scratchrnn.video import FrameFeatures, load_clips, write_gif
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, length in (("blink", 3), ("nod", 5)):
    ...     write_gif(folder / name / "1.gif", np.zeros((length, 8, 12), np.uint8))
    >>> clips = load_clips(folder, FrameFeatures(size=(2, 3)))
    >>> clips.x.shape, clips.lengths.tolist(), clips.y.tolist(), clips.class_names
    ((2, 5, 12), [3, 5], [0, 1], ['blink', 'nod'])
    """
    features = FrameFeatures() if features is None else features
    if isinstance(cache, (str, os.PathLike)):
        cache = FeatureCache(cache)
    found = folder if isinstance(folder, ClipFolder) else find_clips(folder)
    sequences: list[np.ndarray] = []
    kept: list[int] = []
    skipped: list[str] = []
    for number, path in enumerate(found.paths):
        try:
            if cache is None:
                sequences.append(features.from_file(path, on_error=on_error))
            else:
                sequences.append(cache.features(path, features, on_error=on_error))
            kept.append(number)
        except VideoError as error:
            if not skip_unreadable:
                raise
            skipped.append(str(error))
        if progress is not None:
            progress(number + 1, len(found.paths), path)
    y = found.y[kept]
    for label, name in enumerate(found.class_names):
        if label not in y:
            raise VideoError(f"{_place(folder, name)}: no clip of this class can be read")
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    paths = [found.paths[i] for i in kept]
    x, mask = _pad(sequences, lengths, paths, max_bytes)
    return Clips(x, mask, lengths, y, found.class_names, paths, skipped)


def _place(folder: str | os.PathLike | ClipFolder, name: str) -> str:
    return f"class {name}" if isinstance(folder, ClipFolder) else str(Path(folder) / name)


def split(clips: Clips, test_fraction: float = 0.25, seed: int = 0) -> tuple[Clips, Clips]:
    """Split clips into a part to train on and a part to test on, class by class.

    Parameters
    ----------
    clips : Clips
    test_fraction : float, default 0.25
        Share of each class that goes to the test part; at least one clip goes to either.
    seed : int, default 0
        What the choice depends on.

    Returns
    -------
    train, test : Clips

    Raises
    ------
    ValueError
        If a class has fewer than two clips, or the fraction is not between 0 and 1.
    """
    train, test = stratified_split(clips.y, test_fraction, seed, clips.class_names)
    return clips.take(train), clips.take(test)


def _pad(
    sequences: list[np.ndarray], lengths: np.ndarray, paths: list[str], max_bytes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return x (N, T, ...) with zeros after each sequence, and its mask (N, T)."""
    steps = int(lengths.max())
    size = len(sequences) * steps * sequences[0][0].nbytes
    if size > max_bytes:
        longest = paths[int(lengths.argmax())]
        raise VideoError(
            f"{longest}: padded to its {steps} frames, {len(sequences)} clips take {size} bytes, "
            f"more than max_bytes={max_bytes}: use max_frames or stride, or stream with VideoFolder"
        )
    x = pad_sequences(sequences, dtype="float32", padding="post")
    return x, np.arange(steps) < lengths[:, None]


def _complain_of_classes(root: Path, classes: list[Path], files: list[str]) -> None:
    if classes:
        raise VideoError(
            f"{root}: expected at least two class folders, got one: {classes[0].name}", str(root)
        )
    clips = sum(_is_clip(file) for file in files)
    what = f"{clips} clips beside each other" if clips else "none"
    what = what if files else "an empty folder"
    raise VideoError(f"{root}: expected one folder of clips for each class, got {what}", str(root))


def _files_below(directory: Path) -> list[str]:
    """Return the files in `directory` and below it, links followed, sorted by path."""
    files: list[str] = []
    seen: set[str] = set()
    for here, folders, names in os.walk(directory, onerror=_unreadable, followlinks=True):
        real = os.path.realpath(here)
        if real in seen:  # a link to a folder above: around in circles
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not _hidden(name))
        files += [os.path.join(here, name) for name in names if not _hidden(name)]
    return sorted(files, key=lambda file: Path(file).as_posix())


def _unreadable(error: OSError) -> None:
    raise VideoError(f"{error.filename}: {error.strerror}", str(error.filename)) from error


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _is_clip(path: str) -> bool:
    return Path(path).suffix.lower() in CLIP_SUFFIXES
