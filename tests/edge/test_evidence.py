"""Evidence: whole clips under their own hash, in which everything that moves is covered, from a bounded ring."""

import hashlib
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from edge.rendered import FPS, HEIGHT, Picture, Walker, encode, scene
from saqta.edge.analysis import Analyser
from saqta.edge.covering.redaction import REGIONS_MAX, REMEMBERED_LOOKS, SETTLED_S, Cover, Redactor, cover
from saqta.edge.frames import FrameReader, Planes, planes
from saqta.edge.keeping.evidence import (
    CLIPS_QUEUED_MAX,
    CLIPS_WAITING_MAX,
    EVIDENCE_FPS_MAX,
    RING_BYTES_MAX,
    ClipWriter,
    Cut,
    Kept,
    Ring,
    Still,
    keep,
)
from saqta.edge.left.finding import Things
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene
from saqta.edge.settings import CameraSettings
from saqta.edge.source import open_file
from saqta.edge.tracking.tracks import Detection, Track
from saqta.model.errors import StorageError

THINGS = Things((320, 180))


def blank(at_s: float, width: int = 64, height: int = 48) -> Still:
    gray = np.full((height, width), 90, np.uint8)
    return Still(at_s, Planes(gray, gray[::2, ::2].copy(), gray[::2, ::2].copy()))


def clip_of(folder: Path, stills: Sequence[Still]) -> Kept:
    return keep(folder, Cut("alert", stills))


def covered(path: Path, analyser: Analyser | None = None) -> list[Still]:
    analyser = analyser or Analyser(CameraSettings(camera="C1", source=str(path)), {})
    redactor = Redactor()
    reader = FrameReader(open_file(str(path)), str(path), 5.0)
    stills = []
    try:
        for frame in reader:
            findings = analyser.step(frame)
            covers = redactor.look(findings.scene)
            stills.append(Still(frame.at_s, cover(planes(frame.picture, 640), covers, findings.scene.picture)))
    finally:
        reader.close()
    return stills


def decoded(path: Path) -> list[Picture]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


def test_nothing_of_who_moves_is_left_in_the_clip(tmp_path: Path) -> None:
    walkers = [
        Walker((-0.1, 0.6), (1.1, 0.6), 0, 8, shade=250),
        Walker((1.1, 0.9), (-0.1, 0.9), 1, 9, width=0.12, height=0.4, shade=10),
        Walker((0.2, 0.5), (0.8, 0.95), 3, 9, shade=75),
    ]
    truth = list(scene(walkers, 9))
    clip = clip_of(tmp_path, covered(encode(tmp_path / "a.mp4", truth)))
    shown = decoded(tmp_path / f"{clip.sha256}.mp4")
    assert len(shown) == 9 * 5
    bare = list(scene([], 9))
    seen_px = looked_at_px = 0
    for number, picture in enumerate(shown):
        original, empty = truth[2 * number], bare[2 * number]
        for walker in walkers:
            box = walker.box(2 * number / FPS)
            if box is not None:
                x0, y0, x1, y1 = (max(0, edge) for edge in box)
                window = np.s_[y0:y1, x0:x1]
                theirs = np.abs(original[window].astype(int) - empty[window]).max(axis=2) > 40
                same = np.abs(original[window].astype(int) - picture[window]).max(axis=2) < 12
                looked_at_px += int(theirs.sum())
                seen_px += int((theirs & same).sum())
    assert looked_at_px > 20_000
    assert seen_px / looked_at_px < 0.01


def visible_share(truth: Sequence[Picture], bare: Sequence[Picture], shown: Still, box: tuple[int, ...]) -> float:
    """Of the pixels in which a figure stands out, those that are as they were."""
    number = round(shown.at_s * FPS)
    x0, y0, x1, y1 = box
    window = np.s_[y0:y1, x0:x1]
    original, empty = (cv2.cvtColor(pictures[number], cv2.COLOR_BGR2GRAY)[window] for pictures in (truth, bare))
    theirs = cv2.absdiff(original, empty) > 25
    return float((theirs & (cv2.absdiff(original, shown.planes.y[window]) < 12)).sum() / theirs.sum())


