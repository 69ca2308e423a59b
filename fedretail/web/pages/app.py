"""Which page stands at which address."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from fedretail.domain.pictures import parse_hash
from fedretail.errors import FedretailError, MalformedInput
from fedretail.web.pages import about, around, failures, product, shop, start, visit_list
from fedretail.web.pages.house import House
from fedretail.web.pages.live import Live
from fedretail.web.pages.recent import Recent
from fedretail.web.pages.shelves import Shelves
from fedretail.web.pages.visit import Visit
from fedretail.web.problems import status_of
from fedretail.web.turns import LEFT, Turns

STATIC = Path(__file__).parent.parent / "static"
Page = Callable[[Visit], Response]
# A new version of the program brings new files; until then a screen asks once a day.
_STATIC_S = 24 * 3600
_FOR_EVER = f"public, max-age={365 * 24 * 3600}, immutable"


def page_routes(house: House) -> list[BaseRoute]:
    """All pages of a shop, and what they are made of."""
    shelves, turns = Shelves(house), Turns()
    pages: dict[str, Page] = {
        "/": partial(start.page, shelves=shelves, recent=Recent(house)),
        "/product/{code}": product.product,
        "/offer/{id:path}": product.offer,
        "/shop/{id}": shop.page,
        "/map": around.around,
        "/shops": around.shops,
        "/list": visit_list.page,
        "/about": about.page,
        "/privacy": about.page,
        "/imprint": about.page,
        "/kiosk": about.kiosk,
    }

    def route(path: str, page: Page) -> Route:
        async def endpoint(request: Request) -> Response:
            answer = await turns.take(request, lambda: _answered(house, request, page))
            return Response(status_code=LEFT) if answer is None else answer

        return Route(path, endpoint, methods=["GET"])

    routes: list[BaseRoute] = [route(path, page) for path, page in pages.items()]
    # Last: what stands nowhere else.
    nowhere = route("/{path:path}", failures.missing)
    live = Route("/live", Live(house).listen, methods=["GET"])
    shown = Route("/pictures/{name}.webp", partial(_picture, house), methods=["GET"])
    return [*routes, live, Mount("/static", Static(directory=STATIC)), shown, nowhere]


def _picture(house: House, request: Request) -> Response:
    """A picture that a page has named. Its address is its hash, so it is the same for ever."""
    try:
        found = house.node.pictures.read(parse_hash(request.path_params["name"]))
    except MalformedInput:
        found = None
    if found is None:
        # It may come: no browser remembers that it was not here.
        return Response(status_code=404, headers={"cache-control": "no-store"})
    return Response(found, media_type="image/webp", headers={"cache-control": _FOR_EVER})


class Static(StaticFiles):
    """Files of ours, which a browser keeps for a day, and takes whole."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI. No file is worth a part of it, and thousands of parts are worth much work."""
        headers = [pair for pair in scope["headers"] if pair[0] != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or that there is none."""
        response = await super().get_response(path, scope)
        response.headers["cache-control"] = f"public, max-age={_STATIC_S}"
        return response


def _answered(house: House, request: Request, page: Page) -> Response:
    visit = Visit.of(house, request)
    try:
        return failures.unset(visit) if visit.street.unfit else page(visit)
    except FedretailError as error:
        return failures.refused(visit, error, status_of(error))
    except Exception as error:  # noqa: BLE001 - a visitor sees a page, the log the fault
        return failures.broken(visit, error)
