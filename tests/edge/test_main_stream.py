"""Clips from a camera's main stream, while its sub-stream is analysed: over two real RTSP connections."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from structlog.testing import capture_logs

from edge import deadly
from edge.rendered import FPS, HEIGHT, WIDTH, Walker, access_units, encode, scene
from edge.rtsp_server import RtspServer
from intake.listening import until
from saqta import registry
from saqta.edge.frames import FrameReader, luma, planes
from saqta.edge.keeping import main_stream
from saqta.edge.keeping.evidence import Cut, Hidden, Kept, Still, keep
from saqta.edge.keeping.main_stream import ALIGNED_S, MainStream
from saqta.edge.node import CameraNode
from saqta.edge.plugins import Plugins
from saqta.edge.session import Session
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file, open_rtsp
from saqta.edge.worker import Report, logged
from saqta.model import catalogue
from saqta.model.catalogue import TYPE_OF
from saqta.model.errors import InputError
from saqta.model.event import Event
from saqta.model.kinds import AlertRaised, EvidenceKept

WALKER = Walker((0.1, 0.8), (0.9, 0.8), 7, 12)
SECONDS = 13
PLUGINS = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS)


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> list[list[list[bytes]]]:
    """The access units of the sub-stream and of the main stream, which is twice as large."""
    folder = tmp_path_factory.mktemp("films")
    large = [cv2.resize(picture, (2 * WIDTH, 2 * HEIGHT)) for picture in scene([WALKER], SECONDS)]
    files = {"sub.h264": scene([WALKER], SECONDS), "main.h264": large}
    return [access_units(encode(folder / name, pictures)) for name, pictures in files.items()]


@pytest.fixture
def streams(films: list[list[list[bytes]]]) -> Iterator[list[RtspServer]]:
    """Both streams, which begin together."""
    together = threading.Barrier(2)

    def begin() -> None:
        with suppress(threading.BrokenBarrierError):
            together.wait()

    servers = [RtspServer(units, fps=FPS, silent=True, begin=begin) for units in films]
    yield servers
    together.abort()
    for server in servers:
        server.close()


@pytest.fixture
def main(films: list[list[list[bytes]]]) -> Iterator[RtspServer]:
    server = RtspServer(films[1], fps=FPS, silent=True)
    yield server
    server.close()


def test_a_clip_is_of_the_main_stream_and_covers_whoever_walks_in_it(streams: list[RtspServer], tmp_path: Path) -> None:
    sub, large = streams
    settings = CameraSettings(
        camera="C1",
        source=sub.address,
        evidence_source=large.address,
        zones={"yard": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))},
        restricted=("yard",),
        after_s=2.0,
    )
    stop, events = threading.Event(), list[Event]()
    node = CameraNode([settings], PLUGINS, events.extend, tmp_path, deadly.clock, 1)
    running = threading.Thread(target=node.run, args=(stop,))
    running.start()
    try:
        until(lambda: any(event.type == TYPE_OF[EvidenceKept] for event in events), 30)
    finally:
        stop.set()
        running.join()
    records = [catalogue.read(event) for event in events]
    alert = next(record for record in records if isinstance(record, AlertRaised))
    kept = next(record for record in records if isinstance(record, EvidenceKept))
    assert alert.at_s is not None
    assert alert.at_s - settings.before_s - 1 < kept.from_s < alert.at_s < kept.until_s < alert.at_s + 3
    with av.open(str(tmp_path / f"{kept.sha256}.mp4")) as clip:
        frames = list(clip.decode(video=0))
    assert (frames[0].width, frames[0].height) == (2 * WIDTH, 2 * HEIGHT)
    assert len(frames) > FPS * (kept.until_s - kept.from_s) / 2
    assert not any(_shows_walker(frame) for frame in frames)
    assert any(luma(frame, frame.width).std() > 10 for frame in frames), "not everything is covered"


def _shows_walker(frame: av.VideoFrame) -> bool:
    """Whether anything that is as dark as the walker, and as large as a leg of it, is seen."""
    dark = (luma(frame, frame.width) < 52).astype(np.uint8)
    return bool(cv2.erode(dark, np.ones((12, 4), np.uint8)).any())


def still(at_s: float, picture: av.VideoFrame) -> Still:
    return Still(at_s, planes(picture, 64), Hidden([], (64, 48), 100.0 + at_s))


def clip_of(folder: Path, stream: MainStream, cut: Cut) -> Kept:
    return keep(folder, cut, stream.clip(cut))


def test_without_a_main_stream_the_clip_is_of_the_analysed_one(tmp_path: Path) -> None:
    stream = MainStream(partial(open_rtsp, "rtsp://127.0.0.1:9/x"), "rtsp://127.0.0.1:9/x", threading.Event())
    gray = av.VideoFrame.from_ndarray(np.full((48, 64), 90, np.uint8), format="gray").reformat(format="yuv420p")
    cut = Cut("alert", [still(at_s, gray) for at_s in (1.0, 1.2, 1.4)])
    assert clip_of(tmp_path, stream, cut)[3:] == (1.0, 1.4)


def test_a_stream_that_cannot_be_opened_is_said() -> None:
    stop = threading.Event()
    stream = MainStream(partial(open_rtsp, "rtsp://127.0.0.1:9/x"), "rtsp://127.0.0.1:9/x", stop)
    stream.start()
    while stream.failure is None:
        stop.wait(0.05)
    stop.set()
    stream.join(10)
    assert "a stream that answers" in stream.failure


def test_no_more_is_held_than_the_limit(main: RtspServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main_stream, "HELD_BYTES_MAX", 60_000)
    stop = threading.Event()
    stream = MainStream(partial(open_rtsp, main.address), main.address, stop)
    stream.start()
    for _ in range(20):
        stop.wait(0.1)
        assert sum(one.packet.size for one in list(stream._held)) <= 60_000
    assert stream._held
    stop.set()
    stream.join(10)


@pytest.mark.parametrize("field", ["source", "evidence_source"])
def test_both_streams_are_live(field: str) -> None:
    sources = {"source": "rtsp://a/1", "evidence_source": "rtsp://a/2"} | {field: "film.mp4"}
    with pytest.raises(InputError, match=field):
        CameraSettings(camera="C1", **sources)


def test_frames_are_left_out_where_nothing_is_known_of_their_time(main: RtspServer) -> None:
    stop = threading.Event()
    stream = MainStream(partial(open_rtsp, main.address), main.address, stop)
    stream.start()
    while len(stream._held) < 3 * FPS:
        stop.wait(0.1)
    stop.set()
    stream.join(10)
    began_s = stream._held[0].arrived_s
    gray = av.VideoFrame.from_ndarray(np.full((48, 64), 90, np.uint8), format="gray").reformat(format="yuv420p")
    known = (0.5, 0.7, 2.2, 2.4)
    cut = Cut("alert", [Still(at_s, planes(gray, 64), Hidden([], (64, 48), began_s + at_s)) for at_s in known])
    times = [one.at_s for one in stream.clip(cut)]
    assert times
    assert all(0.5 <= at_s <= 2.4 for at_s in times)
    assert not [at_s for at_s in times if 0.7 + ALIGNED_S < at_s < 2.2 - ALIGNED_S]


def test_a_stream_of_another_shape_gives_no_clips(main: RtspServer, tmp_path: Path) -> None:
    stop = threading.Event()
    stream = MainStream(partial(open_rtsp, main.address), main.address, stop)
    stream.start()
    while len(stream._held) < FPS:
        stop.wait(0.1)
    stop.set()
    stream.join(10)
    began_s = stream._held[0].arrived_s
    gray = av.VideoFrame.from_ndarray(np.full((48, 64), 90, np.uint8), format="gray").reformat(format="yuv420p")
    cut = Cut("alert", [Still(at_s, planes(gray, 64), Hidden([], (64, 48), began_s + at_s)) for at_s in (0.0, 0.6)])
    for beside, width in ((16 / 9, 64), (WIDTH / HEIGHT * 1.02, 2 * WIDTH)):
        stream.beside = beside
        assert {one.planes.y.shape[1] for one in stream.clip(cut)} == {width}
    assert stream.failure is None
    stream.beside = 16 / 9
    assert stream.failure is not None
    assert "1.33 times as wide as high, the analysed one 1.78;" in stream.failure


def test_evidence_that_is_not_kept_as_it_was_set_is_logged_once() -> None:
    fine = Report("C1", 1, 1, 0, 0, None)
    failing = fine._replace(evidence_failure="the evidence stream is 1.33 times as wide as high")
    with capture_logs() as lines:
        before = None
        for report in (fine, failing, failing, fine):
            before = logged(report, before)
    assert [(line["camera"], line["failure"]) for line in lines] == [
        ("C1", failing.evidence_failure),
        ("C1", "none any more"),
    ]


def test_pixels_that_are_not_square_are_reckoned_with(tmp_path: Path) -> None:
    path = tmp_path / "squeezed.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 176, 144, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 11)
        container.mux(stream.encode(av.VideoFrame(176, 144, "yuv420p")))
        container.mux(stream.encode(None))
    with closing(FrameReader(open_file(str(path)), str(path), 5.0)) as reader:
        assert reader.shape == pytest.approx(16 / 9)


def test_the_walker_would_be_seen_if_it_were_not_covered(tmp_path: Path) -> None:
    large = (cv2.resize(picture, (2 * WIDTH, 2 * HEIGHT)) for picture in scene([WALKER], SECONDS))
    with av.open(str(encode(tmp_path / "open.mp4", large))) as clip:
        seen = [_shows_walker(frame) for frame in clip.decode(video=0)]
    assert sum(seen) == pytest.approx((WALKER.until_s - WALKER.from_s) * FPS, abs=5)


def test_a_still_is_kept_without_decoding_the_main_stream(tmp_path: Path) -> None:
    class Untouched(MainStream):
        def clip(self, cut: Cut) -> Iterator[Still]:
            raise AssertionError("a still is of the analysed stream")

    events: list[Event] = []
    main = Untouched(partial(open_rtsp, "rtsp://127.0.0.1:9/x"), "rtsp://127.0.0.1:9/x", threading.Event())
    session = Session(CameraSettings(camera="C1", source="a.mp4"), PLUGINS, deadly.clock, events.extend, main=main)
    gray = av.VideoFrame.from_ndarray(np.full((48, 64), 90, np.uint8), format="gray").reformat(format="yuv420p")
    session.kept(Cut("/cameras/C1#1", [still(1.0, gray)], "now"), tmp_path)
    (kept,) = [catalogue.read(event) for event in events]
    assert isinstance(kept, EvidenceKept)
    assert (kept.media_type, kept.shows) == ("image/jpeg", "now")
