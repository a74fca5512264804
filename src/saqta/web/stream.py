"""GET /live: the live picture as server-sent events (HTML Standard, 9.2)."""

import re
from typing import Annotated, Any

import anyio
from fastapi import Header, Response
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from saqta.web.access import Caller, CallerOf, guarded_router
from saqta.web.live import Broadcaster, Reader, ReadersFull
from saqta.web.ports import PortsOf

RETRY_MS = 1_000
HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}

_SEQ = re.compile(r"[0-9]{1,19}")

router = guarded_router("live")


SSE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/event-stream": {}}}}
LastEventId = Annotated[str, Header()]


@router.get("/live", responses=SSE, response_class=Response)
async def live(ports: PortsOf, caller: CallerOf, last_event_id: LastEventId = "") -> Response:
    """A `snapshot` of the live tables, then `changes`, and a `heartbeat` every second, as server-sent events.

    With `Last-Event-ID` the stream goes on after that event, or starts with a snapshot where that is too long ago.
    """
    return _stream(ports.live, caller, last_event_id)


@router.get("/live/fraud", responses=SSE, response_class=Response)
async def live_fraud(ports: PortsOf, caller: CallerOf, last_event_id: LastEventId = "") -> Response:
    """The same for the analysts' desk: what waits for them, what was decided, the money kept, and rates."""
    return _stream(ports.live_fraud, caller, last_event_id)


def _stream(live: Broadcaster, caller: Caller, last_event_id: str) -> Response:
    last_seen = int(last_event_id) if _SEQ.fullmatch(last_event_id) else None
    try:
        reader = live.join(last_seen, caller.session_sha256, caller.until_ms)
    except ReadersFull as error:
        raise HTTPException(503, "too many readers are connected", {"retry-after": "5"}) from error
    return _Stream(reader)


class _Stream(Response):
    media_type = "text/event-stream"

    def __init__(self, reader: Reader) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._reader as reader:
            async with anyio.create_task_group() as group:
                reader.let_go = group.cancel_scope.cancel
                group.start_soon(self._until_gone, receive, group.cancel_scope)
                await self._send_all(reader, send)
                group.cancel_scope.cancel()

    async def _send_all(self, reader: Reader, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        frame: bytes | None = b"retry: %d\n\n" % RETRY_MS
        while frame is not None:
            await send({"type": "http.response.body", "body": frame, "more_body": True})
            frame = await reader.next()
        await send({"type": "http.response.body", "body": b""})

    async def _until_gone(self, receive: Receive, scope: anyio.CancelScope) -> None:
        while (await receive())["type"] != "http.disconnect":
            continue
        scope.cancel()
