"""The reader: what it gives, how it gives it, and how it fails."""

from __future__ import annotations

import itertools
import os
import pickle
import sys
import tracemalloc
import zlib
from pathlib import Path

import av
import numpy as np
import PIL.Image
import pytest

from scratchrnn.video import VideoError, read_frames, write_clip, write_gif
from scratchrnn.video.sources import PyAVSource

# Every container, codec and pixel format that takes a path of its own through the reader.
FORMATS = {
    "h264.mp4": ("libx264", {}),
    "h264.mkv": ("libx264", {}),
    "h264.ts": ("libx264", {}),
    "h264.h264": ("libx264", {}),
    "fragments.mp4": ("libx264", {"container_options": {"movflags": "frag_keyframe+empty_moov"}}),
    "reordered.mp4": ("libx264", {"options": {"bf": "3"}, "count": 12}),
    "full_colour.mp4": ("libx264", {"pixels": "yuv444p"}),
    "odd.mp4": ("libx264", {"pixels": "yuv444p", "size": (33, 45)}),
    "gray.mp4": ("libx264", {"pixels": "gray"}),
    "one.mp4": ("libx264", {"count": 1}),
    "vp9.webm": ("libvpx-vp9", {}),
    "mpeg1.mpg": ("mpeg1video", {}),
    "mpeg4.avi": ("mpeg4", {}),
    "motion.mjpeg": ("mjpeg", {"pixels": "yuvj420p"}),
    "alpha.mov": ("qtrle", {"pixels": "argb"}),
    "alpha.mkv": ("ffv1", {"pixels": "bgra"}),
    "ten_bits.mkv": ("ffv1", {"pixels": "yuv420p10le"}),
    "sixteen_bits.mkv": ("ffv1", {"pixels": "gray16le"}),
    "black_and_white.avi": ("rawvideo", {"pixels": "monow"}),
    "picture.gif": ("gif", {"pixels": "rgb8"}),
    "picture.apng": ("apng", {"pixels": "rgb24"}),
    "speed.flv": ("flv1", {}),
    "windows.wmv": ("wmv2", {}),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_gives_the_frames_that_a_plain_decode_gives(make_clip, name):
    codec, settings = FORMATS[name]
    path = make_clip(name, codec, **settings)
    with av.open(str(path)) as container:
        plain = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    reader = read_frames(path)
    given = list(reader)
    assert len(given) == settings.get("count", 6) == reader.frames_read
    assert reader.plugin == "pyav"
    assert all(frame.dtype == np.uint8 for frame in given)
    np.testing.assert_array_equal(np.stack(given), np.stack(plain))
    gray = list(read_frames(path, gray=True, size=(10, 14)))
    assert [frame.shape for frame in gray] == [(10, 14)] * len(given)


def test_what_the_file_says_is_known_before_reading(make_clip):
    reader = read_frames(make_clip("a.mp4"), size=(9, 11))
    assert (reader.fps, reader.rotation) == (25.0, 0)
    assert (reader.stored_size, reader.size) == ((48, 64), (9, 11))
    assert reader.path.endswith("a.mp4")


def test_a_greatest_size_only_makes_smaller(make_clip):
    path = make_clip("a.mp4")
    assert read_frames(path, max_size=(100, 100)).size == (48, 64)
    reader = read_frames(path, max_size=(24, 100), gray=True)
    assert reader.size == (24, 64) == next(iter(reader)).shape
    with pytest.raises(ValueError, match="max_size: not to be given beside size"):
        read_frames(path, size=(5, 5), max_size=(9, 9))


def test_start_stride_and_length_are_applied_while_streaming(make_clip):
    path = make_clip("a.mkv", "ffv1", pixels="bgra", count=20)
    everything = list(read_frames(path))
    some = read_frames(path, start=3, stride=4, max_frames=3)
    np.testing.assert_array_equal(np.stack(list(some)), np.stack(everything[3:15:4]))
    assert some.frames_read == 12  # nothing is decoded after the last frame wanted


def test_a_reader_can_be_iterated_again_and_twice_at_once(make_clip):
    reader = read_frames(make_clip("a.mkv", "ffv1", pixels="bgra"))
    once = list(reader)
    for first, second in zip(reader, reader, strict=True):
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.stack(once), np.stack(list(reader)))


