"""The one error that reading, writing and collecting clips can raise."""

from __future__ import annotations


class VideoError(ValueError):
    """A clip, or a folder of clips, that cannot be used: what, where and why, in one line.

    Parameters
    ----------
    message : str
        The whole sentence.
    path : str, optional
        The file or folder it is about.
    frames_read : int, default 0
        How many frames had been decoded when it happened.

    Examples
    --------
    >>> from scratchrnn.video import VideoError
    >>> raise VideoError("wave.mp4: broken after 3 frames", path="wave.mp4", frames_read=3)
    Traceback (most recent call last):
    ...
    scratchrnn.video.errors.VideoError: wave.mp4: broken after 3 frames
    """

    def __init__(self, message: str, path: str | None = None, frames_read: int = 0):
        super().__init__(message)
        self.path = path
        self.frames_read = frames_read
