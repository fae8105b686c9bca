"""What `fit`, `evaluate` and `predict` take, as checked batches.

    arrays.py   samples in memory
    streams.py  data sets and generators that hand out batches
    feed.py     batches epoch by epoch, from either, and where it stands
"""

from __future__ import annotations

from .arrays import ArrayData
from .batch import Batch, as_batch, check_numbers
from .feed import Feed
from .sources import open_data
from .streams import StreamData

__all__ = ["ArrayData", "Batch", "Feed", "StreamData", "as_batch", "check_numbers", "open_data"]
