"""Watching a file to its end: the events, the counts and the costs, on rendered video and on real clips."""

from pathlib import Path
from typing import Any

import pytest

from edge.rendered import Walker, encode, scene
from saqta import registry
from saqta.edge.plugins import Plugins
from saqta.edge.settings import CameraSettings
from saqta.edge.watch import WatchSummary, watch
from saqta.model import catalogue
from saqta.model.errors import InputError, StorageError
from saqta.model.event import Event
from saqta.model.event import encode as stored
from saqta.model.kinds import AlertRaised, EvidenceKept, LineCounted

PLUGINS = Plugins(registry.SOURCES, registry.DETECTORS, registry.MODELS)
CLIPS = Path(__file__).resolve().parents[3] / "shared/data/video"
STARTED_MS = 1_790_000_000_000


def watched(source: Path | str, evidence_dir: Path | None = None, **settings: Any) -> tuple[WatchSummary, list[Event]]:
    events: list[Event] = []
    camera = CameraSettings(camera="C1", source=str(source), **settings)
    return watch(camera, PLUGINS, events.append, lambda: STARTED_MS, evidence_dir), events


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    walkers = [Walker((-0.1, 0.8), (1.1, 0.8), 2, 12), Walker((1.1, 0.6), (-0.1, 0.6), 4, 12)]
    return encode(tmp_path_factory.mktemp("film") / "two.mp4", scene(walkers, 14))


ASKED: dict[str, Any] = {
    "lines": {"middle": (0.5, 0.0, 0.5, 1.0), "nowhere": (0.0, 0.01, 1.0, 0.01)},
    "zones": {"yard": ((0.5, 0.7), (1.0, 0.7), (1.0, 1.0), (0.5, 1.0))},
    "restricted": ("yard",),
}


def test_tells_what_happened_and_what_it_cost(film: Path) -> None:
    progress: list[float] = []
    camera = CameraSettings(camera="C1", source=str(film), **ASKED)
    summary = watch(camera, PLUGINS, lambda _: None, lambda: STARTED_MS, progress=progress.append)
    assert (summary.frames, summary.analysed) == (140, 70)
    assert summary.counts == {
        "middle": {"forward": {"person": 1}, "backward": {"person": 1}},
        "nowhere": {"forward": {}, "backward": {}},
    }
    assert summary.alerts == {"intrusion": 1}
    assert summary.ended == "the file ended"
    assert summary.stream_s == pytest.approx(13.9)
    assert summary.fps == pytest.approx(summary.frames / summary.seconds, rel=0.02)
    assert 0 < summary.decode_cpu_ms < 50
    assert 0 < summary.analysis_cpu_ms < 50
    assert progress == sorted(progress)
    assert len(progress) == 70


def test_events_are_of_the_catalogue_with_ids_and_times_of_their_own(film: Path, tmp_path: Path) -> None:
    _, events = watched(film, tmp_path, **ASKED)
    records = [catalogue.read(event) for event in events]
    assert {type(record) for record in records} == {AlertRaised, LineCounted, EvidenceKept}
    assert len({event.id for event in events}) == len(events)
    for event, record in zip(events, records, strict=True):
        assert stored(event)
        assert (event.source, event.actor) == ("/saqta/cameras/C1", "saqta/edge")
        if isinstance(record, AlertRaised):
            assert record.at_s is not None
            assert event.time_ms == STARTED_MS + round(record.at_s * 1000)
            alert = event.key
    kept = [(event, record) for event, record in zip(events, records, strict=True) if isinstance(record, EvidenceKept)]
    for event, record in kept:
        assert event.cause == record.alert == alert
        assert (tmp_path / f"{record.sha256}.mp4").stat().st_size == record.size_bytes


def test_the_same_session_told_twice_has_the_same_ids(film: Path) -> None:
    assert [event.id for event in watched(film, **ASKED)[1]] == [event.id for event in watched(film, **ASKED)[1]]


def test_says_that_a_file_is_cut_short(film: Path, tmp_path: Path) -> None:
    whole = encode(tmp_path / "whole.mkv", scene([Walker((-0.1, 0.8), (1.1, 0.8), 0, 8)], 8))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    summary, _ = watched(cut)
    assert 10 < summary.analysed < 35
    assert "cut short" in summary.ended


@pytest.mark.parametrize("source", ["no-such-file.mp4", "gopher://example/1"])
def test_refuses_what_it_cannot_open(source: str) -> None:
    with pytest.raises(InputError, match="source"):
        watched(source)


def test_evidence_that_cannot_be_kept_is_an_error(film: Path, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        watched(film, tmp_path / "missing", **ASKED)


@pytest.mark.skipif(not CLIPS.is_dir(), reason="../shared/data/video is absent: nothing real to count on")
@pytest.mark.parametrize(
    ("clip", "line", "by_eye"),
    [
        ("vtest.avi", (0.26, 0.26, 0.26, 0.60), (7, 6)),
        ("vtest.avi", (0.729, 0.2, 0.729, 0.75), (18, 15)),
        ("car-detection.mp4", (0.0, 0.5, 1.0, 0.5), (2, 2)),
        ("ahmetozlu_input.mp4", (0.34, 0.6, 0.86, 0.6), (8, 0)),
        ("bgs_video03.avi", (0.12, 0.6, 0.84, 0.6), (27, 0)),
        ("bgs_video02.avi", (0.25, 0.2, 0.86, 0.81), (21, 22)),
    ],
)
def test_counts_on_real_clips_come_near_to_counts_by_eye(
    clip: str, line: tuple[float, float, float, float], by_eye: tuple[int, int]
) -> None:
    summary, _ = watched(CLIPS / clip, lines={"line": line})
    counts = [sum(summary.counts["line"][way].values()) for way in ("forward", "backward")]
    assert sum(counts) == pytest.approx(sum(by_eye), rel=0.2)
    assert [count > 0 for count in counts] == [count > 0 for count in by_eye]
