"""Folders of class folders."""

from __future__ import annotations

import os

import numpy as np
import pytest

from scratchrnn.video import FrameFeatures, VideoError, find_clips, load_clips, split, write_gif

SMALL = FrameFeatures(size=(2, 3))


def put(path, length: int = 3, size: tuple[int, int] = (8, 12)) -> None:
    rng = np.random.default_rng(length)
    write_gif(path, rng.integers(0, 256, (length, *size), dtype=np.uint8))


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "clips"
    for number, (name, lengths) in enumerate({"wave": (3, 5), "clap": (4, 2, 6)}.items()):
        for clip, length in enumerate(lengths):
            put(root / name / f"{clip}.gif", length, size=(8 + number, 12 + clip))
    return root


def test_clips_of_all_lengths_and_sizes_are_padded_and_masked(folder):
    clips = load_clips(folder, SMALL)
    assert clips.class_names == ["clap", "wave"]
    assert clips.y.tolist() == [0, 0, 0, 1, 1]
    assert clips.lengths.tolist() == [4, 2, 6, 3, 5] == clips.mask.sum(axis=1).tolist()
    assert clips.x.shape == (5, 6, SMALL.feature_count)
    assert clips.x.dtype == np.float32
    for path, x, mask, length in zip(clips.paths, clips.x, clips.mask, clips.lengths, strict=True):
        np.testing.assert_array_equal(x[:length], SMALL.from_file(path))
        assert mask[:length].all()
        assert not mask[length:].any()
        assert not x[length:].any()


def test_the_order_is_by_class_and_path_not_by_the_disk(folder):
    put(folder / "clap" / "10.GIF")
    put(folder / "clap" / "A" / "deep" / "1.gif")
    names = [os.path.relpath(path, folder) for path in find_clips(folder).paths]
    assert names == [
        os.path.join(*name.split("/"))
        for name in (
            "clap/0.gif",
            "clap/1.gif",
            "clap/10.GIF",
            "clap/2.gif",
            "clap/A/deep/1.gif",
            "wave/0.gif",
            "wave/1.gif",
        )
    ]


def test_hidden_files_are_passed_over_and_others_listed(folder):
    for name in (".hidden/1.gif", "wave/.1.gif", "wave/.trash/2.gif", "__MACOSX/wave/0.gif"):
        put(folder / name)
    put(folder / "beside.gif")
    (folder / "wave" / "notes.txt").write_text("take 2 is best")
    found = find_clips(folder)
    assert found.class_names == ["clap", "wave"]
    assert len(found.paths) == 5
    assert sorted(os.path.basename(path) for path in found.ignored) == ["beside.gif", "notes.txt"]


def test_links_to_files_and_folders_are_followed_but_not_in_circles(folder, tmp_path):
    put(tmp_path / "elsewhere" / "far.gif")
    (folder / "nod").symlink_to(tmp_path / "elsewhere")
    (folder / "wave" / "link.gif").symlink_to(tmp_path / "elsewhere" / "far.gif")
    (folder / "wave" / "more").symlink_to(tmp_path / "elsewhere")
    (folder / "wave" / "round").symlink_to(folder / "wave")
    found = find_clips(folder)
    assert found.class_names == ["clap", "nod", "wave"]
    assert np.bincount(found.y).tolist() == [3, 1, 4]


def test_progress_is_told_of_every_clip(folder):
    calls = []
    load_clips(folder, SMALL, progress=lambda *call: calls.append(call))
    assert [call[:2] for call in calls] == [(i + 1, 5) for i in range(5)]
    assert calls[0][2].endswith(os.path.join("clap", "0.gif"))


def test_an_unreadable_clip_is_named_or_skipped_and_counted(folder):
    (folder / "clap" / "broken.mp4").write_bytes(b"nothing")
    (folder / "wave" / "gone.gif").symlink_to(folder / "nowhere.gif")
    with pytest.raises(VideoError, match=r"broken\.mp4: cannot be read as video"):
        load_clips(folder, SMALL)
    clips = load_clips(folder, SMALL, skip_unreadable=True)
    assert len(clips) == 5
    assert len(clips.skipped) == 2
    assert "broken.mp4" in clips.skipped[0]
    assert "gone.gif: cannot be opened: no such file" in clips.skipped[1]


