"""Abandoned objects: what becomes of the things that were put down, and an alert when one has been left for too long.

A thing is attended while its owner is near (``owners``), unattended from when the owner left its surroundings, and
abandoned after the seconds that its zone or its camera sets. What may follow what is a table: ``model.object``.
"""

from collections.abc import Iterator, Sequence
from math import inf

from saqta.edge.left.owners import is_attended, takers, unattended_since_s
from saqta.edge.left.thing import Presence, Thing
from saqta.edge.picture.blobs import Bounds, overlap, size
from saqta.edge.recognised import Recognised
from saqta.edge.scene import Scene, is_inside
from saqta.edge.settings import CameraSettings
from saqta.model.kinds import PATH_POINTS_MAX, AlertRaised, Box, ObjectStateChanged, Record
from saqta.model.object import Happening, after, is_over
from saqta.model.terms import ObjectState

AWAY_S = 0.6
"""An owner has left when away for this long."""
WATCHED_S = 5.0
"""What was found late, because people stood before it, is watched for this long, or half its limit, all the same."""
STEADY_MIN = 0.8
"""Abandoned is what is seen, and has looked the same so far to this degree: who is before it may be taking it."""
ACCOMPANIED_SHARE = 0.25
"""What has had somebody alive beside it for more than this part of the time since its owner left is not abandoned:
that may be the owner, who was mistaken for somebody who went away."""
FIXTURE_OVERLAP = 0.3
"""A thing stands in a fixture's place where they share this part of it."""
_BODY_OVERLAP, _THING_OVERLAP = 0.4, 0.5


def abandoned(settings: CameraSettings) -> "Abandoned":
    """The detector for the things of a camera."""
    return Abandoned(settings)


class Abandoned:
    """Moves the things of a scene from state to state."""

    def __init__(self, settings: CameraSettings) -> None:
        self._settings = settings

    def __call__(self, scene: Scene) -> Sequence[Record]:
        """The changes of state, and the alerts, that came with this frame."""
        if scene.recognised is not None:
            for thing in scene.things.all:
                thing.is_somebody = _is_somebody(scene.recognised, thing)
        records = [record for thing in scene.things.all for record in self._step(scene, thing)]
        for thing in [thing for thing in scene.things.all if thing.state is not None and is_over(thing.state)]:
            scene.things.forget(thing)
        return records

    def _step(self, scene: Scene, thing: Thing) -> Iterator[Record]:
        if thing.state is None:
            yield self._begun(scene, thing)
        elif self._is_fixture(scene, thing):
            yield self._changed(scene, thing, Happening.MARKED, "an operator said that it belongs there")
        elif thing.is_gone(scene.at_s):
            yield self._ended(scene, thing)
        elif thing.is_lost(scene.at_s):
            yield self._changed(scene, thing, Happening.GONE, "it can't be told from its surroundings any more")
        else:
            yield from self._attendance(scene, thing)
            if thing.state is ObjectState.UNATTENDED and self._is_abandoned(scene, thing):
                yield from self._abandoned(scene, thing)

    def _begun(self, scene: Scene, thing: Thing) -> Record:
        if is_attended(thing, scene.things.ways, scene.tracks, scene.at_s):
            thing.state = ObjectState.ATTENDED
            return self._told(scene, thing, (_how_it_came(thing), "its owner is near"))
        thing.left_s = unattended_since_s(thing, scene.things.ways)
        thing.state = ObjectState.UNATTENDED
        return self._told(scene, thing, (_how_it_came(thing), _who_left(thing)))

    def _attendance(self, scene: Scene, thing: Thing) -> Iterator[Record]:
        if is_attended(thing, scene.things.ways, scene.tracks, scene.at_s):
            if thing.state is not ObjectState.ABANDONED:
                thing.left_s = None
            if thing.state is ObjectState.UNATTENDED:
                yield self._changed(scene, thing, Happening.OWNER_CAME_BACK, "its owner came back to it")
        elif thing.left_s is None:
            thing.left_s = scene.at_s
        elif thing.state is ObjectState.ATTENDED and scene.at_s - thing.left_s >= AWAY_S:
            yield self._changed(scene, thing, Happening.OWNER_LEFT, _who_left(thing))

    def _is_abandoned(self, scene: Scene, thing: Thing) -> bool:
        _, limit_s = self._limit(scene, thing)
        if thing.left_s is None or scene.at_s - thing.left_s < limit_s - 1e-6:
            return False
        if scene.at_s - thing.known_s < min(WATCHED_S, limit_s / 2):
            return False
        seen = thing.presence is Presence.SEEN and thing.steady >= STEADY_MIN
        accompanied = thing.accompanied_s > ACCOMPANIED_SHARE * (scene.at_s - thing.left_s)
        return seen and not (thing.is_somebody or thing.stirs or accompanied)

    def _abandoned(self, scene: Scene, thing: Thing) -> Iterator[Record]:
        zone, limit_s = self._limit(scene, thing)
        where = f" in the zone '{zone}'" if zone else ""
        alone_s = scene.at_s - (thing.left_s or 0.0)
        change = self._changed(
            scene,
            thing,
            Happening.TIME_PASSED,
            f"left alone{where} for {alone_s:.1f} s, {limit_s:g} s are allowed",
            _how_it_came(thing),
            _who_left(thing),
            f"{thing.evidence.contour:.0%} of the contrast along its contour is new, and {thing.steady:.0%} of it"
            f" has looked the same since; {_model_says(thing)}",
        )
        yield change
        yield AlertRaised(
            kind="abandoned_object",
            camera=change.camera,
            box=change.box,
            at_s=change.at_s,
            confidence=change.confidence,
            reasons=change.reasons,
            state=change.state,
            zone=change.zone,
            track=change.owner,
            object=change.object,
            put_down_s=change.put_down_s,
            left_s=change.left_s,
            path=change.path,
        )

    def _ended(self, scene: Scene, thing: Thing) -> Record:
        beside = takers(thing, scene.things.ways, scene.at_s if thing.gone_s is None else thing.gone_s)
        if not beside:
            return self._changed(scene, thing, Happening.GONE, "it is gone, and nobody was seen to take it")
        owner = beside[0] in (thing.owner, thing.followed)
        who = "its owner" if owner else "somebody else" if thing.owner is not None else "somebody"
        return self._changed(scene, thing, Happening.TAKEN, f"{who}, track {beside[0]}, took it")

    def _limit(self, scene: Scene, thing: Thing) -> tuple[str | None, float]:
        """(the zone whose rule applies, None where the camera's does; the seconds): of several zones the strictest."""
        told = self._settings
        foot = thing.foot[0] / scene.picture[0], min(1.0, thing.foot[1] / scene.picture[1])
        rules = {name: inf if seconds == "never" else float(seconds) for name, seconds in told.abandoned_zones.items()}
        rules |= dict.fromkeys(told.keep_clear, 0.0)
        inside = [(seconds, name) for name, seconds in rules.items() if is_inside(foot, told.zones[name])]
        seconds, name = min(inside, default=(told.abandoned_after_s, None))
        return name, seconds

    def _is_fixture(self, scene: Scene, thing: Thing) -> bool:
        boxes = (_pixels(box, scene) for box in scene.fixtures)
        return any(overlap(box, thing.bounds) > FIXTURE_OVERLAP * size(thing.bounds) for box in boxes)

    def _changed(self, scene: Scene, thing: Thing, happening: Happening, *reasons: str) -> ObjectStateChanged:
        thing.state = after(thing.state or ObjectState.ATTENDED, happening)
        return self._told(scene, thing, reasons)

    def _told(self, scene: Scene, thing: Thing, reasons: tuple[str, ...]) -> ObjectStateChanged:
        return ObjectStateChanged(
            camera=self._settings.camera,
            object=scene.things.name_of(thing),
            state=thing.state or ObjectState.ATTENDED,
            box=scene.box(thing.bounds),
            at_s=round(scene.at_s, 3),
            put_down_s=_moment(thing.put_down_s),
            left_s=None if thing.left_s is None else _moment(thing.left_s),
            owner=thing.owner,
            path=_path(scene, thing),
            zone=self._limit(scene, thing)[0],
            confidence=_confidence(thing),
            reasons=reasons,
        )


