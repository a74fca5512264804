"""Evidence: redacted clips and stills by the digest of their bytes. Every look is an event, with who and why."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Path, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from saqta.model.kinds import EvidenceViewed
from saqta.model.moment import to_text
from saqta.model.terms import EVIDENCE_SUFFIX
from saqta.views.tables import DELETED
from saqta.web import problems
from saqta.web.access import CallerOf, guarded_router
from saqta.web.looks import StatedPurpose, record_look
from saqta.web.ports import PortsOf

PURPOSE_UNSTATED = "not stated"

_CONTENT: dict[str, Any] = {"content": {media_type: {} for media_type in EVIDENCE_SUFFIX}}

router = guarded_router("evidence")


@router.get(
    "/api/v1/evidence/{sha256}",
    response_class=Response,
    responses={200: _CONTENT, 206: _CONTENT},
)
def read_evidence(
    ports: PortsOf,
    caller: CallerOf,
    sha256: Annotated[str, Path(pattern="^[0-9a-f]{64}$")],
    purpose: StatedPurpose,
) -> Response:
    """A clip, still or sealed original, or a part of it by `Range`; 410 once it was deleted.

    The look at it is in the log before the first byte goes out.
    """
    for media_type, suffix in EVIDENCE_SUFFIX.items():
        path = ports.evidence_dir / f"{sha256}{suffix}"
        if path.is_file():
            record_look(ports, caller, EvidenceViewed(sha256=sha256), purpose or PURPOSE_UNSTATED)
            return FileResponse(path, HTTPStatus.OK, {"cache-control": "private, no-store"}, media_type=media_type)
    deleted = ports.tables.get(DELETED, sha256)
    if deleted is not None:
        when = to_text(deleted.deleted_ms)
        raise HTTPException(HTTPStatus.GONE, f"this evidence was deleted at {when}: {deleted.reason}")
    raise problems.not_found("evidence", sha256)
