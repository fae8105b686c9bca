"""One file for a model: named arrays and a JSON description in an ``.npz``, nothing pickled.

    archive.py    the file itself: members, headers, checksums; what is not ours is refused
    tree.py       nested dicts and lists with arrays in them, as JSON and named arrays
    model_file.py what of a model goes into its file, and how it comes back
"""

from __future__ import annotations

from .archive import Archive, open_archive, write_archive
from .model_file import make_model, read_training, restore, write_model
from .tree import pack, unpack
from .weights_file import load_weights, save_weights

__all__ = [
    "Archive",
    "load_weights",
    "make_model",
    "open_archive",
    "pack",
    "read_training",
    "restore",
    "save_weights",
    "unpack",
    "write_archive",
    "write_model",
]
