"""What is known of each occurrence, and how the one that an alert belongs to is found.

An index leads from a camera, a cell or a source to the incidents there, so that an alert looks at a few however many
are live. Occurrences outlive the closing of their incident: an alert that happened before it may come after it.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import NamedTuple

import msgspec

from saqta.correlate.cells import cell_of, cells_near
from saqta.correlate.rules import Rule
from saqta.model.incident import Incident
from saqta.model.place import Place, distance_m
from saqta.model.step import Change, Table, Tables
from saqta.model.terms import Priority

CANDIDATES_MAX = 16
"""An index entry holds this many incidents, those that were heard of last."""

SIGHTINGS_MAX = 64
"""An occurrence remembers this many cameras and zones, the newest."""


class Claim(NamedTuple):
    """An alert as it is compared: ``key`` is its event's, ``name`` what its camera is called."""

    key: str
    kind: str
    rule: Rule
    time_ms: int
    source: str
    camera: str | None
    name: str | None
    zone: str | None
    place: Place | None


class Sighting(msgspec.Struct, frozen=True):
    """How many alerts a camera raised in one of its zones."""

    camera: str
    zone: str | None
    count: int


class Occurrence(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident's alerts have in common: where it began, when it was first and last heard of, and who saw it.

    ``source`` is that of an alert without camera and place: nothing else tells where it belongs.
    """

    incident: str
    kind: str
    priority: Priority
    place: Place | None
    source: str | None
    first_ms: int
    last_ms: int
    closed_ms: int | None = None
    sightings: tuple[Sighting, ...] = ()


class Index(msgspec.Struct, frozen=True):
    """Incidents of one kind in one place, the one last heard of last."""

    incidents: tuple[str, ...]


class Camera(msgspec.Struct, frozen=True):
    """What correlating needs of a camera."""

    name: str
    place: Place | None


INCIDENTS = Table("correlate_incidents", Incident)
"""Every incident, by id, without personal fields."""

OCCURRENCES = Table("correlate_occurrences", Occurrence)
"""By incident."""

INDEX = Table("correlate_index", Index)
"""By ``{kind}/camera/{camera}``, ``{kind}/cell/{cell}`` or ``{kind}/source/{source}``."""

CAMERAS = Table("correlate_cameras", Camera)
TABLES = (INCIDENTS, OCCURRENCES, INDEX, CAMERAS)


class Link(IntEnum):
    """Why a claim belongs to an occurrence; the least is the strongest."""

    VIEW = 0
    NEARBY = 1
    SOURCE = 2


class Match(NamedTuple):
    """An occurrence that a claim belongs to. The least is the best: by its link, how far, and how long ago."""

    link: Link
    distance_m: float
    apart_ms: int
    incident: str
    occurrence: Occurrence


def find(tables: Tables, claim: Claim) -> Match | None:
    """The occurrence that the claim belongs to, if there is one."""
    incidents = {incident: None for key in _keys_near(claim) for incident in _incidents(tables, key)}
    occurrences = (tables.get(OCCURRENCES, incident) for incident in incidents)
    matches = (_match(claim, occurrence) for occurrence in occurrences if occurrence is not None)
    return min((match for match in matches if match is not None), key=lambda match: match[:4], default=None)


def begin(tables: Tables, incident: str, claim: Claim, priority: Priority) -> Iterator[Change]:
    """The occurrence that begins with this claim, of its incident's priority, and the index that leads to it."""
    placeless = claim.camera is None and claim.place is None
    occurrence = Occurrence(
        incident=incident,
        kind=claim.kind,
        priority=priority,
        place=claim.place,
        source=claim.source if placeless else None,
        first_ms=claim.time_ms,
        last_ms=claim.time_ms,
        sightings=(Sighting(claim.camera, claim.zone, 1),) if claim.camera is not None else (),
    )
    yield OCCURRENCES.put(incident, occurrence)
    yield from _indexed(tables, occurrence, claim.camera)


def add(tables: Tables, occurrence: Occurrence, claim: Claim) -> Iterator[Change]:
    """The occurrence with one more claim."""
    more = msgspec.structs.replace(
        occurrence,
        place=occurrence.place or claim.place,
        first_ms=min(occurrence.first_ms, claim.time_ms),
        last_ms=max(occurrence.last_ms, claim.time_ms),
        sightings=_seen(occurrence.sightings, claim),
    )
    yield OCCURRENCES.put(more.incident, more)
    yield from _indexed(tables, more, claim.camera)


def sightings_before(occurrence: Occurrence, claim: Claim) -> int:
    """How many alerts of the claim's camera in its zone the occurrence has already."""
    return sum(sighting.count for sighting in occurrence.sightings if _same_view(sighting, claim))


def _match(claim: Claim, occurrence: Occurrence) -> Match | None:
    if occurrence.priority > claim.rule.priority:
        return None
    window_ms = claim.rule.window_s * 1000
    if not occurrence.first_ms - window_ms <= claim.time_ms <= occurrence.last_ms + window_ms:
        return None
    if occurrence.closed_ms is not None and claim.time_ms > occurrence.closed_ms:
        return None
    away_m = distance_m(claim.place, occurrence.place) if claim.place and occurrence.place else None
    link = _link(claim, occurrence, away_m)
    if link is None:
        return None
    return Match(link, away_m or 0.0, abs(claim.time_ms - occurrence.last_ms), occurrence.incident, occurrence)


def _link(claim: Claim, occurrence: Occurrence, away_m: float | None) -> Link | None:
    """What joins the two. Two zones of one camera are two places, however near the camera is to itself."""
    views = [sighting for sighting in occurrence.sightings if sighting.camera == claim.camera]
    if views:
        return Link.VIEW if any(_same_view(sighting, claim) for sighting in views) else None
    if away_m is not None:
        return Link.NEARBY if away_m < claim.rule.radius_m else None
    placeless = claim.camera is None and claim.place is None
    return Link.SOURCE if placeless and occurrence.source == claim.source else None


def _same_view(sighting: Sighting, claim: Claim) -> bool:
    """The same zone of the same camera; an alert that names no zone may be of any."""
    return sighting.camera == claim.camera and (sighting.zone == claim.zone or None in (sighting.zone, claim.zone))


def _seen(sightings: tuple[Sighting, ...], claim: Claim) -> tuple[Sighting, ...]:
    if claim.camera is None:
        return sightings
    before = next((seen for seen in sightings if (seen.camera, seen.zone) == (claim.camera, claim.zone)), None)
    others = tuple(seen for seen in sightings if seen is not before)
    return (*others, Sighting(claim.camera, claim.zone, before.count + 1 if before else 1))[-SIGHTINGS_MAX:]


def _keys_near(claim: Claim) -> Iterator[str]:
    """Where an occurrence that the claim may belong to can stand in the index."""
    for kind in claim.rule.joins:
        if claim.camera is not None:
            yield f"{kind}/camera/{claim.camera}"
        if claim.place is not None:
            for cell in cells_near(claim.place, claim.rule.radius_m):
                yield f"{kind}/cell/{cell}"
        elif claim.camera is None:
            yield f"{kind}/source/{claim.source}"


def _incidents(tables: Tables, key: str) -> tuple[str, ...]:
    index = tables.get(INDEX, key)
    return index.incidents if index is not None else ()


def _indexed(tables: Tables, occurrence: Occurrence, camera: str | None) -> Iterator[Change]:
    """The index entries that change when the occurrence was heard of through ``camera``, or without one."""
    keys = []
    if camera is not None:
        keys.append(f"{occurrence.kind}/camera/{camera}")
    if occurrence.place is not None:
        keys.append(f"{occurrence.kind}/cell/{cell_of(occurrence.place)}")
    elif occurrence.source is not None:
        keys.append(f"{occurrence.kind}/source/{occurrence.source}")
    for key in keys:
        before = _incidents(tables, key)
        if before[-1:] != (occurrence.incident,):
            others = tuple(incident for incident in before if incident != occurrence.incident)
            yield INDEX.put(key, Index((*others, occurrence.incident)[-CANDIDATES_MAX:]))
