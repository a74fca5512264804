"""Whether it lives, whether it can be used, and how it is doing."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import NamedTuple

from fastapi import Request, Response
from pydantic import BaseModel
from starlette.responses import PlainTextResponse

from saqta.model.catalogue import TYPE_OF
from saqta.model.kinds import EvidenceLost
from saqta.views.tables import STATUS, SYSTEM, TALLY, WAITING, Status, Tally, Waiting
from saqta.web import problems
from saqta.web.access import guarded_router
from saqta.web.front import Counts
from saqta.web.ports import Figures, Ports, PortsOf
from saqta.web.present import answer

BEHIND_EVENTS_MAX = 10_000
"""A picture that is further behind the log than this is not ready to be worked with."""

router = guarded_router("health")


class Health(BaseModel):
    status: str


class Reading(NamedTuple):
    """What metrics are read from."""

    ports: Ports
    counts: Counts
    events: int
    status: Status
    figures: Figures


class Metric(NamedTuple):
    """One metric: ``read`` gives its samples, each its labels in text form and its value."""

    name: str
    kind: str
    help: str
    read: Callable[[Reading], Iterator[tuple[str, float]]]


def _one(value: Callable[[Reading], float]) -> Callable[[Reading], Iterator[tuple[str, float]]]:
    return lambda reading: iter([("", value(reading))])


def _requests(reading: Reading) -> Iterator[tuple[str, float]]:
    for (method, status), count in sorted(reading.counts.requests.items()):
        yield f'{{method="{method}",status="{status}"}}', count


def _frames(reading: Reading) -> Iterator[tuple[str, float]]:
    for load in reading.ports.cameras():
        for fate in ("decoded", "analysed", "dropped"):
            yield f'{{camera="{load.camera}",fate="{fate}"}}', getattr(load, fate)


def _decisions(reading: Reading) -> Iterator[tuple[str, float]]:
    for (kind, action), count in sorted(reading.figures.decided.items()):
        yield f'{{kind="{kind}",action="{action}"}}', count


METRICS = (
    # The log: its growth is the rate of everything that happens.
    Metric("saqta_log_events", "gauge", "Events in the log.", _one(lambda reading: reading.events)),
    # How old the picture is; more than a few for more than a second means that a step is slow or stands still.
    Metric(
        "saqta_views_behind_events",
        "gauge",
        "Events in the log that the tables do not hold yet.",
        _one(lambda reading: max(0, reading.events - reading.ports.live.seq)),
    ),
    # Both should stay at 0: somebody has to look at the reasons.
    Metric(
        "saqta_events_put_aside_total",
        "counter",
        "Events that a step could not take.",
        _one(lambda reading: reading.status.put_aside),
    ),
    Metric(
        "saqta_events_refused_total",
        "counter",
        "Events that came again with other content.",
        _one(lambda reading: reading.status.refused),
    ),
    # Cameras: dropped frames mean that this machine has more streams than it can watch.
    Metric("saqta_camera_frames_total", "counter", "Frames of cameras, by what became of them.", _frames),
    # Should stay at 0: an incident's timeline says which evidence it is, and why.
    Metric(
        "saqta_evidence_lost_total",
        "counter",
        "Clips, stills and originals that could not be kept, or not whole.",
        _one(lambda reading: (reading.ports.tables.get(TALLY, TYPE_OF[EvidenceLost]) or Tally(count=0)).count),
    ),
    # The shield. A rate of none means that nobody asks; more at the deadline, that it can't follow.
    Metric(
        "saqta_decisions_total", "counter", "Calls and payments decided since the start, by what to do.", _decisions
    ),
    Metric(
        "saqta_decisions_at_deadline_total",
        "counter",
        "Of these, those that rules alone decided because their time was up.",
        _one(lambda reading: reading.figures.at_deadline),
    ),
    # A partner whose clock is wrong or whose fields changed shows here first.
    Metric(
        "saqta_decisions_refused_total",
        "counter",
        "Calls, payments and requests of them that could not be decided since the start.",
        _one(lambda reading: reading.figures.refused),
    ),
    # More than it can follow, or it starts or stops: these were answered 503, and partners ask again.
    Metric(
        "saqta_decisions_turned_away_total",
        "counter",
        "Calls and payments sent away to come later since the start; a request before it is ready counts as one.",
        _one(lambda reading: reading.figures.turned_away),
    ),
    Metric(
        "saqta_decisions_late_total",
        "counter",
        "Calls, payments and labels that came more than an hour behind the newest.",
        _one(lambda reading: reading.figures.late),
    ),
    Metric(
        "saqta_decisions_waiting",
        "gauge",
        "Calls and payments that wait to be decided.",
        _one(lambda reading: reading.figures.waiting),
    ),
    Metric(
        "saqta_cases_waiting",
        "gauge",
        "Stopped calls and payments of which nobody said yet what they were.",
        _one(lambda reading: (reading.ports.tables.get(WAITING, SYSTEM) or Waiting()).count),
    ),
    # Live readers; those let go were too slow, and come back by themselves.
    Metric("saqta_live_readers", "gauge", "Open live streams.", _one(lambda reading: reading.ports.live.readers)),
    Metric(
        "saqta_live_batches_total",
        "counter",
        "Batches of changes sent to live streams.",
        _one(lambda reading: reading.ports.live.batches_total),
    ),
    Metric(
        "saqta_live_let_go_total",
        "counter",
        "Live streams ended because they were too slow.",
        _one(lambda reading: reading.ports.live.let_go_total),
    ),
    # The API; the sum over the count is the mean time to the first byte.
    Metric("saqta_http_requests_total", "counter", "Requests answered.", _requests),
    Metric(
        "saqta_http_seconds_total",
        "counter",
        "Time until the first byte of answers.",
        _one(lambda reading: reading.counts.seconds),
    ),
)


@router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """The process lives."""
    return answer({"status": "alive"})


@router.get("/readyz", response_model=Health)
def readyz(ports: PortsOf) -> Response:
    """The log can be read, the tables are close behind it, the live stream runs, and calls and payments are decided."""
    size = ports.log.size()
    ports.log.read(max(0, size - 1), limit=1)
    behind = size - ports.live.seq
    hindrances = {
        "the live stream does not run": not ports.live.running,
        f"the tables are {behind} events behind": behind > BEHIND_EVENTS_MAX,
        "the decision path is starting": not ports.decisions.is_ready,
    }
    found = [reason for reason, hinders in hindrances.items() if hinders]
    if found:
        return problems.problem(HTTPStatus.SERVICE_UNAVAILABLE, "; ".join(found), "not-ready")
    return answer({"status": "ready"})


@router.get("/metrics", response_class=PlainTextResponse)
def metrics(request: Request, ports: PortsOf) -> Response:
    """All metrics, in Prometheus' text format 0.0.4."""
    status = ports.tables.get(STATUS, SYSTEM) or Status()
    reading = Reading(ports, request.app.state.counts, ports.log.size(), status, ports.decisions.figures())
    lines = [line for metric in METRICS for line in _lines(metric, reading)]
    return Response("\n".join([*lines, ""]), media_type="text/plain; version=0.0.4; charset=utf-8")


def _lines(metric: Metric, reading: Reading) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for labels, value in metric.read(reading):
        yield f"{metric.name}{labels} {value!r}"