def _is_somebody(recognised: Sequence[Recognised], thing: Thing) -> bool:
    """Whether a model sees somebody, or a vehicle, where the thing is."""
    return any(
        (both := overlap(one.bounds, thing.bounds)) > _THING_OVERLAP * size(thing.bounds)
        and both > _BODY_OVERLAP * size(one.bounds)
        for one in recognised
    )


def _model_says(thing: Thing) -> str:
    return "no model took part" if thing.is_somebody is None else "a model saw nobody and no vehicle in its place"


def _pixels(box: Box, scene: Scene) -> Bounds:
    width, height = scene.picture
    return box[0] * width, box[1] * height, box[2] * width, box[3] * height


def _path(scene: Scene, thing: Thing) -> tuple[tuple[float, float, float], ...]:
    """The way of the owner up to now, in fractions, at most PATH_POINTS_MAX points."""
    way = scene.things.ways.of(thing.owner) if thing.owner is not None else None
    points = way.points if way else []
    every = max(1, -(-len(points) // PATH_POINTS_MAX))
    path = []
    for at_s, bounds in points[::every]:
        x0, _, x1, y1 = scene.box(bounds)
        path.append((round((x0 + x1) / 2, 4), y1, _moment(at_s)))
    return tuple(path)


def _moment(at_s: float) -> float:
    """Seconds of the stream; what was before its first frame counts as its first."""
    return round(max(0.0, at_s), 3)


def _confidence(thing: Thing) -> float:
    weighed = thing.evidence
    looks = 0.35 * weighed.contour + 0.2 * weighed.sharp + 0.2 * min(1.0, weighed.contrast / 60)
    return round((looks + (0.25 if thing.owner is not None else 0.0)) * thing.steady, 2)


def _how_it_came(thing: Thing) -> str:
    if thing.owner is None:
        return f"it appeared at {_moment(thing.put_down_s):.1f} s; nobody was seen to bring it"
    return f"put down at {_moment(thing.put_down_s):.1f} s by track {thing.owner}"


def _who_left(thing: Thing) -> str:
    if thing.owner is None:
        return "nobody stays near it"
    return f"its owner, track {thing.owner}, left its surroundings at {_moment(thing.left_s or 0.0):.1f} s"
