"""``python -m tests.mutation``: mutate, test, report. Exits 1 when a group is below its floor."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .fresh import ROOT
from .named import CATALOGUE, PATCHES, TESTS
from .operators import Mutant, mutants
from .trial import Outcome, Trial

EXPLAINED = Path(__file__).with_name("equivalent.json")


class Group(NamedTuple):
    """Source files, the tests that must notice their mutants, and the score asked for."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]
    floor: float
    environment: dict[str, str]
    without: str = ""  # tests left out, as an expression for pytest's -k
    afresh: bool = False  # a copy of the checkout for every mutant, compiled by itself


GROUPS = {
    "cells": Group(
        ("scratchrnn/cells/*.py",),
        ("tests/test_cells*.py", "tests/test_activations.py", "tests/properties"),
        0.98,
        {},
        "numba or backends_agree",  # what compiles the kernels
    ),
    "kernels": Group(
        ("kernels/*.py",),
        ("tests/test_kernels*.py",),
        0.98,
        {"NUMBA_DISABLE_JIT": "1"},
        # Half a minute as plain Python, or in processes of their own.
        "many_rows or suite_of_the_kernels or first_use_compiles or any_number_of_threads",
    ),
    "layers": Group(("scratchrnn/layers/*.py",), ("tests/layers",), 0.92, {}),
    "losses": Group(("scratchrnn/losses/*.py",), ("tests/losses",), 0.92, {}),
    "optimizers": Group(("scratchrnn/optimizers/*.py",), ("tests/optimizers",), 0.92, {}),
}

COMPILED = Group(
    (),
    (
        "tests/test_kernels_activations.py",
        "tests/test_kernels_vectors.py",
        "tests/test_kernels_products.py",
        "tests/test_kernels_compiling.py",
    ),
    0.98,
    {},
    "suite_of_the_kernels",
    afresh=True,
)


def collect(group: Group) -> list[Mutant]:
    """Return every mutant of a group's files."""
    paths = sorted(path for pattern in group.sources for path in ROOT.glob(pattern))
    found = []
    for path in paths:
        if path.name != "__init__.py":
            relative = path.relative_to(ROOT).as_posix()
            found += mutants(relative, path.read_text(encoding="utf-8"))
    return found


def named() -> list[Mutant]:
    """Return the bugs of the catalogue as mutants."""
    found = []
    for patch in PATCHES:
        source = (ROOT / patch.path).read_text(encoding="utf-8")
        if patch.before not in source:
            raise SystemExit(f"{patch.path}: patch {patch.number} does not apply: {patch.before}")
        render = partial(source.replace, patch.before, patch.after, 1)
        function = f"pitfall {patch.number}, {CATALOGUE[patch.number]}"
        line = source[: source.index(patch.before)].count("\n") + 1
        found.append(Mutant(patch.path, function, line, line, patch.before, patch.after, render))
    return found


def parts(name: str, found: list[Mutant]) -> list[tuple[Group, list[Mutant]]]:
    """Return the tests that must notice the mutants, and these; bugs of the catalogue by folder."""
    if name != "named":
        return [(GROUPS[name], found)]
    groups = [
        (Group((), tests, 1.0, {}), [m for m in found if m.path.startswith(start)])
        for start, tests in TESTS.items()
    ]
    return [(group, some) for group, some in groups if some]


