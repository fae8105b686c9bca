"""A folder of clips, and a model that the command line trained on it."""

from __future__ import annotations

import shutil

import pytest

from scratchrnn.cli import main

from .folders import TINY, write_class_folders


@pytest.fixture(scope="session")
def made_clips(tmp_path_factory):
    return write_class_folders(tmp_path_factory.mktemp("made") / "clips")


@pytest.fixture(scope="session")
def trained(made_clips):
    """A model that the command line made, its page beside it."""
    output = made_clips.parent / "model.npz"
    assert main(["train", str(made_clips), "--output", str(output), *TINY]) == 0
    return output


@pytest.fixture
def clips(made_clips, tmp_path):
    """Clips that a test may spoil."""
    return shutil.copytree(made_clips, tmp_path / "clips")


@pytest.fixture
def model(trained, tmp_path):
    return shutil.copy(trained, tmp_path / "model.npz")
