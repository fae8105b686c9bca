"""Both trackers from one set of clips: one eye, a head that remembers and one that does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..classify import EpochBar
from .eye import sightings, train_eye
from .heads import train_head
from .scene import TrackingClips, render_clips
from .tracker import Tracker, TrackScores, hold_last, score_track

RECURRENT, BY_FRAME, HOLD = "GRU", "frame by frame", "keep the last"


class Trackers(NamedTuple):
    """Trackers by name, and how well each does on clips that none was trained on."""

    trackers: dict[str, Tracker]  # RECURRENT and BY_FRAME
    scores: dict[str, TrackScores]  # those two and HOLD
    tested: TrackingClips

    @property
    def gap(self) -> float:
        """By how much the recurrent tracker's IoU is higher while the object is out of sight."""
        return self.scores[RECURRENT].hidden - self.scores[BY_FRAME].hidden


def train_trackers(
    clips: int = 500,
    *,
    epochs: int = 20,
    units: int = 96,
    seed: int = 0,
    tests: int = 150,
    say: Callable[[str], None] | None = None,
) -> Trackers:
    """Render clips, train a recurrent and a frame-by-frame tracker, and try both on other clips.

    Parameters
    ----------
    clips : int
        To train on.
    epochs : int
        Of each head; an epoch shows every clip in 16 mirrors.
    units : int
        H of the GRU; the other head gets about as many weights.
    seed : int
        Decides clips, first weights and order of training.
    tests : int
        Clips to test on; no clip of training is among them.
    say : callable, optional
        Called with each line of progress; then the epochs are shown as well.

    Returns
    -------
    Trackers

    Examples
    --------
    >>> learned = train_trackers(4, epochs=1, units=4, tests=3)
    >>> list(learned.trackers), bool(-1 < learned.gap < 1)
    (['GRU', 'frame by frame'], True)
    """
    tell = say or (lambda line: None)
    tell(f"rendering {clips} clips to train on and {tests} to test on")
    trained = render_clips(clips, seed)
    tested = render_clips(tests, seed + 1_000_003)
    tell("training the eye: what one frame shows")
    eye = train_eye(trained, seed=seed)
    seen, seen_in_tests = sightings(eye, trained.frames), sightings(eye, tested.frames)
    trackers, scores = {}, {}
    for name in (RECURRENT, BY_FRAME):
        head = train_head(
            name == RECURRENT, seen, trained.targets, units=units, epochs=epochs, seed=seed,
            callbacks=[EpochBar(name)] if say else None,
        )  # fmt: skip
        trackers[name] = Tracker(eye, head)
        scores[name] = score_track(trackers[name].track_sightings(seen_in_tests), tested)
        tell(in_words(name, scores[name]))
    scores[HOLD] = score_track(hold_last(seen_in_tests), tested)
    tell(in_words(HOLD, scores[HOLD]))
    return Trackers(trackers, scores, tested)


def in_words(name: str, scores: TrackScores) -> str:
    """Return the scores of a tracker as a line."""
    return (
        f"{name}: IoU {scores.visible:.3f} in sight, {scores.hidden:.3f} out of sight; "
        f"presence right in {100 * scores.presence:.1f} % of the frames"
    )
