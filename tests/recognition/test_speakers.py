"""Speakers: reading, standardising, known and never heard; at full size the figures.

Measured on JapaneseVowels, equal error rates of GRU and baseline, speakers by number:

    never heard    6, 7, 8    0, 1, 2    3, 4, 5    mean
    GRU             19.4 %     23.8 %     10.4 %    17.9 %
    baseline        24.3 %      9.8 %      9.8 %    14.6 %
"""

from __future__ import annotations

import numpy as np
import pytest

from scratchrnn.cli import main
from scratchrnn.recognition import Recordings, read_speakers, read_ts, train_speakers
from scratchrnn.recognition.speakers import mean_over_steps
from tests.sequences import japanese_vowels
from tests.shared import shared


def line(sequence, label):
    channels = (",".join(f"{v:.6f}" for v in channel) for channel in sequence.T)
    return ":".join([*channels, label])


@pytest.fixture
def folder(tmp_path):
    """Six speakers who differ in the mean of three channels; sequences of 5 to 9 steps."""
    rng = np.random.default_rng(0)
    for part in ("TRAIN", "TEST"):
        lines = ["# made up", "@data"]
        for k in range(36):
            speaker = k % 6
            centre = 3 + 2.0 * np.array([speaker % 2, speaker // 2, -speaker])
            sequence = rng.normal(centre, 0.5, (5 + k % 5, 3))
            lines.append(line(sequence, str(speaker + 1)))
        (tmp_path / f"JapaneseVowels_{part}.ts").write_text("\n".join(lines))
    return tmp_path


def test_sequences_come_with_channels_last_and_their_own_length(folder):
    sequences, labels = read_ts(folder / "JapaneseVowels_TRAIN.ts")
    assert [s.shape for s in sequences[:3]] == [(5, 3), (6, 3), (7, 3)]
    assert labels[:7] == ["1", "2", "3", "4", "5", "6", "1"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@data\n1,2:3,4:a\n1,2,3:4,5:b", r"wrong\.ts: line 3: expected channels"),
        ("1,2:3,4:a\n1,2:b", r"line 2: expected channels"),
        ("1,x:3,4:a", r"line 1: expected channels"),
        ("1,nan:3,4:a", r"line 1: expected channels"),
        ("a", r"line 1: expected channels"),
        ("@data\n", r"wrong\.ts: expected sequences, got none"),
    ],
)
def test_other_files_are_refused_with_the_line(tmp_path, text, message):
    (tmp_path / "wrong.ts").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_ts(tmp_path / "wrong.ts")


def test_files_of_other_channels_do_not_fit_each_other(folder):
    (folder / "JapaneseVowels_TEST.ts").write_text("@data\n1,2:3,4:1\n")
    with pytest.raises(ValueError, match=r"read_speakers: .* expected files of as many channels"):
        read_speakers(folder)


def test_channels_are_standardised_by_the_first_file_alone(folder):
    trained, tested = read_speakers(folder)
    steps = trained.x[trained.mask]
    np.testing.assert_allclose(steps.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(steps.std(axis=0), 1, atol=1e-5)
    assert abs(tested.x[tested.mask].mean(axis=0)).max() > 1e-4
    assert not trained.x[~trained.mask].any() and trained.mask.sum(axis=1).min() == 5
    assert trained.speakers[:7].tolist() == [0, 1, 2, 3, 4, 5, 0]


def test_padding_is_not_in_the_mean():
    x = np.array([[[2.0], [4.0], [99.0]]], np.float32)
    recordings = Recordings(x, np.array([[True, True, False]]), np.zeros(1, int))
    assert mean_over_steps(recordings).tolist() == [[3.0]]


def test_speakers_that_are_far_apart_are_told_apart(folder):
    result = train_speakers(*read_speakers(folder), held_out=2, epochs=60, units=8)
    assert result.accuracy > 0.9 and result.rank1 > 0.9
    assert [one.held_out for one in result.open_sets] == [(0, 1), (2, 3), (4, 5)]
    assert all(one.plain_rate < 0.05 for one in result.open_sets)
    assert all(0 <= one.learned_rate < 0.5 for one in result.open_sets)


def test_the_demo_leaves_a_page_that_says_what_six_speakers_are_worth(folder, tmp_path, capsys):
    arguments = ["--data", str(folder), "--epochs", "1", "--units", "4"]
    out = tmp_path / "out"
    assert main(["demo", "--task", "speakers", "--output", str(out), *arguments]) == 0
    said = capsys.readouterr().out
    assert "closed set:" in said and said.count("never heard") == 2 and "animation" not in said
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "too few to learn from" in page and page.count("<img") == 2
    assert sorted(p.name for p in out.iterdir()) == ["model.npz", "report.html"]


@pytest.mark.slow
def test_the_nine_speakers_beside_a_plain_baseline():
    folder = shared("sequences", "JapaneseVowels_TRAIN.ts").parent
    trained, tested = read_speakers(folder)
    _, mask, y = japanese_vowels("TEST")
    assert np.array_equal(tested.speakers, y) and np.array_equal(tested.mask, mask)
    result = train_speakers(trained, tested)
    assert result.accuracy >= 0.97 and result.rank1 >= 0.95
    rates = np.array([[one.learned_rate, one.plain_rate] for one in result.open_sets])
    assert rates.shape == (3, 2)
    assert (rates > 0.02).all() and (rates < 0.45).all()  # both say something, neither is good
