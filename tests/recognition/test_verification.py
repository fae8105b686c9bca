"""ROC, equal error rate and ranks: by hand, against another implementation, and in the extreme."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchrnn.recognition import equal_error_rate, match_curve, pair_scores, roc


@st.composite
def verifications(draw):
    """Pairs of both kinds with scores of which many are equal."""
    size = draw(st.integers(2, 30))
    same = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)))
    same[0], same[1] = True, False
    scores = draw(st.lists(st.integers(-4, 4), min_size=size, max_size=size))
    return same, np.array(scores) / 4


@given(verifications())
def test_each_point_of_the_curve_is_what_counting_gives(case):
    same, scores = case
    curve = roc(same, scores)
    for far, tar, level in zip(*curve, strict=True):
        assert far == pytest.approx(np.mean(scores[~same] >= level))
        assert tar == pytest.approx(np.mean(scores[same] >= level))
    assert (np.diff(curve.thresholds) < 0).all()
    wins = (scores[same][:, None] > scores[~same]) + 0.5 * (scores[same][:, None] == scores[~same])
    assert curve.area == pytest.approx(wins.mean())


@given(verifications(), st.randoms(use_true_random=False))
def test_the_equal_error_rate_depends_neither_on_order_nor_on_scale(case, shuffle):
    same, scores = case
    rate = equal_error_rate(same, scores)
    order = list(range(len(same)))
    shuffle.shuffle(order)
    assert equal_error_rate(same[order], scores[order]) == pytest.approx(rate)
    assert equal_error_rate(same, 3 * scores - 1) == pytest.approx(rate)
    assert equal_error_rate(~same, -scores) == pytest.approx(rate)  # the kinds change places
    assert equal_error_rate(same, -scores) == pytest.approx(1 - rate)


@given(verifications())
def test_at_the_equal_error_rate_both_errors_are_on_the_curve(case):
    same, scores = case
    rate, curve = equal_error_rate(same, scores), roc(same, scores)
    far, tar = curve.false_acceptance, curve.true_acceptance
    grid = np.linspace(0, 1, 20001)
    line_far = np.interp(grid * (len(far) - 1), np.arange(len(far)), far)
    line_tar = np.interp(grid * (len(tar) - 1), np.arange(len(tar)), tar)
    nearest = np.argmin(np.abs(line_far + line_tar - 1))
    assert line_far[nearest] == pytest.approx(rate, abs=2e-3)


@pytest.mark.parametrize(
    ("same", "scores", "expected"),
    [
        ([1, 1, 0, 0], [0.9, 0.8, 0.2, 0.1], 0.0),
        ([1, 1, 0, 0], [0.1, 0.2, 0.8, 0.9], 1.0),
        ([1, 0, 1, 0], [0.5, 0.5, 0.5, 0.5], 0.5),
        ([1, 1, 1, 0], [0.9, 0.8, 0.1, 0.5], 1 / 3),
        ([1, 1, 0, 0, 0, 0], [0.9, 0.3, 0.5, 0.4, 0.2, 0.1], 0.5),
        ([1, 0], [1.0, 0.0], 0.0),
    ],
)
def test_equal_error_rates_by_hand(same, scores, expected):
    assert equal_error_rate(np.array(same, bool), scores) == pytest.approx(expected)


def test_the_curve_agrees_with_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    same = rng.random(300) < 0.3
    scores = (rng.normal(size=300) + same).round(1)
    far, tar, levels = metrics.roc_curve(same, scores, drop_intermediate=False)
    curve = roc(same, scores)
    np.testing.assert_allclose(curve.false_acceptance, far, atol=1e-12)
    np.testing.assert_allclose(curve.true_acceptance, tar, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, levels)
    assert curve.area == pytest.approx(metrics.roc_auc_score(same, scores))


@pytest.mark.parametrize(
    ("same", "scores", "message"),
    [
        ([True, True], [0.1, 0.2], "pairs of both kinds"),
        ([False, False], [0.1, 0.2], "pairs of both kinds"),
        ([], [], "expected booleans"),
        ([True, False], [0.1], r"got bool \(2,\) and \(1,\)"),
        ([1, 0], [0.1, 0.2], "expected booleans"),
        ([True, False], [0.1, np.nan], "finite"),
        ([True, False], [np.inf, 0.0], "finite"),
    ],
)
def test_what_is_no_verification_is_refused(same, scores, message):
    with pytest.raises(ValueError, match=message):
        equal_error_rate(np.array(same), np.array(scores))


def test_all_pairs_are_compared_once_by_their_cosine():
    embeddings = np.random.default_rng(0).normal(size=(5, 3)) * [[1], [2], [3], [4], [5]]
    people = np.array([0, 1, 0, 1, 1])
    same, scores = pair_scores(embeddings, people)
    assert len(same) == 10 and same.sum() == 4
    a, b = embeddings[0], embeddings[2]
    assert scores[1] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert same[1]


def test_a_person_is_found_by_the_best_of_their_clips():
    gallery, known = [[1, 0], [0, 1], [1, 1]], [3, 3, 9]
    probes = [[0.1, 1], [1, 0.9], [1, 0.1]]
    assert match_curve(gallery, known, probes, [3, 9, 3]).tolist() == [1.0, 1.0]
    assert match_curve(gallery, known, probes, [9, 9, 3])[0] == pytest.approx(2 / 3)


def test_embeddings_that_are_all_alike_name_nobody():
    alike = np.ones((6, 4))
    curve = match_curve(alike[:3], [0, 1, 2], alike, [0, 1, 2, 0, 1, 2])
    assert curve.tolist() == [0.0, 0.0, 1.0]
    assert match_curve(np.zeros((3, 4)), [0, 1, 2], alike, [0, 1, 2, 0, 1, 2])[0] == 0.0


def test_the_match_curve_rises_to_one():
    rng = np.random.default_rng(1)
    people = rng.integers(0, 8, 50)
    curve = match_curve(rng.normal(size=(8, 5)), np.arange(8), rng.normal(size=(50, 5)), people)
    assert (np.diff(curve) >= 0).all() and curve[-1] == 1.0 and len(curve) == 8


def test_a_gallery_of_one_is_always_right():
    assert match_curve([[1, 0]], [4], [[0, 1], [1, 1]], [4, 4]).tolist() == [1.0]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"people": [0, 7]}, r"only people of the gallery, got \[7\]"),
        ({"people": [0]}, "one for each of 2 gallery and 2 probe clips"),
        ({"known": [0]}, "one for each of 2 gallery"),
        ({"probes": np.zeros((0, 2)), "people": []}, "at least one"),
        ({"probes": [[np.nan, 0], [0, 1]]}, "embeddings: expected finite"),
        ({"probes": [1.0, 2.0]}, r"expected finite numbers \(N, E\)"),
    ],
)
def test_what_is_no_identification_is_refused(changes, message):
    given = {"gallery": [[1, 0], [0, 1]], "known": [0, 1], "probes": [[1, 0], [0, 1]]}
    with pytest.raises(ValueError, match=message):
        match_curve(**{**given, "people": [0, 1], **changes})


def test_people_have_to_be_said_for_every_clip():
    with pytest.raises(ValueError, match=r"people: expected \(2,\), got \(3,\)"):
        pair_scores(np.ones((2, 2)), [0, 1, 2])
