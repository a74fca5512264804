"""Covering a recording: everybody, from the first frame to the last, and little else."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.rendered import FPS, Picture, Walker, encode, scene
from saqta.edge.covering.film import Found, learn
from saqta.edge.frames import FrameReader
from saqta.edge.plugins import Plugins
from saqta.edge.redact import RedactSummary
from saqta.edge.redact import redact as redact_source
from saqta.edge.source import Opening, open_file
from saqta.model.errors import InputError, StorageError


def live(source: str) -> Opening:
    return Opening(source, {}, live=True)


PLUGINS = Plugins({"file": open_file, "rtsp": live}, {}, {})


def redacted(path: Path, **options) -> tuple[RedactSummary, list[Picture]]:
    out = path.with_name(f"covered-{path.stem}.mp4")
    summary = redact_source(str(path), out, PLUGINS, **options)
    with av.open(str(out)) as container:
        return summary, [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def seen_share(truth: Sequence[Picture], bare: Sequence[Picture], shown: Sequence[Picture], walker: Walker) -> float:
    """Of the pixels in which a figure stands out in any frame, those that are as they were; the worst frame's."""
    worst = 0.0
    for number, (original, empty, picture) in enumerate(zip(truth, bare, shown, strict=True)):
        box = walker.box(number / FPS)
        if box is not None:
            x0, y0, x1, y1 = (max(0, edge) for edge in box)
            window = np.s_[y0:y1, x0:x1]
            theirs = np.abs(original[window].astype(int) - empty[window]).max(axis=2) > 40
            same = np.abs(original[window].astype(int) - picture[window]).max(axis=2) < 12
            worst = max(worst, float((theirs & same).sum() / max(40, theirs.sum())))
    return worst


def shown_share(bare: Sequence[Picture], shown: Sequence[Picture]) -> float:
    """The part of the pictures that is as in the empty scene."""
    return float(np.mean([np.abs(a.astype(int) - b).max(axis=2) < 30 for a, b in zip(bare, shown, strict=True)]))


@pytest.mark.parametrize(
    "walkers",
    [
        [Walker((0.1, 0.6), (1.2, 0.6), 0, 12, shade=245), Walker((1.1, 0.9), (-0.1, 0.9), 3, 9, height=0.4)],
        [Walker((0.4, 0.8), (0.4, 0.8), 0, 10), Walker((0.4, 0.8), (1.2, 0.8), 10, 12.1)],
        [Walker((-0.1, 0.8), (0.6, 0.8), 0, 3), Walker((0.6, 0.8), (0.6, 0.8), 3, 13)],
        [Walker((0.5, 0.8), (0.5, 0.8), 4, 9)],
    ],
    ids=[
        "walks from the first frame on",
        "stands first, then goes",
        "comes and stays to the end",
        "stands for a while",
    ],
)
def test_everybody_is_covered_in_every_frame_and_the_scene_is_not(tmp_path: Path, walkers: list[Walker]) -> None:
    truth, bare = list(scene(walkers, 12)), list(scene([], 12))
    summary, shown = redacted(encode(tmp_path / "a.mp4", truth))
    assert max(seen_share(truth, bare, shown, walker) for walker in walkers) < 0.02
    assert shown_share(bare, shown) > 0.75
    assert (summary.frames, summary.whole_frames) == (120, 0)
    assert 0.01 < summary.share_of_pixels < 0.25
    assert summary.regions >= 60


def test_who_never_goes_away_is_covered_by_what_stirs(tmp_path: Path) -> None:
    def sways(number: int) -> Walker:
        x = 0.5 + 0.008 * np.sin(number / 3)
        return Walker((x, 0.8), (x, 0.8), 0, 99, width=0.12, height=0.4)

    truth = [picture for number in range(150) for picture in [next(scene([sways(number)], 0.1))]]
    bare = [next(scene([], 0.1))] * 150
    _, shown = redacted(encode(tmp_path / "a.mp4", truth))
    assert seen_share(truth, bare, shown, sways(0)) < 0.05
    assert shown_share(bare, shown) > 0.6


def test_who_stirs_with_head_and_arms_alone_is_covered_down_to_the_feet(tmp_path: Path) -> None:
    def sways(number: int) -> Walker:
        x = 0.5 + 0.012 * np.sin(number / 3)
        return Walker((x, 0.98), (x, 0.98), 0, 99, width=0.22, height=0.9)

    waist_px = 240 * 5 // 10
    legs = next(scene([sways(0)], 0.1))[waist_px:]
    truth = [
        np.vstack([picture[:waist_px], legs])
        for number in range(120)
        for picture in [next(scene([sways(number)], 0.1))]
    ]
    _, shown = redacted(encode(tmp_path / "a.mp4", truth))
    assert seen_share(truth, [next(scene([], 0.1))] * 120, shown, sways(0)) < 0.05


def test_after_a_cut_the_scene_is_another_one(tmp_path: Path) -> None:
    walker = Walker((-0.1, 0.8), (1.1, 0.8), 0, 6)
    first, bare = list(scene([walker], 6)), list(scene([], 6))
    turned, bare_turned = [picture[::-1, ::-1].copy() for picture in first], [picture[::-1, ::-1] for picture in bare]
    _, shown = redacted(encode(tmp_path / "a.mp4", [*first, *turned]))
    assert seen_share(first, bare, shown[:60], walker) < 0.02
    assert shown_share(bare, shown[:60]) > 0.8
    assert shown_share(bare_turned, shown[60:]) > 0.8


