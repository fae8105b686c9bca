"""A folder of clips, streamed in batches: :class:`VideoFolder`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from ..data import Batch
from ..utils import pad_sequences
from .cache import FeatureCache
from .clips import ClipFolder, find_clips
from .errors import VideoError
from .features import FrameFeatures
from .prefetch import prefetch
from .reader import check_count
from .splits import class_weights, grouped_split, stratified_split

# Rows and columns of a cell in frames that are to be augmented: few, since that costs time.
_PIXELS = 3


class VideoFolder:
    """Batches of padded, masked clips from a folder of class folders, read as they are needed.

    Iterating gives one epoch. Clips are shuffled, taken `bucket` batches at a time, sorted by
    length, cut into batches, and the batches shuffled: clips of a batch are of about one length,
    and no more than those are in memory. The order and every augmentation follow from `seed` and
    the number of the epoch alone.

    Parameters
    ----------
    folder : str or path, or ClipFolder
        A folder with one folder a class, or what :func:`find_clips` made of one.
    features : FrameFeatures, optional
        What to take from each clip; ``FrameFeatures()`` by default.
    batch_size : int, default 32
        Clips a batch; the last ones may have fewer.
    shuffle : bool, default True
        Shuffle for every epoch; else the order of :func:`find_clips`, cut into batches as it is.
    seed : int, default 0
        What the order and the augmentation depend on.
    bucket : int, default 8
        How many batches to sort by length together; 1 does not sort.
    augment : callable, optional
        ``augment(frames, rng)`` on the frames (T, H, W) or (T, H, W, 3) uint8 of each clip, such
        as :class:`scratchrnn.video.augment.Compose`. They are decoded at about 3 x 3 pixels for
        each cell of the features, or at their own size if that is smaller.
    mix : callable, optional
        ``mix(batch, rng)`` on each batch, such as :class:`scratchrnn.video.augment.MixUp`.
    cache : FeatureCache or path, optional
        Where features are kept. Not used for clips that are augmented.
    skip_unreadable : bool, default False
        Go on without clips that cannot be read; `skipped` says which and why.
    on_error : {"raise", "truncate"}, default "raise"
        What to do with a clip that breaks off.
    keep : int, default 2**26
        Bytes of decoded clips to keep in memory from one epoch to the next; 0 keeps none.
    prefetch : int, default 2
        Batches to make ready in a thread; 0 makes each when it is asked for.

    Attributes
    ----------
    paths : list of str
    y : ndarray, (N,) int64
    class_names : list of str
    class_weight : dict of int to float
        What `fit` takes as `class_weight` to make all classes count alike.
    skipped : dict of str to str
        Clips that could not be read in an epoch so far, and why.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np
    >>> from scratchrnn.video import FrameFeatures, VideoFolder, write_gif
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> for name, lengths in (("blink", (3, 5)), ("nod", (4, 4, 6))):
    ...     for i, length in enumerate(lengths):
    ...         write_gif(folder / name / f"{i}.gif", np.zeros((length, 8, 12), np.uint8))
    >>> data = VideoFolder(folder, FrameFeatures(size=(2, 3)), batch_size=2)
    >>> sorted(batch.x.shape for batch in data)
    [(1, 6, 12), (2, 4, 12), (2, 5, 12)]
    """

    def __init__(
        self,
        folder: str | os.PathLike | ClipFolder,
        features: FrameFeatures | None = None,
        *,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int = 0,
        bucket: int = 8,
        augment: Callable[[np.ndarray, np.random.Generator], np.ndarray] | None = None,
        mix: Callable[[Batch, np.random.Generator], Batch] | None = None,
        cache: FeatureCache | str | os.PathLike | None = None,
        skip_unreadable: bool = False,
        on_error: str = "raise",
        keep: int = 2**26,
        prefetch: int = 2,
    ):
        self.found = folder if isinstance(folder, ClipFolder) else find_clips(folder)
        self.features = FrameFeatures() if features is None else features
        self.batch_size = check_count("VideoFolder", "batch_size", batch_size, 1)
        self.shuffle, self.seed = bool(shuffle), check_count("VideoFolder", "seed", seed, 0)
        self.bucket = check_count("VideoFolder", "bucket", bucket, 1)
        self.keep = check_count("VideoFolder", "keep", keep, 0)
        self.prefetch = check_count("VideoFolder", "prefetch", prefetch, 0)
        self.augment, self.mix = augment, mix
        self.skip_unreadable, self.on_error = bool(skip_unreadable), on_error
        named = isinstance(cache, (str, os.PathLike))
        self.cache = FeatureCache(cache) if named else cache
        self.skipped: dict[str, str] = {}
        self._epoch = 0
        self._kept: dict[str, np.ndarray] = {}
        self._kept_bytes = 0

    @property
    def paths(self) -> list[str]:
        """The clips, by class, then by path."""
        return self.found.paths

    @property
    def y(self) -> np.ndarray:
        """(N,) int64: the class of each clip."""
        return self.found.y

    @property
    def class_names(self) -> list[str]:
        """Names of the classes."""
        return self.found.class_names

    @property
    def class_weight(self) -> dict[int, float]:
        """A weight for each class that makes all count alike."""
        return class_weights(self.y)

    def __len__(self) -> int:
        """Return the number of batches in an epoch (fewer, if clips are skipped)."""
        return -(-len(self.paths) // self.batch_size)

    def split(
        self, test_fraction: float = 0.25, seed: int = 0, groups: Sequence | None = None
    ) -> tuple[VideoFolder, VideoFolder]:
        """Split into a part to train on and one to test on.

        Parameters
        ----------
        test_fraction : float, default 0.25
            Share for the test part.
        seed : int, default 0
            What the choice depends on.
        groups : sequence of N hashable, optional
            A group for each of `paths`; all clips of a group go to one part. Without them each
            class is split in the same proportion.

        Returns
        -------
        train, test : VideoFolder
            With the settings of this one; the test part is not shuffled, augmented or mixed.
        """
        if groups is None:
            parts = stratified_split(self.y, test_fraction, seed, self.class_names)
        else:
            parts = grouped_split(self.y, groups, test_fraction, seed)
        train, test = parts
        return self._part(train), self._part(test, shuffle=False, augment=None, mix=None)

    def _part(self, indices: np.ndarray, **changes) -> VideoFolder:
        paths = [self.paths[i] for i in indices]
        found = ClipFolder(paths, self.y[indices], self.class_names, self.found.ignored)
        settings = {
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "seed": self.seed,
            "bucket": self.bucket,
            "augment": self.augment,
            "mix": self.mix,
            "cache": self.cache,
            "skip_unreadable": self.skip_unreadable,
            "on_error": self.on_error,
            "keep": self.keep,
            "prefetch": self.prefetch,
        }
        return VideoFolder(found, self.features, **(settings | changes))

    def get_state(self) -> dict:
        """Return the number of the epoch that comes next."""
        return {"epoch": self._epoch}

    def set_state(self, state: dict) -> None:
        """Let the next epoch be the one that was next when the state was taken."""
        self._epoch = int(state["epoch"])

    def __iter__(self) -> Iterator[Batch]:
        epoch, self._epoch = self._epoch, self._epoch + 1
        batches = self._batches(epoch)
        return prefetch(batches, self.prefetch) if self.prefetch else batches

    def _batches(self, epoch: int) -> Iterator[Batch]:
        """Give the batches of one epoch."""
        rng = np.random.default_rng([self.seed, epoch])
        order = np.arange(len(self.paths))
        if self.shuffle:
            rng.shuffle(order)
        window: list[tuple[np.ndarray, int]] = []
        most = self.batch_size * (self.bucket if self.shuffle else 1)
        for i in order:
            sequence = self._read(int(i), epoch)
            if sequence is not None:
                window.append((sequence, int(self.y[i])))
            if len(window) == most:
                yield from self._cut(window, rng)
                window = []
        yield from self._cut(window, rng)

    def _cut(self, window: list[tuple[np.ndarray, int]], rng) -> Iterator[Batch]:
        """Sort a window by length, cut it into batches and shuffle these."""
        if self.shuffle and self.bucket > 1:
            window = sorted(window, key=lambda item: len(item[0]))
        starts = np.arange(0, len(window), self.batch_size)
        for start in rng.permutation(starts) if self.shuffle else starts:
            batch = _batch(window[start : start + self.batch_size])
            yield batch if self.mix is None else self.mix(batch, rng)

    def _read(self, i: int, epoch: int) -> np.ndarray | None:
        """Return the features of clip `i`, or None if it is unreadable and that is allowed."""
        path = self.paths[i]
        try:
            decoded = self._kept.get(path)
            decoded = self._decode(path) if decoded is None else decoded
        except VideoError as error:
            if not self.skip_unreadable:
                raise
            self.skipped[path] = str(error)
            return None
        if self.augment is None:
            return decoded
        rng = np.random.default_rng([self.seed, epoch, i])
        return self.features(self.augment(decoded, rng))

    def _decode(self, path: str) -> np.ndarray:
        """Return the features of a clip or, to be augmented, its frames; keep them if they fit."""
        if self.augment is not None:
            reader = self.features.frames(path, on_error=self.on_error, pixels=_PIXELS)
            decoded = np.stack(list(reader))
        elif self.cache is not None:
            decoded = self.cache.features(path, self.features, on_error=self.on_error)
        else:
            decoded = self.features.from_file(path, on_error=self.on_error)
        if self._kept_bytes + decoded.nbytes <= self.keep:
            self._kept[path] = decoded
            self._kept_bytes += decoded.nbytes
        return decoded


def _batch(window: list[tuple[np.ndarray, int]]) -> Batch:
    """Return clips as one padded batch."""
    sequences = [sequence for sequence, _ in window]
    x = pad_sequences(sequences, dtype="float32", padding="post")  # (N, T, ...)
    lengths = np.array([len(sequence) for sequence in sequences])
    mask = np.arange(x.shape[1]) < lengths[:, None]  # (N, T)
    return Batch(x, np.array([label for _, label in window], dtype=np.int64), None, mask)
