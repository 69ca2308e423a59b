"""/search, the object of `fedretail search --json`; /products/GTIN, all offers of one product."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fedretail.domain.ids import parse_gtin
from fedretail.node.found import as_json, searched
from fedretail.web.api import examples, models
from fedretail.web.api.answers import answer, node_of, view_of
from fedretail.web.asking import MAX_LIMIT, Asked, said
from fedretail.web.problems import Problem
from fedretail.web.turns import LEFT, Turns

router = APIRouter()
# How long it took, and the moment that a cursor holds, are others each time: nothing has changed.
_TIMES = ("took_ms", "next")


@router.get(
    "/search",
    tags=["search"],
    response_model=models.Found,
    responses=examples.shown(examples.FOUND),
)
async def search(request: Request, asked: Annotated[Asked, Query()]) -> Response:
    """Find what shops offer. Answered from this node's own disk, whoever is reachable."""
    return await _in_turn(request, lambda: _found(request, asked))


async def _in_turn(request: Request, work: Callable[[], Response]) -> Response:
    """The answer, when it is this asker's turn."""
    turns: Turns = request.app.state.turns
    found = await turns.take(request, work)
    return Response(status_code=LEFT) if found is None else found


def _found(request: Request, asked: Asked) -> Response:
    node = node_of(request)
    _, page = searched(node, asked.query(node, view_of(request, asked.view)))
    return answer(request, as_json(page), leave_out=_TIMES)


class ProductAsked(BaseModel):
    """What narrows the offers of one product."""

    model_config = ConfigDict(extra="forbid")

    near: Annotated[str | None, said("LAT,LON to measure from; else this shop.")] = None
    within: Annotated[str | None, said("No further than 300m, 5km, 3mi.")] = None
    sort: Annotated[Literal["best", "nearest", "cheapest"], said("What comes first.")] = "cheapest"
    open_now: Annotated[bool, said("Only shops that are open.")] = False
    in_stock: Annotated[bool, said("Leave out what is sold out.")] = False
    limit: Annotated[int, said("Most offers of a page."), Field(ge=1, le=MAX_LIMIT)] = 20
    cursor: Annotated[str | None, said("`next` of the page before.")] = None
    view: Annotated[str | None, said("Only what this view of the node shows.")] = None


Gtin = Annotated[str, Path(description="A barcode of 8, 12, 13 or 14 digits.", max_length=40)]


@router.get(
    "/products/{gtin}",
    tags=["products"],
    response_model=models.Product,
    responses=examples.shown(examples.PRODUCT),
)
async def product(
    request: Request, gtin: Gtin, asked: Annotated[ProductAsked, Query()]
) -> Response:
    """One product with all its offers, page by page."""
    return await _in_turn(request, lambda: _product(request, gtin, asked))


def _product(request: Request, gtin: str, asked: ProductAsked) -> Response:
    node, digits = node_of(request), parse_gtin(gtin)
    whole = Asked(gtin=digits, **asked.model_dump())
    page = node.search(whole.query(node, view_of(request, asked.view)))
    narrowed = asked.within or asked.open_now or asked.in_stock or asked.cursor
    if not page.total and not narrowed:
        raise Problem(404, f"Nobody offers a product with the barcode {digits}.")
    found = as_json(page)
    body: dict[str, Any] = {
        "gtin": digits,
        "name": page.results[0].name if page.results else "",
        "category": page.results[0].category if page.results else "",
        "total": page.total,
        "offers": found["results"],
        "next": page.next,
    }
    return answer(request, body, leave_out=_TIMES)
