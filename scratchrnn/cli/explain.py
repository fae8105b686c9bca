"""``scratchrnn explain MODEL CLIP``: why does the model say so?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .common import check_writable
from .parser import UsageError, add_backend, number

_METHODS = (
    "saliency", "gradient-x-input", "smoothgrad", "integrated-gradients", "occlusion", "lime",
    "shapley",
)  # fmt: skip

_DESCRIPTION = """\
Write a page that shows why a model says what it says of a clip.

The page (one .html file, nothing else needed) has the running prediction and the frame at which
it was decided; saliency, integrated gradients, occlusion, LIME and Shapley values laid over the
frames, with a word on how to read each and how far to trust it; and gates and states from inside.
"""

_EPILOG = """\
examples:
  scratchrnn explain model.npz new.mp4
  scratchrnn explain model.npz new.mp4 --output why.html --class nod    why (not) this class?
  scratchrnn explain model.npz new.mp4 --method occlusion --method lime
  scratchrnn explain model.npz new.mp4 --tubes 8x6x6 --samples 4000     finer, and longer
  scratchrnn explain model.npz new.mp4 --gif why.gif                    the overlay as well
"""


def add(commands: argparse._SubParsersAction) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "explain", help="show why a model says so", description=_DESCRIPTION, epilog=_EPILOG
    )
    parser.add_argument("model", metavar="MODEL", help="a file that scratchrnn train wrote")
    parser.add_argument("file", metavar="CLIP", help="a video file")
    parser.add_argument(
        "--output", "-o", metavar="FILE",
        help="where the page goes (default: the clip's name with -explained.html, here)",
    )  # fmt: skip
    parser.add_argument("--gif", metavar="FILE", help="write the overlays as a GIF as well")
    parser.add_argument(
        "--class", dest="target", metavar="NAME",
        help="explain this class instead of the one that the model says",
    )  # fmt: skip
    parser.add_argument(
        "--method", action="append", choices=_METHODS, metavar="NAME",
        help=f"{', '.join(_METHODS)}; may be given more than once (default: all)",
    )  # fmt: skip
    parser.add_argument(
        "--tubes", type=_grid, default=(5, 4, 4), metavar="TxRxC",
        help="cut the clip into so many pieces along time, rows and columns (default: 5x4x4)",
    )  # fmt: skip
    parser.add_argument(
        "--samples", type=number(int, 10), default=1000, metavar="N",
        help="variants of the clip to ask about, for LIME and for Shapley values each "
        "(default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--baseline", choices=("mean", "gray", "blur", "zeros", "noise"), default="mean",
        help="what takes the place of a piece: the clip's mean frame, its mean grey, blur, black "
        "or noise (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--margin", type=number(float, 0.0, 1.0), default=0.2, metavar="X",
        help="lead in probability that counts as decided (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--seed", type=number(int, 0), default=0, metavar="N",
        help="decides what is sampled (default: %(default)s)",
    )  # fmt: skip
    add_backend(parser)
    parser.set_defaults(run=run)


def _grid(text: str) -> tuple[int, int, int]:
    parts = text.lower().split("x")
    if len(parts) != 3 or not all(part.isdigit() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"expected TIMExROWSxCOLUMNS like 5x4x4, got {text!r}")
    return tuple(int(part) for part in parts)


def run(args: argparse.Namespace) -> int:
    """Explain, and write the page."""
    import numpy as np

    from ..classify import ClipClassifier, digest
    from ..classify.page import frames_of
    from ..explain.clip import explain_clip
    from ..explain.page import explanation_gif, write_page
    from ..video import write_gif

    if Path(args.file).is_dir():
        raise UsageError(f"{args.file}: is a folder; expected one clip")
    output = check_writable(args.output or f"{Path(args.file).stem}-explained.html", ".html")
    moving = check_writable(args.gif, ".gif") if args.gif else None
    classifier = ClipClassifier.load(args.model)
    target = _class_number(args.target, classifier.classes)
    frames = np.stack(list(classifier.features.frames(args.file)))
    shown = frames_of(args.file, classifier.features)
    found = explain_clip(
        classifier, frames, target=target, methods=args.method, grid=args.tubes,
        samples=args.samples, baseline=args.baseline, margin=args.margin, seed=args.seed,
        stage=_bars(),
    )  # fmt: skip
    about = {"model": str(args.model), "clip": str(args.file), "seed": str(args.seed)}
    if "held_out_accuracy" in classifier.about:
        right = f"{100 * classifier.about['held_out_accuracy']:.1f} % of clips held out"
        about["the model is right on"] = right
    if digest(args.file) in classifier.about.get("trained_on", []):
        about["careful"] = "the model was trained on this very clip"
    write_page(found, output, clip=args.file, frames=shown[: len(frames)], about=about)
    if moving is not None:
        write_gif(moving, explanation_gif(found, shown[: len(frames)]), 5)
    _say(found, output)
    return 0


def _class_number(name: str | None, classes: tuple[str, ...]) -> int | None:
    if name is not None and name not in classes:
        raise UsageError(f"--class {name}: expected one of {', '.join(classes)}")
    return None if name is None else classes.index(name)


def _bars():
    """Return what gives each long piece of work a bar, if there is a terminal to draw it on."""
    from ..progress import ProgressBar, can_redraw

    def stage(name: str):
        if not can_redraw(sys.stdout):
            return None
        bar = None

        def progress(done: int, total: int) -> None:
            nonlocal bar
            bar = bar or ProgressBar(total, verbose=1, unit="variant", label=name)
            bar.update(done)
            if done == total:
                bar.close()

        return progress

    return stage


def _say(found, output: Path) -> None:
    decision, best = found.decision, int(found.probabilities.argmax())
    when = f"at frame {decision.step + 1}" if decision.step is not None else "never for good"
    print(
        f"{found.classes[best]} {100 * found.probabilities[best]:.1f} %, "
        f"decided {when} of {len(found.frames)}"
    )
    print(f"report: {output}")
