"""``scratchrnn evaluate MODEL DIR``: how well a model does on clips whose classes are known."""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from .common import add_reading, check_writable, read_clips, table
from .parser import add_backend

_DESCRIPTION = """\
Say how well a model tells the classes of a folder of clips apart.

DIR holds one folder for each class, named as when the model was trained. Clips that the model
was trained on are recognised by their content and left out: they say nothing of how it does on
clips that it has never seen.
"""

_EPILOG = """\
examples:
  scratchrnn evaluate model.npz more-clips/
  scratchrnn evaluate model.npz clips/                       only the clips held out of training
  scratchrnn evaluate model.npz clips/ --with-training-clips
  scratchrnn evaluate model.npz more-clips/ --report page.html
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "evaluate",
        help="test a model on clips whose classes are known",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.add_argument("model", metavar="MODEL", help="a file that scratchrnn train wrote")
    parser.add_argument("folder", metavar="DIR", help="a folder with one folder of clips a class")
    parser.add_argument(
        "--with-training-clips", action="store_true", help="count clips it was trained on as well"
    )
    parser.add_argument("--report", metavar="FILE", help="write a page (.html) as well")
    add_reading(parser)
    add_backend(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Print the accuracy, and for each class what it is taken for."""
    from ..classify import ClipClassifier
    from ..classify.page import wilson

    report = check_writable(args.report, ".html") if args.report else None
    classifier = ClipClassifier.load(args.model)
    clips = read_clips(args.folder, classifier.features, args)
    clips = _in_classes_of(classifier, clips, args.folder)
    if not args.with_training_clips:
        clips = _without_training_clips(classifier, clips, args.folder)
    probabilities = classifier.network.predict(clips.x, mask=clips.mask, verbose=0)
    said = probabilities.argmax(axis=1)
    right = int((said == clips.y).sum())
    low, high = wilson(right, len(clips))
    print(_by_class(clips, said))
    print(
        f"accuracy {100 * right / len(clips):.1f} % ({right} of {len(clips)} clips; "
        f"95 % interval {100 * low:.1f} to {100 * high:.1f} %)"
    )
    if report:
        _write_page(report, args, classifier, clips, probabilities)
        print(f"report: {report}")
    return 0


def _in_classes_of(classifier, clips, folder: str):
    """Number the clips' classes as the model does."""
    known = {name: number for number, name in enumerate(classifier.classes)}
    for name in clips.class_names:
        if name not in known:
            raise ValueError(
                f"{folder}: class folder {name} is not one of the model's classes: "
                f"{', '.join(classifier.classes)}"
            )
    numbers = np.array([known[name] for name in clips.class_names])
    return replace(clips, y=numbers[clips.y], class_names=list(classifier.classes))


def _without_training_clips(classifier, clips, folder: str):
    from ..classify import digest

    trained_on = set(classifier.about.get("trained_on", []))
    new = [k for k, path in enumerate(clips.paths) if digest(path) not in trained_on]
    if not new:
        raise ValueError(
            f"{folder}: the model was trained on every clip here "
            "(--with-training-clips counts them all the same)"
        )
    if len(new) < len(clips):
        print(f"{len(clips) - len(new)} clips left out: the model was trained on them")
    return clips.take(np.array(new))


def _by_class(clips, said: np.ndarray) -> str:
    rows = [["class", "clips", "right", "taken for another"]]
    for number, name in enumerate(clips.class_names):
        of_class = said[clips.y == number]
        if len(of_class):
            others = np.bincount(of_class, minlength=len(clips.class_names))
            right, others[number] = others[number], 0
            mistakes = [
                f"{clips.class_names[k]} {others[k]}" for k in np.argsort(-others) if others[k]
            ]
            rows.append([name, str(len(of_class)), str(right), ", ".join(mistakes) or "–"])
    return table(rows)


def _write_page(path, args, classifier, clips, probabilities) -> None:
    from ..classify import Run, page
    from ..report import Report

    accuracy = float((probabilities.argmax(axis=1) == clips.y).mean())
    done = Run(classifier.cell, classifier.network, {}, probabilities, accuracy, None, False)
    report = Report(
        f"{args.model} on {args.folder}", "How a trained network does on clips that it is shown."
    )
    report.section("Results")
    page.add_results(report, [done], clips)
    page.add_confusions(report, [done], clips)
    page.add_films(report, done, clips, classifier.features)
    report.footer("Made by `scratchrnn evaluate`.")
    report.write(path)
