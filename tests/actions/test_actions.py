"""Actions frame by frame: reading, the body, the networks, the demo; at full size the accuracy."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from scratchrnn.actions import (
    CHANNELS,
    JOINTS,
    body_frames,
    body_joints,
    nearest_mean,
    read_capture,
    run_actions,
    train_actions,
)
from scratchrnn.actions.training import BY_FRAME, NEAREST, RECURRENT
from scratchrnn.cli import main
from scratchrnn.models import load_model
from scratchrnn.video import read_frames
from tests.shared import shared


def made_up(path, steps=130, seed=0):
    """Three sequences of two actions that differ in the speed of the arms, and nothing else."""
    rng = np.random.default_rng(seed)
    data = {"channels": np.array(CHANNELS), "actions": np.array(["slow", "fast"])}
    for k in range(3):
        action = (np.arange(steps) // 65 + k) % 2
        angles = rng.normal(0, 0.5, (steps, 12))
        angles[:, 4:8] += 30 * np.sin(np.cumsum(np.where(action, 0.9, 0.3)))[:, None]
        data |= {f"s{k}/angles": angles, f"s{k}/action": action}
    np.savez(path, **data)
    return data


@pytest.fixture
def capture_file(tmp_path):
    made_up(tmp_path / "capture.npz")
    return tmp_path / "capture.npz"


def joint(joints, name):
    return joints[:, JOINTS.index(name)]


def turned(channel, degrees):
    angles = np.zeros((1, 12))
    angles[0, CHANNELS.index(channel)] = degrees
    return body_joints(angles)


def test_bones_keep_their_length_whatever_the_angles():
    joints = body_joints(np.random.default_rng(0).normal(0, 40, (50, 12)))
    chain = ["hip", "knee", "ankle", "toe"]
    bones = [(f"{s} {a}", f"{s} {b}") for s in ("left", "right") for a, b in pairwise(chain)]
    bones += [(f"{s} shoulder", f"{s} elbow") for s in ("left", "right")]
    bones += [("left elbow", "left hand"), ("pelvis", "neck"), ("neck", "head")]
    for a, b in bones:
        length = np.linalg.norm(joint(joints, a) - joint(joints, b), axis=-1)
        np.testing.assert_allclose(length, length[0], rtol=1e-9)
    parts = ("left toe", "left ankle", "right toe", "right ankle")
    feet = [joint(joints, part)[:, 1] for part in parts]
    np.testing.assert_allclose(np.min(feet, axis=0), 0, atol=1e-12)


def test_angles_move_what_they_name_and_the_way_they_should():
    rest = body_joints(np.zeros((1, 12)))
    up = turned("rhumerus.rz", 60)
    assert joint(up, "right hand")[0, 1] > joint(rest, "right hand")[0, 1] + 0.1
    np.testing.assert_allclose(joint(up, "left hand"), joint(rest, "left hand"))
    mirrored = joint(turned("lhumerus.rz", -60), "left hand") * [-1, 1, 1]
    np.testing.assert_allclose(mirrored, joint(up, "right hand"), atol=1e-12)
    bent = turned("lowerback.rx", 50)
    assert joint(bent, "head")[0, 2] > joint(rest, "head")[0, 2] + 0.2  # forwards and down
    assert joint(bent, "head")[0, 1] < joint(rest, "head")[0, 1]
    curled = turned("rradius.rx", 70)
    assert joint(curled, "right hand")[0, 2] > joint(rest, "right hand")[0, 2]
    lifted = turned("ltibia.rx", 80)
    assert joint(lifted, "left ankle")[0, 1] > joint(lifted, "right ankle")[0, 1] + 0.05
    assert joint(lifted, "left knee")[0, 2] > joint(rest, "left knee")[0, 2]


def test_squatting_lowers_the_body():
    deep = np.zeros((1, 12))
    deep[0, [CHANNELS.index("rtibia.rx"), CHANNELS.index("ltibia.rx")]] = 80
    low, high = body_joints(deep), body_joints(np.zeros((1, 12)))
    assert joint(low, "head")[0, 1] < joint(high, "head")[0, 1] - 0.1


def test_the_figure_stands_in_the_picture():
    angles = np.random.default_rng(1).normal(0, 25, (20, 12))
    frames = body_frames(angles, (80, 70))
    assert frames.shape == (20, 80, 70) and frames.dtype == np.uint8
    lit = frames > 60
    assert lit.any(axis=(1, 2)).all()
    assert not lit[:, 0].any() and not lit[:, :, 0].any() and not lit[:, :, -1].any()


@pytest.mark.parametrize("angles", [np.zeros((3, 11)), np.zeros(12), np.full((1, 12), np.nan)])
def test_other_angles_are_refused(angles):
    with pytest.raises(ValueError, match=r"body_joints: angles: expected finite \(T, 12\)"):
        body_joints(angles)


def test_sequences_are_read_as_they_were_written(capture_file, tmp_path):
    data = made_up(tmp_path / "again.npz")
    capture = read_capture(capture_file)
    assert capture.actions == ("slow", "fast") and list(capture.sequences) == ["s0", "s1", "s2"]
    np.testing.assert_allclose(capture.sequences["s1"][0], data["s1/angles"], rtol=1e-6)
    assert np.array_equal(capture.sequences["s1"][1], data["s1/action"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": None}, "expected an array 'actions'"),
        ({"channels": np.array(["x"])}, "channels: expected root.ty"),
        ({"s0/action": np.zeros(5, int)}, "s0: expected finite angles"),
        ({"s0/action": None}, "s0: expected finite angles"),
        ({"s0/angles": np.full((130, 12), np.nan)}, "s0: expected finite angles"),
        ({"s0/action": np.full(130, 2)}, "s0: expected actions 0 to 1"),
        ({"s0/angles": None, "s1/angles": None}, "expected two sequences"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, change, message):
    data = {**made_up(tmp_path / "good.npz"), **change}
    np.savez(tmp_path / "bad.npz", **{k: v for k, v in data.items() if v is not None})
    with pytest.raises(ValueError, match=rf"bad\.npz: .*{message}|bad\.npz: {message}"):
        read_capture(tmp_path / "bad.npz")


def test_what_is_no_npz_is_refused(tmp_path):
    (tmp_path / "text.npz").write_text("angles")
    with pytest.raises(ValueError, match=r"text\.npz: is no whole \.npz"):
        read_capture(tmp_path / "text.npz")


def test_speed_is_seen_by_the_network_with_a_memory_alone(tmp_path):
    capture_file = tmp_path / "longer.npz"
    made_up(capture_file, steps=390)
    learned = train_actions(read_capture(capture_file), "s2", epochs=40, units=16)
    assert list(learned.said) == [RECURRENT, BY_FRAME, NEAREST]
    assert learned.accuracy[RECURRENT] > 0.85
    assert learned.accuracy[BY_FRAME] < 0.75 and learned.accuracy[NEAREST] < 0.75
    assert learned.probabilities.shape == (390, 2)
    sequences = read_capture(capture_file).sequences
    rest = np.concatenate([sequences["s0"][0], sequences["s1"][0]])
    np.testing.assert_array_equal(learned.scale[0], rest.mean(axis=0))  # s2 was not looked at
    with pytest.raises(ValueError, match=r"held_out: expected one of \['s0', 's1', 's2'\]"):
        train_actions(read_capture(capture_file), "s3")


def test_sequences_shorter_than_a_window_are_nothing_to_learn_from(tmp_path):
    made_up(tmp_path / "short.npz", steps=30)
    with pytest.raises(ValueError, match="expected a sequence of 60 frames or more"):
        train_actions(read_capture(tmp_path / "short.npz"), "s0")


def test_the_nearest_mean_names_the_class_not_its_place():
    x, y = np.array([[0.0], [1.0], [10.0]]), np.array([2, 2, 7])
    assert nearest_mean(x, y, np.array([[0.4], [6.0]])).tolist() == [2, 7]


def test_the_demo_leaves_page_animation_and_model(capture_file, tmp_path, capsys, monkeypatch):
    def with_another_sequence(folder, **options):
        return run_actions(folder, held_out="s1", **options)

    monkeypatch.setattr("scratchrnn.actions.run_actions", with_another_sequence)
    arguments = ["--data", str(capture_file), "--epochs", "1", "--units", "4"]
    folder = tmp_path / "out"
    assert main(["demo", "--task", "actions", "--output", str(folder), *arguments]) == 0
    assert "% of the frames of s1" in capsys.readouterr().out
    assert sorted(p.name for p in folder.iterdir()) == ["actions.gif", "model.npz", "report.html"]
    assert len(list(read_frames(folder / "actions.gif"))) == 130
    assert load_model(folder / "model.npz").metadata["actions"] == ["slow", "fast"]
    assert (folder / "report.html").read_text(encoding="utf-8").count("<img") == 4


@pytest.mark.parametrize(
    "arguments", [["--task", "actions"], ["--data", "x.npz"], ["--task", "walkers", "--data", "x"]]
)
def test_data_goes_with_the_tasks_that_need_it(arguments, capsys):
    assert main(["demo", *arguments]) == 2
    assert "--data: the tasks speakers and actions need it" in capsys.readouterr().err


@pytest.mark.slow
def test_the_captured_exercises_are_named_frame_by_frame():
    learned = train_actions(read_capture(shared("sequences", "mocap6.npz")), "14_14")
    assert learned.accuracy[RECURRENT] >= 0.88
    assert learned.accuracy[RECURRENT] > learned.accuracy[BY_FRAME] + 0.05
    assert learned.accuracy[BY_FRAME] > learned.accuracy[NEAREST]
