"""What `fit` calls at its turns, with Keras's names, arguments and meanings."""

from __future__ import annotations

from .backup import BackupAndRestore
from .base import Callback, CallbackList
from .checkpoint import ModelCheckpoint
from .hooks import LambdaCallback, LearningRateScheduler, TerminateOnNaN
from .logs import CSVLogger, History, ProgbarLogger
from .monitor import EarlyStopping, MonitorCallback, ReduceLROnPlateau

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]


def __getattr__(name: str):
    """Say so when a callback of Keras is asked for that is not built here."""
    if name in ("TensorBoard", "RemoteMonitor", "SwapEMAWeights", "OrbaxCheckpoint"):
        raise AttributeError(f"scratchrnn.callbacks: {name} of Keras is not built here")
    raise AttributeError(f"module 'scratchrnn.callbacks' has no attribute {name!r}")
