"""Work done ahead of time: :func:`prefetch`."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Queue
from typing import TypeVar

from .reader import check_count

T = TypeVar("T")


def prefetch(items: Iterable[T], depth: int = 2) -> Iterator[T]:
    """Iterate over `items` in a thread, up to `depth` of them ahead of who asks.

    Decoding and scaling let go of Python's lock, so frames are decoded while a network learns.

    Parameters
    ----------
    items : iterable
        What to fetch, such as batches or the frames of a clip.
    depth : int, default 2
        Most items that lie ready.

    Yields
    ------
    object
        The items, in their order. An exception comes out where it happened. Leaving early stops
        the thread and closes `items`.

    Examples
    --------
    >>> from scratchrnn.video import prefetch
    >>> list(prefetch(x * x for x in range(5)))
    [0, 1, 4, 9, 16]
    """
    return _fetch(items, check_count("prefetch", "depth", depth, 1))


def _fetch(items: Iterable[T], depth: int) -> Iterator[T]:
    # One kind of entry each: an item, an exception, the end.
    ready: Queue = Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, ready, stop), daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ready.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()
        # At most one put is under way; with the queue empty it goes through, and the thread ends.
        try:
            while True:
                ready.get_nowait()
        except Empty:
            thread.join()


def _produce(items: Iterable[T], ready: Queue, stop: threading.Event) -> None:
    """Put what `items` gives, until the end or until told to stop."""
    iterator = iter(items)
    try:
        for item in iterator:
            ready.put(("item", item))
            if stop.is_set():
                return
        ready.put(("end", None))
    except BaseException as error:  # raised again where the items are asked for
        ready.put(("error", error))
    finally:
        if hasattr(iterator, "close"):
            iterator.close()
