"""The way of those who ask for decisions often: a plain ASGI application, in front of everything else.

It takes what the route of ``web.decisions`` would take, and answers the same, without what a framework does for each
request. Whoever was not admitted lately goes the long way, which admits or refuses.
"""

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from time import perf_counter
from typing import Literal

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from saqta.model.errors import SaqtaError
from saqta.web import decisions, problems
from saqta.web.front import Header, answered

KINDS: Mapping[str, Literal["payment", "call"]] = {
    "/api/v1/decisions/payment": "payment",
    "/api/v1/decisions/call": "call",
}
JSON: Header = (b"content-type", b"application/json")


class Direct:
    """ASGI: decides for whom it knows, and hands the rest to ``app``, which keeps its state in ``app.state``."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = KINDS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if kind is None:
            return await self._app(scope, receive, send)
        scope["app"] = self._app
        state = self._app.state
        caller = decisions.admitted_lately(state, _authorization(scope), kind)
        if caller is None:
            return await self._app(scope, receive, send)
        began, status, fault = perf_counter(), int(HTTPStatus.OK), None
        try:
            body = await decisions.decide(state, caller, kind, await decisions.body_of(receive, state.ports.limits))
            headers = [*_headers(scope["scheme"]), (b"content-length", b"%d" % len(body))]
        except ClientDisconnect:
            return None  # Nobody is there to be told.
        except Exception as error:  # noqa: BLE001 - what is a fault of ours is raised again once it is answered
            fault = None if isinstance(error, HTTPException | SaqtaError) else error
            problem = await _problem(Request(scope), error)
            status, body, headers = problem.status_code, bytes(problem.body), answered(scope, problem.raw_headers)
        state.counts.add("POST", status, perf_counter() - began)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
        if fault is not None:
            raise fault
        return None


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException):
        return await problems.of_http(request, error)
    return await problems.of_model(request, error) if isinstance(error, SaqtaError) else problems.fault()


def _authorization(scope: Scope) -> str | None:
    """The header of that name; None of a request in XML as well, which goes the long way."""
    found = None
    for name, value in scope["headers"]:
        if name == b"authorization":
            found = str(value, "latin-1")
        elif name == b"content-type" and decisions.is_xml(str(value, "latin-1")):
            return None
    return found


@cache
def _headers(scheme: str) -> tuple[Header, ...]:
    """What every answer in JSON carries, but for its length."""
    return tuple(answered({"scheme": scheme}, [JSON]))
