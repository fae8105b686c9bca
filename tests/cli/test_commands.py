"""The commands do what their help says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from scratchrnn.classify import ClipClassifier, EpochBar
from scratchrnn.cli import main
from scratchrnn.cli.parser import COMMANDS
from scratchrnn.models import load_model

from .folders import TINY, write_class_folders


def test_train_leaves_a_model_and_a_page(trained):
    beside = sorted(p.name for p in trained.parent.iterdir() if p.is_file())
    assert beside == ["model.html", "model.npz"]
    page = trained.with_suffix(".html").read_text(encoding="utf-8")
    for heading in ("Results", "Learning curves", "What is taken for what", "Inside", "How far"):
        assert heading in page
    assert page.count("data:image/png;base64,") >= 7


def test_train_says_what_it_does(clips, tmp_path, capsys):
    assert main(["train", str(clips), "-o", str(tmp_path / "m.npz"), "--no-report", *TINY]) == 0
    out = capsys.readouterr().out
    assert "12 clips of 4 to 6 frames in 2 classes (left, right)" in out
    assert "training on 8 clips, 4 held out (seed 3)" in out
    assert "LSTM epoch 6/6 - loss:" in out and "held-out accuracy" in out
    assert "\r" not in out, "no bar where there is no terminal"
    assert not (tmp_path / "m.html").exists()


def test_the_model_remembers_what_it_needs(trained):
    classifier = ClipClassifier.load(trained)
    assert classifier.classes == ("left", "right") and classifier.features.size == (2, 3)
    assert classifier.cell == "LSTM"
    assert classifier.about["trained_on_clips"] == 8 and classifier.about["seed"] == 3


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_the_same_seed_gives_the_same_weights(clips, tmp_path, cell):
    for name in "ab":
        output = str(tmp_path / f"{name}.npz")
        assert main(["train", str(clips), "--cell", cell, "-o", output, "--no-report", *TINY]) == 0
    one, other = (load_model(tmp_path / f"{name}.npz").weights for name in "ab")
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_cell_all_trains_three_and_compares_them(clips, tmp_path, capsys):
    output = str(tmp_path / "m.npz")
    assert main(["train", str(clips), "--cell", "all", "-o", output, "--no-report", *TINY]) == 0
    names = sorted(p.name for p in tmp_path.iterdir() if p.is_file())
    assert names == ["m-gru.npz", "m-lstm.npz", "m-rnn.npz"]
    table = capsys.readouterr().out.split("network ")[1]
    assert all(name in table for name in ("SimpleRNN", "LSTM", "GRU"))


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_simple_rnn_is_shown_beside_a_gated_cell_but_not_kept(clips, tmp_path, capsys, cell):
    output = tmp_path / "m.npz"
    arguments = ["train", str(clips), "--cell", cell, "-o", str(output), "--no-report", *TINY]
    assert main(arguments) == 0
    both = capsys.readouterr().out.split("network ")[1]
    assert cell.upper() in both and "SimpleRNN" in both
    assert ClipClassifier.load(output).cell == cell.upper()
    kept = [array.copy() for array in load_model(output).weights]
    assert main([*arguments, "--alone"]) == 0
    assert "SimpleRNN" not in capsys.readouterr().out
    again = load_model(output).weights
    assert all(np.array_equal(a, b) for a, b in zip(kept, again, strict=True))


def test_ctrl_c_in_the_comparison_keeps_the_whole_network(
    clips, tmp_path, capsys, monkeypatch, ctrl_c
):
    def press(self, epoch, logs=None):
        if self.name == "SimpleRNN":
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(EpochBar, "on_epoch_end", press)
    output = tmp_path / "m.npz"
    assert main(["train", str(clips), "-o", str(output), *TINY]) == 130
    assert f"the whole LSTM is in {output}" in capsys.readouterr().out
    assert ClipClassifier.load(output).about["epochs"] == 6


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    """A model that has had time to learn, and clips that it has not seen."""
    home = tmp_path_factory.mktemp("learned")
    clips = write_class_folders(home / "clips", clips=12, seed=1)
    longer = [*TINY, "--epochs", "60", "--learning-rate", "0.02", "--dropout", "0", "--no-report"]
    assert main(["train", str(clips), "-o", str(home / "m.npz"), *longer]) == 0
    return home / "m.npz", write_class_folders(home / "new", clips=5, seed=2)


def test_what_was_learned_is_right_on_new_clips(learned, capsys):
    output, new = map(str, learned)
    assert main(["evaluate", output, new]) == 0
    assert "accuracy 100.0 % (10 of 10 clips" in capsys.readouterr().out
    assert main(["predict", output, f"{new}/left/0.gif"]) == 0
    assert capsys.readouterr().out.split("\t")[1] == "left"


def test_evaluate_leaves_out_the_clips_trained_on(model, clips, capsys):
    assert main(["evaluate", str(model), str(clips)]) == 0
    out = capsys.readouterr().out
    assert "8 clips left out: the model was trained on them" in out and "of 4 clips" in out
    assert main(["evaluate", str(model), str(clips), "--with-training-clips"]) == 0
    assert "of 12 clips" in capsys.readouterr().out


def test_evaluate_agrees_with_what_train_said(model, clips, capsys):
    accuracy = ClipClassifier.load(model).about["held_out_accuracy"]
    main(["evaluate", str(model), str(clips)])
    assert f"accuracy {100 * accuracy:.1f} %" in capsys.readouterr().out


def test_evaluate_numbers_classes_as_the_model_does(learned, tmp_path, capsys):
    """A model whose first class is not the first of the alphabet."""
    network = load_model(learned[0])
    network.metadata["classes"] = ["right", "left"]
    network.save(tmp_path / "swapped.npz")
    assert main(["evaluate", str(tmp_path / "swapped.npz"), str(learned[1])]) == 0
    assert "accuracy 0.0 % (0 of 10 clips" in capsys.readouterr().out


def test_evaluate_writes_a_page_when_asked(model, clips, tmp_path):
    page = tmp_path / "page.html"
    assert main(["evaluate", str(model), str(clips), "--report", str(page)]) == 0
    assert "What is taken for what" in page.read_text(encoding="utf-8")


def test_predict_prints_file_class_and_probability(model, clips, capsys):
    files = sorted(map(str, clips.glob("*/*.gif")))[:3]
    assert main(["predict", str(model), *files]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    expected = ClipClassifier.load(model).predict(files)
    assert [line[0] for line in lines] == files
    assert [line[1] for line in lines] == [("left", "right")[k] for k in expected.argmax(axis=1)]
    assert np.allclose([float(line[2]) for line in lines], expected.max(axis=1), atol=1e-4)


def test_a_prediction_does_not_depend_on_the_files_beside_it(model, clips):
    files = sorted(map(str, clips.glob("*/*.gif")))
    classifier = ClipClassifier.load(model)
    alone = np.concatenate([classifier.predict([path]) for path in files])
    assert np.allclose(classifier.predict(files), alone, atol=1e-6)


def test_predict_can_give_every_class_and_json(model, clips, capsys):
    file = str(next(clips.glob("left/*.gif")))
    assert main(["predict", str(model), file, "--all"]) == 0
    name, *shares = capsys.readouterr().out.rstrip("\n").split("\t")
    assert name == file and {s.split()[0] for s in shares} == {"left", "right"}
    assert main(["predict", str(model), file, "--json"]) == 0
    given = json.loads(capsys.readouterr().out)
    assert given["file"] == file and given["class"] in given["probabilities"]
    assert abs(sum(given["probabilities"].values()) - 1) < 1e-5


def test_names_of_classes_may_be_in_any_script_and_hold_any_sign(tmp_path, capsys):
    names = ("挥手", "_nod $x$ <b>")
    clips = write_class_folders(tmp_path / "clips", names, clips=3)
    output = tmp_path / "m.npz"
    assert main(["train", str(clips), "-o", str(output), *TINY]) == 0
    page = output.with_suffix(".html").read_text(encoding="utf-8")
    assert "挥手" in page and "_nod $x$ &lt;b&gt;" in page and "<b>" not in page
    capsys.readouterr()
    assert main(["predict", str(output), str(clips / names[0] / "0.gif")]) == 0
    assert capsys.readouterr().out.split("\t")[1] in names


def test_info_says_what_is_installed(capsys):
    assert main(["info"]) == 0
    out = capsys.readouterr().out
    assert all(word in out for word in ("scratchrnn", "numpy", "backend", "threads", "imageio"))


def test_info_describes_a_model(model, capsys):
    assert main(["info", str(model)]) == 0
    out = capsys.readouterr().out
    assert "left, right" in out and "lstm" in out and "Total params" in out
    assert "size 2 x 3, gray, remove mean" in out and "trained on clips   8\n" in out
    assert ClipClassifier.load(model).about["trained_on"][0] not in out


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 0
    assert "scratchrnn train --help" in capsys.readouterr().out


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_examples(command, capsys):
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    out = capsys.readouterr().out
    assert f"examples:\n  scratchrnn {command}" in out


def test_backend_and_threads_rule_one_command_only(model, clips):
    import scratchrnn

    before = scratchrnn.get_backend(), scratchrnn.get_num_threads()
    file = str(next(clips.glob("left/*.gif")))
    assert main(["predict", str(model), file, "--backend", "numpy", "--threads", "1"]) == 0
    assert (scratchrnn.get_backend(), scratchrnn.get_num_threads()) == before


def test_ctrl_c_saves_the_network_as_it_is(clips, tmp_path, capsys, monkeypatch, ctrl_c):
    def press(self, epoch, logs=None):
        if epoch == 1:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(EpochBar, "on_epoch_end", press)
    output = tmp_path / "m.npz"
    before = signal.getsignal(signal.SIGINT)  # ignored where the tests run in the background
    assert main(["train", str(clips), "-o", str(output), *TINY, "--epochs", "500"]) == 130
    assert str(output) in capsys.readouterr().out
    classifier = ClipClassifier.load(output)
    assert classifier.about["epochs"] == 2
    assert np.isfinite(classifier.predict([next(clips.glob("left/*.gif"))])).all()
    assert sorted(p.name for p in tmp_path.iterdir() if p.is_file()) == ["m.npz"]
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_that_is_ignored_stays_ignored(clips, tmp_path, monkeypatch, ctrl_c):
    monkeypatch.setattr(
        EpochBar, "on_epoch_end", lambda *_: os.kill(os.getpid(), signal.SIGINT)
    )
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    output = str(tmp_path / "m.npz")
    assert main(["train", str(clips), "-o", output, "--no-report", "--alone", *TINY]) == 0
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


def test_ctrl_c_before_there_is_anything_to_save(clips, tmp_path, capsys, monkeypatch):
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("scratchrnn.video.load_clips", interrupted)
    assert main(["train", str(clips), "-o", str(tmp_path / "m.npz"), *TINY]) == 130
    assert capsys.readouterr().err == "scratchrnn: stopped\n"
    assert not (tmp_path / "m.npz").exists()


def test_python_m_scratchrnn_is_the_command_line_and_survives_a_closed_pipe():
    command = [sys.executable, "-m", "scratchrnn", "info"]
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as nobody_reads:
        done = subprocess.run(command, stdout=nobody_reads, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_closed_output_is_no_reason_to_fail(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["info"]) == 0
