"""Frames from real files: whole, cut, damaged, and no video at all."""

import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import av
import cv2
import numpy as np
import pytest

from edge.rendered import FPS, HEIGHT, WIDTH, Walker, encode, scene
from saqta.edge.frames import BROKEN_PACKETS_MAX, SIDE_PX_MAX, Frame, FrameReader, luma, planes
from saqta.edge.source import Opening, open_file, scheme
from saqta.model.errors import InputError

WALK = Walker((0.0, 0.7), (1.0, 0.7), 0.0, 6.0)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("film") / "walk.mp4", scene([WALK], 6))


def read(path: Path, analysed_fps: float = 5.0) -> tuple[FrameReader, list[Frame]]:
    reader = FrameReader(open_file(str(path)), str(path), analysed_fps)
    try:
        return reader, list(reader)
    finally:
        reader.close()


@pytest.mark.parametrize(("analysed_fps", "step_s"), [(5.0, 0.2), (2.0, 0.5), (10.0, 0.1), (25.0, 0.1)])
def test_takes_the_frames_that_are_due(film: Path, analysed_fps: float, step_s: float) -> None:
    reader, frames = read(film, analysed_fps)
    assert reader.decoded == 6 * FPS
    assert [frame.at_s for frame in frames] == pytest.approx(np.arange(len(frames)) * step_s)
    assert frames[-1].at_s >= 6 - 2 * step_s
    assert [frame.fresh for frame in frames] == [True] + [False] * (len(frames) - 1)
    assert reader.ended == "the file ended"
    assert reader.decode_cpu_s > 0


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [
        ("a.mp4", "libx264", "yuv420p"),
        ("a.mkv", "libx264", "yuv444p"),
        ("a.avi", "mjpeg", "yuvj422p"),
        ("a.ts", "mpeg2video", "yuv420p"),
    ],
)
def test_gives_brightness_and_colour_whatever_the_format(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    pictures = list(scene([WALK], 1))
    fps = 25 if codec == "mpeg2video" else FPS
    _, frames = read(encode(tmp_path / name, pictures, codec=codec, pix_fmt=pix_fmt, fps=fps))
    gray = luma(frames[0].picture, 160)
    assert gray.shape == (120, 160)
    y, u, v = planes(frames[0].picture, 160)
    assert (y.shape, u.shape, v.shape) == ((120, 160), (60, 80), (60, 80))
    truth = cv2.resize(cv2.cvtColor(pictures[0], cv2.COLOR_BGR2GRAY), (160, 120), interpolation=cv2.INTER_AREA)
    seen = np.corrcoef(gray.ravel(), truth.ravel())[0, 1]
    assert seen > 0.95


def test_never_enlarges(film: Path) -> None:
    _, frames = read(film)
    assert luma(frames[0].picture, 1000).shape == (HEIGHT, WIDTH)


def test_begins_afresh_when_the_picture_changes_size(tmp_path: Path) -> None:
    small = encode(tmp_path / "small.ts", scene([WALK], 2))
    large = encode(tmp_path / "large.ts", (np.repeat(np.repeat(p, 2, 0), 2, 1) for p in scene([WALK], 2)))
    both = tmp_path / "both.ts"
    both.write_bytes(small.read_bytes() + large.read_bytes())
    reader, frames = read(both)
    sizes = [(frame.picture.width, frame.fresh) for frame in frames]
    assert sizes.count((WIDTH, True)) == 1
    assert sizes.count((2 * WIDTH, True)) == 1
    assert (reader.width, reader.height) == (2 * WIDTH, 2 * HEIGHT)
    assert all(later.at_s > frame.at_s for frame, later in pairwise(frames))


def test_a_jump_of_the_streams_clock_is_passed_over(tmp_path: Path) -> None:
    first = encode(tmp_path / "first.ts", scene([WALK], 3))
    both = tmp_path / "both.ts"
    both.write_bytes(first.read_bytes() * 2)
    _, frames = read(both)
    at_s = [frame.at_s for frame in frames]
    assert at_s == sorted(at_s)
    assert at_s[-1] == pytest.approx(6, abs=0.5)
    assert sum(frame.fresh for frame in frames) == 2


def test_reads_what_is_there_of_a_file_that_was_cut_and_says_so(tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mkv", scene([WALK], 6))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    reader, frames = read(cut)
    assert 5 < len(frames) < 25
    assert reader.ended is not None
    assert "cut short" in reader.ended


def test_damage_in_the_middle_costs_frames_only(film: Path, tmp_path: Path) -> None:
    damaged = bytearray(film.read_bytes())
    rng = np.random.default_rng(7)
    for place in rng.integers(len(damaged) // 4, len(damaged) * 3 // 4, 400):
        damaged[place] ^= 0xFF
    path = tmp_path / "damaged.mp4"
    path.write_bytes(damaged)
    reader, frames = read(path)
    assert len(frames) > 10
    assert reader.broken <= BROKEN_PACKETS_MAX


def test_frames_that_were_guessed_are_not_looked_at(tmp_path: Path) -> None:
    damaged = bytearray(encode(tmp_path / "whole.ts", scene([WALK], 6)).read_bytes())
    for place in np.random.default_rng(7).integers(5_000, len(damaged), 100):
        damaged[place] ^= 0xFF
    path = tmp_path / "damaged.ts"
    path.write_bytes(damaged)
    reader, frames = read(path, FPS)
    assert 0 < reader.broken < reader.decoded
    assert not any(frame.picture.is_corrupt for frame in frames)


def test_a_title_in_no_known_letters_is_no_reason_not_to_look(film: Path, tmp_path: Path) -> None:
    path = tmp_path / "titled.mp4"
    path.write_bytes(film.read_bytes().replace(b"Lavf", b"\xff\xfe\xfd\xfc"))
    reader, _ = read(path)
    assert reader.decoded == 6 * FPS


@pytest.mark.parametrize("us_a_frame", [2_000_000_000, 1])
def test_a_rate_at_which_nobody_films_is_not_believed(tmp_path: Path, us_a_frame: int) -> None:
    whole = encode(tmp_path / "whole.avi", scene([WALK], 1), codec="mjpeg", pix_fmt="yuvj420p").read_bytes()
    path = tmp_path / "odd.avi"
    place = whole.index(b"strh") + 8 + 20  # dwScale, dwRate
    path.write_bytes(whole[:place] + struct.pack("<II", us_a_frame, 1_000_000) + whole[place + 8 :])
    reader, _ = read(path)
    assert (reader.decoded, reader.fps) == (FPS, 25.0)
    assert reader.at_s < 1


def test_streams_that_come_on_the_way_do_not_harm_the_one_that_is_read(tmp_path: Path) -> None:
    def encoded(name: str, streams: int) -> bytes:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            made = [container.add_stream("mpeg2video", rate=25) for _ in range(streams)]
            for stream in made:
                stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            for picture in [*scene([WALK], 1), None]:
                frame = av.VideoFrame.from_ndarray(picture, format="bgr24") if picture is not None else None
                for stream in made:
                    container.mux(stream.encode(frame))
        return path.read_bytes()

    one = encoded("one.ts", 1)
    many = 1 + 6_000_000 // len(one)  # More than FFmpeg probes.
    (tmp_path / "more.ts").write_bytes(one * many + encoded("three.ts", 3))
    with (tmp_path / "more.ts").open("rb") as file:
        reader = FrameReader(Opening(Forwards(file), {}, live=True), "more.ts", 5.0)
        taken = sum(1 for _ in reader)
    assert (taken > many, reader.ended) == (True, "the stream ended")


class Forwards(NamedTuple):
    """A file that can't be searched, as a stream can't."""

    file: IO[bytes]

    def read(self, size: int) -> bytes:
        return self.file.read(min(size, 8192))


def no_file(path: Path) -> None:
    path.unlink(missing_ok=True)


def folder(path: Path) -> None:
    path.mkdir()


def text(path: Path) -> None:
    path.write_text("Not a video, but quite long.\n" * 1000)


def still(path: Path) -> None:
    path.write_bytes(cv2.imencode(".png", next(scene([], 1)))[1].tobytes())


def header_only(path: Path) -> None:
    encode(path, scene([], 1))
    path.write_bytes(path.read_bytes()[:200])


def too_wide(path: Path) -> None:
    encode(path, [np.zeros((16, SIDE_PX_MAX + 8, 3), np.uint8)], codec="mjpeg", pix_fmt="yuvj420p")


def unknown_codec(path: Path) -> None:
    encode(path, scene([], 1))
    path.write_bytes(path.read_bytes().replace(b"avc1", b"zzz1"))


@pytest.mark.parametrize("make", [no_file, folder, Path.touch, text, still, header_only, too_wide, unknown_codec])
def test_says_in_one_sentence_why_it_is_no_video(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "film.mp4"
    make(path)
    with pytest.raises(InputError) as refused:
        read(path)
    assert refused.value.field == "source"
    assert "\n" not in str(refused.value)


def test_tells_sources_apart_by_their_scheme() -> None:
    assert [scheme(source) for source in ("a.mp4", "./b:c.mp4", "rtsp://x/1", "RTSP://x", "sim:square/C1")] == [
        "file",
        "file",
        "rtsp",
        "rtsp",
        "sim",
    ]
