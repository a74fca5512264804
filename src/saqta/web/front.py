"""What every answer carries, a fault's too, and what is counted of it."""

from collections import Counter
from collections.abc import Iterable
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saqta.web import problems

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
        "media-src 'self' blob:; connect-src 'self'; worker-src 'self' blob:; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
HSTS = "max-age=31536000"
Header = tuple[bytes, bytes]
_SECURITY: list[Header] = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]
_NAMES = frozenset(name for name, _ in _SECURITY)
_HSTS: Header = (b"strict-transport-security", HSTS.encode())
_NO_STORE: Header = (b"cache-control", b"no-store")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Counts:
    """Requests answered, by method and status, and how long they took until their first byte."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, int]] = Counter()
        self.seconds = 0.0

    def add(self, method: str, status: int, seconds: float) -> None:
        self.requests[method if method in METHODS else "other", status] += 1
        self.seconds += seconds


class Front:
    """ASGI middleware, outermost of ours."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, is_answered = perf_counter(), False

        async def answer(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                self._counts.add(scope["method"], message["status"], perf_counter() - began)
                message["headers"] = answered(scope, message.get("headers", ()))
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            return  # Nobody is there to be told.
        except Exception:
            if not is_answered:
                await problems.fault()(scope, receive, answer)
            raise


def answered(scope: Scope, headers: Iterable[Header]) -> list[Header]:
    """The headers of an answer, with those that every answer carries in the place of its own."""
    own = [header for header in headers if header[0] not in _NAMES]
    if scope["scheme"] == "https":
        own = [*(header for header in own if header[0] != _HSTS[0]), _HSTS]
    if not any(name == _NO_STORE[0] for name, _ in own):
        own.append(_NO_STORE)
    return own + _SECURITY
