"""All faces of a node as one ASGI application."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from fedretail.node.node import Node
from fedretail.web import problems
from fedretail.web.api.app import PATH, make_api
from fedretail.web.counts import Counts
from fedretail.web.guard import Guard, Rules
from fedretail.web.health import health_routes
from fedretail.web.manage.app import UPLOAD_PATH, office_routes
from fedretail.web.manage.sessions import Sessions
from fedretail.web.pace import Paced
from fedretail.web.packing import Packed
from fedretail.web.pages.app import page_routes
from fedretail.web.pages.house import House


def make_app(
    node: Node, *, sessions: Sessions | None = None, counts: Counts | None = None
) -> Guard:
    """What `fedretail serve` shows: pages at /, the API at /api/v1.

    sessions: of who is signed in already. counts: where what is asked is counted.
    """
    counts, house = counts or Counts(), House(node)
    app = Starlette(
        routes=[
            Mount(PATH, make_api(node, counts)),
            Route("/api{rest:path}", _no_api, methods=None),
            *health_routes(node, counts),
            *_plugged(node),
            *office_routes(house, sessions),
            *page_routes(house),
        ]
    )
    rules = Rules(
        names=node.config.web_names,
        origins=node.config.api_origins,
        large=(UPLOAD_PATH,),
    )
    return Guard(Paced(Packed(app), clock=node.clock, counts=counts), rules, counts)


def _plugged(node: Node) -> list[BaseRoute]:
    """Pages of plug-ins, each under a path of its own."""
    if not node.config.plugins:
        return []
    from fedretail.node import plugins

    found = plugins.pages(node.config.plugins)
    return [Mount(f"/x/{name}", routes=list(make(node))) for name, make in found.items()]


async def _no_api(request: Request) -> Response:
    return problems.problem(404, "There is no such API.", f"It is at {PATH}/openapi.json.")
