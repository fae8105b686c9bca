"""Augmentation: the same for all frames of a clip, and nothing but what the generator says."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from scratchrnn.data import Batch
from scratchrnn.video.augment import (
    Augmentation,
    Compose,
    CutOut,
    FrameDrop,
    GaussianNoise,
    MixUp,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomRotation,
    RandomScale,
    RandomShift,
    SpeedChange,
    TemporalCrop,
    TimeWarp,
    all_augmentations,
    at_times,
    contact_sheet,
    standard_augmentation,
    warp,
)

ALL = {type(one).__name__: one for one in all_augmentations()}
TIME = {"SpeedChange", "TimeWarp", "FrameDrop", "TemporalCrop"}
SHORTENING = TIME - {"TimeWarp"}
ALL["Compose"] = Compose([RandomShift(0.2), RandomRotation(20), RandomBrightness(), RandomFlip()])


def clip(shape=(6, 14, 18), dtype="uint8", seed=0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype == "uint8":
        return rng.integers(0, 256, shape, dtype=np.uint8)
    return rng.random(shape).astype(dtype)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


shapes = st.tuples(st.integers(1, 7), st.integers(1, 9), st.integers(1, 9)) | st.tuples(
    st.integers(1, 5), st.integers(1, 8), st.integers(1, 8), st.sampled_from([1, 3])
)


@pytest.mark.parametrize("name", ALL)
@given(shapes, st.sampled_from(["uint8", "float32", "float64"]), st.integers(0, 999))
def test_dtype_shape_and_argument_are_kept(name, shape, dtype, seed):
    frames = clip(shape, dtype)
    before = frames.copy()
    given_back = ALL[name](frames, rng(seed))
    np.testing.assert_array_equal(frames, before)
    assert given_back.dtype == frames.dtype
    assert not np.shares_memory(given_back, frames)
    assert given_back.shape[1:] == frames.shape[1:]
    assert np.isfinite(given_back).all()
    assert len(given_back) >= 1 if name in SHORTENING else len(given_back) == len(frames)


@pytest.mark.parametrize("name", ALL)
def test_the_generator_decides_everything(name):
    frames = clip()
    first, again = ALL[name](frames, rng(1)), ALL[name](frames, rng(1))
    np.testing.assert_array_equal(first, again)
    if name != "RandomFlip":
        others = [ALL[name](frames, rng(seed)) for seed in range(2, 5)]
        assert any(o.shape != first.shape or (o != first).any() for o in others)


@pytest.mark.parametrize("name", sorted(set(ALL) - TIME - {"GaussianNoise"}))
def test_all_frames_are_changed_alike(name):
    still = np.repeat(clip((1, 14, 18)), 5, axis=0)
    changed = ALL[name](still, rng(3))
    assert (changed == changed[:1]).all()
    assert (changed != still).any()


@pytest.mark.parametrize("name", sorted(TIME))
def test_changes_of_time_do_not_touch_the_picture(name):
    still = np.repeat(clip((1, 14, 18)), 9, axis=0)
    changed = ALL[name](still, rng(3))
    assert (changed == still[:1]).all()


@pytest.mark.parametrize("name", ALL)
def test_a_configuration_survives_json(name):
    config = json.loads(json.dumps(ALL[name].get_config()))
    again = Augmentation.from_config(config)
    assert again == ALL[name]
    assert hash(again) == hash(ALL[name])
    assert repr(again) == repr(ALL[name])


@pytest.mark.parametrize("name", sorted(set(ALL) - {"Compose"}))
def test_with_probability_zero_nothing_happens(name):
    frames = clip()
    given_back = type(ALL[name])(p=0.0)(frames, rng())
    np.testing.assert_array_equal(given_back, frames)
    assert not np.shares_memory(given_back, frames)


# --- the warp


@given(st.integers(0, 999), st.sampled_from([(7, 9), (8, 8), (1, 5), (12, 4)]))
def test_the_warp_is_scipys(seed, size):
    draw = rng(seed)
    frames = draw.random((3, *size))
    matrix = np.eye(2) + draw.uniform(-0.6, 0.6, (2, 2))
    shift = draw.uniform(-2, 2, 2)
    middle = (np.array(size) - 1) / 2
    offset = middle + shift - matrix @ middle
    expected = [
        ndimage.affine_transform(frame, matrix, offset, order=1, mode="nearest") for frame in frames
    ]
    given_back = warp(frames, np.column_stack([matrix, shift]))
    np.testing.assert_allclose(given_back, expected, atol=1e-7)


def test_the_identity_and_whole_pixels_are_exact():
    frames = clip((2, 5, 7, 3))
    np.testing.assert_array_equal(warp(frames, np.eye(3)), frames)
    moved = warp(frames, np.array([[1, 0, 1], [0, 1, -2.0]]))
    np.testing.assert_array_equal(moved[:, :4, 2:], frames[:, 1:, :5])
    np.testing.assert_array_equal(moved[:, :4, 0], frames[:, 1:, 0])  # the border is repeated


def test_flips_and_quarter_turns_are_exact():
    frames = clip((2, 6, 9))
    np.testing.assert_array_equal(RandomFlip(p=1)(frames, rng()), frames[:, :, ::-1])
    np.testing.assert_array_equal(
        RandomFlip(horizontal=False, vertical=True, p=1)(frames, rng()), frames[:, ::-1]
    )
    square = clip((2, 6, 6))
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    np.testing.assert_array_equal(warp(square, turn), np.rot90(square, -1, axes=(1, 2)))


def test_neighbouring_geometry_is_composed_into_one_warp():
    smooth = ndimage.gaussian_filter(rng().random((1, 60, 60)), (0, 6, 6))
    smooth = np.repeat((smooth - smooth.min()) / np.ptp(smooth), 2, axis=0)
    steps = [RandomShift(0.05), RandomRotation(8), RandomScale(0.95, 1.05), RandomFlip(p=1)]
    draw = rng(4)
    one_by_one = smooth
    for step in steps:
        one_by_one = step(one_by_one, draw)
    together = Compose(steps)(smooth, rng(4))
    assert np.abs(together - one_by_one)[:, 8:-8, 8:-8].max() < 0.02


def test_neighbouring_changes_of_time_are_composed_into_one_choice_of_moments():
    line = np.linspace(0, 1, 25)[:, None, None] * np.ones((1, 2, 3))  # a blend is exact on it
    steps = [SpeedChange(0.5, 2), TimeWarp(1), FrameDrop(0.3), TemporalCrop(0.5), TimeWarp(1)]
    for seed in range(8):
        draw = rng(seed)
        one_by_one = line
        for step in steps:
            one_by_one = step(one_by_one, draw)
        together = Compose(steps)(line, rng(seed))
        assert len(together) == len(one_by_one)
        assert np.abs(together - one_by_one).max() < 0.02


def test_space_and_time_between_others_keep_their_order():
    frames = clip((6, 5, 7), "float64")
    steps = [TimeWarp(), RandomShift(), CutOut(), FrameDrop(0.5), RandomBrightness(), RandomFlip()]
    draw = rng(5)
    one_by_one = frames
    for step in steps:
        one_by_one = step(one_by_one, draw)
    np.testing.assert_allclose(Compose(steps)(frames, rng(5)), one_by_one, atol=1e-12)


# --- what each one does, in numbers


def test_shift_and_scale_stay_within_their_limits():
    y, x = np.mgrid[:41, :61].astype(float)
    ramp = np.stack([y / 100, x / 100], axis=-1)[None]
    for seed in range(20):
        middle = RandomShift(0.1)(ramp, rng(seed))[0, 20, 30] * 100 - [20, 30]
        assert (np.abs(middle) <= [4.1, 6.1]).all()
        scaled = RandomScale(0.8, 1.25)(ramp, rng(seed))[0, 15:26, 20:41] * 100
        rows, columns = np.diff(scaled[..., 0], axis=0), np.diff(scaled[..., 1], axis=1)
        assert np.ptp(rows) < 1e-9
        assert rows.mean() == pytest.approx(columns.mean())
        assert 0.8 - 1e-9 <= 1 / rows.mean() <= 1.25 + 1e-9


def test_a_crop_lies_inside_the_frame_and_keeps_its_proportions():
    y, x = np.mgrid[:41, :61].astype(float)
    ramp = np.stack([y, x], axis=-1)[None]
    places = []
    for seed in range(20):
        kept = RandomCrop(0.5)(ramp, rng(seed))[0]
        rows, columns = np.diff(kept[..., 0], axis=0), np.diff(kept[..., 1], axis=1)
        assert np.ptp(rows) < 1e-9  # no border was repeated
        assert np.ptp(columns) < 1e-9
        assert rows.mean() == pytest.approx(columns.mean())
        assert 0.5 <= rows.mean() <= 1
        places.append(kept[20, 30] - [20, 30])
    assert (np.ptp(places, axis=0) > [5, 8]).all()


def test_brightness_and_contrast_are_clipped_not_wrapped():
    frames = clip()
    for seed in range(10):
        bright = RandomBrightness(1.0)(frames, rng(seed)).astype(int) - frames
        assert (bright >= 0).all() or (bright <= 0).all()
        strong = RandomContrast(3.0)(frames, rng(seed))
        order = np.argsort(frames.ravel())
        assert (np.diff(strong.ravel()[order].astype(int)) >= 0).all()


def test_brightness_and_contrast_do_what_they_say_to_float_frames():
    frames = clip(dtype="float64")
    bright = RandomBrightness(0.3)(frames, rng(1)) - frames
    assert np.ptp(bright) < 1e-12
    assert 0 < abs(bright.mean()) <= 0.3
    strong = RandomContrast(0.5)(frames, rng(1))
    assert strong.mean() == pytest.approx(frames.mean())
    assert 1 / 1.5 <= strong.std() / frames.std() <= 1.5


def test_noise_has_no_mean_and_the_deviation_asked_for():
    frames = np.full((10, 40, 40), 0.5)
    deviations = [(GaussianNoise(0.1)(frames, rng(s)) - frames).std() for s in range(20)]
    assert max(deviations) <= 0.11
    assert np.mean(deviations) == pytest.approx(0.05, abs=0.02)
    noise = GaussianNoise(0.1)(frames, rng(2)) - frames
    assert abs(noise.mean()) < noise.std() / 20
    assert (noise[0] != noise[1]).any()


def test_cut_out_covers_one_rectangle_with_the_mean():
    frames = clip((3, 20, 30, 3))
    for seed in range(10):
        cut = CutOut(0.5)(frames, rng(seed))
        covered = (cut != frames).any(axis=(0, 3))
        rows, columns = covered.any(axis=1).sum(), covered.any(axis=0).sum()
        assert covered.sum() == rows * columns
        assert rows <= 10
        assert columns <= 15
        assert (cut[:, covered] == np.uint8(frames.mean(axis=(0, 1, 2)))).all()


def test_speed_changes_the_number_of_frames_and_keeps_first_and_last():
    ramp = np.arange(21.0)[:, None, None] * np.ones((21, 2, 2))
    counts = set()
    for seed in range(20):
        changed = SpeedChange(0.5, 2.0)(ramp, rng(seed))
        counts.add(len(changed))
        assert (changed[0, 0, 0], changed[-1, 0, 0]) == (0, 20)
        np.testing.assert_allclose(np.diff(changed[:, 0, 0], n=2), 0, atol=1e-9)
    assert min(counts) >= 10
    assert max(counts) <= 42
    assert len(counts) > 5


def test_time_warp_keeps_order_ends_and_length():
    ramp = np.arange(21.0)[:, None, None] * np.ones((21, 2, 2))
    for seed in range(20):
        times = TimeWarp(1.0)(ramp, rng(seed))[:, 0, 0]
        assert len(times) == 21
        assert (times[0], times[-1]) == (0, 20)
        assert (np.diff(times) >= -1e-9).all()
    assert (np.abs(times - np.arange(21)) > 0.1).any()


def test_frames_in_between_are_blended():
    frames = np.array([0, 100, 50], dtype=np.uint8)[:, None, None]
    blended = at_times(frames, np.array([0, 0.25, 1, 1.5, 2]))
    assert blended.ravel().tolist() == [0, 25, 100, 75, 50]


def test_dropping_and_cropping_keep_frames_whole_and_in_order():
    frames = np.arange(40, dtype=np.uint8)[:, None, None] * np.ones((40, 2, 2), np.uint8)
    for seed in range(10):
        dropped = FrameDrop(0.3)(frames, rng(seed))[:, 0, 0]
        assert 15 <= len(dropped) < 40
        assert (np.diff(dropped) > 0).all()
        part = TemporalCrop(0.5)(frames, rng(seed))[:, 0, 0]
        assert 20 <= len(part) <= 40
        assert (np.diff(part) == 1).all()
    assert len(FrameDrop(1.0)(frames, rng())) == 1
    assert len(TemporalCrop(0.0)(frames[:1], rng())) == 1


# --- mixup


def test_mixup_mixes_clips_labels_and_masks_with_the_same_weights():
    x = rng(0).random((5, 4, 3)).astype(np.float32)
    y = np.array([0, 1, 2, 0, 1])
    mask = np.arange(4) < np.array([4, 2, 3, 1, 4])[:, None]
    mixed = MixUp(classes=3, alpha=1.0)(Batch(x, y, None, mask), rng(1))
    draw = rng(1)
    partner = draw.permutation(5)
    weight = draw.beta(1.0, 1.0, 5)
    clean = np.where(mask[..., None], x, 0)
    expected = weight[:, None, None] * clean + (1 - weight)[:, None, None] * clean[partner]
    np.testing.assert_allclose(mixed.x, expected, atol=1e-6)
    one_hot = np.eye(3)[y]
    expected = weight[:, None] * one_hot + (1 - weight)[:, None] * one_hot[partner]
    np.testing.assert_allclose(mixed.y, expected, atol=1e-6)
    np.testing.assert_array_equal(mixed.mask, mask | mask[partner])
    assert mixed.x.dtype == np.float32


def test_mixup_takes_one_hot_labels_and_no_mask():
    batch = Batch(np.ones((4, 2)), np.eye(4, dtype=np.float32))
    mixed = MixUp(classes=4)(batch, rng())
    np.testing.assert_allclose(mixed.y.sum(axis=1), 1, rtol=1e-6)
    assert mixed.mask is None
    assert MixUp(**MixUp(classes=4, alpha=0.4).get_config()) == MixUp(4, 0.4)


def test_nan_in_padding_does_not_leak_through_mixup():
    x = np.ones((2, 3, 1))
    x[0, 2] = np.nan
    mask = np.array([[True, True, False], [True, True, True]])
    for seed in range(4):
        mixed = MixUp(classes=2)(Batch(x, np.array([0, 1]), None, mask), rng(seed))
        assert np.isfinite(mixed.x).all()


# --- what is refused


@pytest.mark.parametrize(
    "frames", [np.zeros((4, 5), np.uint8), np.zeros((0, 4, 5)), np.zeros((2, 4, 5), int), [[1]]]
)
def test_what_is_not_a_clip_is_refused(frames):
    with pytest.raises(ValueError, match=r"RandomShift: frames: expected \(T, H, W\)"):
        RandomShift()(frames, rng())


def test_a_seed_is_not_a_generator():
    with pytest.raises(ValueError, match=r"CutOut: rng: expected a numpy\.random\.Generator"):
        CutOut()(clip(), 0)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: RandomShift(2), "RandomShift: amount: expected a number from 0 to 1, got 2"),
        (lambda: RandomScale(1.2, 0.9), "RandomScale: high: expected a number from 1.2 to 100"),
        (lambda: RandomScale(0.0), "RandomScale: low: expected a number from 0.01 to 100"),
        (lambda: SpeedChange(low="slow"), "SpeedChange: low: expected a number"),
        (lambda: RandomFlip(p=1.5), "RandomFlip: p: expected a number from 0 to 1"),
        (lambda: RandomCrop(float("nan")), "RandomCrop: share: expected a number"),
        (lambda: Compose([3]), "Compose: augmentations: expected augmentations, got 3"),
        (lambda: MixUp(3, alpha=0), "MixUp: alpha: expected a number above 0"),
        (lambda: Augmentation.from_config({"class_name": "os"}), "config: expected one of"),
        (lambda: Augmentation.from_config(None), "config: expected one of"),
        (
            lambda: Augmentation.from_config({"class_name": "CutOut", "config": {"size": 1}}),
            r"CutOut: config: unknown settings \['size'\]",
        ),
        (
            lambda: Augmentation.from_config({"class_name": "Compose", "config": {}}),
            "Compose: config: expected augmentations",
        ),
    ],
)
def test_wrong_settings_are_named(make, complaint):
    with pytest.raises(ValueError, match=complaint):
        make()


# --- pictures


@pytest.mark.parametrize("shape", [(9, 12, 16), (9, 12, 16, 1), (9, 12, 16, 3)])
def test_the_contact_sheet_has_a_row_for_each(tmp_path, shape):
    figure = contact_sheet(clip(shape), path=tmp_path / "sheet.png")
    labels = figure.axes[0].get_yticklabels()
    names = [label.get_text().split("\n")[0] for label in labels]
    assert names == ["original", *(type(one).__name__ for one in all_augmentations()), "MixUp, 3:2"]
    assert (tmp_path / "sheet.png").read_bytes()[1:4] == b"PNG"


def test_the_standard_set_mirrors_nothing():
    names = {type(one).__name__ for one in standard_augmentation().augmentations}
    assert "RandomFlip" not in names
    assert standard_augmentation() == standard_augmentation()
