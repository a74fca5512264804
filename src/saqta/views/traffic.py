"""Folds of the traffic figures: each line's minutes as they were told, and its hours, summed from them.

A minute belongs to the hour in which it began. The minutes of the last MINUTES_KEPT_MS are kept, the hours for ever.
"""

from collections.abc import Iterator
from itertools import takewhile
from math import hypot

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.step import Change, Tables
from saqta.views.tables import TRAFFIC_HOURS, TRAFFIC_MINUTES, Changes, Traffic, added, traffic_key

HOUR_MS = 3_600_000
MINUTES_KEPT_MS = 48 * HOUR_MS
SWEPT_MAX = 8
"""A new minute takes at most so many old ones of its line away."""


def _counted(tables: Tables, recorded: Recorded, record: kinds.LineCounted) -> Iterator[Change]:
    until_ms = recorded.event.time_ms
    watched_s = max(0.0, record.until_s - record.from_s)
    minute = Traffic(
        camera=record.camera,
        line=record.line,
        from_ms=until_ms - round(1000 * watched_s),
        until_ms=until_ms,
        forward=dict(record.forward),
        backward=dict(record.backward),
        watched_s=round(watched_s, 3),
        occupied=record.occupied,
        speed_kmh=record.speed_kmh,
        speed_uncertainty_kmh=record.speed_uncertainty_kmh,
    )
    yield TRAFFIC_MINUTES.put(traffic_key(minute.camera, minute.line, minute.from_ms), minute)
    yield from _swept(tables, minute)
    hour_ms = minute.from_ms - minute.from_ms % HOUR_MS
    key = traffic_key(minute.camera, minute.line, hour_ms)
    yield TRAFFIC_HOURS.put(key, _summed(tables.get(TRAFFIC_HOURS, key), minute, hour_ms))


def _swept(tables: Tables, minute: Traffic) -> Iterator[Change]:
    """The minutes of a line that are too old to be kept beside this one, taken away."""
    series = traffic_key(minute.camera, minute.line)
    oldest = tables.scan(TRAFFIC_MINUTES, prefix=series, limit=SWEPT_MAX)
    old = takewhile(lambda kept: kept[1].from_ms < minute.from_ms - MINUTES_KEPT_MS, oldest)
    for key, _ in list(old):
        yield TRAFFIC_MINUTES.delete(key)


def _summed(hour: Traffic | None, minute: Traffic, hour_ms: int) -> Traffic:
    """The hour with one more of its minutes. Occupancy is weighed by time, speed by what crossed."""
    if hour is None:
        hour = Traffic(camera=minute.camera, line=minute.line, from_ms=hour_ms, until_ms=hour_ms + HOUR_MS)
    speed_kmh, uncertainty_kmh = _mean_speed(hour, minute)
    return Traffic(
        camera=hour.camera,
        line=hour.line,
        from_ms=hour.from_ms,
        until_ms=hour.until_ms,
        forward=added(hour.forward, minute.forward),
        backward=added(hour.backward, minute.backward),
        watched_s=round(hour.watched_s + minute.watched_s, 3),
        occupied=_mean(hour.occupied, hour.watched_s, minute.occupied, minute.watched_s),
        speed_kmh=speed_kmh,
        speed_uncertainty_kmh=uncertainty_kmh,
    )


def _mean_speed(hour: Traffic, minute: Traffic) -> tuple[float | None, float | None]:
    before, more = hour.crossings, minute.crossings
    kmh = _mean(hour.speed_kmh, before, minute.speed_kmh, more)
    known = [
        (row.speed_uncertainty_kmh, weight)
        for row, weight in ((hour, before), (minute, more))
        if row.speed_uncertainty_kmh is not None and weight
    ]
    total = sum(weight for _, weight in known)
    uncertainty = hypot(*(kmh * weight / total for kmh, weight in known)) if total else None
    return kmh, uncertainty


def _mean(one: float | None, weight: float, other: float | None, other_weight: float) -> float | None:
    if one is None or not weight:
        return other if other_weight else one
    if other is None or not other_weight:
        return one
    return (one * weight + other * other_weight) / (weight + other_weight)


FOLDS: dict[type[kinds.Record], Changes] = {kinds.LineCounted: _counted}