def test_a_class_of_which_nothing_can_be_read_is_an_error(folder):
    (folder / "nod").mkdir()
    (folder / "nod" / "1.mp4").write_bytes(b"nothing")
    with pytest.raises(VideoError, match="nod: no clip of this class can be read"):
        load_clips(folder, SMALL, skip_unreadable=True)


def test_folders_that_are_not_sets_of_clips_are_refused(folder, tmp_path):
    with pytest.raises(VideoError, match="nowhere: no such folder"):
        load_clips(tmp_path / "nowhere")
    with pytest.raises(VideoError, match=r"0\.gif: is not a folder"):
        load_clips(folder / "wave" / "0.gif")
    with pytest.raises(VideoError, match="got 2 clips beside each other"):
        load_clips(folder / "wave")
    (tmp_path / "empty").mkdir()
    with pytest.raises(VideoError, match="got an empty folder"):
        load_clips(tmp_path / "empty")
    with pytest.raises(VideoError, match="at least two class folders, got one: clap"):
        put(tmp_path / "lone" / "clap" / "0.gif")
        load_clips(tmp_path / "lone")
    (folder / "nod").mkdir()
    with pytest.raises(VideoError, match="nod: class folder without clips: it is empty"):
        load_clips(folder)
    for name in ("a.txt", "b.csv"):
        (folder / "nod" / name).write_text("-")
    with pytest.raises(VideoError, match=r"only a\.txt and 1 more that are not video files"):
        load_clips(folder)


def test_an_array_too_large_to_make_is_refused_by_name(folder):
    with pytest.raises(VideoError, match=r"2\.gif: padded to its 6 frames, 5 clips take 1440 b"):
        load_clips(folder, SMALL, max_bytes=1439)
    load_clips(folder, SMALL, max_bytes=1440)


def test_a_split_is_stratified_seeded_and_loses_nothing(tmp_path):
    root = tmp_path / "clips"
    for name, count in (("a", 8), ("b", 12)):
        for i in range(count):
            put(root / name / f"{i:02}.gif", 2)
    clips = load_clips(root, SMALL)
    train, test = split(clips, 0.25, seed=1)
    assert np.bincount(test.y).tolist() == [2, 3]
    assert sorted(train.paths + test.paths) == clips.paths
    assert split(clips, 0.25, seed=1)[1].paths == test.paths
    assert split(clips, 0.25, seed=2)[1].paths != test.paths
    for path, x in zip(test.paths, test.x, strict=True):
        np.testing.assert_array_equal(x, clips.x[clips.paths.index(path)])


@pytest.mark.parametrize("fraction", [0, 1, -0.5, float("nan")])
def test_a_split_needs_a_fraction(folder, fraction):
    with pytest.raises(ValueError, match="test_fraction: expected between 0 and 1"):
        split(load_clips(folder, SMALL), fraction)


def test_a_split_keeps_a_clip_of_each_class_on_either_side(folder):
    for fraction in (0.01, 0.99):
        train, test = split(load_clips(folder, SMALL), fraction)
        assert set(train.y) == set(test.y) == {0, 1}
    (folder / "wave" / "0.gif").unlink()
    with pytest.raises(ValueError, match="class wave: expected at least 2 clips, got 1"):
        split(load_clips(folder, SMALL))


def test_pictures_instead_of_vectors_keep_their_axes(folder):
    clips = load_clips(folder, FrameFeatures(size=(4, 6), flatten=False))
    assert clips.x.shape == (5, 6, 4, 6, 2)


def test_a_class_folder_that_may_not_be_read_is_not_called_empty(folder, monkeypatch):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("clap"):
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(VideoError, match=r"clap: Permission denied$"):
        find_clips(folder)
