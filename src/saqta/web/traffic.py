"""Traffic figures: each line's minutes and hours, as pages, as a table, and as DATEX II for road authorities."""

import csv
import io
from collections.abc import Iterator
from enum import StrEnum
from http import HTTPStatus
from itertools import islice, takewhile
from typing import Annotated

from fastapi import Depends, Query, Response

from saqta.model.errors import InputError
from saqta.model.kinds import NAME_CHARS_MAX
from saqta.model.moment import from_text, to_text
from saqta.model.step import Table, Tables
from saqta.views.tables import TRAFFIC_HOURS, TRAFFIC_MINUTES, Traffic, traffic_key
from saqta.web import datex
from saqta.web.access import guarded_router
from saqta.web.paging import WantedPage, page, page_of
from saqta.web.ports import PortsOf
from saqta.web.present import schema_of

EXPORT_ROWS_MAX = 100_000
"""Of one export; more are refused, not cut off."""
COLUMNS = (
    *("camera", "line", "from", "until", "direction", "class", "count"),
    *("watched_s", "occupied", "speed_kmh", "speed_uncertainty_kmh"),
)


class Per(StrEnum):
    """Figures of a minute, for two days, or of an hour, for ever."""

    MINUTE = "minute"
    HOUR = "hour"


TABLE_OF: dict[Per, Table[Traffic]] = {Per.MINUTE: TRAFFIC_MINUTES, Per.HOUR: TRAFFIC_HOURS}


class Figures:
    """Which figures are wanted: of which camera and line, from when until when."""

    def __init__(
        self,
        per: Annotated[Per, Query(description="A row a minute or an hour")] = Per.HOUR,
        camera: Annotated[str | None, Query(max_length=NAME_CHARS_MAX)] = None,
        line: Annotated[str | None, Query(max_length=NAME_CHARS_MAX, description="With `camera`")] = None,
        since: Annotated[str | None, Query(max_length=40, description="RFC 3339; what begins then or later")] = None,
        until: Annotated[str | None, Query(max_length=40, description="RFC 3339; what begins before")] = None,
    ) -> None:
        self.table, self._camera, self._line = TABLE_OF[per], camera, line
        self._since_ms = from_text(since, "since") if since else None
        self._until_ms = from_text(until, "until") if until else None

    @property
    def prefix(self) -> str:
        """What their keys begin with."""
        return traffic_key(self._camera, self._line) if self._camera is not None else ""

    @property
    def after(self) -> str:
        """The key after which they begin: of one line, what is too old is not even looked at."""
        if self._camera is None or self._line is None or self._since_ms is None:
            return ""
        return traffic_key(self._camera, self._line, max(0, self._since_ms - 1))

    def only(self, row: Traffic) -> Traffic | None:
        """The row if it is one of them."""
        wanted = (
            (self._line is None or row.line == self._line)
            and (self._since_ms is None or row.from_ms >= self._since_ms)
            and (self._until_ms is None or row.from_ms < self._until_ms)
        )
        return row if wanted else None

    def rows(self, tables: Tables) -> list[Traffic]:
        """All of them, in the order of their keys; InputError where they are more than EXPORT_ROWS_MAX. Blocks."""
        found = list(islice(self._found(tables), EXPORT_ROWS_MAX + 1))
        if len(found) > EXPORT_ROWS_MAX:
            expected = f"a shorter time, one camera or one line: an export holds at most {EXPORT_ROWS_MAX} rows"
            raise InputError("since", to_text(self._since_ms) if self._since_ms is not None else None, expected)
        return found

    def _found(self, tables: Tables) -> Iterator[Traffic]:
        """Line by line: what is too old or too new is not even looked at."""
        past = ""
        while first := next(tables.scan(self.table, self.prefix, past, limit=1), None):
            camera, line = first[1].camera, first[1].line
            series = traffic_key(camera, line)
            past = series + "~"  # sorts after its moments, which are digits
            if self._line is None or line == self._line:
                after = traffic_key(camera, line, max(0, self._since_ms - 1)) if self._since_ms is not None else ""
                rows = (row for _, row in tables.scan(self.table, series, after))
                yield from takewhile(lambda row: self._until_ms is None or row.from_ms < self._until_ms, rows)


WantedFigures = Annotated[Figures, Depends(Figures)]

router = guarded_router("traffic")


@router.get("/api/v1/traffic", response_model=page_of(schema_of(Traffic)))
def list_traffic(ports: PortsOf, figures: WantedFigures, wanted: WantedPage) -> Response:
    """Figures by camera and line, the oldest first."""
    return page(ports.tables, figures.table, wanted, figures.prefix, lambda _, row: figures.only(row), figures.after)


@router.get("/api/v1/traffic.csv", response_class=Response, responses={200: {"content": {"text/csv": {}}}})
def export_csv(ports: PortsOf, figures: WantedFigures) -> Response:
    """Figures as CSV (RFC 4180): a row for each direction and class, one with no class where nothing crossed."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in figures.rows(ports.tables):
        writer.writerows(_lines(row))
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=_named("traffic.csv"))


@router.get(
    "/api/v1/traffic.xml",
    response_class=Response,
    responses={200: {"content": {"application/xml": {}}}, 204: {"description": "Nothing was counted"}},
)
def export_datex(ports: PortsOf, figures: WantedFigures) -> Response:
    """Figures as a DATEX II MeasuredDataPublication (version 3): a site for each line and direction."""
    rows = figures.rows(ports.tables)
    if not rows:  # The schema knows no publication without measurements.
        return Response(status_code=HTTPStatus.NO_CONTENT)
    publication = datex.measured(rows, ports.clock())
    return Response(publication, media_type="application/xml", headers=_named("traffic.xml"))


def _lines(row: Traffic) -> Iterator[tuple[object, ...]]:
    known = (row.watched_s, row.occupied, row.speed_kmh, row.speed_uncertainty_kmh)
    for direction, counts in (("forward", row.forward), ("backward", row.backward)):
        for name, count in sorted(counts.items()) or [("", 0)]:
            moments = (to_text(row.from_ms), to_text(row.until_ms))
            yield _plain(row.camera), _plain(row.line), *moments, direction, _plain(name), count, *known


def _plain(text: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    return f"'{text}" if text[:1] in "=+-@\t\r" and text else text


def _named(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}