def test_a_film_that_is_too_short_or_moves_is_covered_as_a_whole(tmp_path: Path) -> None:
    short, shown = redacted(encode(tmp_path / "short.mp4", scene([], 1.5)))
    assert (short.whole_frames, short.share_of_pixels) == (15, 1.0)
    assert max(picture.std() for picture in shown) < 2
    ground = cv2.resize(next(scene([], 0.1)), (1600, 240))
    pans, _ = redacted(encode(tmp_path / "pans.mp4", (ground[:, 10 * n : 10 * n + 320].copy() for n in range(100))))
    assert pans.share_of_pixels > 0.9


def test_what_comes_after_too_many_cuts_is_covered_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saqta.edge.covering.film.CHAPTERS_MAX", 2)
    shot = list(scene([], 3))
    shots = [*shot, *(picture[::-1, ::-1].copy() for picture in shot), *shot, *shot]
    summary, _ = redacted(encode(tmp_path / "a.mp4", shots))
    assert (summary.frames, summary.whole_frames) == (120, 60)


def test_what_no_model_looked_at_because_too_much_was_found_is_covered_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saqta.edge.covering.film.FOUND_MAX", 6)
    path = encode(tmp_path / "a.mp4", scene([], 8))
    reader = FrameReader(open_file(str(path)), str(path), 10.0)
    film = learn(reader, [lambda picture: [Found("person", (0.4, 0.4, 0.5, 0.9))]])
    frames = FrameReader(open_file(str(path)), str(path), 10.0)
    shown = [film.covers(frame.picture, frame.at_s)[0] for frame in frames]
    assert shown[0] is not None
    assert shown[-1] is None


def test_of_a_file_that_is_cut_off_every_frame_is_covered_to_the_last(tmp_path: Path) -> None:
    """What the decoder guessed of the last one may show anybody: it is covered altogether, and there."""
    walker = Walker((-0.1, 0.8), (1.1, 0.8), 0, 6)
    whole = encode(tmp_path / "whole.ts", scene([walker], 6))
    path = tmp_path / "cut.ts"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size * 5 // 8])
    reader = FrameReader(open_file(str(path)), str(path), 10.0)
    given = len(list(reader))
    assert (reader.decoded - given, reader.broken) == (1, 1)
    summary, shown = redacted(path)
    assert summary.frames == len(shown) == reader.decoded
    assert summary.whole_frames == 1
    assert shown[-1].std() < 2 < shown[-2].std()


@pytest.mark.parametrize("size", [(320, 240), (321, 241), (322, 181)])
def test_size_times_and_number_of_frames_are_kept_and_the_sound_is_not(tmp_path: Path, size: tuple[int, int]) -> None:
    path, times = tmp_path / "a.mkv", [0, 40, 100, 133, 400, 480, 2000, 2033, 2100, 2500, 2900, 3100]
    with av.open(str(path), "w") as container:
        video, sound = container.add_stream("ffv1", rate=25), container.add_stream("pcm_s16le", rate=8000)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.codec_context.time_base = Fraction(1, 1000)
        voice = av.AudioFrame.from_ndarray(np.zeros((1, 24_000), np.int16), layout="mono")
        voice.rate = 8000
        container.mux(sound.encode(voice))
        for at_ms in times:
            frame = av.VideoFrame.from_ndarray(np.full((size[1], size[0], 3), 90, np.uint8), format="bgr24")
            frame.pts, frame.time_base = at_ms, Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    redacted(path)
    with av.open(str(tmp_path / "covered-a.mp4")) as container:
        assert len(container.streams) == 1
        frames = list(container.decode(video=0))
    assert [round(float(frame.pts * frame.time_base) * 1000) for frame in frames] == times
    assert {(frame.width, frame.height) for frame in frames} == {size}


def test_what_a_model_finds_is_covered_though_it_never_moves(tmp_path: Path) -> None:
    figure = Walker((0.5, 0.8), (0.5, 0.8), 0, 99)
    truth, bare = list(scene([figure], 5)), list(scene([], 5))
    looked: list[float] = []

    def look(picture: av.VideoFrame) -> list[Found]:
        looked.append(float(picture.time))
        return [Found("person", (0.46, 0.58, 0.54, 0.82))] if len(looked) % 4 == 1 else []

    _, shown = redacted(encode(tmp_path / "a.mp4", truth), looks=[look])
    assert seen_share(truth, bare, shown, figure) < 0.02
    assert shown_share(bare, shown) > 0.9
    assert all(later - earlier > 0.2 for earlier, later in pairwise(looked))


@pytest.mark.parametrize("source", ["rtsp://127.0.0.1/1", "no-such-file.mp4"])
def test_a_source_that_cannot_be_looked_at_twice_is_refused(tmp_path: Path, source: str) -> None:
    with pytest.raises(InputError, match="source"):
        redact_source(source, tmp_path / "out.mp4", PLUGINS)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mp4", scene([], 1))
    with pytest.raises(StorageError, match="no-such-folder"):
        redact_source(str(film), tmp_path / "no-such-folder" / "out.mp4", PLUGINS)
