"""A scenario written down: events that the log can read, films that decode, and the truth about them."""

from pathlib import Path

import av
import msgspec
import pytest

from saqta.model.catalogue import read
from saqta.model.errors import InputError
from saqta.model.event import decode
from saqta.model.kinds import CameraRegistered, UnitPositioned
from saqta.simulate.camera.truth import Truth
from saqta.simulate.record import simulate


def test_a_scenario_is_written_down(tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    written = simulate("demo", 5, tmp_path / "out", 1.0, lambda what, share: told.append((what, share)))
    assert told[-1] == ("square", 1.0)
    lines = (tmp_path / "out" / "events.jsonl").read_bytes().splitlines()
    records = [read(decode(line)) for line in lines]
    assert written.events == len(lines)
    cameras = [record for record in records if isinstance(record, CameraRegistered)]
    assert [camera.source for camera in cameras] == [f"sim:demo@5/{camera.camera}" for camera in cameras]
    assert any(isinstance(record, UnitPositioned) for record in records)
    truths = msgspec.json.decode((tmp_path / "out" / "truth.json").read_bytes(), type=list[Truth])
    assert [told.camera for told in truths] == [camera.camera for camera in cameras]
    assert written.frames == 10 * len(cameras)
    for camera in cameras:
        with av.open(str(tmp_path / "out" / f"{camera.camera}.mp4")) as film:
            assert sum(1 for _ in film.decode(video=0)) == 10


def test_an_unknown_scenario_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="scenario"):
        simulate("atlantis", 1, tmp_path / "out", 1.0, lambda what, share: None)
    assert not (tmp_path / "out").exists()
