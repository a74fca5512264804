"""Evidence: redacted clips by the digest of their bytes. Every look is an event, with who and why."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Query, Response
from starlette.responses import FileResponse

from saqta.model.catalogue import make
from saqta.model.event import TEXT_CHARS_MAX, derive_id
from saqta.model.kinds import EvidenceViewed
from saqta.web import problems
from saqta.web.access import Caller, CallerOf, guarded_router
from saqta.web.commands import PurposeOf
from saqta.web.ports import Ports, PortsOf

SOURCE = "/saqta/evidence"
PURPOSE_UNSTATED = "not stated"
LOOK_MS = 60_000
"""Looks of one person at one file, for one purpose, within the same minute are one: a player asks for many ranges."""

router = guarded_router("evidence")


@router.get(
    "/api/v1/evidence/{sha256}",
    response_class=Response,
    responses={200: {"content": {"video/mp4": {}}}, 206: {"content": {"video/mp4": {}}}},
)
def read_evidence(
    ports: PortsOf,
    caller: CallerOf,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    stated: PurposeOf,
    purpose: Annotated[str | None, Query(max_length=TEXT_CHARS_MAX, description="Why; or in X-Purpose")] = None,
) -> Response:
    """A clip, or a part of it by `Range`. That it was looked at is in the log before the first byte goes out."""
    path = ports.evidence_dir / f"{sha256}.mp4"
    if not path.is_file():
        raise problems.not_found("evidence", sha256)
    _record_look(ports, caller, sha256, stated or purpose or PURPOSE_UNSTATED)
    return FileResponse(path, HTTPStatus.OK, {"cache-control": "private, no-store"}, media_type="video/mp4")


def _record_look(ports: Ports, caller: Caller, sha256: str, purpose: str) -> None:
    now_ms = ports.clock()
    minute_ms = now_ms - now_ms % LOOK_MS
    event = make(
        EvidenceViewed(sha256=sha256),
        id=derive_id(sha256, caller.actor, purpose, str(minute_ms)),
        source=SOURCE,
        actor=caller.actor,
        time_ms=minute_ms,
        recorded_ms=now_ms,
        purpose=purpose,
    )
    ports.log.append([event])
