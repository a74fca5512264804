"""Evidence: redacted clips by the digest of their bytes. Every look is an event, with who and why."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Path, Response
from starlette.responses import FileResponse

from saqta.model.kinds import EvidenceViewed
from saqta.web import problems
from saqta.web.access import CallerOf, guarded_router
from saqta.web.looks import StatedPurpose, record_look
from saqta.web.ports import PortsOf

PURPOSE_UNSTATED = "not stated"

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
    purpose: StatedPurpose,
) -> Response:
    """A clip, or a part of it by `Range`. That it was looked at is in the log before the first byte goes out."""
    path = ports.evidence_dir / f"{sha256}.mp4"
    if not path.is_file():
        raise problems.not_found("evidence", sha256)
    record_look(ports, caller, EvidenceViewed(sha256=sha256), purpose or PURPOSE_UNSTATED)
    return FileResponse(path, HTTPStatus.OK, {"cache-control": "private, no-store"}, media_type="video/mp4")
