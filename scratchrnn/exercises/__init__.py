"""What a student fills in, and the marker that diagnoses it.

The exercises are sheets of Markdown and code; `scratchrnn exercises DIR` writes them without their
solutions. :func:`check` marks one function in a notebook, :func:`check_file` (`scratchrnn check
FILE`) a whole file: a table of every array, and a diagnosis in words that names the equation.
"""

from .file_marking import FileMarking, check_file
from .handout import write_sheets
from .marking import check
from .result import Marking, Row

__all__ = ["FileMarking", "Marking", "Row", "check", "check_file", "write_sheets"]