def test_closing_early_lets_go_of_the_file(make_clip):
    path = make_clip("a.mp4")
    with read_frames(path) as reader:
        pass
    assert len(list(reader)) == 6
    for _ in itertools.islice(read_frames(path), 2):
        pass
    path.unlink()


def test_variable_frame_rate_gives_the_real_frames_only(make_clip):
    path = make_clip("vfr.mp4", times=[0, 1, 10, 11, 40, 50])
    assert len(list(read_frames(path))) == 6


def test_each_of_several_streams_can_be_chosen(make_clip):
    path = make_clip("two.mkv", streams=2)
    assert read_frames(path, stream=0).size == (48, 64)
    assert read_frames(path, stream=1).size == (48, 48)
    with pytest.raises(VideoError, match=r"stream: expected 0 to 1, got 2"):
        read_frames(path, stream=2)


# A display matrix (a, b, c, d) sends the stored point (x, y) to (a x + c y, b x + d y).
ORIENTATIONS = {
    (1, 0, 0, 1): lambda f: f,
    (0, 1, -1, 0): lambda f: np.rot90(f, -1),
    (-1, 0, 0, -1): lambda f: np.rot90(f, 2),
    (0, -1, 1, 0): lambda f: np.rot90(f, 1),
    (-1, 0, 0, 1): lambda f: f[:, ::-1],
    (1, 0, 0, -1): lambda f: f[::-1],
    (0, 1, 1, 0): lambda f: f.swapaxes(0, 1),
    (0, -1, -1, 0): lambda f: np.rot90(f, 2).swapaxes(0, 1),
}


@pytest.mark.parametrize("matrix", ORIENTATIONS)
def test_rotated_and_mirrored_video_comes_out_upright(make_clip, matrix):
    path = make_clip("turned.mp4")
    stored = list(read_frames(path))
    data = bytearray(path.read_bytes())
    a, b, c, d = (65536 * entry for entry in matrix)
    place = data.index(b"tkhd") + 44  # version 0: the matrix follows 40 bytes of other fields
    data[place : place + 36] = np.array([a, b, 0, c, d, 0, 0, 0, 1 << 30], ">i4").tobytes()
    path.write_bytes(data)
    reader = read_frames(path)
    np.testing.assert_array_equal(
        np.stack(list(reader)), np.stack([ORIENTATIONS[matrix](frame) for frame in stored])
    )
    assert reader.size == (((64, 48)) if matrix[0] == 0 else (48, 64))
    assert next(iter(read_frames(path, size=(10, 20)))).shape == (10, 20, 3)


@pytest.mark.parametrize(("orientation", "quarters"), [(1, 0), (3, 2), (6, -1), (8, 1)])
def test_photographs_with_exif_come_out_upright(tmp_path, frames, orientation, quarters):
    path = tmp_path / "photo.jpg"
    exif = PIL.Image.Exif()
    exif[274] = orientation
    picture = frames(1, 48, 64)[0]
    PIL.Image.fromarray(picture).save(path, exif=exif, quality=95)
    shown = next(iter(read_frames(path))).astype(int)
    assert np.abs(shown - np.rot90(picture, quarters)).mean() < 4


def test_a_picture_that_nothing_converts_is_named_with_its_number(make_clip, monkeypatch):
    reader = read_frames(make_clip("a.mp4"))
    monkeypatch.setattr(PyAVSource, "to_array", lambda *arguments: 1 / 0)
    with pytest.raises(VideoError, match=r"a\.mp4: frame 1 cannot be converted: division by zero"):
        list(reader)


def test_scaling_is_an_average_over_areas(make_clip, frames):
    path = make_clip("a.mkv", "ffv1", pixels="bgra", size=(480, 640), count=2)
    picture = frames(2, 480, 640)[1].astype(float)
    exact = picture.reshape(6, 80, 8, 80, 3).mean(axis=(1, 3))
    small = list(read_frames(path, size=(6, 8)))[1]
    assert np.abs(small - exact).max() <= 1.5


