"""The way of those who ask for decisions often: a plain ASGI application, in front of everything else.

It takes what the route of ``web.decisions`` would take, and answers the same, without what a framework does for each
request. Whoever was not admitted lately goes the long way, which admits or refuses.
"""

from collections.abc import Mapping
from time import perf_counter
from typing import Literal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from saqta.model.errors import SaqtaError
from saqta.web import decisions, problems
from saqta.web.front import answered

KINDS: Mapping[str, Literal["payment", "call"]] = {
    "/api/v1/decisions/payment": "payment",
    "/api/v1/decisions/call": "call",
}


class Direct:
    """ASGI: decides for whom it knows, and hands the rest to ``app``, which keeps its state in ``app.state``."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = KINDS.get(scope["path"]) if scope["type"] == "http" and scope["method"] == "POST" else None
        if kind is None:
            return await self._app(scope, receive, send)
        scope["app"] = self._app
        request = Request(scope, receive)
        caller = decisions.admitted_lately(request, kind)
        if caller is None:
            return await self._app(scope, receive, send)
        began = perf_counter()
        try:
            answer = await decisions.decide(request, caller, kind)
        except HTTPException as error:
            answer = await problems.of_http(request, error)
        except SaqtaError as error:
            answer = await problems.of_model(request, error)
        await self._send(answer, scope, receive, send, began)

    async def _send(self, answer: Response, scope: Scope, receive: Receive, send: Send, began: float) -> None:
        counts = scope["app"].state.counts
        counts.add("POST", answer.status_code, perf_counter() - began)
        answer.raw_headers = answered(scope, answer.raw_headers)
        await answer(scope, receive, send)
