"""The pages: static files, built from ``pages/`` into the package.

A browser that asks for a page without being signed in gets the sign-in page, with status 401.
"""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

from saqta.web import problems
from saqta.web.access import Unauthenticated, guarded_router
from saqta.web.ports import Ports, PortsOf

SIGN_IN, CONSOLE = "sign-in.html", "console.html"

router = guarded_router("pages")


@router.get("/", include_in_schema=False)
async def root() -> Response:
    return RedirectResponse("/console", HTTPStatus.SEE_OTHER)


@router.get("/console", include_in_schema=False)
async def console(ports: PortsOf) -> Response:
    return page(ports, CONSOLE)


@router.get("/sign-in", include_in_schema=False)
async def sign_in_page(ports: PortsOf) -> Response:
    return page(ports, SIGN_IN)


def page(ports: Ports, name: str, status: int = HTTPStatus.OK) -> Response:
    """A built page; 404 where the pages are not built."""
    path = ports.assets_dir / name
    if not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND, f"{name} is not built: make setup builds the pages")
    return FileResponse(path, status, {"cache-control": "no-cache"})


def install(app: FastAPI, ports: Ports) -> None:
    """Serves the static files, and the sign-in page to browsers that nobody has signed in."""
    app.mount("/assets", StaticFiles(directory=ports.assets_dir, check_dir=False), name="assets")
    app.add_exception_handler(Unauthenticated, _sign_in_first)


async def _sign_in_first(request: Request, error: Exception) -> Response:
    ports: Ports = request.app.state.ports
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and request.method == "GET" and (ports.assets_dir / SIGN_IN).is_file():
        return page(ports, SIGN_IN, HTTPStatus.UNAUTHORIZED)
    return await problems.of_http(request, error)
