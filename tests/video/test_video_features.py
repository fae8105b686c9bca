"""Frame features: equations (1) to (5), and what they must not depend on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scratchrnn.video import FrameFeatures, VideoError, write_clip, write_gif
from scratchrnn.video.resize import area_weights, resize_area


def clip(seed: int = 0, count: int = 7, size: tuple[int, int] = (24, 32)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), dtype=np.uint8)


@given(st.integers(1, 40), st.integers(1, 40))
def test_area_weights_are_averages_that_use_every_sample_alike(n_in, n_out):
    weights = area_weights(n_in, n_out)
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(weights.sum(axis=0), n_out / n_in, rtol=1e-5)


def test_resizing_by_whole_factors_is_the_block_mean():
    frame = clip()[0]
    blocks = frame.reshape(6, 4, 8, 4, 3).mean(axis=(1, 3))
    np.testing.assert_array_equal(resize_area(frame, (6, 8)), np.rint(blocks))
    np.testing.assert_allclose(resize_area(frame.astype(float), (6, 8)), blocks, rtol=1e-6)


def test_the_equations_are_followed():
    frames = clip()
    a = (frames @ [0.299, 0.587, 0.114] / 255).reshape(7, 4, 6, 4, 8).mean(axis=(2, 4))
    b = a - a.mean(axis=0)
    c = b / (b.std() + 1 / 255)
    m = np.concatenate([np.zeros((1, 4, 4)), c[1:] - c[:-1]])
    m = m / (m.std() + 1 / 255)
    features = FrameFeatures(size=(4, 4), flatten=False)(frames)
    np.testing.assert_allclose(features[..., 0], c, atol=2e-5)
    np.testing.assert_allclose(features[..., 1], m, atol=2e-5)
    plain = FrameFeatures(
        size=(4, 4), remove_mean=False, normalize=False, difference=False, gray=False
    )(frames)
    means = frames.reshape(7, 4, 6, 4, 8, 3).mean(axis=(2, 4)) / 255
    np.testing.assert_allclose(plain, means.reshape(7, -1), atol=1e-6)


@pytest.mark.parametrize("gray", [True, False])
@pytest.mark.parametrize("difference", [True, False])
@pytest.mark.parametrize("flatten", [True, False])
def test_the_shape_is_known_beforehand_and_the_same_for_all_frame_sizes(gray, difference, flatten):
    features = FrameFeatures(size=(3, 5), gray=gray, difference=difference, flatten=flatten)
    for size in ((24, 32), (2, 3), (1, 1), (37, 61)):
        given = features(clip(size=size))
        assert given.shape == (7, *features.shape)
        assert given.dtype == np.float32
        assert given[0].size == features.feature_count
        assert np.isfinite(given).all()


def test_gray_frames_with_and_without_an_axis_and_grey_colour_give_the_same():
    frames = clip()[..., 0]
    features = FrameFeatures()
    np.testing.assert_array_equal(features(frames), features(frames[..., None]))
    colour = np.repeat(frames[..., None], 3, axis=3)
    np.testing.assert_allclose(features(frames), features(colour), atol=1e-4)
    colours = FrameFeatures(gray=False)
    np.testing.assert_array_equal(colours(frames), colours(colour))


def test_brightness_and_contrast_hardly_count():
    frames = clip(size=(6, 8)).astype(np.float32)
    paler = FrameFeatures()(0.5 * frames + 90)
    np.testing.assert_allclose(paler, FrameFeatures()(frames), rtol=0.05, atol=1e-5)


def test_a_still_clip_gives_zeros():
    features = FrameFeatures()(np.repeat(clip(count=1), 5, axis=0))
    np.testing.assert_allclose(features, 0, atol=1e-4)


def test_a_file_gives_what_its_frames_give(tmp_path, frames):
    write_clip(tmp_path / "small.mp4", frames(8, 40, 56), quality=1)
    write_clip(tmp_path / "large.mp4", frames(8, 400, 560), quality=1)
    for name, size in (("small.mp4", (40, 56)), ("large.mp4", (400, 560))):
        features = FrameFeatures()
        from_file = features.from_file(tmp_path / name)
        assert np.corrcoef(from_file.ravel(), features(frames(8, *size)).ravel())[0, 1] > 0.97


def test_stride_and_length_are_those_of_the_reader(tmp_path, frames):
    write_clip(tmp_path / "a.mp4", frames(20, 24, 32))
    assert len(FrameFeatures(stride=3).from_file(tmp_path / "a.mp4")) == 7
    assert len(FrameFeatures(stride=3, max_frames=4).from_file(tmp_path / "a.mp4")) == 4


def test_a_configuration_survives_json():
    features = FrameFeatures((5, 7), gray=False, difference=False, stride=2, max_frames=9)
    again = FrameFeatures.from_config(json.loads(json.dumps(features.get_config())))
    assert again == features != FrameFeatures()
    assert hash(again) == hash(features)
    assert repr(again) == repr(features)


@pytest.mark.parametrize("config", [{"sizes": [1, 2]}, ["size"], None])
def test_a_configuration_that_is_not_one_is_refused(config):
    with pytest.raises(ValueError, match="FrameFeatures: config: expected keys of"):
        FrameFeatures.from_config(config)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"size": None}, "size: expected"),
        ({"size": (0, 4)}, "size: expected"),
        ({"stride": 0}, "stride: expected an integer >= 1"),
        ({"max_frames": 0}, "max_frames: expected an integer >= 1"),
        ({"max_pixels": 1.5}, "max_pixels: expected an integer >= 1"),
    ],
)
def test_wrong_settings_are_named(settings, complaint):
    with pytest.raises(ValueError, match=f"FrameFeatures: {complaint}"):
        FrameFeatures(**settings)


def test_frames_that_are_none_or_not_pictures_are_refused():
    with pytest.raises(VideoError, match="expected at least one frame"):
        FrameFeatures()([])
    with pytest.raises(ValueError, match=r"expected \(H, W\).*got \(4, 5, 2\)"):
        FrameFeatures()([np.zeros((4, 5, 2))])


# -- the picture as it is -------------------------------------------------------------------


def test_appearance_keeps_what_stands_still_and_its_colour():
    still = np.zeros((4, 6, 9, 3), np.uint8)
    still[..., 0] = 255
    features = FrameFeatures((2, 3), appearance=(1, 3))
    x = features(still)
    assert features.shape == x.shape[1:] == (2 * 6 + 9,)
    assert not x[:, :12].any()
    assert np.allclose(x[:, 12:], np.tile([0.5, -0.5, -0.5], 3), atol=1e-6)


def test_appearance_adds_to_what_was_there_and_is_an_average_of_areas():
    clip = np.random.default_rng(0).integers(0, 256, (5, 8, 12, 3)).astype(np.uint8)
    x = FrameFeatures((4, 6), appearance=(2, 3))(clip)
    assert np.allclose(x[:, :48], FrameFeatures((4, 6))(clip), atol=1e-4)
    means = clip.reshape(5, 2, 4, 3, 4, 3).mean(axis=(2, 4)) / 255 - 0.5
    assert np.allclose(x[:, 48:], means.reshape(5, -1), atol=1e-6)


def test_appearance_of_pictures_is_three_more_channels():
    clip = np.random.default_rng(0).integers(0, 256, (5, 8, 12, 3)).astype(np.uint8)
    features = FrameFeatures((4, 6), appearance=(4, 6), flatten=False)
    x = features(clip)
    assert x.shape == (5, 4, 6, 5) == (5, *features.shape)
    assert np.allclose(x[..., 2:].mean(), clip.mean() / 255 - 0.5, atol=1e-6)
    assert FrameFeatures.from_config(features.get_config()) == features


def test_files_are_decoded_in_colour_for_appearance(tmp_path):
    red = np.zeros((3, 8, 12, 3), np.uint8)
    red[..., 0] = 200
    write_gif(tmp_path / "red.gif", red)
    x = FrameFeatures((2, 3), appearance=(1, 1)).from_file(tmp_path / "red.gif")
    assert np.allclose(x[:, -3:], [200 / 255 - 0.5, -0.5, -0.5], atol=0.02)


@pytest.mark.parametrize(("appearance", "flatten"), [((5, 6), True), ((2, 3), False)])
def test_appearance_that_does_not_fit_is_refused(appearance, flatten):
    with pytest.raises(ValueError, match=r"FrameFeatures: appearance: expected .*size=.4, 6."):
        FrameFeatures((4, 6), appearance=appearance, flatten=flatten)
