"""``python -m tests.tasks``: what each network learns, beside what was published, and why.

Prints a Markdown table; ``--picture FILE`` also draws how the gradient's norm shrinks on its way
back through time. The whole takes about three minutes on two cores.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from scratchrnn import plot
from scratchrnn.explain import gradient_norms

from .catalogue import TASKS
from .solve import CELLS, FINAL, Outcome, build, solve

HEAD = ("task", "network", "solved", "sequences seen", f"wrong of {FINAL} fresh", "seconds")
MORE = (  # other ways of training the plain RNN, each told apart in the table
    ("embedded_reber", "Elman's gradient of one step", {"tbptt": 1, "updates": 800}),
    ("adding", "orthogonal start", {"start": "orthogonal"}),
    ("temporal_order", "orthogonal start", {"start": "orthogonal"}),
    ("two_sequences", "orthogonal start", {"start": "orthogonal"}),
    ("copy_memory", "orthogonal start", {"start": "orthogonal"}),
)
PICTURED = "temporal_order"
SYMBOLS = {"first symbol": (20, 10), "second symbol": (60, 50)}  # their last and first places


def row(name: str, network: str, outcome: Outcome, seconds: float) -> str:
    """Return a line of the table."""
    wrong = f"{outcome.wrong:.2%}"
    solved = "yes" if outcome.solved else "no"
    cells = (name, network, solved, f"{outcome.sequences:,}", wrong, f"{seconds:.0f}")
    return "| " + " | ".join(cells) + " |"


def trained(name: str, cell: str, network: str, **options) -> Outcome:
    """Train a network, print its line, return what came out."""
    start = time.perf_counter()
    outcome = solve(name, cell, **options)
    print(row(name, network, outcome, time.perf_counter() - start), flush=True)
    return outcome


def draw(models: dict, path: Path) -> None:
    """Draw the gradient's norm through time before and after training, one panel each."""
    task = TASKS[PICTURED]
    sample = task.make(np.random.default_rng(30_000), 32, True)
    fig, axes = plot.figure(9.0, 3.6, columns=2, sharey=True)
    untrained = {cell: build(task, cell) for cell in models}
    for ax, title, group in zip(
        axes, ("before training", "after training"), (untrained, models), strict=True
    ):
        norms = {cell: gradient_norms(m, sample.x, sample.y) for cell, m in group.items()}
        plot.gradient_norms(norms, title=title, ax=ax)
        ax.set_ylim(1e-20, 1e4)
        for text, (latest, earliest) in SYMBOLS.items():
            ax.axvspan(99 - latest, 99 - earliest, color="#EDEDED", zorder=0)
            ax.text(99 - (latest + earliest) / 2, 1e3, text, ha="center", va="center", size=8)
    axes[1].set_ylabel("")
    axes[1].get_legend().remove()
    plot.save(fig, path)


def main() -> None:
    """Train everything, print the table, draw the picture."""
    parser = argparse.ArgumentParser(prog="python -m tests.tasks", description=__doc__)
    parser.add_argument("tasks", nargs="*", choices=[*TASKS, []], help="default: all")
    parser.add_argument("--picture", type=Path, metavar="FILE", help=f"of {PICTURED}")
    arguments = parser.parse_args()
    names = arguments.tasks or list(TASKS)
    print("| " + " | ".join(HEAD) + " |\n" + "|---" * len(HEAD) + "|")
    models = {}
    for name in names:
        for cell in CELLS:
            outcome = trained(name, cell, cell)
            if name == PICTURED:
                models[cell] = outcome.model
    for name, network, options in MORE:
        if name in names:
            trained(name, "SimpleRNN", f"SimpleRNN, {network}", **options)
    print("\nPublished:\n")
    for name in names:
        print(f"- {name}: {TASKS[name].published}")
    if arguments.picture and models:
        draw(models, arguments.picture)


if __name__ == "__main__":
    main()
