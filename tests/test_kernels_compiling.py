"""What is compiled, where it is kept, and what happens where nothing can be kept."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest
from scratchrnn.kernels import disk, gru, jit, tile

import scratchrnn
from tests.kernel_cases import Problem


def python(code: str, **environment: str) -> str:
    """Run a program in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


FORWARD = """
import sys, numpy as np
from scratchrnn.kernels import rnn_forward
one = np.ones((1, 1), np.float32)
rnn_forward(one[None], None, one, one)
print(*sorted(name for name in sys.modules if name.startswith("scratchrnn.kernels.")))
"""


def test_first_use_compiles_only_what_is_used(tmp_path):
    modules = python(FORWARD, NUMBA_CACHE_DIR=str(tmp_path), NUMBA_DISABLE_JIT="0")
    assert "scratchrnn.kernels.rnn" in modules
    assert "lstm" not in modules
    assert "gru" not in modules
    kept = {path.name.split("-")[0] for path in tmp_path.rglob("*.nbi")}
    assert kept == {"rnn._forward_rows", "tile.pack"}


def test_clear_cache_deletes_what_is_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    disk.folder.cache_clear()
    try:
        folder = disk.folder() / "kernels_1"
        folder.mkdir()
        for name in ("lstm.f-1.py311.nbi", "lstm.f-1.py311.1.nbc", "notes.txt"):
            (folder / name).write_bytes(b"")
        assert scratchrnn.clear_cache() == 2
        assert [path.name for path in folder.iterdir()] == ["notes.txt"]
        assert scratchrnn.clear_cache() == 0
    finally:
        disk.folder.cache_clear()


def test_an_edited_kernel_has_another_folder_and_old_folders_go(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    sources = tmp_path / "kernels"
    sources.mkdir()
    (sources / "tile.py").write_text("width = 1\n")
    monkeypatch.setattr(disk, "_SOURCE", sources)
    folders = []
    try:
        for text in ("width = 1\n", "width = 2\n", "width = 1\n"):
            (sources / "tile.py").write_text(text)
            disk.folder.cache_clear()
            folders.append(disk.folder())
            if len(folders) == 1:
                os.utime(folders[0], (0, 0))  # of 1970
            if len(folders) == 2:
                assert not folders[0].exists()
        assert folders[0] == folders[2] != folders[1]
        assert folders[1].exists()
    finally:
        disk.folder.cache_clear()


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the compiler is off")
def test_where_nothing_is_writable_kernels_work_and_warn_once(monkeypatch):
    monkeypatch.setattr(disk, "folder", lambda: None)
    jit._can_keep.cache_clear()
    try:
        with pytest.warns(RuntimeWarning, match="no folder is writable") as warned:
            twice = jit.jit(lambda x: 2 * x)
            thrice = jit.jit(lambda x: 3 * x)
        assert [warning.filename for warning in warned] == [__file__]
        assert (twice(4), thrice(4)) == (8, 12)
        assert disk.describe() == "not kept: no folder is writable"
    finally:
        jit._can_keep.cache_clear()


def test_a_folder_that_cannot_be_made_is_not_used(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    disk.folder.cache_clear()
    try:
        assert disk.folder() is None
    finally:
        disk.folder.cache_clear()


def test_without_a_writable_source_folder_the_users_cache_is_used(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "__pycache__").write_text("in the way")
    shutil.copy(Path(disk.__file__), tmp_path)
    monkeypatch.setattr(disk, "_SOURCE", tmp_path)
    disk.folder.cache_clear()
    try:
        assert disk.folder().parent == tmp_path / "cache"
    finally:
        disk.folder.cache_clear()


@pytest.mark.parametrize("cache", ["", "elsewhere"])
def test_the_users_cache_lies_in_the_home_folder_unless_said_otherwise(
    tmp_path, monkeypatch, cache
):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", cache and str(tmp_path / cache))
    assert disk._bases()[1] == tmp_path / (cache or ".cache")


def test_a_folder_in_which_nothing_can_be_written_is_passed_over(tmp_path, monkeypatch):
    first, second = tmp_path / "first", tmp_path / "second"
    monkeypatch.setattr(disk, "_bases", lambda: [first, second])
    temporary_file = tempfile.TemporaryFile

    def on_a_full_disk(*, dir):
        if first in Path(dir).parents:
            raise OSError("no space left")
        return temporary_file(dir=dir)

    monkeypatch.setattr(disk.tempfile, "TemporaryFile", on_a_full_disk)
    disk.folder.cache_clear()
    try:
        assert disk.folder().parent == second
        assert disk.describe() == str(disk.folder())
    finally:
        disk.folder.cache_clear()


def test_only_kernels_of_earlier_days_are_forgotten(tmp_path):
    today = tmp_path / (disk._NAME + "today")
    old, young, foreign = (
        tmp_path / name for name in (disk._NAME + "1", disk._NAME + "2", "notes")
    )
    for folder in (today, old, young, foreign):
        folder.mkdir()
    for folder in (today, old, foreign):
        os.utime(folder, (0, 0))  # of 1970
    disk._forget_others(today)
    assert sorted(tmp_path.iterdir()) == sorted([foreign, today, young])


WITHOUT_JIT = """
import numpy as np
from scratchrnn import cells, kernels
for module in (cells, kernels):
    print(repr(sum(float(np.abs(g).sum()) for g in module.lstm_backward(
        *(lambda h, hT, cT, cache: (np.cos(h), cache))(*module.lstm_forward(
            np.arange(24.0).reshape(2, 4, 3) / 24, None, None,
            np.arange(24.0).reshape(3, 8) / 24 - 0.5, np.arange(16.0).reshape(2, 8) / 16 - 0.5)))
        if g is not None)))
"""


def test_kernels_run_as_plain_python_with_the_compiler_off():
    want, got = python(WITHOUT_JIT, NUMBA_DISABLE_JIT="1").split()
    assert float(got) == pytest.approx(float(want), rel=1e-12)


@pytest.mark.slow
def test_the_suite_of_the_kernels_passes_with_the_compiler_off():
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "tests/test_kernels.py",
         "tests/test_kernels_activations.py", "tests/test_kernels_prefetch.py"],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="the compiler is off")
def test_warmup_compiles_what_a_training_step_needs():
    with scratchrnn.use_backend("numba"):
        scratchrnn.warmup(["gru"], ["float64"])
    functions = gru._forward_rows, gru._backward_rows, tile.pack, tile.add_transposed
    before = [len(function.signatures) for function in functions]
    Problem("gru", (2, 3, 2, 4)).run()
    assert [len(function.signatures) for function in functions] == before