def run(found: list[Mutant], group: Group, workers: int) -> list[Outcome]:
    """Return what became of each mutant; in a process that loads the libraries afresh."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.environ["TMPDIR"] = folder  # forks that are ended leave their files there
            with os.fdopen(write, "w") as pipe:
                json.dump(_run_here(found, group, workers), pipe)
            os._exit(0)
        os.close(write)
        with os.fdopen(read) as pipe:
            text = pipe.read()
        os.waitpid(child, 0)
    if not text:
        raise SystemExit("the run was broken off")
    return [Outcome(*values) for _, values in sorted(json.loads(text))]


def _run_here(found: list[Mutant], group: Group, workers: int) -> list[tuple[int, Outcome]]:
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    os.environ.update(group.environment, HYPOTHESIS_PROFILE="mutation", **one_thread)
    out = os.fdopen(os.dup(1), "w", buffering=1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    results = []

    def tell(number: int, outcome: Outcome) -> None:
        results.append((number, outcome))
        if outcome.alive:
            out.write(f"\r  survives {outcome.tests} tests: {found[number].key}\n")
        if out.isatty() or len(results) % 100 == 0:
            out.write(f"\r{len(results)} of {len(found)}" + "\n" * (not out.isatty()))

    import pytest

    tests = sorted(str(p.relative_to(ROOT)) for name in group.tests for p in ROOT.glob(name))
    options = ["-q", "-s", "-p", "no:cacheprovider", *tests]
    options += ["-k", f"not ({group.without})"] if group.without else []
    os.chdir(ROOT)
    trial = Trial(found, group.without, workers, tell, group.afresh)
    pytest.main(options, plugins=[trial])
    if len(results) < len(found):
        out.write(f"{trial.reason or 'pytest ended before the mutants did'}\n")
        os._exit(1)
    return results


def compiled_too(found: list[Mutant], outcomes: list[Outcome], workers: int) -> list[Outcome]:
    """Take the mutants of code that only a compiler runs through tests with the compiler on."""
    unseen = [k for k, outcome in enumerate(outcomes) if outcome.alive and not outcome.tests]
    some = [found[k] for k in unseen]
    again = dict(zip(unseen, run(some, COMPILED, workers) if some else [], strict=True))
    return [again.get(k, outcome) for k, outcome in enumerate(outcomes)]


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not trials:
        return 0.0, 1.0
    z, share = 1.96, hits / trials
    middle = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return (middle - half) / (1 + z**2 / trials), (middle + half) / (1 + z**2 / trials)


def report(
    name: str, found: list[Mutant], outcomes: list[Outcome], explained: dict, total: int
) -> float:
    """Print score and survivors of a group; return the score without the explained ones."""
    alive = [mutant for mutant, outcome in zip(found, outcomes, strict=True) if outcome.alive]
    known = [mutant for mutant in alive if mutant.key in explained]
    counted, killed = len(found) - len(known), len(found) - len(alive)
    score = killed / counted if counted else 1.0
    print(
        f"{name}: {len(found)} of {total} mutants, {killed} killed, "
        f"{len(known)} explained as equivalent, score {score:.1%}"
    )
    if len(found) < total:
        low, high = interval(killed, counted)
        print(f"  a sample: the score of all is between {low:.1%} and {high:.1%} (95 %)")
    for mutant in alive:
        if mutant.key not in explained:
            print(f"  survives  line {mutant.line}  {mutant.key}")
    return score


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, "named", []], help="default: all")
    parser.add_argument("--sample", type=int, help="so many mutants of each group, at random")
    parser.add_argument(
        "--only", action="append", help="only mutants whose key contains this, or that"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    explained = json.loads(EXPLAINED.read_text(encoding="utf-8"))
    failed = False
    for name in arguments.groups or ["named", *GROUPS]:
        found = named() if name == "named" else collect(GROUPS[name])
        found = [m for m in found if any(part in m.key for part in arguments.only or [""])]
        total = len(found)
        if arguments.sample and len(found) > arguments.sample:
            found = random.Random(arguments.seed).sample(found, arguments.sample)
        shares = parts(name, found)
        found = [mutant for _, some in shares for mutant in some]
        outcomes = []
        for group, some in shares:
            outcomes += run(some, group, arguments.workers)
        if name == "kernels":
            outcomes = compiled_too(found, outcomes, arguments.workers)
        floor = 1.0 if name == "named" else GROUPS[name].floor
        failed |= report(name, found, outcomes, explained, total) < floor
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
