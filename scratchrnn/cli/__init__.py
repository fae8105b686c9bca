"""The command line: ``scratchrnn demo | train | evaluate | predict | explain | …``.

Each command is a module with two functions: ``add`` puts it into the parser, ``run`` does it.
What goes wrong for a reason of the user's ends in one line on standard error and exit code 2;
Ctrl-C ends in exit code 130; a traceback is a bug.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from .parser import UsageError, build_parser, computing

__all__ = ["main"]

_USER_ERRORS = (ValueError, OSError, ImportError, RuntimeError, FloatingPointError, MemoryError)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments without the program's name; those of the process by default.

    Returns
    -------
    int
        0 done, 2 an error that has been printed, 130 stopped by Ctrl-C, 141 nobody reads on.

    Examples
    --------
    >>> from scratchrnn.cli import main
    >>> main(["predict", "no-such-model.npz", "clip.mp4"])
    2
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that cannot be shown is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        parser = build_parser()
        args = parser.parse_args(argv)
        if args.command is None:
            parser.print_help()
            return 0
        with computing(args):
            code = args.run(args)
        if sys.stdout is not None:  # a closed one (>&-) has nothing to flush
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return _complain("stopped", 130)
    except BrokenPipeError:
        # Whoever read our output has left (| head). Nothing more may be written to it, and the
        # interpreter must not try when it ends.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except UsageError as error:
        return _complain(str(error), 2)
    except NotImplementedError:
        raise
    except _USER_ERRORS as error:
        return _complain(_one_line(error), 2)


def _complain(text: str, code: int) -> int:
    print(f"scratchrnn: {'error: ' if code == 2 else ''}{text}", file=sys.stderr)
    return code


def _one_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    if isinstance(error, MemoryError):
        return f"out of memory: {error}".rstrip(": ")
    return " ".join(str(error).split()) or type(error).__name__
