"""Clips streamed in batches, the cache, prefetching, and splits."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchrnn.video import (
    FeatureCache,
    FrameFeatures,
    VideoError,
    VideoFolder,
    class_weights,
    grouped_split,
    load_clips,
    prefetch,
    stratified_split,
    write_gif,
)
from scratchrnn.video.augment import MixUp

SMALL = FrameFeatures(size=(2, 3))
LENGTHS = {"clap": [3, 9, 4, 8, 5, 7, 6], "wave": [12, 2, 11], "nod": [3, 10, 4, 9]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("clips")
    rng = np.random.default_rng(5)
    for name, lengths in LENGTHS.items():
        for i, length in enumerate(lengths):
            clip = rng.integers(0, 256, (length, 8, 12), dtype=np.uint8)
            write_gif(root / name / f"{i}.gif", clip)
    return root


def rows(data) -> dict:
    """Return class and features of every clip of an epoch, by its length and first numbers."""
    found = {}
    for batch in data:
        for x, y, mask in zip(batch.x, batch.y, batch.mask, strict=True):
            assert not x[~mask].any()
            found[x[mask].tobytes()] = int(y)
    return found


def same(first, second) -> bool:
    pairs = list(zip(first, second, strict=True))
    return all(
        np.array_equal(a.x, b.x) and np.array_equal(a.y, b.y) and np.array_equal(a.mask, b.mask)
        for a, b in pairs
    )


@pytest.mark.parametrize("settings", [{}, {"shuffle": False}, {"bucket": 1}, {"prefetch": 0}])
def test_an_epoch_is_every_clip_once_as_in_memory(folder, settings):
    clips = load_clips(folder, SMALL)
    data = VideoFolder(folder, SMALL, batch_size=4, **settings)
    expected = {
        x[mask].tobytes(): int(y) for x, y, mask in zip(clips.x, clips.y, clips.mask, strict=True)
    }
    assert rows(data) == expected
    batches = list(data)
    assert len(batches) == len(data) == 4
    assert sum(len(batch.x) for batch in batches) == 14
    assert all(batch.x.dtype == np.float32 and batch.y.dtype == np.int64 for batch in batches)
    assert data.class_names == ["clap", "nod", "wave"]


def test_epochs_differ_and_follow_from_the_seed(folder):
    data = VideoFolder(folder, SMALL, batch_size=4, seed=3)
    first, second = list(data), list(data)
    assert not same(first, second)
    again = VideoFolder(folder, SMALL, batch_size=4, seed=3)
    assert same(again, first)
    assert same(again, second)
    assert not same(VideoFolder(folder, SMALL, batch_size=4, seed=4), first)


def test_an_epoch_can_be_taken_up_again_in_another_process(folder):
    data = VideoFolder(folder, SMALL, batch_size=4)
    list(data)
    state = data.get_state()
    second = list(data)
    other = VideoFolder(folder, SMALL, batch_size=4)
    other.set_state(state)
    assert same(other, second)


def test_without_shuffling_the_order_is_that_of_the_paths(folder):
    data = VideoFolder(folder, SMALL, batch_size=5, shuffle=False)
    np.testing.assert_array_equal(np.concatenate([batch.y for batch in data]), data.y)


def test_bucketing_puts_clips_of_about_one_length_together(folder):
    def padding(bucket: int) -> int:
        data = VideoFolder(folder, SMALL, batch_size=3, bucket=bucket, seed=1)
        return sum(int((~batch.mask).sum()) for _ in range(3) for batch in data)

    assert padding(5) < padding(1) / 3


def test_bucketing_does_not_order_the_batches_by_length(folder):
    data = VideoFolder(folder, SMALL, batch_size=2, bucket=7)
    steps = [[batch.x.shape[1] for batch in data] for _ in range(4)]
    assert any(epoch != sorted(epoch) for epoch in steps)
    assert len({tuple(epoch) for epoch in steps}) > 1


def test_batches_can_be_mixed_but_not_those_of_the_test_part(folder):
    data = VideoFolder(folder, SMALL, batch_size=7, mix=MixUp(classes=3, alpha=1.0))
    train, test = data.split(0.3)
    for batch in train:
        assert batch.y.shape == (len(batch.x), 3)
        assert (batch.y.max(axis=1) < 1).any()
    assert all(batch.y.ndim == 1 for batch in test)


def test_batches_are_what_fit_wants(folder):
    from scratchrnn.data import Feed, open_data

    feed = Feed(open_data("fit", VideoFolder(folder, SMALL, batch_size=4)))
    epochs = [[batch.x.shape for batch in feed.epoch()] for _ in range(2)]
    assert [len(epoch) for epoch in epochs] == [4, 4]
    assert feed.steps == 4


def test_every_clip_is_augmented_anew_each_epoch_but_reproducibly(folder):
    seen = []

    def noise(frames, rng):
        seen.append((frames.shape, frames.dtype))
        return frames ^ rng.integers(0, 64, frames.shape, dtype=np.uint8)

    data = VideoFolder(folder, SMALL, batch_size=4, augment=noise)
    first, second = rows(data), rows(data)
    assert not set(first) & set(second)
    assert rows(VideoFolder(folder, SMALL, batch_size=5, augment=noise, prefetch=0)) == first
    assert {shape[1:] for shape, _ in seen} == {(6, 9)}, "three pixels a cell, no more"
    assert {dtype for _, dtype in seen} == {np.dtype(np.uint8)}
    plain = rows(VideoFolder(folder, SMALL))
    train, test = data.split(0.3)
    assert set(rows(test)) <= set(plain)
    assert not set(rows(train)) & set(plain)


def test_an_unreadable_clip_stops_an_epoch_or_is_left_out(folder, tmp_path):
    for name in ("clap", "nod"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "1.mp4").write_bytes(b"nothing")
    (tmp_path / "bad" / "2.gif").symlink_to(folder / "wave" / "0.gif")
    with pytest.raises(VideoError, match=r"1\.mp4: cannot be read as video"):
        list(VideoFolder(tmp_path, SMALL))
    data = VideoFolder(tmp_path, SMALL, skip_unreadable=True)
    assert len(rows(data)) == 12
    assert [path.endswith("1.mp4") for path in data.skipped] == [True]


def test_memory_is_that_of_the_window_not_of_the_folder(tmp_path):
    features = FrameFeatures(size=(30, 40))
    clip = np.random.default_rng(0).integers(0, 256, (20, 30, 40), dtype=np.uint8)
    for name in ("a", "b"):
        write_gif(tmp_path / name / "0.gif", clip)
        for i in range(1, 20):
            (tmp_path / name / f"{i}.gif").symlink_to(tmp_path / name / "0.gif")
    one = 20 * features.feature_count * 4
    data = VideoFolder(tmp_path, features, batch_size=2, bucket=2, prefetch=0, keep=3 * one)
    gc.collect()
    tracemalloc.start()
    for _ in data:
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 18 * one < 40 * one


@pytest.mark.parametrize("keep", [0, 2000, 2**26])
@pytest.mark.parametrize("augment", [None, lambda frames, rng: frames[:, ::-1]])
def test_keeping_clips_changes_nothing_but_how_often_they_are_read(
    folder, monkeypatch, keep, augment
):
    opened, frames = [], FrameFeatures.frames

    def counting(self, path, **settings):
        opened.append(path)
        return frames(self, path, **settings)

    monkeypatch.setattr(FrameFeatures, "frames", counting)
    data = VideoFolder(folder, SMALL, keep=keep, augment=augment)
    first = rows(data)
    assert rows(data) == first
    assert {0: 28, 2**26: 14}.get(keep, len(opened)) == len(opened)
    assert 14 <= len(opened) <= 28
    assert sum(clip.nbytes for clip in data._kept.values()) <= keep


# --- the cache


def test_the_cache_decodes_a_clip_once_wherever_it_lies(folder, tmp_path):
    cache = FeatureCache(tmp_path / "cache")
    path = folder / "clap" / "0.gif"
    features = cache.features(path, SMALL)
    moved = tmp_path / "moved.gif"
    moved.write_bytes(path.read_bytes())
    np.testing.assert_array_equal(cache.features(moved, SMALL), features)
    np.testing.assert_array_equal(features, SMALL.from_file(path))
    assert (cache.hits, cache.misses) == (1, 1)


def test_other_settings_and_other_content_are_other_entries(folder, tmp_path):
    cache = FeatureCache(tmp_path / "cache")
    path = tmp_path / "a.gif"
    path.write_bytes((folder / "clap" / "0.gif").read_bytes())
    cache.features(path, SMALL)
    assert cache.features(path, FrameFeatures(size=(3, 2))).shape == (3, 12)
    cache.features(path, SMALL, on_error="truncate")
    path.write_bytes((folder / "clap" / "1.gif").read_bytes())
    assert cache.features(path, SMALL).shape == (9, 12)
    assert (cache.hits, cache.misses) == (0, 4)
    assert len(list((tmp_path / "cache").iterdir())) == 4


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "header", "huge"])
def test_a_damaged_entry_is_made_anew(folder, tmp_path, damage):
    cache = FeatureCache(tmp_path / "cache")
    path = folder / "clap" / "0.gif"
    features = cache.features(path, SMALL)
    (entry,) = (tmp_path / "cache").iterdir()
    good = entry.read_bytes()
    header, checksum, shape, data = good.split(b"\n", 3)
    bad = {
        "flip": good[:-1] + bytes([good[-1] ^ 1]),
        "cut": good[:-4],
        "empty": b"",
        "header": good.replace(b"features 1", b"features 9"),
        "huge": b"\n".join([header, checksum, b"[1099511627776, 12]", data]),
    }[damage]
    assert shape == b"[3, 12]"
    entry.write_bytes(bad)
    np.testing.assert_array_equal(cache.features(path, SMALL), features)
    assert (cache.hits, cache.misses) == (0, 2)
    assert entry.read_bytes() == good


def test_load_clips_and_video_folder_use_a_cache(folder, tmp_path):
    cache = FeatureCache(tmp_path)
    plain = load_clips(folder, SMALL)
    for _ in range(2):
        np.testing.assert_array_equal(load_clips(folder, SMALL, cache=cache).x, plain.x)
    assert (cache.hits, cache.misses) == (14, 14)
    assert rows(VideoFolder(folder, SMALL, cache=tmp_path)) == rows(VideoFolder(folder, SMALL))
    assert len(list(tmp_path.iterdir())) == 14


def test_a_cache_names_clips_and_folders_that_are_not_there(tmp_path):
    with pytest.raises(VideoError, match=r"nowhere\.mp4: cannot be opened"):
        FeatureCache(tmp_path / "cache").features(tmp_path / "nowhere.mp4", SMALL)
    (tmp_path / "file").write_text("-")
    with pytest.raises(ValueError, match="file: cannot be used as a folder"):
        FeatureCache(tmp_path / "file")


# --- prefetching


@pytest.mark.parametrize("depth", [1, 3, 50])
def test_prefetching_gives_the_items_in_order(depth):
    assert list(prefetch(range(20), depth)) == list(range(20))


def test_an_exception_comes_out_where_it_happened():
    def failing():
        yield 1
        raise VideoError("broken after 1 frame")

    items = prefetch(failing())
    assert next(items) == 1
    with pytest.raises(VideoError, match="broken after 1 frame"):
        next(items)


def test_leaving_early_stops_the_thread_and_closes_the_source():
    closed = []

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    before = threading.active_count()
    items = prefetch(endless(), 2)
    next(items)
    items.close()
    assert closed == [True]
    assert threading.active_count() == before


def test_prefetching_needs_room():
    with pytest.raises(ValueError, match="prefetch: depth: expected an integer >= 1"):
        prefetch([], 0)


# --- splits


@given(
    st.lists(st.integers(2, 30), min_size=1, max_size=4),
    st.floats(0.05, 0.95),
    st.integers(0, 9),
)
def test_a_stratified_split_keeps_the_proportion_of_every_class(counts, fraction, seed):
    y = np.random.default_rng(1).permutation(np.repeat(np.arange(len(counts)), counts))
    train, test = stratified_split(y, fraction, seed)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
    for label, count in enumerate(counts):
        held_out = (y[test] == label).sum()
        assert 1 <= held_out <= count - 1
        assert abs(held_out - fraction * count) <= 1


@given(st.integers(2, 12), st.floats(0.1, 0.9), st.integers(0, 9))
def test_a_grouped_split_tears_no_group_apart(n_groups, fraction, seed):
    rng = np.random.default_rng(seed)
    groups = np.concatenate([np.arange(n_groups), rng.integers(0, n_groups, 40)]).tolist()
    y = rng.integers(0, 3, len(groups))
    train, test = grouped_split(y, groups, fraction, seed)
    assert len(train)
    assert len(test)
    np.testing.assert_array_equal(np.sort(np.concatenate([train, test])), np.arange(len(y)))
    assert not {groups[i] for i in train} & {groups[i] for i in test}


def test_a_grouped_split_comes_near_the_share_of_every_class():
    groups = np.repeat(np.arange(20), 10)
    y = np.tile([0, 0, 0, 0, 0, 0, 1, 1, 1, 2], 20)
    _, test = grouped_split(y, groups, 0.25, seed=2)
    assert np.bincount(y[test]).tolist() == [30, 15, 5]
    assert grouped_split(y, groups, 0.25, seed=3)[1].tolist() != test.tolist()


def test_a_folder_is_split_by_group(folder):
    data = VideoFolder(folder, SMALL)
    groups = [path[-5] for path in data.paths]  # the number of the clip
    train, test = data.split(0.3, groups=groups)
    assert {p[-5] for p in train.paths}.isdisjoint({p[-5] for p in test.paths})
    assert sorted(train.paths + test.paths) == data.paths


def test_splits_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="groups: expected 2 of them, got 1"):
        grouped_split(np.array([0, 1]), ["a"])
    with pytest.raises(ValueError, match="groups: expected at least 2 different ones, got 1"):
        grouped_split(np.array([0, 1]), ["a", "a"])
    with pytest.raises(ValueError, match="test_fraction: expected between 0 and 1, got 1"):
        grouped_split(np.array([0, 1]), ["a", "b"], 1)


def test_class_weights_make_all_classes_count_alike(folder):
    weights = VideoFolder(folder, SMALL).class_weight
    counts = [7, 4, 3]
    np.testing.assert_allclose([weights[k] * counts[k] for k in range(3)], 14 / 3)
    assert class_weights(np.array([4, 4, 7, 7])) == {4: 1.0, 7: 1.0}


@pytest.mark.parametrize("name", ["batch_size", "bucket"])
def test_wrong_settings_are_named(folder, name):
    with pytest.raises(ValueError, match=f"VideoFolder: {name}: expected an integer >= 1, got 0"):
        VideoFolder(folder, **{name: 0})
