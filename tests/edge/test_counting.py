"""People who walk through rendered video: followed through occlusion, counted at lines, once and the right way."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.rendered import FPS, HEIGHT, WIDTH, Walker, encode, scene
from saqta.edge.analysis import PARKED_S, Analyser, Findings
from saqta.edge.frames import FrameReader
from saqta.edge.picture.blobs import Blob, Blobs
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file
from saqta.edge.tracking.lines import LineCounter
from saqta.edge.tracking.tracker import LOST_S, TRACKS_MAX, Tracker
from saqta.edge.tracking.tracks import HITS_MIN, Detection, Track
from saqta.model.kinds import Line

MIDDLE: Line = (0.5, 0.0, 0.5, 1.0)
"""Drawn downwards, so that going left is forward."""


def followed(path: Path, lines: dict[str, Line], analysed_fps: float = 5.0) -> list[Findings]:
    analyser = Analyser(CameraSettings(camera="C1", source=str(path), lines=lines), {})
    reader = FrameReader(open_file(str(path)), str(path), analysed_fps)
    try:
        return [analyser.step(frame) for frame in reader]
    finally:
        reader.close()


def counted(found: Sequence[Findings]) -> Counter[tuple[str, bool]]:
    return Counter((crossing.line, crossing.forward) for one in found for crossing in one.crossings)


def test_counts_who_crosses_and_which_way(tmp_path: Path) -> None:
    walkers = [
        Walker((-0.1, 0.5), (1.1, 0.5), 1, 8),
        Walker((1.1, 0.9), (-0.1, 0.9), 2, 9),
        Walker((1.1, 0.75), (-0.1, 0.75), 9, 16, shade=230),
    ]
    found = followed(encode(tmp_path / "a.mp4", scene(walkers, 17)), {"middle": MIDDLE, "aside": (0.5, 0.0, 0.5, 0.3)})
    assert counted(found) == {("middle", True): 2, ("middle", False): 1}
    assert {crossing.kind for one in found for crossing in one.crossings} == {"person"}


def test_down_is_forward_for_a_line_from_left_to_right(tmp_path: Path) -> None:
    walkers = [Walker((0.3, 0.3), (0.3, 0.98), 1, 7), Walker((0.7, 0.98), (0.7, 0.3), 1, 7)]
    film = encode(tmp_path / "a.mp4", scene(walkers, 8))
    line: Line = (0.0, 0.6, 1.0, 0.6)
    assert counted(followed(film, {"road": line})) == {("road", True): 1, ("road", False): 1}
    assert counted(followed(film, {"left": (0.0, 0.6, 0.45, 0.6)})) == {("left", True): 1}


def test_two_who_meet_are_still_two(tmp_path: Path) -> None:
    walkers = [Walker((-0.1, 0.72), (1.1, 0.72), 1, 9), Walker((1.1, 0.76), (-0.1, 0.76), 1, 9, shade=220)]
    found = followed(
        encode(tmp_path / "a.mp4", scene(walkers, 10)),
        {"late": (0.25, 0.0, 0.25, 1.0), "early": (0.75, 0.0, 0.75, 1.0)},
    )
    assert counted(found) == {("late", True): 1, ("late", False): 1, ("early", True): 1, ("early", False): 1}


def test_lives_through_a_short_occlusion(tmp_path: Path) -> None:
    walker = Walker((-0.05, 0.7), (1.05, 0.7), 1, 9)

    def behind_a_wall() -> "list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]":
        pictures = []
        for picture in scene([walker], 10):
            picture[:, round(0.45 * WIDTH) : round(0.53 * WIDTH)] = 128
            pictures.append(picture)
        return pictures

    lines: dict[str, Line] = {"before": (0.4, 0.0, 0.4, 1.0), "after": (0.6, 0.0, 0.6, 1.0)}
    found = followed(encode(tmp_path / "a.mp4", behind_a_wall()), lines)
    assert counted(found) == {("before", False): 1, ("after", False): 1}
    assert len({crossing.track for one in found for crossing in one.crossings}) == 1


def test_nobody_is_counted_in_an_empty_scene_or_a_changing_light(tmp_path: Path) -> None:
    film = encode(tmp_path / "a.mp4", scene([], 12, light=lambda at_s: 0.7 if 4 < at_s < 8 else 1.0))
    found = followed(film, {"middle": MIDDLE})
    assert counted(found) == {}
    assert not any(track.confirmed for one in found for track in one.scene.tracks)


def test_wide_things_are_vehicles(tmp_path: Path) -> None:
    def drive() -> "list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]":
        pictures = []
        for number, picture in enumerate(scene([], 7)):
            x = round((number / FPS - 1) * 70)
            if number >= FPS:
                picture[round(0.5 * HEIGHT) : round(0.7 * HEIGHT), max(0, x - 90) : max(0, x)] = 225
            pictures.append(picture)
        return pictures

    found = followed(encode(tmp_path / "a.mp4", drive()), {"middle": MIDDLE})
    assert [(crossing.kind, crossing.forward) for one in found for crossing in one.crossings] == [("vehicle", False)]


def standing(number: int, x: float, y: float, at_s: float) -> Track:
    track = Track(number, Detection((x - 10, y - 40, x + 10, y), 500, True), at_s)
    track.moved, track.hits = True, 9
    return track


def test_who_trembles_on_a_line_is_not_counted_until_he_has_passed() -> None:
    counter = LineCounter({"road": (0.0, 0.5, 1.0, 0.5)}, (320, 180))
    crossings = [counter.step([standing(1, 160, y, 0.0)], 0.0) for y in (70, 86, 93, 88, 92, 87, 94, 88, 86)]
    assert crossings == [[]] * 9
    assert [crossing.forward for crossing in counter.step([standing(1, 160, 110, 0.0)], 0.0)] == [True]
    assert counter.step([standing(1, 160, 93, 0.0)], 0.0) == []
    assert [crossing.forward for crossing in counter.step([standing(1, 160, 70, 0.0)], 0.0)] == [False]


def test_whose_foot_is_only_supposed_beyond_a_line_counts_once_seen_there() -> None:
    counter = LineCounter({"road": (0.0, 0.5, 1.0, 0.5)}, (320, 180))
    hidden = [standing(1, 160, y, 0.2 * n) for n, y in enumerate((70, 100, 110, 120))]
    for track in hidden[1:3]:
        track.whole_s = 0.0
    assert [len(counter.step([track], track.at_s)) for track in hidden] == [0, 1, 0, 0]
    hidden[1].whole_s = -1.0
    counter = LineCounter({"road": (0.0, 0.5, 1.0, 0.5)}, (320, 180))
    assert [len(counter.step([track], track.at_s)) for track in hidden] == [0, 0, 0, 1]


def test_two_that_touch_slantwise_are_both_followed() -> None:
    tracker = Tracker((1000, 1000))
    boxes = ((50.0, 80.0, 130.0, 140.0), (130.0, 130.0, 240.0, 240.0))
    tracker.tracks = [Track(number, Detection(box, 4800, True), 0.0) for number, box in enumerate(boxes, 1)]
    labels = np.zeros((1000, 1000), np.int32)
    for track in tracker.tracks:
        track.hits = HITS_MIN
        x0, y0, x1, y1 = (int(edge) for edge in track.bounds)
        labels[y0:y1, x0:x1] = 1
    bounds = (50.0, 80.0, 240.0, 240.0)
    followed = tracker.step(Blobs((Blob(bounds, int(np.count_nonzero(labels)), True, 1),), labels), 0.2)
    assert [track.number for track in followed if track.seen] == [1, 2]


@pytest.mark.parametrize("seen_again_s", [LOST_S - 0.4, LOST_S + 0.4])
def test_a_lost_track_lives_for_a_while(seen_again_s: float) -> None:
    tracker = Tracker((320, 180))
    tracker.tracks = [standing(7, 100, 100, 0.0)]
    tracker.step(_blobs([(90, 60, 110, 100)]), 0.2)
    tracker.step(_blobs([]), 0.4)
    tracker.step(_blobs([(90, 60, 110, 100)]), 0.2 + seen_again_s)
    assert (tracker.tracks[0].number == 7 and tracker.tracks[0].seen) is (seen_again_s < LOST_S)


def test_follows_a_bounded_number_of_things() -> None:
    tracker = Tracker((1000, 1000))
    boxes = [
        (20.0 * (n % 40), 30.0 * (n // 40), 20.0 * (n % 40) + 10, 30.0 * (n // 40) + 20) for n in range(TRACKS_MAX + 9)
    ]
    tracker.step(_blobs(boxes), 0.0)
    assert len(tracker.tracks) == TRACKS_MAX


def _blobs(boxes: "list[tuple[float, float, float, float]]") -> Blobs:
    found = tuple(Blob(box, int((box[2] - box[0]) * (box[3] - box[1])), True, n + 1) for n, box in enumerate(boxes))
    return Blobs(found, np.zeros((1000, 1000), np.int32))


def test_who_came_and_stands_for_minutes_stays_known_and_is_parked_in_the_end(tmp_path: Path) -> None:
    stay_s = PARKED_S + 20
    walkers = [
        Walker((-0.05, 0.8), (0.5, 0.8), 1, 4),
        Walker((0.5, 0.8), (0.501, 0.8), 4.05, stay_s),
        Walker((0.5, 0.8), (1.05, 0.8), stay_s + 0.05, stay_s + 4),
    ]
    film = encode(tmp_path / "a.mp4", scene(walkers, stay_s + 10))
    analyser = Analyser(CameraSettings(camera="C1", source=str(film)), {})
    reader = FrameReader(open_file(str(film)), str(film), 5.0)
    followed_s, parked_s = [], []
    for frame in reader:
        view = analyser.step(frame).scene
        if any(track.confirmed and abs(track.foot[0] - WIDTH / 2) < 20 for track in view.tracks):
            followed_s.append(frame.at_s)
        if view.parked:
            parked_s.append(frame.at_s)
    reader.close()
    stood = [at_s for at_s in followed_s if 5 < at_s < PARKED_S]
    assert len(stood) == pytest.approx(5 * (PARKED_S - 5), rel=0.02)
    assert parked_s[0] == pytest.approx(4 + PARKED_S, abs=3)
    assert parked_s[-1] == pytest.approx(stay_s + 2, abs=3)
