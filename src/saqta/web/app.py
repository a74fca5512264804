"""The web application: routers, one for each noun, on the ports that wiring hands in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import anyio
from fastapi import FastAPI

from saqta.web import (
    camara,
    cameras,
    cases,
    city,
    decisions,
    description,
    events,
    evidence,
    health,
    incidents,
    lists,
    oauth,
    pages,
    problems,
    rates,
    rules,
    sign_in,
    statistics,
    stream,
    traffic,
    units,
)
from saqta.web.front import Counts, Front
from saqta.web.ports import Ports

ROUTERS = (
    decisions.plain,
    decisions.router,
    camara.router,
    incidents.router,
    units.router,
    cameras.router,
    traffic.router,
    evidence.router,
    city.router,
    rates.router,
    lists.router,
    rules.router,
    events.router,
    statistics.router,
    cases.router,
    stream.router,
    sign_in.router,
    oauth.router,
    health.router,
    description.router,
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
        routes=[route for router in ROUTERS for route in router.routes],
    )
    app.state.ports = ports
    app.state.counts = Counts()
    app.state.admitted = {}
    app.state.refusals = sign_in.Refusals(ports.limits)
    app.add_middleware(Front, counts=app.state.counts)
    problems.install(app)
    camara.install(app)
    pages.install(app, ports)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    ports: Ports = app.state.ports
    anyio.to_thread.current_default_thread_limiter().total_tokens = ports.limits.threads_max
    app.state.arrivals = decisions.Arrivals(asyncio.get_running_loop())
    running = [asyncio.create_task(live.run(), name="live") for live in (ports.live, ports.live_fraud)]
    yield
    for live in running:
        live.cancel()
        with suppress(asyncio.CancelledError):
            await live
