"""The pages: static files, built from ``pages/`` into the package.

All but the pages themselves carry a digest of their bytes in their names, and may be kept for good.
A browser that asks for a page without being signed in gets the sign-in page, with status 401.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse, RedirectResponse
from starlette.staticfiles import PathLike, StaticFiles

from saqta.web import problems
from saqta.web.access import CallerOf, Unauthenticated, guarded_router, home_of
from saqta.web.ports import Ports, PortsOf

SIGN_IN, CONSOLE, FRAUD = "sign-in.html", "console.html", "fraud.html"
ASKED_AGAIN = "no-cache"
NOT_BUILT = "the pages are not built: make setup builds them"
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"

router = guarded_router("pages")


@router.get("/", include_in_schema=False)
async def root(caller: CallerOf) -> Response:
    return RedirectResponse(home_of(caller.role), HTTPStatus.SEE_OTHER)


@router.get("/console", include_in_schema=False)
async def console(ports: PortsOf) -> Response:
    return page(ports, CONSOLE)


@router.get("/fraud", include_in_schema=False)
async def fraud_page(ports: PortsOf) -> Response:
    return page(ports, FRAUD)


@router.get("/sign-in", include_in_schema=False)
async def sign_in_page(ports: PortsOf) -> Response:
    return page(ports, SIGN_IN)


def page(ports: Ports, name: str, status: int = HTTPStatus.OK) -> Response:
    """A built page; 404 where the pages are not built."""
    path = ports.assets_dir / name
    if not path.is_file():
        raise HTTPException(HTTPStatus.NOT_FOUND, NOT_BUILT)
    return FileResponse(path, status, {"cache-control": ASKED_AGAIN})


def install(app: FastAPI, ports: Ports) -> None:
    """Serves the static files, and the sign-in page to browsers that nobody has signed in."""
    app.mount("/assets", _Assets(directory=ports.assets_dir, check_dir=False), name="assets")
    app.add_exception_handler(Unauthenticated, _sign_in_first)


class _Assets(StaticFiles):
    async def check_config(self) -> None:
        """Asked until it has once gone well: whoever builds the pages meanwhile need not start anew."""
        if self.directory is None or not await run_in_threadpool(Path(self.directory).is_dir):
            raise HTTPException(HTTPStatus.NOT_FOUND, NOT_BUILT)

    def file_response(self, full_path: PathLike, *args: Any, **options: Any) -> Response:
        response = super().file_response(full_path, *args, **options)
        is_page = Path(full_path).suffix == ".html"
        response.headers["cache-control"] = ASKED_AGAIN if is_page else KEPT_FOR_GOOD
        return response


async def _sign_in_first(request: Request, error: Exception) -> Response:
    ports: Ports = request.app.state.ports
    wants_page = "text/html" in request.headers.get("accept", "")
    if wants_page and request.method == "GET" and (ports.assets_dir / SIGN_IN).is_file():
        return page(ports, SIGN_IN, HTTPStatus.UNAUTHORIZED)
    return await problems.of_http(request, error)
