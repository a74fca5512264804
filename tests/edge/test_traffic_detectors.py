"""What goes wrong on roads and squares: rendered, looked at as any stream, and told once; what is usual is not told."""

from collections.abc import Callable, Iterator, Sequence

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from saqta.edge.analysis import Analyser
from saqta.edge.detectors.stopped_vehicle import STOPS_MAX, stopped_vehicle
from saqta.edge.frames import Frame
from saqta.edge.left.finding import Things
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.tracking.figures import Figures
from saqta.edge.tracking.ground import GroundMap
from saqta.edge.tracking.tracks import Detection, Track
from saqta.edge.tracking.votes import vote
from saqta.model.errors import InputError
from saqta.model.kinds import AlertRaised
from saqta.registry import DETECTORS

FPS, WIDTH, HEIGHT = 10, 320, 240
ROAD = {"road": ((0.0, 0.3), (1.0, 0.3), (1.0, 0.9), (0.0, 0.9))}
GROUND = ((0.0, 0.0, 0.0, 0.0), (1.0, 0.0, 32.0, 0.0), (1.0, 1.0, 32.0, 24.0), (0.0, 1.0, 0.0, 24.0))
"""Seen straight from above, a tenth of a metre a pixel."""

BOXES = ((0.0, 0.0, 40.0, 20.0), (30.0, 0.0, 70.0, 20.0), (100.0, 0.0, 140.0, 20.0))

Where = Callable[[float], tuple[float, float] | None]
"""The foot (pixels) of a thing at a second; None while it is not there."""


def drive(from_s: float, y: float, speed: float, stops_at: float | None = None, until_s: float = 1e9) -> Where:
    """Along the road at ``speed`` pixels a second, negative from right to left, until it stops."""

    def where(at_s: float) -> tuple[float, float] | None:
        if at_s < from_s or at_s > until_s:
            return None
        x = (-30 if speed > 0 else WIDTH + 30) + speed * (at_s - from_s)
        if stops_at is not None:
            x = min(x, stops_at) if speed > 0 else max(x, stops_at)
        return (x, y) if -40 < x < WIDTH + 40 else None

    return where


def found(
    seconds: float, things: Sequence[tuple[Where, int, int]], again_s: float = 0.0, **settings: object
) -> tuple[list[AlertRaised], Figures]:
    """The alerts and figures of ``seconds`` with things of these widths and heights; the stream breaks off at
    ``again_s`` and begins afresh."""
    camera = CameraSettings(camera="C1", source="a.mp4", **settings)
    detectors = {name: factory for name, factory in DETECTORS.items() if name != "abandoned"}
    analyser, figures = Analyser(camera, detectors), Figures("C1", tuple(camera.lines))
    alerts: list[AlertRaised] = []
    for number, picture in enumerate(pictures(seconds, things)):
        findings = analyser.step(Frame(_frame(picture), number / FPS, number in (0, round(again_s * FPS))))
        alerts += [record for record in findings.records if isinstance(record, AlertRaised)]
        figures.add(findings.scene.step_s, findings.crossings, findings.occupied)
    return alerts, figures


def _frame(picture: NDArray[np.uint8]) -> "object":
    import av

    return av.VideoFrame.from_ndarray(picture, format="gray")


def pictures(seconds: float, things: Sequence[tuple[Where, int, int]]) -> Iterator[NDArray[np.uint8]]:
    rng = np.random.default_rng(5)
    ground = cv2.resize(rng.integers(90, 140, (15, 20), dtype=np.uint8), (WIDTH, HEIGHT)).astype(np.float32)
    for number in range(round(seconds * FPS)):
        picture = ground + rng.normal(0, 2.0, ground.shape)
        for where, width, height in things:
            foot = where(number / FPS)
            if foot is not None:
                x, y = (round(value) for value in foot)
                _draw(picture, x, y, width, height)
        yield np.clip(picture, 0, 255).astype(np.uint8)


