"""Errors as the outside sees them: RFC 9457 problem details, whatever went wrong and wherever.

``type`` is a URN that programs may compare; ``field`` names the part of a request that was bad, as a path such as
``place.lat`` or ``[3].data.kind``.
"""

from http import HTTPStatus
from typing import Any, cast

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from saqta.model import errors
from saqta.web.present import json_bytes

logger = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    field: str | None = None


STATUS_OF: dict[type[errors.SaqtaError], tuple[HTTPStatus, str]] = {
    errors.InputError: (HTTPStatus.UNPROCESSABLE_ENTITY, "input"),
    errors.ForbiddenError: (HTTPStatus.FORBIDDEN, "forbidden"),
    errors.StateError: (HTTPStatus.CONFLICT, "state"),
    errors.VersionConflict: (HTTPStatus.CONFLICT, "moved-on"),
    errors.ContentConflict: (HTTPStatus.CONFLICT, "other-content"),
    errors.LimitError: (HTTPStatus.TOO_MANY_REQUESTS, "limit"),
    errors.BusyError: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    errors.StepStopped: (HTTPStatus.SERVICE_UNAVAILABLE, "stopped"),
    errors.StorageError: (HTTPStatus.SERVICE_UNAVAILABLE, "storage"),
    errors.DamageError: (HTTPStatus.INTERNAL_SERVER_ERROR, "damage"),
    errors.SaqtaError: (HTTPStatus.SERVICE_UNAVAILABLE, "unavailable"),
}
"""What the errors of the model are over HTTP: status, and the last part of the problem's type. One that does not stand
here is what it is a kind of."""

RETRY_AFTER_S = "1"
OURS = "a fault of ours; it is in the server's log"
"""All that the outside is told of a fault: its own words may name files and people."""

DESCRIBED: dict[int | str, dict[str, Any]] = {
    "default": {"description": "A problem (RFC 9457)", "model": Problem, "content": {MEDIA_TYPE: {}}}
}
"""For ``responses=`` of a route, so that the API's description tells of problems."""


def problem(
    status: int, detail: str, kind: str | None = None, field: str | None = None, headers: dict[str, str] | None = None
) -> Response:
    """A problem as an answer; ``kind`` is the last part of its type, the status speaks for itself where it is None."""
    content: dict[str, object] = {
        "type": f"urn:saqta:problem:{kind}" if kind else "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if field is not None:
        content["field"] = field
    return Response(json_bytes(content), status, headers, media_type=MEDIA_TYPE)


def not_found(what: str, name: str) -> HTTPException:
    """For ``raise``: there is no ``what`` of that name."""
    return HTTPException(HTTPStatus.NOT_FOUND, f"there is no {what} {name[:80]}")


def fault() -> Response:
    """The answer where the fault is ours: what it was stands in the server's log. The server then hangs up."""
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, OURS, "internal", headers={"connection": "close"})


def install(app: FastAPI) -> None:
    """Makes the errors that ``app`` raises on purpose problems; for the others see ``front``."""
    app.add_exception_handler(errors.SaqtaError, of_model)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(RequestValidationError, _of_validation)


def of_error(error: errors.SaqtaError) -> Response | None:
    """The problem of an error that the outside may know of; None where it is a fault of ours."""
    status, kind = next(STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)
    if isinstance(error, errors.BusyError):
        return problem(status, str(error), kind, headers={"retry-after": RETRY_AFTER_S})
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return None
    return problem(status, str(error), kind, error.field if isinstance(error, errors.InputError) else None)


async def of_model(request: Request, error: Exception) -> Response:
    """The problem of an error of the model; one that is a fault of ours is told to the server's log alone."""
    status, kind = next(STATUS_OF[each] for each in type(error).__mro__ if each in STATUS_OF)
    answer = of_error(cast(errors.SaqtaError, error))
    if answer is None:
        logger.error("fault", method=request.method, path=request.url.path, error=str(error))
        return problem(status, OURS, kind)
    return answer


async def of_http(request: Request, error: Exception) -> Response:
    """The problem of an HTTPException; the framework's own ones come here too."""
    error = cast(HTTPException, error)
    detail = error.detail
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = "nothing is served at this address"
    return problem(error.status_code, detail, headers=dict(error.headers or {}))


async def _of_validation(request: Request, error: Exception) -> Response:
    first = cast(RequestValidationError, error).errors()[0]
    field = _field(first["loc"])
    told_as = request.headers.get("content-type", "none").partition(";")[0]
    if first["loc"] == ("body",) and first["type"] != "missing" and not told_as.endswith("json"):
        detail = f"Content-Type: got {told_as}, expected application/json"
        return problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail, "input", "Content-Type")
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, f"{field or 'body'}: {first['msg']}", "input", field if field else None
    )


def _field(location: tuple[int | str, ...]) -> str:
    """``("body", "place", "lat")`` as ``place.lat``; where a body is no JSON at all, nothing."""
    text = ""
    for part in location[1:]:
        text += f"[{part}]" if isinstance(part, int) else f".{part}"
    return "" if location[0] == "body" and len(location) > 1 and isinstance(location[1], int) else text.lstrip(".")
