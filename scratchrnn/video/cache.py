"""Features kept on disk: :class:`FeatureCache`.

An entry's name is a hash of the clip's *content* and of the settings that its features were made
with: a clip that is moved or renamed is found again, one that is changed is not. An entry is

    scratchrnn features 1
    <BLAKE2 of all that follows, in hexadecimal>
    <shape, as JSON>
    <float32, little-endian>

It is written whole or not at all, and read without anything being executed or more being allocated
than the file is long; one that is damaged is made anew.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import numpy as np

from ..files import replacing
from .features import FrameFeatures

_HEADER = b"scratchrnn features 1"


class FeatureCache:
    """A folder of features of clips.

    Parameters
    ----------
    folder : str or path
        Where the entries lie; made if it is not there. It may be deleted at any time.

    Attributes
    ----------
    hits, misses : int
        How many clips were found, and how many had to be decoded.

    Examples
    --------
    >>> import tempfile, os
    >>> import numpy as np
    >>> from scratchrnn.video import FeatureCache, FrameFeatures, write_gif
    >>> path = os.path.join(tempfile.mkdtemp(), "dot.gif")
    >>> write_gif(path, np.zeros((5, 8, 12, 3), np.uint8))
    >>> cache = FeatureCache(tempfile.mkdtemp())
    >>> for _ in range(3):
    ...     shape = cache.features(path, FrameFeatures()).shape
    >>> shape, cache.hits, cache.misses
    ((5, 96), 2, 1)
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ValueError(
                f"FeatureCache: {folder}: cannot be used as a folder: {error.strerror}"
            ) from error
        self.hits = self.misses = 0
        self._digests: dict[tuple, str] = {}

    def features(
        self, path: str | os.PathLike, features: FrameFeatures, *, on_error: str = "raise"
    ) -> np.ndarray:
        """Return the features of a clip, from the cache if they are there.

        Parameters
        ----------
        path : str or path
            The clip.
        features : FrameFeatures
            What to take from it.
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
        if not Path(path).is_file():
            return features.from_file(path, on_error=on_error)  # which says what is wrong
        settings = json.dumps([features.get_config(), on_error], sort_keys=True)
        key = hashlib.blake2b(f"{self._digest(path)} {settings}".encode(), digest_size=20)
        entry = self.folder / f"{key.hexdigest()}.features"
        found = _read_entry(entry)
        if found is not None and found.shape[1:] == features.shape:
            self.hits += 1
            return found
        self.misses += 1
        made = features.from_file(path, on_error=on_error)
        _write_entry(entry, made)
        return made

    def _digest(self, path: str | os.PathLike) -> str:
        """Return the hash of a file's content, computed once for each state of the file."""
        status = os.stat(path)
        state = (os.path.abspath(path), status.st_size, status.st_mtime_ns)
        if state not in self._digests:
            with open(path, "rb") as file:
                self._digests[state] = _hash_file(file)
        return self._digests[state]


def _hash_file(file) -> str:
    digest = hashlib.blake2b(digest_size=20)
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()


def _write_entry(path: Path, features: np.ndarray) -> None:
    shape = json.dumps(features.shape).encode()
    body = shape + b"\n" + features.astype("<f4").tobytes()
    with replacing(path) as file:
        file.write(b"\n".join([_HEADER, _checksum(body), body]))


def _read_entry(path: Path) -> np.ndarray | None:
    """Return the features in an entry; None if it is not there or not as it was written."""
    try:
        header, checksum, body = path.read_bytes().split(b"\n", 2)
        if header != _HEADER or checksum != _checksum(body):
            return None
        shape, data = body.split(b"\n", 1)
        return np.frombuffer(data, "<f4").reshape(json.loads(shape)).astype(np.float32)
    except (OSError, ValueError, TypeError):
        return None


def _checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=20).hexdigest().encode()
