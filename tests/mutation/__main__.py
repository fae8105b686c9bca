"""``python -m tests.mutation``: mutate, test, report. Exits 1 when a group is below its floor."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .named import CATALOGUE, PATCHES, TESTS
from .operators import Mutant, mutants

ROOT = Path(__file__).resolve().parents[2]
EXPLAINED = Path(__file__).with_name("equivalent.json")
SECONDS = 120  # a mutant that makes the tests run longer than this has been noticed


class Group(NamedTuple):
    """Source files, the tests that must notice their mutants, and the score asked for."""

    sources: tuple[str, ...]
    tests: tuple[str, ...]
    floor: float
    environment: dict[str, str]


GROUPS = {
    "cells": Group(
        ("scratchrnn/cells/*.py",), ("tests/test_cells*.py", "tests/properties"), 0.98, {}
    ),
    "kernels": Group(
        ("kernels/*.py",), ("tests/test_kernels*.py",), 0.98, {"NUMBA_DISABLE_JIT": "1"}
    ),
    "layers": Group(("scratchrnn/layers/*.py",), ("tests/layers",), 0.92, {}),
    "losses": Group(("scratchrnn/losses/*.py",), ("tests/losses",), 0.92, {}),
    "optimizers": Group(
        ("scratchrnn/optimizers/*.py",),
        ("tests/optimizers",),
        0.92,
        {},
    ),
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


def expand(tests: tuple[str, ...], folder: Path) -> list[str]:
    """Return the test files that exist, quickest kind first, as they are listed."""
    return [str(path) for pattern in tests for path in sorted(folder.glob(pattern))]


def run_tests(folder: Path, tests: list[str], environment: dict[str, str]) -> int:
    """Run the tests in a fork of this process; return pytest's exit code, 124 for too long."""
    child = os.fork()
    if child == 0:
        _child(folder, tests, environment)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return 124 if os.WTERMSIG(status) == signal.SIGALRM else 139
    return os.waitstatus_to_exitcode(status)


def _child(folder: Path, tests: list[str], environment: dict[str, str]) -> None:
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    os.chdir(folder)
    os.environ.update(environment, PYTHONDONTWRITEBYTECODE="1")
    sys.dont_write_bytecode = True
    sys.path[:] = [str(folder), *(p for p in sys.path if Path(p or ".").resolve() != ROOT)]
    for name in [n for n in sys.modules if n.split(".")[0] in ("scratchrnn", "tests")]:
        del sys.modules[name]
    signal.alarm(SECONDS)
    import pytest

    code = pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests])
    os._exit(int(code))


def _worker(jobs: list[tuple[int, Mutant, Group]]) -> list[tuple[int, int]]:
    """Take mutants through their tests in a copy of the checkout of its own."""
    folder, results = overlay(), []
    try:
        for number, mutant, group in jobs:
            path = folder / mutant.path
            original = path.read_text(encoding="utf-8")
            path.write_text(mutant.render(), encoding="utf-8")
            code = run_tests(folder, expand(group.tests, folder), group.environment)
            path.write_text(original, encoding="utf-8")
            results.append((number, code))
            print("." if code else "S", end="", flush=True)
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
    return [code for _, code in sorted(results)]


def report(name: str, found: list[Mutant], codes: list[int], explained: dict) -> float:
    """Print score and survivors of a group; return the score without the explained ones."""
    alive = [mutant for mutant, code in zip(found, codes, strict=True) if code == 0]
    known = [mutant for mutant in alive if mutant.key in explained]
    counted = len(found) - len(known)
    score = 1 - (len(alive) - len(known)) / counted if counted else 1.0
    print(
        f"{name}: {len(found)} mutants, {len(found) - len(alive)} killed, "
        f"{len(known)} explained as equivalent, score {score:.1%}"
    )
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
        if arguments.sample and len(found) > arguments.sample:
            found = random.Random(arguments.seed).sample(found, arguments.sample)
        groups = [group_of(mutant) if name == "named" else GROUPS[name] for mutant in found]
        codes = run(list(zip(found, groups, strict=True)), arguments.workers)
        floor = 1.0 if name == "named" else GROUPS[name].floor
        failed |= report(name, found, codes, explained) < floor
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
