"""Bad input ends in one line that says what and where, exit code 2, and nothing half-written."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from scratchrnn.classify import ClipClassifier
from scratchrnn.cli import main
from scratchrnn.models import load_model
from scratchrnn.video import write_gif

from .folders import TINY, write_class_folders

EMPTY_GIF = b"GIF89a\x08\x00\x08\x00\x00\x00\x00;"


def complaint(capsys, *arguments):
    """Run a command that must fail; return its one line."""
    capsys.readouterr()
    assert main([str(a) for a in arguments]) == 2
    text = capsys.readouterr().err
    assert text.startswith("scratchrnn: error: ") and text.count("\n") == 1, text
    return text.removeprefix("scratchrnn: error: ").rstrip("\n")


def files_of(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def missing(clips):
    shutil.rmtree(clips)


def empty(clips):
    shutil.rmtree(clips)
    clips.mkdir()


def a_file(clips):
    shutil.rmtree(clips)
    clips.write_text("not a folder")


def one_class(clips):
    shutil.rmtree(clips / "left")


def empty_class(clips):
    for path in (clips / "left").iterdir():
        path.unlink()


def no_classes(clips):
    for path in list(clips.glob("*/*.gif")):
        path.rename(clips / f"{path.parent.name}{path.name}")
    for name in ("left", "right"):
        (clips / name).rmdir()


def unreadable(clips):
    (clips / "left" / "2.gif").write_text("no video at all")


def cut_off(clips):
    path = clips / "left" / "2.gif"
    path.write_bytes(path.read_bytes()[:40])


def zero_bytes(clips):
    (clips / "left" / "2.gif").write_bytes(b"")


def zero_frames(clips):
    (clips / "left" / "2.gif").write_bytes(EMPTY_GIF)


def one_clip(clips):
    for path in sorted((clips / "left").iterdir())[1:]:
        path.unlink()


FOLDERS = [
    (missing, "no such folder"),
    (empty, "an empty folder"),
    (a_file, "not a folder"),
    (one_class, "expected at least two class folders, got one: right"),
    (empty_class, "class folder without clips"),
    (no_classes, "expected one folder of clips for each class"),
    (unreadable, "2.gif"),
    (cut_off, "2.gif"),
    (zero_bytes, "2.gif"),
    (zero_frames, "2.gif"),
    (one_clip, "class left: expected at least 2 clips"),
]


@pytest.mark.parametrize(("spoil", "words"), FOLDERS, ids=[f.__name__ for f, _ in FOLDERS])
def test_train_names_what_is_wrong_with_the_folder(clips, tmp_path, capsys, spoil, words):
    spoil(clips)
    before = files_of(tmp_path)
    line = complaint(capsys, "train", clips, "-o", tmp_path / "m.npz", *TINY)
    assert words in line and (str(clips) in line or "class left" in line)
    assert files_of(tmp_path) == before


@pytest.mark.parametrize("spoil", [unreadable, cut_off, zero_bytes, zero_frames])
def test_skip_unreadable_goes_on_and_says_how_many(clips, tmp_path, capsys, spoil):
    spoil(clips)
    output = tmp_path / "m.npz"
    arguments = ["train", str(clips), "-o", str(output), "--no-report", *TINY]
    assert main([*arguments, "--skip-unreadable"]) == 0
    said = capsys.readouterr()
    assert "11 clips" in said.out and "1 skipped as unreadable" in said.out
    assert "2.gif" in said.err
    assert ClipClassifier.load(output).classes == ("left", "right")


def test_skipping_a_whole_class_is_an_error(clips, tmp_path, capsys):
    for path in (clips / "left").iterdir():
        path.write_bytes(b"")
    line = complaint(capsys, "train", clips, "-o", tmp_path / "m.npz", "--skip-unreadable", *TINY)
    assert "left" in line and "no clip of this class can be read" in line
    assert not (tmp_path / "m.npz").exists()


def test_frames_of_different_sizes_are_brought_to_one(clips, tmp_path):
    """Clips need not have one size: each is averaged down to the same cells."""
    wide = np.random.default_rng(0).integers(0, 255, (5, 20, 46)).astype(np.uint8)
    write_gif(clips / "left" / "wide.gif", wide)
    assert main(["train", str(clips), "-o", str(tmp_path / "m.npz"), "--no-report", *TINY]) == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "m.npz"),
        (b"not a model", "m.npz"),
        (b"PK\x03\x04 half a zip", "m.npz"),
    ],
)
@pytest.mark.parametrize("command", ["evaluate", "predict", "info"])
def test_a_file_that_is_no_model_is_named(clips, tmp_path, capsys, command, content, words):
    path = tmp_path / "m.npz"
    if content is not None:
        path.write_bytes(content)
    further = {
        "evaluate": [clips],
        "predict": [next(clips.glob("left/*.gif"))],
        "info": [],
    }[command]
    line = complaint(capsys, command, path, *further)
    assert words.lower() in line.lower() and "m.npz" in line


def test_arrays_that_are_no_model_are_named(clips, tmp_path, capsys):
    path = tmp_path / "arrays.npz"
    np.savez(path, a=np.ones(3))
    assert "arrays.npz" in complaint(capsys, "evaluate", path, clips)


def test_a_model_of_something_else_is_told_apart(model, clips, capsys):
    network = load_model(model)
    network.metadata = {}
    network.save(model)
    line = complaint(capsys, "evaluate", model, clips)
    assert "not one of clips" in line and "model.npz" in line


def test_features_that_do_not_fit_the_model_are_refused(model, clips, capsys):
    network = load_model(model)
    network.metadata["features"]["size"] = [4, 4]
    network.save(model)
    line = complaint(capsys, "predict", model, next(clips.glob("left/*.gif")))
    assert "features of 32 numbers a frame do not fit the network, which takes 12" in line
    assert "model.npz" in line


def test_names_that_do_not_fit_the_model_are_refused(model, clips, capsys):
    network = load_model(model)
    network.metadata["classes"] = ["left"]
    network.save(model)
    line = complaint(capsys, "evaluate", model, clips)
    assert "1 names of classes do not fit the network, which has 2" in line


def test_evaluate_names_a_class_that_the_model_does_not_know(model, tmp_path, capsys):
    folder = write_class_folders(tmp_path / "other", ("left", "upwards"), clips=1)
    line = complaint(capsys, "evaluate", model, folder)
    assert "upwards" in line and "left, right" in line


def test_evaluate_refuses_to_count_only_clips_trained_on(model, clips, capsys):
    from scratchrnn.classify import digest

    known = set(ClipClassifier.load(model).about["trained_on"])
    for path in clips.glob("*/*.gif"):
        if digest(path) not in known:
            path.unlink()
    assert "trained on every clip" in complaint(capsys, "evaluate", model, clips)


def test_predict_prints_nothing_when_a_file_cannot_be_read(model, clips, capsys):
    good, bad = clips / "left" / "0.gif", clips / "left" / "2.gif"
    bad.write_bytes(b"")
    assert "2.gif" in complaint(capsys, "predict", model, good, bad)
    assert main(["predict", str(model), str(good), str(bad), "--skip-unreadable"]) == 0
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1 and "1 of 2 files skipped" in said.err
    assert "none of the 1 files" in last_line(capsys, "predict", model, bad)


def last_line(capsys, *arguments):
    assert main([*map(str, arguments), "--skip-unreadable"]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_predict_does_not_take_folders(model, clips, capsys):
    assert "is a folder" in complaint(capsys, "predict", model, clips)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "invalid choice: 'fly'"),
        (["train"], "DIR"),
        (["train", "x", "--cell", "transformer"], "--cell"),
        (["train", "x", "--size", "6by8"], "expected HEIGHTxWIDTH such as 6x8, got '6by8'"),
        (["train", "x", "--epochs", "0"], "a whole number of at least 1, got '0'"),
        (["train", "x", "--learning-rate", "nan"], "--learning-rate"),
        (["train", "x", "--test-fraction", "1.5"], "a number from 0.01 to 0.9, got '1.5'"),
        (["train", "x", "-o", "model.h5"], "model.h5: expected a name that ends in .npz"),
        (["train", "x", "-o", "/dev/null/m.npz"], "cannot be written"),
        (["train", "x", "--backend", "cuda"], "--backend"),
        (["predict", "m.npz"], "FILE"),
    ],
)
def test_arguments_that_make_no_sense_are_explained_in_one_line(capsys, arguments, words):
    line = complaint(capsys, *arguments)
    assert words in line


def test_an_output_that_is_a_folder_is_refused_before_training(clips, tmp_path, capsys):
    (tmp_path / "m.npz").mkdir()
    assert "is a folder" in complaint(capsys, "train", clips, "-o", tmp_path / "m.npz", *TINY)


def test_a_full_disk_leaves_the_old_model(model, clips, capsys, monkeypatch):
    before = files_of(model.parent)
    full = OSError(28, "No space left on device", str(model))

    def fail(descriptor):
        raise full

    monkeypatch.setattr("scratchrnn.files.os.fsync", fail)
    line = complaint(capsys, "train", clips, "-o", model, "--no-report", *TINY)
    assert line == f"{model}: No space left on device"
    assert files_of(model.parent) == before


def test_a_loss_that_turns_infinite_is_one_line(clips, tmp_path, capsys):
    arguments = ["--cell", "rnn", "--learning-rate", "10", "--epochs", "1"]

    def spoiled(*args, **kwargs):
        raise FloatingPointError("fit: epoch 1, batch 1 of 1: loss is nan")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("scratchrnn.models.Sequential.fit", spoiled)
        line = complaint(capsys, "train", clips, "-o", tmp_path / "m.npz", *TINY, *arguments)
    assert "loss is nan" in line and not (tmp_path / "m.npz").exists()
