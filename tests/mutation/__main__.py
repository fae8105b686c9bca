"""``python -m tests.mutation``: mutate, test, report. Exits 1 when a group is below its floor."""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .named import CATALOGUE, PATCHES, TESTS
from .operators import Mutant, mutants
from .running import prepare, run_tests

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("equivalent.json")
BROKEN = -1  # the code of a mutant whose tests fail without it


class Group(NamedTuple):
    """Source files, the tests that must notice their mutants, and the score asked for."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]
    floor: float
    environment: dict[str, str]
    without: str = ""  # tests left out, as an expression for pytest's -k


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
        "many_rows or suite_of_the_kernels or first_use_compiles",
    ),
    "layers": Group(("scratchrnn/layers/*.py",), ("tests/layers",), 0.92, {}),
    "losses": Group(("scratchrnn/losses/*.py",), ("tests/losses",), 0.92, {}),
    "optimizers": Group(("scratchrnn/optimizers/*.py",), ("tests/optimizers",), 0.92, {}),
}


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
        found.append(Mutant(patch.path, function, 0, patch.before, patch.after, render))
    return found


def group_of(mutant: Mutant) -> Group:
    """Return the tests that must notice a bug of the catalogue."""
    tests = next(tests for start, tests in TESTS.items() if mutant.path.startswith(start))
    return Group((), tests, 1.0, {})


def overlay() -> Path:
    """Copy what the tests need into a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mutation-"))
    for name in ("scratchrnn", "kernels", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.nbi", "*.nbc")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("setup.cfg", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    return folder


def _worker(jobs: list[tuple[int, Mutant, Group]]) -> list[tuple[int, int]]:
    """Take mutants through their tests in a copy of the checkout of its own."""
    folder, results, killers, passing = overlay(), [], {}, {}
    try:
        prepare(jobs[0][2].environment if jobs else {})
        for number, mutant, group in jobs:
            if group.tests not in passing:
                passing[group.tests] = not run_tests(folder, group.tests, group.without, keep=True)[
                    0
                ]
            path = folder / mutant.path
            original = path.read_text(encoding="utf-8")
            first = killers.setdefault(mutant.path, [])
            path.write_text(mutant.render(), encoding="utf-8")
            word = path.stem if path.stem != "base" else ""
            code, killer = run_tests(folder, group.tests, group.without, first, word)
            path.write_text(original, encoding="utf-8")
            if killer:  # the test that noticed last is asked first
                killers[mutant.path] = [killer, *(name for name in first if name != killer)][:40]
            results.append((number, code if passing[group.tests] else BROKEN))
            print("." if code else f"\n  survives  {mutant.key}\n", end="", flush=True)
    finally:
        shutil.rmtree(folder)
    return results


def fork_worker(jobs) -> list[tuple[int, int]]:
    """Run `_worker` in a process of its own (it forks, and threads must not)."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        with os.fdopen(write, "w") as pipe:
            json.dump(_worker(jobs), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return [tuple(pair) for pair in json.loads(text)]


def run(pairs: list[tuple[Mutant, Group]], workers: int) -> list[int]:
    """Return the exit code of the tests for each mutant; 0 is a survivor."""
    jobs = [(number, mutant, group) for number, (mutant, group) in enumerate(pairs)]
    shares = [jobs[k::workers] for k in range(workers)]
    with ThreadPoolExecutor(workers) as pool:
        results = [pair for share in pool.map(fork_worker, shares) for pair in share]
    print()
    codes = [code for _, code in sorted(results)]
    if BROKEN in codes:
        raise SystemExit("the tests fail before anything is changed")
    return codes


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share."""
    if not trials:
        return 0.0, 1.0
    z, share = 1.96, hits / trials
    middle = share + z**2 / (2 * trials)
    half = z * math.sqrt(share * (1 - share) / trials + z**2 / (4 * trials**2))
    return (middle - half) / (1 + z**2 / trials), (middle + half) / (1 + z**2 / trials)


def report(name: str, found: list[Mutant], codes: list[int], explained: dict, total: int) -> float:
    """Print score and survivors of a group; return the score without the explained ones."""
    alive = [mutant for mutant, code in zip(found, codes, strict=True) if code == 0]
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
    parser.add_argument("--only", default="", help="only mutants whose key contains this")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    explained = json.loads(EXPLAINED.read_text(encoding="utf-8"))
    failed = False
    for name in arguments.groups or ["named", *GROUPS]:
        found = named() if name == "named" else collect(GROUPS[name])
        found = [mutant for mutant in found if arguments.only in mutant.key]
        total = len(found)
        if arguments.sample and len(found) > arguments.sample:
            found = random.Random(arguments.seed).sample(found, arguments.sample)
        groups = [group_of(mutant) if name == "named" else GROUPS[name] for mutant in found]
        codes = run(list(zip(found, groups, strict=True)), arguments.workers)
        floor = 1.0 if name == "named" else GROUPS[name].floor
        failed |= report(name, found, codes, explained, total) < floor
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