def _draw(picture: NDArray[np.float32], x: int, y: int, width: int, height: int) -> None:
    if width > height:
        cv2.rectangle(picture, (x - width // 2, y - height), (x + width // 2, y), 230, cv2.FILLED)
        return
    cv2.circle(picture, (x, y - height + width // 3), width // 3, 230, cv2.FILLED)
    cv2.rectangle(
        picture, (x - width // 2, y - height * 4 // 5), (x + width // 2, y - height * 2 // 5), 230, cv2.FILLED
    )
    for leg in (x - width // 2, x + width // 2 - 2):
        cv2.rectangle(picture, (leg, y - height * 2 // 5), (leg + 2, y), 230, cv2.FILLED)


def cars(*ways: Where) -> list[tuple[Where, int, int]]:
    return [(where, 50, 26) for where in ways]


def kinds(alerts: Sequence[AlertRaised]) -> list[str]:
    return [alert.kind for alert in alerts]


def test_a_vehicle_that_stops_while_others_pass_is_told_once() -> None:
    passing = [drive(8 + 3 * n, 195, 90) for n in range(6)]
    alerts, _ = found(
        28, cars(drive(6, 130, 80, stops_at=160), *passing), zones=ROAD, lanes=("road",), stopped_after_s=8
    )
    assert kinds(alerts) == ["stopped_vehicle"]
    assert (alerts[0].zone, alerts[0].at_s) == ("road", pytest.approx(6 + 190 / 80 + 8, abs=1.5))
    assert alerts[0].reasons[0].startswith("vehicle stands on the lane 'road' for ")
    assert alerts[0].reasons[1] == "others pass it"


def test_a_vehicle_that_stops_alone_is_told_as_alone() -> None:
    alerts, _ = found(20, cars(drive(6, 130, 80, stops_at=160)), zones=ROAD, lanes=("road",), stopped_after_s=8)
    assert kinds(alerts) == ["stopped_vehicle"]
    assert alerts[0].reasons[1] == "it stands there alone"


def test_each_of_very_many_stops_is_told_once() -> None:
    settings = CameraSettings(
        camera="C1", source="a.mp4", zones={"all": ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))}, lanes=("all",)
    )
    detector, blank = stopped_vehicle(settings), np.zeros((HEIGHT, WIDTH), np.uint8)

    def standing(number: int) -> Track:
        x, y = 10 + 30 * (number % 10), 10 + 20 * (number // 10)
        bounds = (float(x), float(y), float(x + 24), float(y + 12))
        track = Track(number, Detection(bounds, 280, True), 0.0)
        for _ in range(3):
            track.observe(Detection(bounds, 280, True), (WIDTH, HEIGHT))
        track.moved = True
        return track

    told = []
    for number in [one for stop in range(STOPS_MAX + 10) for one in (stop, stop)]:
        track = standing(number)
        track.at_s = track.seen_s = at_s = 30 + 0.2 * number
        scene = Scene(
            *(at_s, 0.2, (WIDTH, HEIGHT), *[blank] * 5, [track], (), True, 60.0, Things((WIDTH, HEIGHT))),
        )
        told += [alert.track for alert in detector(scene) if isinstance(alert, AlertRaised)]
    assert told == list(range(STOPS_MAX + 10))


def test_only_so_much_is_taken_into_the_empty_scene(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saqta.edge.analysis.PARKED_S", 5.0)
    monkeypatch.setattr("saqta.edge.analysis.PARKED_MAX", 1)
    analyser = Analyser(CameraSettings(camera="C1", source="a.mp4"), {})
    ways = cars(drive(6, 100, 80, stops_at=100), drive(6, 195, 80, stops_at=200))
    for number, picture in enumerate(pictures(18, ways)):
        scene = analyser.step(Frame(_frame(picture), number / FPS, number == 0)).scene
    assert len(scene.parked) == 1
    assert len([track for track in scene.tracks if track.confirmed]) == 1


def test_vehicles_that_pass_or_stop_shortly_are_not_told() -> None:
    ways = [drive(6, 130, 80, stops_at=160, until_s=13), drive(8, 195, 90), drive(12, 195, 90)]
    alerts, _ = found(18, cars(*ways), zones=ROAD, lanes=("road",), stopped_after_s=8)
    assert alerts == []


def test_a_vehicle_against_the_arrow_is_told_once() -> None:
    alerts, _ = found(
        14,
        cars(drive(6, 130, 90), drive(9, 195, -90)),
        zones=ROAD,
        lanes=("road",),
        directions={"road": (0.1, 0.5, 0.9, 0.5)},
    )
    assert kinds(alerts) == ["wrong_way"]
    assert "against its arrow" in alerts[0].reasons[0]


def test_the_way_is_learned_from_those_who_pass() -> None:
    others = [drive(6 + 3 * n, 150, 100) for n in range(8)]
    alerts, _ = found(38, cars(*others, drive(33, 150, -100)), zones=ROAD, lanes=("road",))
    assert kinds(alerts) == ["wrong_way"]
    assert "against the way that others take" in alerts[0].reasons[0]
    again, _ = found(41, cars(*others, drive(36, 150, -100)), again_s=34, zones=ROAD, lanes=("road",))
    assert kinds(again) == ["wrong_way"], "what was learned is known when the stream comes again"
    two_ways = [drive(6 + 3 * n, 150, 100 if n % 2 else -100) for n in range(10)]
    assert found(38, cars(*two_ways), zones=ROAD, lanes=("road",))[0] == []


def test_a_queue_is_told_once_it_is_too_long() -> None:
    ways = [drive(6 + n, 150, 110, stops_at=280 - 70 * n) for n in range(4)]
    alerts, _ = found(18, cars(*ways), zones=ROAD, queue_max={"road": 3})
    assert kinds(alerts) == ["queue"]
    assert alerts[0].reasons[0] in {f"the queue in 'road' is {n} vehicles long, 3 vehicles are usual" for n in (3, 4)}
    assert found(18, cars(*ways[:2]), zones=ROAD, queue_max={"road": 3})[0] == []
    (longer,), _ = found(18, cars(*ways), zones=ROAD, queue_max={"road": 15}, ground=GROUND)
    assert longer.reasons[0].startswith("the queue in 'road' is ")
    assert " m long, 15 m are usual" in longer.reasons[0]


def person(from_s: float, y: float, x: float) -> tuple[Where, int, int]:
    return (drive(from_s, y, 40, stops_at=x), 12, 44)


def test_a_crowd_denser_than_its_limit_is_told_once() -> None:
    people = [person(5 + 0.8 * n, 120 + 30 * (n % 4), 280 - 24 * n) for n in range(9)]
    alerts, _ = found(24, people, zones=ROAD, crowd_max={"road": 5})
    assert kinds(alerts) == ["crowd"]
    assert alerts[0].reasons[0].endswith("people in 'road', 5 are allowed")
    assert found(24, people[:3], zones=ROAD, crowd_max={"road": 5})[0] == []


def test_a_person_on_the_carriageway_is_told_once_and_a_vehicle_is_not() -> None:
    alerts, _ = found(14, [person(6, 150, 200), *cars(drive(7, 205, 90))], zones=ROAD, lanes=("road",))
    assert kinds(alerts) == ["intrusion"]
    assert alerts[0].reasons[0].startswith("person on the carriageway 'road' for ")


def test_a_minute_has_counts_occupancy_and_speed() -> None:
    ways = [drive(6, 130, 100), drive(8, 195, -60)]
    _, figures = found(15, cars(*ways), lines={"gate": (0.5, 0.2, 0.5, 1.0)}, ground=GROUND)
    (minute,) = figures.told(15.0)
    assert (minute.forward, minute.backward) == ({"vehicle": 1}, {"vehicle": 1})
    assert minute.occupied == pytest.approx((50 / 100 + 50 / 60) / 15, rel=0.4)
    assert minute.speed_kmh == pytest.approx((36.0 + 21.6) / 2, rel=0.12)
    assert minute.speed_uncertainty_kmh is not None
    assert 0 < minute.speed_uncertainty_kmh < 10
    assert figures.told(15.0) == ()


def test_one_known_length_tells_the_speed_of_what_goes_along_it_and_no_other() -> None:
    known = {"lines": {"gate": (0.5, 0.2, 0.5, 1.0)}, "known_length": (0.4, 0.7, 0.6, 0.7, 6.4)}
    _, figures = found(15, cars(drive(6, 130, 100), drive(8, 195, -60)), **known)
    (minute,) = figures.told(15.0)
    assert minute.speed_kmh == pytest.approx((36.0 + 21.6) / 2, rel=0.12)
    assert minute.speed_uncertainty_kmh is not None
    assert 0.1 * minute.speed_kmh <= minute.speed_uncertainty_kmh + 0.1 < 0.3 * minute.speed_kmh
    _, figures = found(15, cars(drive(6, 130, 100)), **{**known, "known_length": (0.4, 0.3, 0.4, 0.9, 14.4)})
    (minute,) = figures.told(15.0)
    assert minute.backward == {"vehicle": 1}
    assert minute.speed_kmh is None


def test_the_ground_is_measured_through_four_points() -> None:
    road = ((0.4, 0.2, 0.0, 40.0), (0.6, 0.2, 7.0, 40.0), (0.9, 1.0, 7.0, 0.0), (0.1, 1.0, 0.0, 0.0))
    ground = GroundMap(road, (320, 240))
    assert ground.metres(0.4 * 320, 0.2 * 240) == pytest.approx((0.0, 40.0), abs=1e-3)
    assert ground.distance_m((0.1 * 320, 240), (0.9 * 320, 240)) == pytest.approx(7.0, abs=1e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"lanes": ("road",)},
        {"zones": ROAD, "directions": {"road": (0.1, 0.5, 0.9, 0.5)}},
        {"queue_max": {"road": 3}},
        {"crowd_max": {"road": 3}},
        {"stopped_after_s": 0.0},
        {"ground": GROUND[:3]},
        {"ground": (*GROUND[:2], (0.5, 0.0, 16.0, 0.0), GROUND[3])},
        {"ground": GROUND, "known_length": (0.4, 0.7, 0.6, 0.7, 6.4)},
        {"known_length": (0.4, 0.7, 0.4, 0.7, 6.4)},
        {"known_length": (0.4, 0.7, 0.6, 0.7, 0.0)},
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(InputError, match=next(reversed(settings))):
        CameraSettings(camera="C1", source="a.mp4", **settings)


def test_a_model_names_what_crosses() -> None:
    camera = CameraSettings(camera="C1", source="a.mp4", lines={"gate": (0.5, 0.2, 0.5, 1.0)})
    analyser = Analyser(camera, {})
    named = []
    for number, picture in enumerate(pictures(12, cars(drive(6, 150, 100)))):
        glance = analyser.glance(Frame(_frame(picture), number / FPS, number == 0))
        seen = drive(6, 150, 100)(number / FPS)
        bus = [] if seen is None else [Recognised("bus", 0.8, (seen[0] - 25, seen[1] - 26, seen[0] + 25, seen[1]))]
        findings = glance.conclude(bus if number % 3 == 0 else None)
        named += [crossing.kind for crossing in findings.crossings]
    assert named == ["bus"]


def test_a_vote_goes_to_the_track_it_fits() -> None:
    car, beside, gone = (Track(n, Detection(box, 400.0, True), 0.0) for n, box in enumerate(BOXES))
    gone.predict(0.2)
    vote((car, beside, gone), [Recognised("car", 0.9, (2, 0, 42, 20)), Recognised("truck", 0.5, (100, 0, 140, 20))])
    vote((car, beside, gone), [Recognised("bus", 0.5, (4, 0, 44, 20)), Recognised("car", 0.3, (0, 0, 40, 20))])
    assert car.votes == {"car": pytest.approx(1.2), "bus": 0.5}
    assert (car.named, beside.votes, gone.votes) == ("car", {}, {})


def test_what_lies_inside_a_track_may_be_half_as_much_alike() -> None:
    def votes(*box: float) -> bool:
        track = Track(1, Detection((0, 0, 40, 20), 800.0, True), 0.0)
        vote([track], [Recognised("person", 0.9, box)])
        return bool(track.votes)

    inside, too_small, across, too_far_across = (0, 0, 8, 20), (0, 0, 4, 20), (20, 0, 58, 20), (28, 0, 68, 20)
    assert (votes(*inside), votes(*too_small)) == (True, False)
    assert (votes(*across), votes(*too_far_across)) == (True, False)
