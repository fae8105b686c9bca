"""Presets, augmentation, streaming, and starting from another model."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from scratchrnn.classify import PRESETS, ClipClassifier, EpochBar, digest
from scratchrnn.cli import main
from scratchrnn.cli.parser import build_parser
from scratchrnn.cli.train_job import _fill
from scratchrnn.models import load_model
from scratchrnn.video import VideoFolder
from tests.shared import shared

from .folders import TINY, write_class_folders

QUICK = ["--epochs", "2", "--backend", "numpy", "--no-report"]


def train(clips, output, *options):
    assert main(["train", str(clips), "-o", str(output), "--no-report", *options]) == 0
    return ClipClassifier.load(output)


def held_out_of(clips, classifier):
    seen = set(classifier.about["trained_on"])
    return {path for path in clips.rglob("*.gif") if digest(path) not in seen}


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_a_preset_says_what_the_network_is(made_clips, tmp_path, name):
    classifier = train(made_clips, tmp_path / "m.npz", "--model", name, *QUICK)
    preset = PRESETS[name]
    assert classifier.features.size == preset.size
    assert classifier.features.appearance == preset.appearance
    kind = {"lstm": "LSTM", "gru": "GRU"}[preset.cell]
    assert classifier.cell == ("bidirectional " if preset.bidirectional else "") + kind
    assert classifier.about["model"] == name and classifier.about["augment"] == preset.augment


def test_an_option_overrides_the_preset(made_clips, tmp_path):
    options = ["--model", "best", "--units", "5", "--size", "2x3", "--no-augment"]
    options += ["--members", "1", "--no-bidirectional"]
    classifier = train(made_clips, tmp_path / "m.npz", *options, *QUICK)
    assert classifier.features.size == (2, 3) and classifier.features.appearance == (1, 1)
    assert classifier.cell == "GRU" and classifier.network.layers[0].units == 5
    assert classifier.about["augment"] is False


def test_every_setting_of_a_preset_can_be_given(made_clips):
    args = build_parser().parse_args(["train", str(made_clips), "--model", "tiny"])
    _fill(args)
    preset = PRESETS["tiny"].get_config() | {"size": PRESETS["tiny"].size}
    for name in ("about", "epochs", "updates"):  # these wait for the number of clips
        preset.pop(name)
    assert {name: getattr(args, name) for name in preset} == preset


def test_members_are_folded_into_one_network(made_clips, tmp_path, capsys):
    options = ["--cell", "gru", "--units", "5", "--members", "3", *QUICK]
    classifier = train(made_clips, tmp_path / "m.npz", *options)
    assert classifier.network.layers[0].units == 15
    recurrent = classifier.network.layers[0].recurrent_kernel
    assert not recurrent[:5, 5:15].any() and recurrent[5:10, 5:10].all()
    assert not np.array_equal(recurrent[:5, :5], recurrent[5:10, 5:10])
    out = capsys.readouterr().out
    assert all(f"GRU, {k} of 3 epoch 2/2" in out for k in (1, 2, 3)) and "GRU × 3" in out
    accuracy = classifier.about["held_out_accuracy"]
    assert main(["evaluate", str(tmp_path / "m.npz"), str(made_clips)]) == 0
    assert f"accuracy {100 * accuracy:.1f} %" in capsys.readouterr().out


def test_ctrl_c_in_a_later_member_keeps_the_whole_ones(
    made_clips, tmp_path, capsys, monkeypatch, ctrl_c
):
    def press(self, epoch, logs=None):
        if self.name == "GRU, 2 of 3":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(EpochBar, "on_epoch_end", press)
    output = tmp_path / "m.npz"
    options = ["--cell", "gru", "--units", "5", "--members", "3", "--epochs", "4", "-o"]
    assert main(["train", str(made_clips), *options, str(output), "--no-report"]) == 130
    assert f"the network as it was is in {output}" in capsys.readouterr().out
    kept = ClipClassifier.load(output)
    assert kept.network.layers[0].units == 5 and kept.about["epochs"] == 4


def test_few_clips_are_shown_more_often(made_clips, tmp_path):
    options = ["--model", "tiny", "--units", "2", "--size", "2x3", "--backend", "numpy"]
    few = train(made_clips, tmp_path / "m.npz", *options, "--batch-size", "2")
    assert few.about["epochs"] == 50, "200 updates, 4 of them an epoch"
    assert PRESETS["tiny"].epochs_for(100) == PRESETS["tiny"].epochs


def test_only_the_standard_model_is_compared_with_a_simple_rnn(made_clips, tmp_path, capsys):
    for name, compared in (("tiny", False), ("standard", True)):
        train(made_clips, tmp_path / "m.npz", "--model", name, *QUICK)
        assert ("SimpleRNN" in capsys.readouterr().out) == compared


def test_augmented_training_holds_out_the_same_clips_and_is_reproducible(made_clips, tmp_path):
    plain = train(made_clips, tmp_path / "plain.npz", "--alone", *TINY)
    first, again = (
        train(made_clips, tmp_path / f"{k}.npz", "--augment", "--alone", *TINY) for k in range(2)
    )
    assert held_out_of(made_clips, first) == held_out_of(made_clips, plain)
    pairs = zip(first.network.weights, again.network.weights, strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    pairs = zip(first.network.weights, plain.network.weights, strict=True)
    assert not any(np.array_equal(a, b) for a, b in pairs)


def test_flip_mirrors_and_augment_alone_does_not(made_clips, tmp_path, monkeypatch):
    seen, split = [], VideoFolder.split

    def watched(self, *arguments):
        seen.append([type(one).__name__ for one in self.augment.augmentations])
        return split(self, *arguments)

    monkeypatch.setattr(VideoFolder, "split", watched)
    train(made_clips, tmp_path / "m.npz", "--augment", "--alone", *TINY)
    train(made_clips, tmp_path / "m.npz", "--flip", "--alone", *TINY)
    assert "RandomFlip" not in seen[0] and "RandomFlip" in seen[1]


def test_streaming_skips_clips_that_cannot_be_read_and_says_so(clips, tmp_path, capsys):
    for name in ("left", "right"):
        (clips / name / "0.gif").write_bytes(b"no clip")
        (clips / name / "1.gif").write_bytes(b"")
    options = ["--stream", "--alone", "--skip-unreadable", *TINY]
    classifier = train(clips, tmp_path / "m.npz", *options)
    said = capsys.readouterr().err
    assert all(said.count(f"{name}/{k}.gif") == 1 for name in ("left", "right") for k in range(2))
    about = classifier.about
    assert about["trained_on_clips"] + about["held_out_clips"] == 8
    assert len(about["trained_on"]) == about["trained_on_clips"]


def test_streaming_ends_with_one_line_at_a_clip_that_cannot_be_read(clips, tmp_path, capsys):
    for k in range(6):
        (clips / "left" / f"{k}.gif").write_bytes(b"no clip")
    output = tmp_path / "m.npz"
    assert main(["train", str(clips), "-o", str(output), "--stream", "--alone", *TINY]) == 2
    said = capsys.readouterr().err
    assert said.startswith("scratchrnn: error: ") and said.count("\n") == 1
    assert not output.exists()


def test_frozen_layers_keep_their_weights_to_the_bit(trained, made_clips, tmp_path):
    new = write_class_folders(tmp_path / "new", ("left", "right", "to"), clips=4, seed=5)
    output = tmp_path / "m.npz"
    options = ["--from", str(trained), "--freeze", "--epochs", "3", "--backend", "numpy"]
    classifier = train(new, output, *options)
    old, now = load_model(trained), classifier.network
    for before, after in zip(old.layers[:-1], now.layers[:-1], strict=True):
        pairs = zip(before.weights, after.weights, strict=True)
        assert all(np.array_equal(a, b) for a, b in pairs)
    assert classifier.classes == ("left", "right", "to") and now.output_shape == (None, 3)
    assert classifier.features == ClipClassifier.load(trained).features
    assert classifier.about["from"] == trained.name
    assert len(now.optimizer.variables) == 2 + 2 * 2, "the state of the last layer's two weights"


def test_without_freeze_all_layers_learn_from_where_they_were(trained, made_clips, tmp_path):
    options = ["--from", str(trained), "--epochs", "1", "--backend", "numpy"]
    options += ["--learning-rate", "1e-6"]
    now = train(made_clips, tmp_path / "m.npz", *options).network
    before = load_model(trained)
    for a, b in zip(before.layers[0].weights, now.layers[0].weights, strict=True):
        assert not np.array_equal(a, b) and np.allclose(a, b, atol=1e-4)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--freeze"], "--from"),
        (["--from", "MODEL", "--size", "4x4"], "--size"),
        (["--from", "MODEL", "--cell", "gru"], "--cell"),
        (["--from", "no-such.npz"], "no-such.npz"),
        (["--model", "huge"], "huge"),
    ],
)
def test_options_that_contradict_each_other_are_one_line(
    trained, made_clips, tmp_path, capsys, options, named
):
    options = [str(trained) if option == "MODEL" else option for option in options]
    assert main(["train", str(made_clips), "-o", str(tmp_path / "m.npz"), *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith("scratchrnn: error: ") and said.count("\n") == 1 and named in said
    assert not (tmp_path / "m.npz").exists()


def test_the_page_of_the_best_model_shows_both_directions(made_clips, tmp_path):
    output = tmp_path / "m.npz"
    options = ["--model", "best", "--epochs", "1", "--units", "4", "--size", "3x4"]
    assert main(["train", str(made_clips), "-o", str(output), *options]) == 0
    page = output.with_suffix(".html").read_text(encoding="utf-8")
    assert "bidirectional GRU" in page
    assert "What the network was shown" in page and "means over the 4 networks" in page
    assert "gates and states of the GRU, forward" in page
    assert "gates and states of the GRU, backward" in page
    assert main(["evaluate", str(output), str(made_clips)]) == 0


@pytest.mark.slow
def test_the_best_model_reads_words_from_lips(tmp_path):
    """At most 2 of 152 clips of a speaker's four words wrong, held out of 600."""
    output = tmp_path / "m.npz"
    options = ["--model", "best", "--seed", "3", "--backend", "numba"]
    classifier = train(shared("clips", "words"), output, *options)
    assert classifier.about["held_out_clips"] == 152
    assert classifier.about["held_out_accuracy"] >= 0.985
