"""``scratchrnn train DIR``: learn the classes of a folder of clips."""

from __future__ import annotations

import argparse
from pathlib import Path

from .common import add_reading, check_writable, read_clips, table
from .parser import add_backend, number

_DESCRIPTION = """\
Learn to tell the classes of a folder of clips apart.

DIR holds one folder for each class, and these hold the clips (mp4, mov, mkv, webm, avi, gif …):

    clips/wave/001.mp4 …      clips/nod/001.mp4 …

A quarter of each class is held out of training and says how well the network does on clips that
it has never seen. Beside an LSTM or a GRU a SimpleRNN of the same size is trained on the same
clips, to show what the gates are worth; it is not kept. The network, the names of the classes and
the way in which frames are read go into one file; beside it lies a page (.html) that shows what
was learned.
"""

_EPILOG = """\
examples:
  scratchrnn train clips/                                an LSTM, to model.npz and model.html
  scratchrnn train clips/ --cell gru --output nods.npz   a GRU, to a file of your choice
  scratchrnn train clips/ --cell all                     RNN, LSTM and GRU side by side
  scratchrnn train clips/ --size 12x16 --epochs 100      finer pictures, longer training
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
        "--alone", action="store_true", help="train no SimpleRNN beside an LSTM or a GRU"
    )
    parser.add_argument(
        "--no-report", dest="report", action="store_false", help="write no page beside the model"
    )
    parser.add_argument(
        "--seed", type=number(int, 0), default=0, metavar="N",
        help="decides the split, the first weights and the order of clips (default: %(default)s)",
    )  # fmt: skip
    _add_network(parser)
    _add_training(parser)
    add_reading(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def _add_network(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network")
    group.add_argument(
        "--cell", choices=("rnn", "lstm", "gru", "all"), default="lstm",
        help="recurrent layer (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--units", type=number(int, 1), default=64, metavar="H",
        help="size of its state (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--dropout", type=number(float, 0.0, 0.95), default=0.3, metavar="P",
        help="share of inputs dropped in training (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--size", type=_size, default=(6, 8), metavar="HxW",
        help="frames are averaged down to so many grey cells (default: 6x8); coarse pictures "
        "forgive small shifts",
    )  # fmt: skip
    group.add_argument(
        "--stride", type=number(int, 1), default=1, metavar="N", help="use every N-th frame"
    )
    group.add_argument(
        "--max-frames", type=number(int, 1), metavar="N", help="use at most N frames of a clip"
    )


def _add_training(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("training")
    group.add_argument(
        "--epochs", type=number(int, 1), default=50, metavar="N",
        help="how often each clip is shown (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--batch-size", type=number(int, 1), default=32, metavar="N",
        help="clips between two updates of the weights (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--learning-rate", type=number(float, 1e-9, 10.0), default=0.004, metavar="X",
        help="of Adam at the start; it falls to zero along a cosine (default: %(default)s)",
    )  # fmt: skip
    group.add_argument(
        "--test-fraction", type=number(float, 0.01, 0.9), default=0.25, metavar="X",
        help="share of each class that is held out (default: %(default)s)",
    )  # fmt: skip


def _size(text: str) -> tuple[int, int]:
    height, _, width = text.lower().partition("x")
    if not (height.isdigit() and width.isdigit() and int(height) and int(width)):
        raise argparse.ArgumentTypeError(f"expected HEIGHTxWIDTH such as 6x8, got {text!r}")
    return int(height), int(width)


def run(args: argparse.Namespace) -> int:
    """Train, save, report."""
    from ..classify import CELLS
    from ..video import FrameFeatures, split

    cells = list(CELLS) if args.cell == "all" else [args.cell]
    outputs = {cell: check_writable(_output(args, cell), ".npz") for cell in cells}
    features = FrameFeatures(args.size, stride=args.stride, max_frames=args.max_frames)
    clips = read_clips(args.folder, features, args)
    trained, held_out = split(clips, args.test_fraction, args.seed)
    print(f"training on {len(trained)} clips, {len(held_out)} held out (seed {args.seed})")
    runs = []
    for cell in cells:
        runs.append(_train_one(args, cell, features, trained, held_out, outputs[cell]))
        if runs[-1].stopped:
            print(f"\nstopped; the network as it was is in {outputs[cell]}")
            return 130
    if args.cell in ("lstm", "gru") and not args.alone:
        runs.append(_train_one(args, "rnn", features, trained, held_out, None))
        if runs[-1].stopped:
            print(f"\nstopped; the whole {runs[0].name} is in {outputs[args.cell]}")
            return 130
    _print_results(runs, held_out)
    if args.report:
        page = Path(args.output).with_suffix(".html")
        _write_page(page, args, runs, outputs, features, trained, held_out)
        print(f"report: {page}")
    return 0


def _output(args: argparse.Namespace, cell: str) -> str:
    path = Path(args.output)
    return str(path.with_name(f"{path.stem}-{cell}{path.suffix}") if args.cell == "all" else path)


def _train_one(args, cell: str, features, trained, held_out, output: Path | None):
    """Train a network and, unless `output` is None, save it."""
    from ..classify import CELLS, ClipClassifier, EpochBar, build_network, digest, train

    steps = args.epochs * -(-len(trained) // args.batch_size)
    network = build_network(
        cell, trained.x.shape[-1], len(trained.class_names), units=args.units,
        dropout=args.dropout, learning_rate=args.learning_rate, decay_steps=steps,
        seed=args.seed,
    )  # fmt: skip
    done = train(
        CELLS[cell], network, (trained.x, trained.y, trained.mask),
        (held_out.x, held_out.y, held_out.mask), epochs=args.epochs, batch_size=args.batch_size,
        seed=args.seed, callbacks=[EpochBar(CELLS[cell])],
    )  # fmt: skip
    if output is None:
        return done
    about = {
        "held_out_accuracy": round(done.accuracy, 4),
        "held_out_clips": len(held_out),
        "trained_on_clips": len(trained),
        "epochs": len(done.history.get("loss", [])),
        "seed": args.seed,
        "folder": Path(args.folder).resolve().name,
        "trained_on": [digest(path) for path in trained.paths],
    }
    ClipClassifier(network, features, trained.class_names, about).save(output)
    return done


def _print_results(runs, held_out) -> None:
    rows = [["network", "held out", "weights", "training"]]
    for done in runs:
        right = round(done.accuracy * len(held_out))
        share = f"{100 * done.accuracy:.1f} % ({right}/{len(held_out)})"
        rows.append([done.name, share, f"{done.network.count_params():,}", f"{done.seconds:.1f} s"])
    print(table(rows))


def _write_page(path: Path, args, runs, outputs, features, trained, held_out) -> None:
    from ..classify import page
    from ..report import Report

    best = max(runs[: len(outputs)], key=lambda done: done.accuracy)  # of those that were saved
    model = list(outputs.values())[runs.index(best)]
    report = Report(
        f"{', '.join(done.name for done in runs)} on {Path(args.folder).resolve().name}",
        f"{len(trained)} clips to learn from, {len(held_out)} others to be tested on.",
    )
    report.section("Results")
    page.add_results(report, runs, held_out)
    page.add_curves(report, runs, len(held_out.class_names))
    page.add_confusions(report, runs, held_out)
    page.add_films(report, best, held_out, features)
    page.add_gates(report, runs, held_out, page.examples(best, held_out, 1)[0])
    page.add_gradients(report, runs, held_out)
    report.section("Going on")
    report.text("The model's file has all that is needed to tell what a new clip shows:")
    report.code(f"scratchrnn predict {model} CLIP.mp4")
    report.footer(f"Made by `scratchrnn train`, seed {args.seed}.")
    report.write(path)
