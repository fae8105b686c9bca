"""Put changed code into the functions of a module that is loaded already."""

from __future__ import annotations

import gc
import types
from collections.abc import Iterator
from pathlib import Path


def code_of(path: Path, source: str) -> types.CodeType:
    """Return the code of a module."""
    return compile(source, str(path), "exec", dont_inherit=True)


def nested(code: types.CodeType) -> Iterator[types.CodeType]:
    """Yield the code of every function and class inside, always in the same order."""
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from nested(constant)


class LiveFunctions:
    """All functions that are loaded, by their code; closures share that of their definition."""

    def __init__(self):
        self.with_code: dict[types.CodeType, list[types.FunctionType]] = {}
        self.cached = []  # functions that keep results: of before the change
        for thing in gc.get_objects():
            if hasattr(type(thing), "cache_clear"):
                self.cached.append(thing)
            if type(thing) is types.FunctionType:  # what a dead proxy stands for cannot be asked
                self.with_code.setdefault(thing.__code__, []).append(thing)

    def swap(self, path: Path, changed: str) -> bool:
        """Give every function of a file its changed code.

        Parameters
        ----------
        path : Path
            The file, as the functions know it.
        changed : str
            Its changed source.

        Returns
        -------
        bool
            Whether that was possible: no function has come or gone, and each has the variables
            that its surroundings hold for it.
        """
        before = list(nested(code_of(path, path.read_text(encoding="utf-8"))))
        after = list(nested(code_of(path, changed)))
        if [code.co_name for code in before] != [code.co_name for code in after]:
            return False
        pairs = [
            (function, new)
            for old, new in zip(before, after, strict=True)
            for function in self.with_code.get(old, ())
        ]
        if any(len(f.__code__.co_freevars) != len(new.co_freevars) for f, new in pairs):
            return False
        for function, new in pairs:
            function.__code__ = new
        for function in self.cached:
            function.cache_clear()
        return True
