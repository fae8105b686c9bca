"""``scratchrnn train DIR``: learn the classes of a folder of clips."""

from __future__ import annotations

import argparse

from .common import add_reading
from .parser import add_backend, number

_DESCRIPTION = """\
Learn to tell the classes of a folder of clips apart.

DIR holds one folder for each class, and these hold the clips (mp4, mov, mkv, webm, avi, gif …):

    clips/wave/001.mp4 …      clips/nod/001.mp4 …

A quarter of each class is held out of training and says how well the network does on clips that
it has never seen. The network, the names of the classes and the way in which frames are read go
into one file; beside it lies a page (.html) that shows what was learned.

  --model tiny      a small GRU on coarse pictures, trained in seconds
  --model standard  an LSTM; beside it a SimpleRNN of the same size learns from the same clips, to
                    show what the gates are worth; it is not kept
  --model best      four bidirectional GRUs on finer pictures and colours, with --augment, folded
                    into one network that judges by the mean of what they say
Every other option overrides what the model stands for.

--augment changes each clip a little every time that it is shown: shifted, scaled, turned, faster,
slower, with frames dropped. Nothing is mirrored or played backwards, since that would turn a wave
to the left into one to the right; --flip mirrors half of the clips, for classes that have no left
and right. Measured on clips of four spoken words (--model standard, three seeds, 200 clips to be
tested on): with 20 clips a class 79.0 ± 0.8 % become 90.3 ± 2.3 %, with 100 clips a class 97.5 %
become 99.3 ± 0.2 % (python -m benchmarks.little_data augment clips/ --model standard).
"""

_EPILOG = """\
examples:
  scratchrnn train clips/                                an LSTM, to model.npz and model.html
  scratchrnn train clips/ --model best                   the most accurate, in minutes
  scratchrnn train clips/ --cell gru --output nods.npz   a GRU, to a file of your choice
  scratchrnn train clips/ --cell all                     RNN, LSTM and GRU side by side
  scratchrnn train clips/ --size 12x16 --epochs 100      finer pictures, longer training
  scratchrnn train few/ --from model.npz --freeze        what another model has learned, for
                                                         other classes with few clips
  scratchrnn train huge/ --stream                        more clips than memory holds
  scratchrnn train clips/ --skip-unreadable              go on without broken files

Ctrl-C ends the training, not the command: the network is saved as it is by then (exit code 130).
The same --seed gives the same network.
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "train",
        help="learn from a folder of clips",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("folder", metavar="DIR", help="a folder with one folder of clips a class")
    parser.add_argument(
        "--output", "-o", default="model.npz", metavar="FILE",
        help="where the model goes (default: %(default)s); with --cell all, three such files, "
        "model-rnn.npz and so on",
    )  # fmt: skip
    parser.add_argument(
        "--model", choices=("tiny", "standard", "best"), default="standard",
        help="settings that go well together (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--alone", action="store_true", help="train no SimpleRNN to compare with")
    parser.add_argument(
        "--no-report", dest="report", action="store_false", help="write no page beside the model"
    )
    parser.add_argument(
        "--seed", type=number(int, 0), default=0, metavar="N",
        help="decides the split, the first weights and the order of clips (default: %(default)s)",
    )  # fmt: skip
    _add_network(parser)
    _add_training(parser)
    _add_transfer(parser)
    add_reading(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network (defaults: see --model)")
    group.add_argument("--cell", choices=("rnn", "lstm", "gru", "all"), help="recurrent layer")
    group.add_argument("--units", type=number(int, 1), metavar="H", help="size of its state")
    group.add_argument(
        "--bidirectional", action=argparse.BooleanOptionalAction,
        help="read every clip from both ends",
    )  # fmt: skip
    group.add_argument(
        "--dropout", type=number(float, 0.0, 0.95), metavar="P",
        help="share of inputs dropped in training",
    )  # fmt: skip
    group.add_argument(
        "--members", type=number(int, 1, 20), metavar="N",
        help="train so many networks that begin differently, and fold them into one",
    )  # fmt: skip
    group.add_argument(
        "--size", type=_size, metavar="HxW",
        help="frames are averaged down to so many grey cells, such as 6x8; coarse pictures "
        "forgive small shifts",
    )  # fmt: skip
    group.add_argument(
        "--stride", type=number(int, 1), metavar="N", help="use every N-th frame (default: 1)"
    )
    group.add_argument(
        "--max-frames", type=number(int, 1), metavar="N", help="use at most N frames of a clip"
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training (defaults: see --model)")
    group.add_argument(
        "--augment", action=argparse.BooleanOptionalAction,
        help="change clips a little each time that they are shown",
    )  # fmt: skip
    group.add_argument(
        "--flip", action="store_true",
        help="augment, and mirror half of the clips: only where left and right mean the same",
    )  # fmt: skip
    group.add_argument(
        "--epochs", type=number(int, 1), metavar="N",
        help="how often each clip is shown (few clips are shown more often by default)",
    )  # fmt: skip
    group.add_argument(
        "--batch-size", type=number(int, 1), default=32, metavar="N",
        help="clips between two updates of the weights (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--learning-rate", type=number(float, 1e-9, 10.0), metavar="X",
        help="of Adam at the start; it falls to zero along a cosine",
    )  # fmt: skip
    group.add_argument(
        "--test-fraction", type=number(float, 0.01, 0.9), default=0.25, metavar="X",
        help="share of each class that is held out (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--stream", action="store_true",
        help="read the clips to learn from as they are needed, epoch by epoch, in bounded memory "
        "(--augment does so too)",
    )  # fmt: skip


def _add_transfer(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("starting from another model")
    group.add_argument(
        "--from", dest="base", metavar="MODEL",
        help="begin with what MODEL has learned, of other classes: its features and its layers, "
        "and a new last layer",
    )  # fmt: skip
    group.add_argument(
        "--freeze", action="store_true",
        help="with --from: train the new last layer alone (for a handful of clips a class)",
    )  # fmt: skip


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"expected HEIGHTxWIDTH such as 6x8, got {text!r}")
    return int(height), int(width)


def run(args: argparse.Namespace) -> int:
    """Train, save, report."""
    from .train_job import train_from

    return train_from(args)