@pytest.mark.parametrize("shrink", [(48, 64), (6, 8), (3, 4), (1, 1)])
def test_fine_detail_is_averaged_and_not_picked(make_clip, tmp_path, shrink):
    noise = np.random.default_rng(0).integers(0, 256, (480, 640), dtype=np.uint8)
    noise[:, 320:] //= 3
    path = tmp_path / "noise.apng"
    PIL.Image.fromarray(noise).save(path, format="PNG")
    height, width = shrink
    cells = noise.astype(float).reshape(height, 480 // height, width, 640 // width)
    small = next(iter(read_frames(path, size=shrink, gray=True)))
    assert np.abs(small - cells.mean(axis=(1, 3))).max() <= 1.5


def test_gray_is_full_range_luma_whatever_the_coding(make_clip, frames):
    exact = frames(6, 48, 64)[0] @ [0.299, 0.587, 0.114]
    for name, codec, pixels in (
        ("limited.mp4", "libx264", "yuv420p"),
        ("full.mjpeg", "mjpeg", "yuvj420p"),
        ("rgb.mkv", "ffv1", "bgra"),
        ("deep.mkv", "ffv1", "yuv420p10le"),
    ):
        gray = next(iter(read_frames(make_clip(name, codec, pixels=pixels), gray=True)))
        assert np.abs(gray - exact).mean() < 3, name


def test_motion_jpeg_is_decoded_small_to_the_same_picture(make_clip):
    best = {"qmin": "1", "qmax": "1"}
    path = make_clip("a.mjpeg", "mjpeg", pixels="yuvj444p", size=(360, 480), options=best)
    full = next(iter(read_frames(path)))
    small = read_frames(path, size=(20, 30))
    assert small.stored_size == (360, 480)
    average = full.astype(float).reshape(20, 18, 30, 16, 3).mean(axis=(1, 3))
    assert np.abs(next(iter(small)) - average).mean() < 1.5


def test_a_stream_that_changes_size_keeps_the_size_of_its_first_frame(make_clip, tmp_path):
    parts = [make_clip(f"{h}.h264", size=(h, 64)).read_bytes() for h in (48, 96)]
    path = tmp_path / "changing.h264"
    path.write_bytes(b"".join(parts))
    assert {frame.shape for frame in read_frames(path)} == {(48, 64, 3)}
    assert len(list(read_frames(path))) == 12


def test_memory_does_not_grow_with_the_clip(tmp_path):
    path = tmp_path / "long.avi"
    write_clip(path, (np.full((96, 128, 3), i % 200, np.uint8) for i in range(300)))
    tracemalloc.start()
    for _ in read_frames(path):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * 96 * 128 * 3


def cut_short(make_clip) -> tuple:
    path = make_clip("cut.mp4", count=40, container_options={"movflags": "faststart"})
    path.write_bytes(path.read_bytes()[:-700])
    with av.open(str(path)) as container, pytest.raises(av.FFmpegError):
        good = 0
        for _ in container.decode(video=0):
            good += 1
    assert 0 < good < 40
    return path, good


def test_a_broken_tail_raises_after_the_good_frames(make_clip):
    path, good = cut_short(make_clip)
    given = []
    with pytest.raises(VideoError, match=rf"cut\.mp4: broken after {good} frames: ") as caught:
        for frame in read_frames(path):
            given.append(frame)
    assert len(given) == good == caught.value.frames_read
    assert caught.value.path == str(path)
    assert pickle.loads(pickle.dumps(caught.value)).frames_read == good


def test_a_broken_tail_can_be_cut_off(make_clip):
    path, good = cut_short(make_clip)
    reader = read_frames(path, on_error="truncate")
    assert len(list(reader)) == good
    assert reader.error.frames_read == good
    with pytest.raises(VideoError, match="broken after"):
        list(read_frames(path, on_error="truncate", start=good))


def test_frames_before_the_damage_can_be_read_without_meeting_it(make_clip):
    path, good = cut_short(make_clip)
    assert len(list(read_frames(path, max_frames=good))) == good


@pytest.mark.parametrize("threads", [1, 0, None])
def test_damage_is_found_as_by_a_single_thread(make_clip, threads):
    path = make_clip("a.webm", "libvpx-vp9", size=(240, 320), count=12)
    whole = path.read_bytes()
    rng = np.random.default_rng(1)
    outcomes = set()
    for _ in range(12):
        damaged = bytearray(whole)
        for place in rng.integers(len(whole) // 3, len(whole) * 2 // 3, 8):
            damaged[place] ^= 0x55
        path.write_bytes(damaged)
        with av.open(str(path)) as container:
            container.streams.video[0].thread_type = "NONE"
            count, broken = 0, False
            try:
                for _ in container.decode(video=0):
                    count += 1
            except av.FFmpegError:
                broken = True
        reader = read_frames(path, on_error="truncate", gray=True, threads=threads)
        assert (len(list(reader)), reader.error is not None) == (count, broken)
        outcomes.add(broken)
    assert outcomes == {True, False}


def test_the_file_is_closed_when_a_pass_ends_or_is_left(make_clip, monkeypatch):
    closed = []
    close = PyAVSource.close
    monkeypatch.setattr(PyAVSource, "close", lambda self: (closed.append(self), close(self)))
    path = make_clip("a.mp4")
    list(read_frames(path))
    early = iter(read_frames(path))
    next(early)
    early.close()
    read_frames(path).close()
    assert len(closed) == 3


def huge_png(side: int) -> bytes:
    """Return a whole black-and-white picture of few bytes and many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    header = side.to_bytes(4, "big") * 2 + bytes([1, 0, 0, 0, 0])
    data = zlib.compress(bytes((side // 8 + 1) * side), 1)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


BAD_FILES = {
    "empty.mp4": b"",
    "text.mp4": b"this is not a video\n",
    "zeros.mov": bytes(4000),
    "no_frames.y4m": b"YUV4MPEG2 W16 H16 F25:1\n",
    "playlist.mp4": b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n",
    "subtitles.srt": b"1\n00:00:00,000 --> 00:00:01,000\nhello\n",
    "drawing.ans": b"\x1b[31mHello" * 40,
    "drawing.svg": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>',
    "huge.png": huge_png(12000),
    "half.webp": b"RIFF\x64\x00\x00\x00WEBPVP8 " + bytes(80),
}


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("on_error", ["raise", "truncate"])
def test_what_is_not_video_is_one_error_of_one_line(tmp_path, name, on_error):
    path = tmp_path / name
    path.write_bytes(BAD_FILES[name])
    with pytest.raises(VideoError) as caught:
        list(read_frames(path, on_error=on_error))
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert caught.value.frames_read == 0


def test_missing_files_and_folders_are_named(tmp_path):
    with pytest.raises(VideoError, match=r"nowhere\.mp4: cannot be opened: no such file"):
        read_frames(tmp_path / "nowhere.mp4")
    with pytest.raises(VideoError, match="it is a folder"):
        read_frames(tmp_path)


def test_pipes_and_devices_are_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (tmp_path / "loop.mp4").symlink_to(tmp_path / "loop.mp4")
    for name, reason in (("pipe", "pipe"), ("zero", "device"), ("loop", "no such file")):
        with pytest.raises(VideoError, match=rf"{name}\.mp4: cannot be opened: .*{reason}"):
            read_frames(tmp_path / f"{name}.mp4")


def test_a_file_that_may_not_be_read_is_named(make_clip, monkeypatch):
    path = make_clip("secret.mp4")

    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("scratchrnn.video.sources.open", refuse, raising=False)
    with pytest.raises(VideoError, match=r"secret\.mp4: cannot be read as video: Permission den"):
        read_frames(path)


def test_an_error_is_one_line_whatever_the_name(tmp_path):
    path = tmp_path / "two\nlines\t.mp4"
    path.write_bytes(b"")
    with pytest.raises(VideoError, match=r"two\\nlines\\t\.mp4: cannot") as caught:
        read_frames(path)
    assert caught.value.path == str(path)


def sound(path, cover: bool) -> None:
    with av.open(str(path), "w") as container:
        track = container.add_stream("libmp3lame", rate=44100)
        if cover:
            picture = container.add_stream("png", rate=25)
            picture.height = picture.width = 16
            picture.pix_fmt = "rgb24"
            picture.disposition = av.stream.Disposition.attached_pic
            black = av.VideoFrame.from_ndarray(np.zeros((16, 16, 3), np.uint8), format="rgb24")
            container.mux(picture.encode(black))
            container.mux(picture.encode(None))
        silence = np.zeros((1, 1152), np.int16)
        frame = av.AudioFrame.from_ndarray(silence, format="s16p", layout="mono")
        frame.sample_rate = 44100
        container.mux(track.encode(frame))
        container.mux(track.encode(None))


@pytest.mark.parametrize("cover", [False, True])
def test_music_is_not_video_with_or_without_a_cover_picture(tmp_path, cover):
    path = tmp_path / "song.mp3"
    sound(path, cover)
    with pytest.raises(VideoError, match=r"no video stream \(the file has audio only\)"):
        read_frames(path)


def test_a_cap_on_pixels_stops_a_pass(make_clip):
    path = make_clip("a.mp4")
    assert len(list(read_frames(path, max_pixels=6 * 48 * 64))) == 6
    with pytest.raises(VideoError, match=r"more than max_pixels=15000 pixels after 4 frames"):
        list(read_frames(path, max_pixels=15000, on_error="truncate"))


def test_a_start_past_the_end_is_an_error(make_clip):
    with pytest.raises(VideoError, match=r"start=6 is past its 6 frames"):
        list(read_frames(make_clip("a.mp4"), start=6))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"stride": 0}, "stride: expected an integer >= 1, got 0"),
        ({"start": -1}, "start: expected an integer >= 0, got -1"),
        ({"max_frames": 2.5}, r"max_frames: expected an integer >= 1, got 2\.5"),
        ({"size": (0, 5)}, r"size: expected \(height, width\)"),
        ({"size": 5}, r"size: expected \(height, width\)"),
        ({"on_error": "ignore"}, 'on_error: expected "raise" or "truncate"'),
        ({"threads": True}, "threads: expected an integer >= 0, got True"),
    ],
)
def test_wrong_settings_are_named(make_clip, settings, complaint):
    with pytest.raises(ValueError, match=complaint):
        read_frames(make_clip("a.mp4"), **settings)


def test_without_pyav_video_says_what_to_install(make_clip, monkeypatch):
    path = make_clip("a.mp4")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(ImportError, match=r'pip install "scratchrnn\[video\]"'):
        read_frames(path)


def test_without_pyav_gif_is_read_by_pillow_to_the_same_frames(tmp_path, frames, monkeypatch):
    path = tmp_path / "a.gif"
    write_gif(path, frames(5, 20, 30), fps=20)
    with_pyav = list(read_frames(path))
    monkeypatch.setitem(sys.modules, "av", None)
    reader = read_frames(path)
    assert (reader.plugin, reader.fps, reader.size) == ("pillow", 20.0, (20, 30))
    np.testing.assert_array_equal(np.stack(list(reader)), np.stack(with_pyav))
    gray = next(iter(read_frames(path, gray=True, size=(5, 6))))
    average = (with_pyav[0] @ [0.299, 0.587, 0.114]).reshape(5, 4, 6, 5).mean(axis=(1, 3))
    assert np.abs(gray - average).max() <= 1


@pytest.mark.parametrize("name", ["%d.png", "http:__a.avi", "concat:a|b.mkv", "ä ö.mp4", "-i.mp4"])
def test_a_name_is_only_a_name(make_clip, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    path = Path(name)
    if path.suffix == ".png":
        PIL.Image.fromarray(np.zeros((48, 64), np.uint8)).save(path)
    else:
        path.write_bytes(make_clip(f"plain{path.suffix}", "mpeg4").read_bytes())
    assert read_frames(path).size == (48, 64)


def test_animated_webp_is_read_by_pillow(tmp_path, frames):
    path = tmp_path / "a.webp"
    first, *rest = [PIL.Image.fromarray(frame) for frame in frames(4, 20, 30)]
    first.save(path, save_all=True, append_images=rest, duration=50, lossless=True)
    reader = read_frames(path)
    assert reader.plugin == "pillow"
    np.testing.assert_array_equal(np.stack(list(reader)), np.stack(frames(4, 20, 30)))
