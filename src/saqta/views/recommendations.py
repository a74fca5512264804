"""Folds of the recommendations of incidents that are not closed."""

from collections.abc import Iterator

from saqta.model import kinds
from saqta.model.event import Recorded
from saqta.model.incident import CLOSED
from saqta.model.step import Change, Tables
from saqta.views.tables import INCIDENTS, RECOMMENDATIONS, Changes, Recommendation


def _made(tables: Tables, recorded: Recorded, record: kinds.RecommendationMade) -> Iterator[Change]:
    incident = tables.get(INCIDENTS, record.incident)
    if incident is None or incident.state is CLOSED:
        return
    yield RECOMMENDATIONS.put(
        record.incident,
        Recommendation(
            incident=record.incident,
            unit=record.unit,
            travel_s=record.travel_s,
            reasons=record.reasons,
            candidates=record.candidates,
            made_ms=recorded.event.time_ms,
        ),
    )


def _closed(tables: Tables, recorded: Recorded, record: kinds.IncidentClosed) -> Iterator[Change]:
    yield RECOMMENDATIONS.delete(record.incident)


FOLDS: dict[type[kinds.Record], Changes] = {kinds.RecommendationMade: _made, kinds.IncidentClosed: _closed}
