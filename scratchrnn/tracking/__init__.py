"""Follow a moving object: where it is and whether it is there, behind pillars too.

scene.py    rendered clips with exact truth       boxes.py    IoU
eye.py      what one frame shows of the object    heads.py    with memory, and without
tracker.py  eye and head together, scores         training.py both trackers from one set of clips
job.py      the demo                              page.py     its report
"""

from .boxes import box_iou, clip_boxes, corners
from .eye import sightings, train_eye
from .heads import build_head, train_head
from .job import TrackingResult, read_truth, run_tracking, write_clips
from .scene import TrackingClips, render_clips
from .tracker import Track, Tracker, TrackScores, frames_out_of_sight, hold_last, score_track
from .training import Trackers, train_trackers

__all__ = [
    "Track",
    "TrackScores",
    "Tracker",
    "Trackers",
    "TrackingClips",
    "TrackingResult",
    "box_iou",
    "build_head",
    "clip_boxes",
    "corners",
    "frames_out_of_sight",
    "hold_last",
    "read_truth",
    "render_clips",
    "run_tracking",
    "score_track",
    "sightings",
    "train_eye",
    "train_head",
    "train_trackers",
    "write_clips",
]
