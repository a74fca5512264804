"""GET /api/v1/openapi.json: the API describes itself (OpenAPI 3.1), from the same models that check requests."""

from typing import Any

from fastapi import Request, Response

from saqta.web.access import COOKIE, CSRF_HEADER, guarded_router
from saqta.web.present import answer

SECURITY_SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "For programs: `saqta token add`."},
    "client": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth2/token", "scopes": {}}},
        "description": "For partners: their name, with their token as the secret.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"For people: `saqta user add`. Unsafe methods need `{CSRF_HEADER}` too; `/api/v1/me` tells it.",
    },
}

router = guarded_router("description")


@router.get("/api/v1/openapi.json", response_model=dict[str, Any])
def openapi(request: Request) -> Response:
    """This description."""
    described = request.app.openapi()
    described["components"]["securitySchemes"] = SECURITY_SCHEMES
    described["security"] = [{name: []} for name in SECURITY_SCHEMES]
    return answer(described)
