"""Walkers, their embeddings and the demo, in small; at full size what order is worth."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.cli import main
from scratchrnn.recognition import (
    Embedder,
    Limb,
    Walks,
    balanced_batches,
    clip_features,
    draw_gait,
    draw_sticks,
    pose,
    render_walks,
    run_walkers,
    score_embeddings,
    still_features,
    train_embedder,
    train_frame_embedder,
    train_recognition,
)
from scratchrnn.recognition.training import FRAME, MEAN, NAMES, PIXELS
from scratchrnn.video import read_frames


@pytest.fixture(scope="module")
def walks():
    return render_walks(6, 8, seed=1, steps=24)


def test_a_limb_covers_the_pixels_within_half_its_width():
    joints = np.array([[[0.25, 0.5], [0.75, 0.5]], [[0.5, 0.25], [0.5, 0.75]]])
    picture = draw_sticks(joints, [Limb(0, 1, 0.2, 1.0)], (40, 40))
    assert picture.shape == (2, 40, 40)
    assert picture[0].sum() / 1600 == pytest.approx(0.5 * 0.2 + np.pi * 0.1**2, rel=0.03)
    np.testing.assert_allclose(picture[1], picture[0].T, atol=1e-5)
    assert picture[0, 20, 20] == 1 and picture[0, 5, 20] == 0


def test_later_limbs_cover_earlier_ones_and_a_joint_alone_is_a_disc():
    joints = np.full((1, 1, 2), 0.5)
    limbs = [Limb(0, 0, 0.5, 1.0), Limb(0, 0, 0.2, 0.3)]
    picture = draw_sticks(joints, limbs, (60, 60), ground=0.1)[0]
    assert picture[30, 30] == pytest.approx(0.3) and picture[30, 42] == pytest.approx(1.0)
    assert picture[2, 2] == pytest.approx(0.1)
    with pytest.raises(ValueError, match=r"joints: expected \(T, J, 2\), got \(1, 2\)"):
        draw_sticks(joints[0], limbs, (60, 60))


def lengths(joints, *chain):
    return [np.linalg.norm(joints[:, a] - joints[:, b], axis=-1) for a, b in chain]


def test_limbs_keep_their_length_and_the_step_repeats():
    gait = draw_gait(np.random.default_rng(3))
    phase = np.linspace(0, 2 * np.pi, 17)
    joints = pose(gait, phase)
    chain = ((2, 8), (8, 9), (2, 1), (1, 11), (11, 12))
    for length, limb in zip(lengths(joints, *chain), gait.limbs, strict=True):
        np.testing.assert_allclose(length, limb, rtol=1e-9)
    np.testing.assert_allclose(joints[0], joints[-1], atol=1e-9)


def test_an_even_gait_is_the_same_half_a_step_later_with_the_sides_changed():
    gait = draw_gait(np.random.default_rng(4))._replace(uneven=0.0)
    near, far = slice(8, 13), slice(3, 8)
    now, later = (pose(gait, np.array([p])) for p in (0.7, 0.7 + np.pi))
    np.testing.assert_allclose(now[:, near], later[:, far], atol=1e-9)


def test_a_person_stays_the_same_whatever_else_is_rendered(walks):
    again = render_walks(1, 8, seed=1, first=4, steps=24)
    assert np.array_equal(again.frames, walks.frames[walks.people == 4])
    assert walks.people.tolist() == sorted(walks.people.tolist()) and len(walks.people) == 48
    assert not np.array_equal(render_walks(1, 1, seed=2, steps=24).frames[0], walks.frames[0])


def test_no_two_clips_of_a_person_are_alike(walks):
    flat = walks.frames[:8].reshape(8, -1).astype(float)
    assert np.abs(flat[:, None] - flat).mean(axis=-1)[np.triu_indices(8, 1)].min() > 5


def test_too_few_people_are_refused():
    with pytest.raises(ValueError, match="render_walks: people: expected at least 1, got 0"):
        render_walks(0, 1, 0)


@pytest.mark.parametrize("way", ["classification", "triplets"])
def test_an_embedder_learns_its_own_people_in_both_ways(walks, way):
    trained = Walks(*(part[np.arange(48) % 8 < 6] for part in walks))
    embedder = train_embedder(trained, way=way, epochs=40, units=16, size=8)
    kept = Walks(*(part[np.arange(48) % 8 >= 6] for part in walks))
    scores = score_embeddings(embedder.embed(kept.frames), kept.people)
    assert scores.equal_error_rate < 0.3
    again = train_embedder(trained, way=way, epochs=40, units=16, size=8)
    assert np.array_equal(again.embed(kept.frames[:2]), embedder.embed(kept.frames[:2]))


def test_other_ways_are_refused(walks):
    with pytest.raises(ValueError, match="way: expected one of"):
        train_embedder(walks, way="contrast")


def test_batches_hold_a_few_clips_each_of_a_few_people():
    y = np.repeat([3, 5, 8, 9], [5, 5, 5, 1])
    batches = balanced_batches(np.arange(16), y, np.random.default_rng(0), people=2, each=3)
    met = set()
    for _, (x, labels) in zip(range(30), batches, strict=False):
        assert sorted(np.unique(labels, return_counts=True)[1]) == [3, 3]
        assert len(set(x.tolist())) == 6 and (y[x] == labels).all()
        met |= set(labels.tolist())
    assert met == {3, 5, 8}  # 9 has one clip: nothing of it can be alike
    with pytest.raises(ValueError, match="two people with two clips each"):
        balanced_batches(y[-2:], y[-2:], np.random.default_rng(0))


def test_a_frame_embedder_cannot_know_the_order(walks):
    still = train_frame_embedder(walks, epochs=1)
    told = still.embed(walks.frames[0])
    assert told.shape == (24, 48)
    np.testing.assert_allclose(still.embed(walks.frames[0][::-1]), told[::-1], atol=1e-5)
    forwards, backwards = clip_features([walks.frames[0], walks.frames[0][::-1]])
    assert not np.allclose(forwards, backwards[::-1], atol=1e-3)  # motion knows the direction


def test_features_of_a_frame_do_not_depend_on_the_light():
    frames = np.random.default_rng(0).integers(0, 100, (3, 32, 24)).astype(np.uint8)
    np.testing.assert_allclose(still_features(2 * frames), still_features(frames), rtol=0.06)


def test_the_demo_leaves_page_animation_network_and_clips(tmp_path, capsys):
    folder = tmp_path / "out"
    result = run_walkers(folder, people=5, unseen=4, clips=3, epochs=1, units=4, seed=2)
    assert sorted(p.name for p in folder.iterdir()) == [
        "clips", "model.npz", "report.html", "walkers.gif",
    ]  # fmt: skip
    assert list(result.scores) == [*NAMES.values(), FRAME, PIXELS, MEAN]
    assert "equal error rate" in capsys.readouterr().out
    assert result.report.read_text(encoding="utf-8").count("<img") == 7
    assert len(list(read_frames(result.animation))) == 40
    clip = folder / "clips" / "person-005" / "1.mp4"
    assert Embedder.load(result.model).embed_file(clip).shape == (48,)


def test_the_demo_is_on_the_command_line(monkeypatch, tmp_path, capsys):
    asked = {}

    def stand_in(folder, **options):
        asked.update(options, folder=folder)
        raise ValueError("enough")

    monkeypatch.setattr("scratchrnn.recognition.run_walkers", stand_in)
    options = ["--task", "walkers", "--output", str(tmp_path), "--clips", "7", "--seed", "3"]
    assert main(["demo", *options]) == 2
    assert "enough" in capsys.readouterr().err
    assert asked == {"folder": str(tmp_path), "seed": 3, "clips": 7, "epochs": 20, "units": 64}


def test_a_model_of_another_kind_is_no_embedder(tmp_path):
    from scratchrnn.layers import Dense, Input
    from scratchrnn.models import Sequential

    Sequential([Input((3,)), Dense(2)]).save(tmp_path / "other.npz")
    with pytest.raises(ValueError, match=r"other\.npz: is no network for embeddings of walks"):
        Embedder.load(tmp_path / "other.npz")


@pytest.mark.slow
def test_unseen_walkers_are_verified_where_single_frames_say_little():
    learned = train_recognition(people=60, unseen=20, seed=5)
    for name in NAMES.values():
        assert learned.scores[name].equal_error_rate <= 0.08
        assert learned.scores[name].rank1 > 0.75
    for name in (FRAME, PIXELS, MEAN):
        assert learned.scores[name].equal_error_rate > 0.25
