"""Files that are replaced as a whole, and what a killed process leaves behind."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scratchrnn.files import replacing

KILLED_WHILE_WRITING = """
import os, signal, sys
from scratchrnn.files import replacing
with replacing(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_while_writing(path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED_WHILE_WRITING, str(path)], check=False)
    assert done.returncode == -9


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL, no flock")
def test_what_a_killed_process_left_is_removed_by_the_next_write(tmp_path):
    path, other = tmp_path / "a[1].npz", tmp_path / "b.npz"
    path.write_bytes(b"old")
    kill_while_writing(path)
    kill_while_writing(other)
    assert path.read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 3
    with replacing(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new"
    assert [p.name for p in tmp_path.glob("*.part") if "a[1]" in p.name] == []
    assert len(list(tmp_path.glob(".b.npz.*.part"))) == 1  # of another file: not ours to remove


@pytest.mark.skipif(sys.platform == "win32", reason="no flock")
def test_a_file_that_is_being_written_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    with replacing(path) as first:
        first.write(b"first")
        monkeypatch.setattr("os.getpid", lambda: 1)
        with replacing(path) as second:
            second.write(b"second")
        assert path.read_bytes() == b"second"
        monkeypatch.undo()
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.npz"
    path.write_bytes(b"old")
    with pytest.raises(KeyError), replacing(path) as file:
        file.write(b"new")
        raise KeyError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_where_files_cannot_be_locked_they_are_written_and_nothing_is_cleared(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("scratchrnn.files.fcntl", None)  # as on Windows
    leftover = tmp_path / ".a.npz.1.part"
    leftover.write_bytes(b"half")
    with replacing(tmp_path / "a.npz") as file:
        file.write(b"whole")
    assert (tmp_path / "a.npz").read_bytes() == b"whole" and leftover.exists()
