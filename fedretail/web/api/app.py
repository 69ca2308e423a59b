"""The API as one application, with its description at /api/v1/openapi.json."""

import threading
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from fedretail import __version__
from fedretail.errors import FedretailError
from fedretail.node.node import Node
from fedretail.web import problems
from fedretail.web.api import changes, directory, examples, models, offers, search
from fedretail.web.api.manners import Manners, methods_at
from fedretail.web.counts import Counts
from fedretail.web.pace import Rate
from fedretail.web.shares import Shares
from fedretail.web.turns import Turns

PATH = "/api/v1"
# Searches of programs that are made at once. They wait in a line of their own beside that of the
# pages: however many programs ask, a shopper waits for one of them at most.
_AT_ONCE = 1
_WHERE = f"What there is stands at {PATH}/openapi.json."
_ABOUT = """
What other programs ask this node. It answers from its own disk, whoever is reachable.

Errors are problem details (RFC 9457) with a `hint`, the next thing to do. Answers have an `ETag`.
Lists come in pages: `next` is the `cursor` of the page after. This version only grows: fields and
addresses are added, and none is taken away or changed in meaning.
"""


def make_api(node: Node, counts: Counts) -> ASGIApp:
    """The API of a node, to be mounted at PATH."""
    app = _application()
    app.state.node = node
    app.state.counts = counts
    app.state.editing = threading.Lock()
    app.state.turns = Turns(_AT_ONCE)
    app.state.streams = Shares(changes.MAX_STREAMS)
    app.state.exports = Shares(changes.MAX_EXPORTS)
    rate = Rate(per_minute=node.config.api_per_minute, clock=node.clock)
    return Manners(app, rate=rate, origins=node.config.api_origins, counts=counts)


def description() -> dict[str, Any]:
    """The object at /api/v1/openapi.json."""
    return _described(_application())


def _application() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    for router in (search.router, offers.router, directory.router, changes.router):
        app.include_router(router)
    app.add_exception_handler(FedretailError, problems.on_error)
    app.add_exception_handler(problems.Problem, problems.on_problem)
    app.add_exception_handler(RequestValidationError, _on_bad_request)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(Exception, problems.on_bug)
    said = app.state.said = _described(app)

    async def openapi(request: Request) -> Response:
        return JSONResponse(said)

    app.add_route("/openapi.json", openapi, methods=["GET"])
    return app


def _described(app: FastAPI) -> dict[str, Any]:
    said = get_openapi(
        title="fedretail",
        version=__version__,
        summary="Who near me has this, at what price, open now?",
        description=_ABOUT,
        routes=app.routes,
        servers=[{"url": PATH}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = said["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = models.Problem.model_json_schema()
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": examples.PROBLEM}
    said["components"]["responses"] = {
        "Problem": {"description": "A problem", "content": {problems.MEDIA_TYPE: content}}
    }
    for operations in said["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            operation["responses"]["304"] = {"description": "As the asker has it"}
            operation["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
    return said


async def _on_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(step) for step in first["loc"][1:])
    if first["type"] == "extra_forbidden":
        return problems.problem(422, f"{where[:200]}: there is no such name here.", _names(request))
    text = f"{where}: {first['msg']}." if where else f"{first['msg']}."
    return problems.problem(422, text[:500])


def _names(request: Request) -> str:
    """Says which parameters the address of a request knows, or where its body is described."""
    operations = request.app.state.said["paths"].get(request.scope["route"].path, {})
    operation = operations.get(request.method.lower(), {})
    known = [one["name"] for one in operation.get("parameters", ()) if one["in"] == "query"]
    return f"Names are {', '.join(known)}." if known else _WHERE


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = error.headers
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        # The framework names the methods of the first route alone.
        headers = {"allow": ", ".join(methods_at(request.app.routes, request.scope))}
    hint = _WHERE if error.status_code == HTTPStatus.NOT_FOUND else None
    return problems.of_status(error.status_code, error.detail, headers, hint)
