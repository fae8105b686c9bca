"""What ``scratchrnn train`` does: read, train, save, report."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

from .common import check_writable, load, print_found, read_clips, table
from .parser import UsageError

_OF_THE_PRESET = (
    "cell", "units", "bidirectional", "dropout", "size", "learning_rate", "augment", "members",
)  # fmt: skip
_OF_THE_BASE = (
    "cell", "units", "bidirectional", "members", "dropout", "size", "stride", "max_frames",
)  # fmt: skip
# Bytes of decoded clips that are kept from one epoch to the next; the others are decoded again.
_KEEP = 2**28


class _Data(NamedTuple):
    """What is learned from, and what it is tested on."""

    features: Any
    trained: Any  # (x, y, mask), or a VideoFolder
    paths: list[str]  # of the clips learned from
    held_out: Any  # Clips


def train_from(args: argparse.Namespace) -> int:
    """Do what the arguments of the command say; return its exit code."""
    from ..classify import PRESETS

    base = _base(args)
    compare = args.model == "standard" and base is None and not args.alone
    _fill(args)
    cells = ["rnn", "lstm", "gru"] if args.cell == "all" else [args.cell]
    outputs = {cell: check_writable(_output(args, cell), ".npz") for cell in cells}
    data = _read(args, base)
    if args.epochs is None:
        args.epochs = PRESETS[args.model].epochs_for(_batches(args, data))
    runs = []
    for cell in cells:
        runs.append(_train_one(args, cell, data, base, outputs[cell]))
        if runs[-1].stopped:
            print(f"\nstopped; the network as it was is in {outputs[cell]}")
            return 130
    if compare and args.cell in ("lstm", "gru"):
        runs.append(_train_one(args, "rnn", data, None, None))
        if runs[-1].stopped:
            print(f"\nstopped; the whole {runs[0].name} is in {outputs[args.cell]}")
            return 130
    _print_results(runs, data.held_out)
    if args.report:
        page = Path(args.output).with_suffix(".html")
        _write_page(page, args, runs, outputs, data)
        print(f"report: {page}")
    return 0


def _base(args: argparse.Namespace):
    """Return the classifier to begin with, or None; refuse what would contradict it."""
    from ..classify import ClipClassifier

    if args.base is None:
        if args.freeze:
            raise UsageError("--freeze: expected --from MODEL, whose layers are to be kept")
        return None
    for name in _OF_THE_BASE:
        if getattr(args, name) is not None:
            raise UsageError(f"--{name.replace('_', '-')}: not beside --from, whose model says it")
    return ClipClassifier.load(args.base)


def _fill(args: argparse.Namespace) -> None:
    """Set what was not given to what the preset stands for."""
    from ..classify import PRESETS

    preset = PRESETS[args.model]
    args.appearance = preset.appearance
    if args.size and preset.appearance:  # half as fine as the size that was asked for
        args.appearance = tuple(max(1, side // 2) for side in args.size)
    args.augment = True if args.flip else args.augment
    for name in _OF_THE_PRESET:
        if getattr(args, name) is None:
            setattr(args, name, getattr(preset, name))
    if args.base:
        args.members = 1  # what the model has learned is one network, whatever it was made of


def _read(args: argparse.Namespace, base) -> _Data:
    from ..video import FrameFeatures, split

    if base is not None:
        features = base.features
    else:
        features = FrameFeatures(
            args.size, appearance=args.appearance, stride=args.stride or 1,
            max_frames=args.max_frames,
        )  # fmt: skip
    if args.augment or args.stream:
        return _stream(args, features)
    clips = read_clips(args.folder, features, args)
    trained, held_out = split(clips, args.test_fraction, args.seed)
    print(f"training on {len(trained)} clips, {len(held_out)} held out (seed {args.seed})")
    return _Data(features, (trained.x, trained.y, trained.mask), trained.paths, held_out)


def _stream(args: argparse.Namespace, features) -> _Data:
    """Hold the same clips out as `split` would, and read the others as they are needed."""
    from ..video import VideoFolder, find_clips
    from ..video.augment import Compose, RandomFlip, standard_augmentation

    found = find_clips(args.folder)
    print_found(args.folder, found)
    augment = standard_augmentation() if args.augment else None
    if args.flip:
        augment = Compose([*augment.augmentations, RandomFlip()])
    data = VideoFolder(
        found, features, batch_size=args.batch_size, seed=args.seed, augment=augment,
        skip_unreadable=args.skip_unreadable, keep=_KEEP,
        on_error="truncate" if args.keep_beginnings else "raise",
    )  # fmt: skip
    trained, test = data.split(args.test_fraction, args.seed)
    held_out = load(test.found, features, args)
    print(
        f"training on {len(trained.paths)} clips, {'changed' if augment else 'read'} anew in "
        f"every epoch, {len(held_out)} held out (seed {args.seed})"
    )
    return _Data(features, trained, trained.paths, held_out)


def _output(args: argparse.Namespace, cell: str) -> str:
    path = Path(args.output)
    return str(path.with_name(f"{path.stem}-{cell}{path.suffix}") if args.cell == "all" else path)


def _train_one(args, cell: str, data: _Data, base, output: Path | None):
    """Train a network, or the members of one, and, unless `output` is None, save it."""
    from ..classify import EpochBar, cell_name, join, train

    clips, members = data.held_out, []
    for number in range(args.members):
        network = _network(args, cell, data, base, number)
        name = label = cell_name(network)
        if args.members > 1:
            label = f"{name}, {number + 1} of {args.members}"
        member = train(
            name, network, data.trained, (clips.x, clips.y, clips.mask), epochs=args.epochs,
            batch_size=args.batch_size, seed=args.seed + number, callbacks=[EpochBar(label)],
        )  # fmt: skip
        members.append(member)
        if member.stopped:
            break
    done = join(members, (clips.x, clips.y, clips.mask))
    for line in getattr(data.trained, "skipped", {}).values():
        print(f"scratchrnn: skipped: {line}", file=sys.stderr)
    if output is not None:
        _save(args, done, data, output)
    return done


def _batches(args, data: _Data) -> int:
    return -(-len(data.paths) // args.batch_size)


def _network(args, cell: str, data: _Data, base, number: int):
    from ..classify import build_network, compile_network, new_classes

    steps = args.epochs * _batches(args, data)
    classes = len(data.held_out.class_names)
    if base is not None:
        network = new_classes(base.network, classes, freeze=args.freeze, seed=args.seed)
        compile_network(network, args.learning_rate, steps)
        return network
    return build_network(
        cell, data.features.feature_count, classes, units=args.units,
        bidirectional=args.bidirectional, dropout=args.dropout,
        learning_rate=args.learning_rate, decay_steps=steps,
        seed=args.seed if number == 0 else [args.seed, number],
    )  # fmt: skip


def _save(args, done, data: _Data, output: Path) -> None:
    from ..classify import ClipClassifier, digest

    skipped = getattr(data.trained, "skipped", {})
    paths = [path for path in data.paths if path not in skipped]
    about = {
        "held_out_accuracy": round(done.accuracy, 4),
        "held_out_clips": len(data.held_out),
        "trained_on_clips": len(paths),
        "epochs": len(done.history.get("loss", [])),
        "seed": args.seed,
        "model": args.model,
        "augment": bool(args.augment),
        "folder": Path(args.folder).resolve().name,
        "trained_on": [digest(path) for path in paths],
    }
    if args.base:
        about["from"] = Path(args.base).name
    ClipClassifier(done.network, data.features, data.held_out.class_names, about).save(output)


def _print_results(runs, held_out) -> None:
    rows = [["network", "held out", "weights", "training"]]
    for done in runs:
        right = round(done.accuracy * len(held_out))
        share = f"{100 * done.accuracy:.1f} % ({right}/{len(held_out)})"
        rows.append([done.name, share, f"{done.network.count_params():,}", f"{done.seconds:.1f} s"])
    print(table(rows))


def _note(args) -> str:
    """Return what a reader of the learning curves must know."""
    note = ""
    if args.members > 1:
        note = f"The lines are means over the {args.members} networks that were folded into one. "
    if args.augment:
        note += (
            "The clips trained on were changed at every turn, which makes them harder than the "
            "clips held out: the thin line may well be the worse one."
        )
    return note


def _write_page(path: Path, args, runs, outputs, data: _Data) -> None:
    from ..classify import page
    from ..report import Report

    held_out = data.held_out
    best = max(runs[: len(outputs)], key=lambda done: done.accuracy)  # of those that were saved
    model = list(outputs.values())[runs.index(best)]
    report = Report(
        f"{', '.join(done.name for done in runs)} on {Path(args.folder).resolve().name}",
        f"{len(data.paths)} clips to learn from, {len(held_out)} others to be tested on.",
    )
    report.section("Results")
    page.add_results(report, runs, held_out)
    page.add_curves(report, runs, len(held_out.class_names), _note(args))
    if args.augment:
        page.add_changes(report, data.paths[0], data.features, data.trained.augment)
    page.add_confusions(report, runs, held_out)
    page.add_films(report, best, held_out, data.features)
    page.add_gates(report, runs, held_out, page.examples(best, held_out, 1)[0])
    page.add_gradients(report, runs, held_out)
    report.section("Going on")
    report.text("The model's file has all that is needed to tell what a new clip shows:")
    report.code(f"scratchrnn predict {model} CLIP.mp4")
    report.footer(f"Made by `scratchrnn train`, seed {args.seed}.")
    report.write(path)
