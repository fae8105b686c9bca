"""Recognise who it is from how they move: embeddings, verification, identification.

gait.py    people and their walks      sticks.py        figures drawn as pictures
embedding.py   networks                verification.py  ROC, equal error rate, ranks
training.py    all of it on walkers    job.py, page.py  the demo and its report
speakers.py    the same on speakers    speakers_job.py  its demo
"""

from .embedding import (
    Embedder,
    FrameEmbedder,
    balanced_batches,
    clip_features,
    still_features,
    train_embedder,
    train_frame_embedder,
)
from .gait import Gait, Walks, draw_gait, pose, render_walk, render_walks
from .job import WalkersResult, run_walkers, write_walks
from .speakers import OpenSet, Recordings, SpeakerResult, read_speakers, read_ts, train_speakers
from .speakers_job import SpeakersResult, run_speakers
from .sticks import Limb, draw_sticks
from .training import Recognition, RecognitionScores, score_embeddings, train_recognition
from .verification import ROC, equal_error_rate, match_curve, pair_scores, roc, unit

__all__ = [
    "ROC",
    "Embedder",
    "FrameEmbedder",
    "Gait",
    "Limb",
    "OpenSet",
    "Recognition",
    "RecognitionScores",
    "Recordings",
    "SpeakerResult",
    "SpeakersResult",
    "WalkersResult",
    "Walks",
    "balanced_batches",
    "clip_features",
    "draw_gait",
    "draw_sticks",
    "equal_error_rate",
    "match_curve",
    "pair_scores",
    "pose",
    "read_speakers",
    "read_ts",
    "render_walk",
    "render_walks",
    "roc",
    "run_speakers",
    "run_walkers",
    "score_embeddings",
    "still_features",
    "train_embedder",
    "train_frame_embedder",
    "train_recognition",
    "train_speakers",
    "unit",
    "write_walks",
]
