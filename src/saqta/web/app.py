"""The web application: routers, one for each noun, on the ports that wiring hands in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from fastapi import FastAPI, Response

from saqta.web import (
    cameras,
    city,
    events,
    evidence,
    health,
    incidents,
    pages,
    problems,
    sign_in,
    stream,
    units,
)
from saqta.web.access import COOKIE, CSRF_HEADER, guarded_router
from saqta.web.front import Counts, Front
from saqta.web.ports import Ports
from saqta.web.present import answer

ROUTERS = (
    incidents.router,
    units.router,
    cameras.router,
    evidence.router,
    city.router,
    events.router,
    stream.router,
    sign_in.router,
    health.router,
    pages.router,
)


def create_app(ports: Ports) -> FastAPI:
    """The ASGI application. Its lifespan runs the live stream; what blocks runs in a bounded pool of threads."""
    app = FastAPI(
        title="Saqta",
        version="1",
        summary="One live picture of incidents, the nearest unit on its way, and a record that can be checked.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,
    )
    app.state.ports = ports
    app.state.counts = Counts()
    app.state.refusals = sign_in.Refusals(ports.limits)
    app.add_middleware(Front, counts=app.state.counts)
    problems.install(app)
    for router in (*ROUTERS, _description(app)):
        app.include_router(router)
    pages.install(app, ports)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    ports: Ports = app.state.ports
    anyio.to_thread.current_default_thread_limiter().total_tokens = ports.limits.threads_max
    live = asyncio.create_task(ports.live.run(), name="live")
    yield
    live.cancel()
    with suppress(asyncio.CancelledError):
        await live


def _description(app: FastAPI) -> Any:
    """A router with the API's own description."""
    router = guarded_router("description")

    @router.get("/api/v1/openapi.json", response_model=dict[str, Any])
    def openapi() -> Response:
        """This description (OpenAPI 3.1)."""
        description = app.openapi()
        description["components"]["securitySchemes"] = SECURITY_SCHEMES
        description["security"] = [{name: []} for name in SECURITY_SCHEMES]
        return answer(description)

    return router


SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "For programs: `saqta token add`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"For people: `saqta user add`. Unsafe methods need `{CSRF_HEADER}` too; `/api/v1/me` tells it.",
    },
}
