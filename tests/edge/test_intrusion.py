"""Intrusion: one alert for each stay that is too long, none for who only passes."""

from pathlib import Path

import pytest

from edge.rendered import Walker, encode, scene
from saqta.edge.analysis import Analyser
from saqta.edge.detectors.intrusion import intrusion
from saqta.edge.frames import FrameReader
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file
from saqta.model.kinds import AlertRaised, Polygon

YARD: Polygon = ((0.4, 0.5), (0.7, 0.5), (0.7, 1.0), (0.4, 1.0))


def alerts(path: Path, after_s: float = 2.0) -> list[AlertRaised]:
    settings = CameraSettings(
        camera="C1", source=str(path), zones={"yard": YARD}, restricted=("yard",), intrusion_after_s=after_s
    )
    analyser = Analyser(settings, {"intrusion": intrusion})
    reader = FrameReader(open_file(str(path)), str(path), 5.0)
    try:
        found = [record for frame in reader for record in analyser.step(frame).records]
    finally:
        reader.close()
    return [record for record in found if isinstance(record, AlertRaised)]


def stays(enter_s: float, leave_s: float, y: float = 0.8) -> list[Walker]:
    """Somebody who comes from the left, stands in the yard, and leaves by the right."""
    return [
        Walker((-0.05, y), (0.55, y), enter_s - 2.5, enter_s),
        Walker((0.55, y), (0.551, y), enter_s + 0.05, leave_s),
        Walker((0.55, y), (1.05, y), leave_s + 0.05, leave_s + 2.5),
    ]


def test_one_alert_for_a_stay_however_long(tmp_path: Path) -> None:
    found = alerts(encode(tmp_path / "a.mp4", scene(stays(4, 14), 17)))
    assert len(found) == 1
    alert = found[0]
    assert (alert.kind, alert.camera, alert.zone) == ("intrusion", "C1", "yard")
    entered_s = 4 - 2.5 * (0.55 - 0.4) / 0.6
    assert alert.at_s == pytest.approx(entered_s + 2.0, abs=0.5)
    assert alert.box is not None
    assert alert.box[0] < 0.55 < alert.box[2]
    assert alert.box[3] == pytest.approx(0.8, abs=0.06)
    assert alert.confidence is not None
    assert 0.5 <= alert.confidence <= 1
    assert "yard" in alert.reasons[0]
    assert "person" in alert.reasons[0]


def test_two_stays_are_two_alerts(tmp_path: Path) -> None:
    assert len(alerts(encode(tmp_path / "a.mp4", scene(stays(4, 9) + stays(15, 20), 23)))) == 2


def test_who_passes_quickly_raises_nothing(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mp4", scene([Walker((-0.1, 0.8), (1.1, 0.8), 1, 7)], 8))
    assert alerts(film, after_s=2.5) == []
    assert len(alerts(film, after_s=0.5)) == 1


def test_beside_the_zone_is_not_in_it(tmp_path: Path) -> None:
    assert alerts(encode(tmp_path / "a.mp4", scene(stays(4, 10, y=0.45), 13))) == []
