"""Name what somebody does in every frame, from joint angles, and draw it.

body.py  joints and stick figures       training.py  networks and baselines
job.py   the demo                       page.py      its report
"""

from .body import CHANNELS, JOINTS, body_frames, body_joints
from .job import ActionsResult, run_actions
from .training import ActionResult, Capture, nearest_mean, read_capture, train_actions

__all__ = [
    "CHANNELS",
    "JOINTS",
    "ActionResult",
    "ActionsResult",
    "Capture",
    "body_frames",
    "body_joints",
    "nearest_mean",
    "read_capture",
    "run_actions",
    "train_actions",
]
