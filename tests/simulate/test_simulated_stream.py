"""Simulated streams: deterministic, decodable, and showing what the truth says."""

import av
import cv2
import numpy as np
import pytest

from saqta.model.errors import InputError
from saqta.simulate.camera.layout import Visits
from saqta.simulate.camera.layouts import LAYOUTS
from saqta.simulate.camera.lens import HEIGHT, WIDTH
from saqta.simulate.camera.render import FPS, Renderer
from saqta.simulate.camera.scene import ACTORS_KEPT_MAX, PERSON, SUITCASE, Scene, _of_flow
from saqta.simulate.camera.stream import open_feed
from saqta.simulate.camera.truth import truth
from saqta.simulate.scenario import scenario


def decoded(source: str, frames: int) -> list[np.ndarray]:
    feed = open_feed(source)
    pictures = []
    with feed.file, av.open(feed.file, options=dict(feed.options)) as container:
        for picture in container.decode(video=0):
            pictures.append(picture.to_ndarray(format="yuv420p")[:HEIGHT])
            if len(pictures) == frames:
                break
    return pictures


def test_the_same_source_gives_the_same_pictures() -> None:
    one, other = (decoded("sim:demo@5/quay", 12) for _ in range(2))
    assert len(one) == 12
    assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    assert not np.array_equal(decoded("sim:demo/quay", 1)[0], one[0])


def test_any_frame_can_be_made_without_those_before_it() -> None:
    scene = scenario("demo").scene("depot")
    through = Renderer(scene)
    for number in range(30):
        frame = through.frame(number)
    assert np.array_equal(frame, Renderer(scene).frame(29))


def test_a_stream_with_an_end_has_all_its_frames_in_time() -> None:
    feed = open_feed("sim:demo/depot?seconds=3")
    with feed.file, av.open(feed.file, options=dict(feed.options)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height, stream.codec_context.name) == (WIDTH, HEIGHT, "h264")
        times = [float(picture.time) for picture in container.decode(stream)]
    assert len(times) == 3 * FPS
    assert np.allclose(np.diff(times), 1 / FPS)


def test_a_stream_is_made_as_it_is_read() -> None:
    feed = open_feed("sim:demo/depot")
    with feed.file:
        pieces = [feed.file.read(188) for _ in range(200)]
    assert all(len(piece) == 188 and piece[0] == 0x47 for piece in pieces)


@pytest.mark.parametrize("camera", ["depot", "avenue", "quay", "square"])
def test_what_moves_is_where_the_truth_says(camera: str) -> None:
    """Boxes of the truth hold most of what differs from the empty scene, and each of them differs from it."""
    scene = scenario("demo").scene(camera)
    renderer = Renderer(scene)
    empty = Renderer(scene._replace(layout=scene.layout._replace(flows=()), visits=Visits(1e9, 1e9)))
    covered = 0
    for moment in truth(scene, 12.0, every_frames=40).moments:
        luma, nothing = (cv2.cvtColor(r.picture(moment.at_s), cv2.COLOR_BGR2GRAY) for r in (renderer, empty))
        changed = cv2.absdiff(luma, nothing) > 12
        for seen in moment.seen:
            x0, y0, x1, y1 = (round(side * size) for side, size in zip(seen.box, (WIDTH, HEIGHT) * 2, strict=True))
            if seen.kind == "person" and x1 - x0 > 8:
                assert changed[y0:y1, x0:x1].mean() > 0.12 or renderer.backdrop.cover_alpha[y0:y1, x0:x1].mean() > 0.3
                covered += 1
            changed[max(0, y0 - 2) : y1 + 2, max(0, x0 - 2) : x1 + 2] = False
        assert changed.mean() < 0.035
    assert covered >= 4


def test_an_intruder_stays_where_nobody_may_be() -> None:
    scene = scenario("demo").scene("depot")
    (stay,) = truth(scene, 40.0, every_frames=400).stays
    assert stay.zone == "yard"
    assert stay.from_s < 8
    assert stay.until_s - stay.from_s > 5


def test_later_scenes_have_visits_again() -> None:
    visits = Visits(first_s=4.0, every_s=30.0)
    scene = Scene("depot", 1, LAYOUTS["depot"]._replace(flows=()), visits)
    stays = truth(scene, 130.0, every_frames=10_000).stays
    assert 3 <= len({stay.id for stay in stays}) <= 5


def test_who_was_forgotten_is_made_again_the_same() -> None:
    scene = scenario("rush").scene("depot")
    first = list(scene.actors(20.0))
    for minute in range(2 * ACTORS_KEPT_MAX // len(scene.layout.flows)):
        assert all(actor.times[0] <= minute * 60 < actor.times[-1] for actor, _ in scene.actors(minute * 60.0))
    assert _of_flow.cache_info().currsize == ACTORS_KEPT_MAX
    assert list(scene.actors(20.0)) == first


def test_a_walker_downwards_in_the_picture_crosses_forward() -> None:
    """The promenade's line is drawn from left to right; those who come nearer cross it downwards."""
    scene = scenario("demo").scene("quay")
    told = truth(scene, 60.0, every_frames=1)
    first, last = {}, {}
    for moment in told.moments:
        for seen in moment.seen:
            first.setdefault(seen.id, seen.box[3])
            last[seen.id] = seen.box[3]
    directions = {crossing.direction for crossing in told.crossings}
    assert directions == {"forward", "backward"}
    for crossing in told.crossings:
        if crossing.id in first and abs(last[crossing.id] - first[crossing.id]) > 0.1:
            assert (crossing.direction == "forward") == (last[crossing.id] > first[crossing.id])


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("sim:demo/nowhere", "camera"),
        ("sim:nothing/depot", "scenario"),
        ("sim:demo/depot?seconds=soon", "seconds"),
        ("sim:demo/depot?seconds=-1", "seconds"),
        ("sim:demo/depot?hours=1", "source"),
    ],
)
def test_a_source_that_is_none_is_refused(source: str, field: str) -> None:
    with pytest.raises(InputError) as caught:
        open_feed(source)
    assert caught.value.field == field


def test_a_suitcase_rests_on_the_square_until_its_owner_comes_back() -> None:
    square = scenario("demo").scenes["square"]

    def there(at_s: float) -> dict[str, str]:
        return {actor.id: actor.kind for actor, _ in square.actors(at_s)}

    assert {"l0", "s0"}.isdisjoint(there(1.0))
    assert there(21.5)["l0"] == PERSON
    assert "s0" not in there(21.5)
    assert there(60.0)["s0"] == SUITCASE
    assert "l0" not in there(60.0)
    assert there(151.5)["r0"] == PERSON
    assert "s0" not in there(152.5)
    assert there(330.0)["s1"] == SUITCASE
    assert not any(actor.kind == SUITCASE for actor, _ in scenario("demo").scenes["depot"].actors(60.0))
