"""Explanations of networks that the command line trained, on clips as people look at them."""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn import explain
from scratchrnn.classify import ClipClassifier, digest
from scratchrnn.cli import main
from scratchrnn.demo.clips import write_clips
from scratchrnn.explain.clip import over_segments
from scratchrnn.explain.frames import as_pictures

from ..shared import shared

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A model of rendered clips, and clips that it has not seen."""
    home = tmp_path_factory.mktemp("rendered")
    write_clips(home / "train", 20, seed=0)
    write_clips(home / "test", 4, seed=1)
    command = ["train", str(home / "train"), "-o", str(home / "m.npz"), "--cell", "gru", "--alone"]
    assert main([*command, "--no-report", "--epochs", "30", "--size", "8x8"]) == 0
    return home / "m.npz", sorted((home / "test").glob("*/*.mp4"))


def words(tmp_path_factory):
    """A model of real clips, and clips that it has not seen."""
    folder = shared("clips", "words")
    home = tmp_path_factory.mktemp("words")
    command = ["train", str(folder), "-o", str(home / "m.npz"), "--cell", "gru", "--alone"]
    assert main([*command, "--no-report", "--epochs", "12"]) == 0
    known = set(ClipClassifier.load(home / "m.npz").about["trained_on"])
    unseen = [p for p in sorted(folder.glob("*/*.mp4")) if digest(p) not in known]
    return home / "m.npz", unseen[::12]


@pytest.fixture(scope="module", params=["rendered", "words"])
def trained(request, tmp_path_factory):
    if request.param == "words":
        return words(tmp_path_factory)
    return request.getfixturevalue("rendered")


def test_taking_away_what_ranks_highest_hurts_more_than_chance(trained):
    model, files = trained
    classifier = ClipClassifier.load(model)
    ask = explain.on_frames(classifier.features, classifier.network)
    gains = {"occlusion": [], "lime": [], "shapley": [], "integrated": []}
    for seed, path in enumerate(files):
        frames = np.stack(list(classifier.features.frames(path)))
        x = classifier.features(frames)
        cut = explain.tubes(frames, grid=(4, 3, 3))
        options = {"baseline": "mean", "seed": seed}
        still = classifier.features(explain.make_baselines("test", frames, "mean")[0])
        ig = explain.integrated_gradients(classifier.network, x, baseline=still)
        assert ig.relative_gap < 0.01
        ranked = {
            "occlusion": explain.occlusion(ask, frames, cut, **options),
            "lime": explain.lime(ask, frames, cut, samples=300, **options),
            "shapley": explain.permutation_shap(ask, frames, cut, samples=300, **options),
            "integrated": as_pictures(classifier.features, ig.values),
        }
        ranked["integrated"] = over_segments(ranked["integrated"], cut)
        target = ranked["occlusion"].target
        for name, scores in ranked.items():
            curves = explain.deletion(ask, frames, scores, cut, target=target, orders=6, **options)
            gains[name].append(curves.random_areas.mean() - curves.area)
    for name, gain in gains.items():
        # Integrated gradients are of features, which take the clip's mean out of every frame.
        assert explain.sign_flip_test(gain) < (0.01 if name == "integrated" else 0.001), name


def test_the_page_of_a_trained_model_keeps_its_promises(trained, tmp_path, capsys):
    model, files = trained
    page = tmp_path / "why.html"
    assert main(["explain", str(model), str(files[0]), "-o", str(page), "--samples", "400"]) == 0
    text = page.read_text(encoding="utf-8")
    assert "decided" in capsys.readouterr().out and text.count("data:image/gif") >= 5