def test_who_appears_and_does_not_walk_stays_covered(tmp_path: Path) -> None:
    figure = Walker((0.5, 0.8), (0.5, 0.8), 8, 67)
    truth, bare = list(scene([figure], 70)), list(scene([], 70))
    box = figure.box(9.0)
    assert box is not None
    stills = covered(encode(tmp_path / "a.mp4", truth))
    there = [still for still in stills if 8 <= still.at_s <= 67]
    assert len(there) > 290
    assert max(visible_share(truth, bare, still, box) for still in there) < 0.02
    wall = cv2.cvtColor(bare[-2], cv2.COLOR_BGR2GRAY)[: HEIGHT // 3].astype(int)
    assert np.corrcoef(there[-1].planes.y[: HEIGHT // 3].ravel(), wall.ravel())[0, 1] > 0.9


def test_who_stands_there_from_the_first_frame_on_is_covered_by_what_stirs(tmp_path: Path) -> None:
    def sways(number: int) -> Walker:
        x = 0.5 + 0.01 * np.sin(number / 4)
        return Walker((x, 0.8), (x, 0.8), 0, 99, width=0.12, height=0.4)

    bare = next(scene([], 0.1))
    truth = [next(scene([sways(number)], 0.1)) for number in range(160)]
    stills = covered(encode(tmp_path / "a.mp4", truth))
    box = sways(0).box(0.0)
    assert box is not None
    later = [still for still in stills if still.at_s >= SETTLED_S + 2]
    assert len(later) > 40
    assert max(visible_share(truth, [bare] * 160, still, box) for still in later) < 0.1
    beside = cv2.cvtColor(bare, cv2.COLOR_BGR2GRAY)[:, :80].astype(int)
    assert np.corrcoef(later[-1].planes.y[:, :80].ravel(), beside.ravel())[0, 1] > 0.9


def test_who_waits_while_the_stream_comes_back_stays_covered(tmp_path: Path) -> None:
    figure = Walker((0.5, 0.8), (0.5, 0.8), 8, 30)
    truth, bare = list(scene([figure], 30)), list(scene([], 30))
    box = figure.box(9.0)
    assert box is not None
    analyser = Analyser(CameraSettings(camera="C1", source="a.mp4"), {})
    covered(encode(tmp_path / "a.mp4", truth[:150]), analyser)
    again = covered(encode(tmp_path / "b.mp4", truth[150:]), analyser)
    assert max(visible_share(truth[150:], bare[150:], still, box) for still in again) < 0.02


def test_what_stands_still_stays_visible(tmp_path: Path) -> None:
    truth = list(scene([Walker((-0.1, 0.9), (1.1, 0.9), 0, 8)], 8))
    last = covered(encode(tmp_path / "a.mp4", truth))[-2]
    wall = cv2.cvtColor(truth[-4], cv2.COLOR_BGR2GRAY)[: HEIGHT // 2].astype(int)
    assert np.corrcoef(last.planes.y[: HEIGHT // 2].ravel(), wall.ravel())[0, 1] > 0.9


def test_everything_is_covered_until_the_scene_is_known(tmp_path: Path) -> None:
    stills = covered(encode(tmp_path / "a.mp4", scene([], 7)))
    for still in stills:
        uniform = all(plane.min() == plane.max() for plane in still.planes)
        assert uniform is (still.at_s < SETTLED_S)


@pytest.mark.parametrize(("known", "regions"), [(False, 1), (True, REGIONS_MAX + 1)])
def test_everything_is_covered_when_it_cannot_be_told_what_moves(known: bool, regions: int) -> None:
    differs = np.zeros((180, 320), np.uint8)
    for region in range(regions):
        differs[20 * (region // 12) + 4, 24 * (region % 12) + 4] = 255
    nothing = np.zeros_like(differs)
    view = Scene(
        9.0,
        0.2,
        (320, 180),
        nothing,
        nothing,
        differs,
        nothing,
        nothing,
        (),
        parked=(),
        known=known,
        settled_s=9.0,
        things=THINGS,
    )
    assert Redactor().look(view) is None
    assert cover(blank(0).planes, None, (320, 180)).y.std() == 0


def test_what_came_and_parked_stays_covered() -> None:
    nothing = np.zeros((180, 320), np.uint8)
    parked = ((100.0, 60.0, 140.0, 90.0),)
    view = Scene(
        9.0,
        0.2,
        (320, 180),
        nothing,
        nothing,
        nothing,
        nothing,
        nothing,
        (),
        parked=parked,
        known=True,
        settled_s=9.0,
        things=THINGS,
    )
    picture = planes_of_noise()
    before = picture.y.copy()
    cover(picture, Redactor().look(view), (320, 180))
    assert picture.y[64:86, 104:136].std() == 0
    assert (picture.y[:50] == before[:50]).all()


def test_a_thing_that_was_left_may_be_shown_and_who_passes_before_it_may_not() -> None:
    nothing, differs = np.zeros((180, 320), np.uint8), np.zeros((180, 320), np.uint8)
    bag, passer = Track(1, Detection((100, 60, 140, 90), 900, True), 9.0), (120.0, 40.0, 150.0, 120.0)
    differs[62:88, 102:138] = 255
    view = Scene(9.0, 0.2, (320, 180), nothing, nothing, differs, differs, nothing, [bag], (), True, 9.0, THINGS)
    before = planes_of_noise()
    alone = cover(planes_of_noise(), Redactor().look(view, [bag.bounds]), (320, 180))
    assert (alone.y == before.y).all()
    passing = view._replace(tracks=[bag, Track(2, Detection(passer, 900, True), 9.0)])
    both = cover(planes_of_noise(), Redactor().look(passing, [bag.bounds]), (320, 180))
    assert both.y[44:116, 124:146].std() == 0
    assert (both.y[62:88, 102:112] == before.y[62:88, 102:112]).all()
    assert cover(planes_of_noise(), Redactor().look(view), (320, 180)).y[64:86, 104:136].std() == 0


def test_who_a_model_recognises_stays_covered_until_it_has_looked_again_and_again_without_finding_him() -> None:
    nothing, redactor = np.zeros((180, 320), np.uint8), Redactor()
    person, van = Recognised("person", 0.8, (100, 60, 120, 120)), Recognised("van", 0.8, (200, 60, 260, 100))
    view = Scene(9.0, 0.2, (320, 180), nothing, nothing, nothing, nothing, nothing, [], (), True, 9.0, THINGS)

    def hidden(recognised: Sequence[Recognised] | None) -> tuple[bool, bool, bool]:
        """Of the person, of the van's upper and of its lower half: whether nothing can be seen."""
        picture, before = planes_of_noise(), planes_of_noise()
        covers = redactor.look(view._replace(recognised=recognised))
        shown = cover(picture, covers, (320, 180)).y == before.y
        parts = shown[60:120, 100:120], shown[62:76, 202:258], shown[82:100, 202:258]
        return tuple(bool(part.mean() < 0.05) for part in parts)

    assert hidden(None) == (False, False, False)
    assert hidden([person, van]) == (True, False, True)
    assert hidden(None) == (True, False, True)
    assert [hidden([])[0] for _ in range(REMEMBERED_LOOKS)] == [True] * (REMEMBERED_LOOKS - 1) + [False]


def test_covers_that_overlap_leave_no_hole() -> None:
    squares = [np.array([(x, 40.0), (x + 60, 40), (x + 60, 90), (x, 90)]) for x in (100.0, 130.0)]
    picture = cover(planes_of_noise(), [Cover(square, (77, 88, 99)) for square in squares], (320, 180))
    inside = picture.y[44:86, 134:156]
    assert set(np.unique(inside)) <= {77, 235}
    assert (picture.u[22:43, 67:78] == 88).mean() > 0.8


def planes_of_noise() -> Planes:
    rng = np.random.default_rng(2)
    y, u, v = (rng.integers(0, 255, (180 // part, 320 // part), dtype=np.uint8) for part in (1, 2, 2))
    return Planes(y, u, v)


def test_a_clip_plays_in_a_browser_and_is_named_by_its_hash(tmp_path: Path) -> None:
    clip = clip_of(tmp_path, [blank(number / 5) for number in range(12)])
    path = tmp_path / f"{clip.sha256}.mp4"
    content = path.read_bytes()
    assert hashlib.sha256(content).hexdigest() == clip.sha256
    assert (clip.size_bytes, clip.from_s, clip.until_s) == (len(content), 0.0, 2.2)
    assert content.index(b"moov") < content.index(b"mdat")
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert [float(frame.pts * frame.time_base) for frame in container.decode(video)] == pytest.approx(
            [number / 5 for number in range(12)]
        )
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_still_is_the_last_frame_as_it_was_covered(tmp_path: Path) -> None:
    y, u, v = np.full((48, 64), 150, np.uint8), np.full((24, 32), 54, np.uint8), np.full((24, 32), 190, np.uint8)
    last = Still(7.2, Planes(y, u, v))
    kept = keep(tmp_path, Cut("alert", [blank(0.0), last], "drop"))
    path = tmp_path / f"{kept.sha256}.jpg"
    assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
    assert (kept.media_type, kept.from_s, kept.until_s) == ("image/jpeg", 7.2, 7.2)
    assert kept.size_bytes == path.stat().st_size
    blue, green, red = cv2.imread(str(path)).mean(axis=(0, 1))
    assert red > 200 > green > blue
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_clip_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "no-such-folder"
    with pytest.raises(StorageError, match="no-such-folder"):
        clip_of(folder, [blank(0)])
    assert not folder.exists()


def times(stills: Sequence[Still]) -> list[float]:
    return [round(still.at_s, 3) for still in stills]


def test_a_clip_reaches_from_before_the_alert_to_after_it() -> None:
    ring = Ring(before_s=1.0, after_s=0.6)
    cuts = []
    for number in range(40):
        ring.add(blank(number / 5))
        if number == 20:
            ring.expect("alert", number / 5)
        cuts += ring.due(number / 5)
    assert [(cut.alert, times(cut.stills)) for cut in cuts] == [
        ("alert", [3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.2, 4.4, 4.6])
    ]


def test_the_ring_keeps_a_bounded_number_of_bytes() -> None:
    ring = Ring(before_s=30.0, after_s=30.0)
    kept: list[Still] = []
    for number in range(60 * 25):
        if ring.wants(number / 25):
            kept.append(blank(number / 25, 640, 360))
            ring.add(kept[-1])
    ring.expect("alert", 30.0)
    (cut,) = ring.rest()
    frame_bytes = sum(plane.nbytes for plane in kept[0].planes)
    assert RING_BYTES_MAX * 0.7 < len(cut.stills) * frame_bytes <= RING_BYTES_MAX * 1.05


def test_the_ring_takes_a_bounded_number_of_frames_a_second() -> None:
    ring = Ring(before_s=2.0, after_s=0.0)
    taken = 0
    for number in range(100):
        if ring.wants(number / 50):
            ring.add(blank(number / 50))
            taken += 1
    assert taken <= 2 * EVIDENCE_FPS_MAX + 1


def test_a_bounded_number_of_clips_waits() -> None:
    ring = Ring(before_s=1.0, after_s=30.0)
    ring.add(blank(0.0))
    cuts = [cut for number in range(CLIPS_WAITING_MAX + 2) for cut in ring.expect(str(number), 0.0)]
    assert [cut.alert for cut in cuts] == ["0", "1"]
    assert len(ring.rest()) == CLIPS_WAITING_MAX


def test_a_clip_that_fails_in_any_way_is_told_and_the_next_one_is_written() -> None:
    writer, written, lost = ClipWriter(waits=True), threading.Event(), list[str]()

    def fails() -> None:
        raise ValueError("no such colour")

    writer.submit(fails, lost.append)
    writer.submit(written.set, lost.append)
    writer.close()
    assert written.is_set()
    assert (writer.failed, writer.failure) == (1, "ValueError: no such colour")
    assert lost == ["ValueError: no such colour"]


def test_a_disk_that_hangs_does_not_hold_up_who_must_not_wait() -> None:
    writer, began, disk, lost = ClipWriter(waits=False), threading.Event(), threading.Event(), list[str]()

    def hangs() -> None:
        began.set()
        disk.wait()

    writer.submit(hangs, lost.append)
    assert began.wait(5)
    for _ in range(CLIPS_QUEUED_MAX + 2):
        writer.submit(lambda: None, lost.append)
    assert writer.failed == len(lost) == 2
    assert writer.failure is not None
    assert str(CLIPS_QUEUED_MAX) in writer.failure
    assert writer.busy
    disk.set()
    writer.close()


def assert_soon(event: threading.Event) -> None:
    assert event.wait(9)


def test_a_writer_that_has_come_to_wait_loses_nothing() -> None:
    writer, disk, done, lost = ClipWriter(waits=False), threading.Event(), list[int](), list[str]()
    writer.submit(lambda: assert_soon(disk), lost.append)
    writer.waits = True
    threading.Timer(0.3, disk.set).start()
    for number in range(3 * CLIPS_QUEUED_MAX):
        writer.submit(partial(done.append, number), lost.append)
    writer.close()
    assert (done, lost) == (list(range(3 * CLIPS_QUEUED_MAX)), [])
