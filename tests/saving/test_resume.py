"""Training that is killed goes on, and ends bit for bit where the unbroken run does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from scratchrnn import callbacks
from scratchrnn.models import load_model

from . import training_process

MODES = ("arrays", "stream", "generator", "tbptt", "stateful")


class Killed(BaseException):
    """Stands for the end of the process."""


class KillAt(callbacks.Callback):
    """Ends training at one of its turns, in whatever order the callbacks are called."""

    def __init__(self, turn: str, epoch: int, batch: int | None = None):
        self.turn, self.epoch, self.batch, self.now = turn, epoch, batch, -1
        setattr(self, turn, self._kill)

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def _kill(self, *arguments):
        number = arguments[0] if len(arguments) > 1 else None
        if self.turn == "on_epoch_begin":
            self.now = number
        if self.now >= self.epoch and (self.batch is None or number >= self.batch):
            raise Killed


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, Path]:
    """Folders of runs that nothing happened to."""
    folders = {}
    for mode in MODES:
        folders[mode] = tmp_path_factory.mktemp(mode)
        training_process.train(folders[mode], mode, "epoch")
    return folders


def same_end(folder: Path, other: Path) -> bool:
    assert {path.name for path in folder.iterdir()} == {"final.npz", "log.csv"}  # and no litter
    return all(
        (folder / name).read_bytes() == (other / name).read_bytes()
        for name in ("final.npz", "log.csv")
    )


@pytest.mark.parametrize(
    ("mode", "save_freq", "killer"),
    [
        ("arrays", "epoch", KillAt("on_train_batch_end", 3, 2)),
        ("arrays", 1, KillAt("on_test_begin", 2)),
        ("arrays", 2, KillAt("on_train_end", 0)),
        ("stream", "epoch", KillAt("on_epoch_end", 4)),
        ("stream", 3, KillAt("on_train_batch_begin", 5, 3)),
        ("generator", 3, KillAt("on_train_batch_begin", 5, 3)),
        ("tbptt", 2, KillAt("on_train_batch_end", 1, 4)),
        ("stateful", 3, KillAt("on_epoch_begin", 2)),
    ],
    ids=lambda value: value.turn if isinstance(value, KillAt) else str(value),
)
def test_a_run_that_ended_early_goes_on_bit_for_bit(tmp_path, unbroken, mode, save_freq, killer):
    with pytest.raises(Killed):
        training_process.train(tmp_path, mode, save_freq, [killer])
    assert load_model(tmp_path / "backup" / "training.npz").built
    training_process.train(tmp_path, mode, save_freq)
    assert same_end(tmp_path, unbroken[mode])
    assert not (tmp_path / "backup").exists()


def kill_and_go_on(folder: Path, mode: str, kills: int, seed: int, expected: Path) -> int:
    """Kill runs at random moments until there were `kills`; return how many came to their end.

    The moments are spread over a time that grows with every kill and shrinks with every run that
    comes to its end, so that there are both, however fast the machine is.
    """
    rng, ended, longest = random.Random(seed), 0, 0.25
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    root = Path(__file__).resolve().parents[2]
    while kills > 0:
        save_freq = rng.choice(["epoch", "1", "2", "5"])
        command = [sys.executable, training_process.__file__, str(folder), mode, save_freq]
        with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root, env=environment) as run:
            assert run.stdout is not None and run.stdout.readline() == b"begun\n"
            try:
                run.wait(timeout=rng.uniform(0, longest))
            except subprocess.TimeoutExpired:
                run.kill()
                kills -= 1
                longest *= 1.05  # a slow machine: let some runs come to their end
            else:
                longest /= 1.2
        backup = folder / "backup" / "training.npz"
        if backup.exists():
            assert load_model(backup).built
        if run.returncode == 0:
            ended += 1
            assert same_end(folder, expected)
            (folder / "final.npz").unlink()
            (folder / "log.csv").unlink()
        else:
            assert run.returncode == -9
    return ended


def test_compiled_kernels_go_on_bit_for_bit_too(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    training_process.train(whole, "arrays", "epoch", backend="numba")
    with pytest.raises(Killed):
        training_process.train(
            broken, "arrays", 2, [KillAt("on_train_batch_end", 3, 2)], backend="numba"
        )
    training_process.train(broken, "arrays", 2, backend="numba")
    assert same_end(broken, whole)


def test_a_process_that_is_killed_goes_on_bit_for_bit(tmp_path, unbroken):
    kill_and_go_on(tmp_path, "arrays", 4, 1, unbroken["arrays"])
    training_process.train(tmp_path, "arrays", "epoch")
    assert same_end(tmp_path, unbroken["arrays"])


@pytest.mark.slow
@pytest.mark.parametrize(("mode", "kills"), [("arrays", 40), ("stream", 40), ("tbptt", 40)])
def test_a_hundred_kills_change_nothing(tmp_path, unbroken, mode, kills):
    assert kill_and_go_on(tmp_path, mode, kills, 5, unbroken[mode]) > 0
    training_process.train(tmp_path, mode, "epoch")
    assert same_end(tmp_path, unbroken[mode])
