"""From the parameters of an address to a query: the same for pages and API.

The names are those of `fedretail search`'s options, with `q` for the words; a shared address means
the same on every face.
"""

from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field

from fedretail.domain.boxes import parse_box
from fedretail.domain.geo import Position, parse_length, parse_position
from fedretail.domain.ids import parse_gtin
from fedretail.domain.money import parse_currency, typed_amount
from fedretail.domain.times import parse_span, parse_time
from fedretail.errors import UsageError
from fedretail.index.query import Query
from fedretail.index.rules.orders import Sort
from fedretail.index.views import View
from fedretail.node.node import Node

# Longer texts are cut by the tokenizer anyway; a browser's address has room for some 8,000.
MAX_WORDS = 10_000
MAX_LIMIT = 100
GoodsOrServices = Literal["goods", "services"]
_TYPES: dict[str, Literal["product", "service"]] = {"goods": "product", "services": "service"}


class Stand(NamedTuple):
    """Where somebody stands who asks, and in which currency, when they say neither."""

    position: Position | None
    currency: str

    @classmethod
    def of(cls, node: Node) -> Self:
        """That of this node's first shop, read from the store."""
        return cls(node.position, node.currency)


def said(text: str) -> Any:
    """A parameter's one sentence of documentation."""
    return Field(description=text)


class Asked(BaseModel):
    """What may stand behind the question mark of a search."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, said("What is looked for."), Field(max_length=MAX_WORDS)] = ""
    near: Annotated[str | None, said("LAT,LON to measure from; else this shop.")] = None
    within: Annotated[str | None, said("No further than 300m, 5km, 3mi.")] = None
    box: Annotated[str | None, said("S,W,N,E: only in this part of the map.")] = None
    sort: Annotated[Sort, said("What comes first.")] = "best"
    category: Annotated[str | None, said("A category, or one step of its path.")] = None
    gtin: Annotated[str | None, said("Only with this barcode.")] = None
    type: Annotated[GoodsOrServices | None, said("The one or the other.")] = None
    retailer: Annotated[list[str], said("Only this shop; repeatable.")] = []
    claim: Annotated[list[str], said("Only what claims it; repeatable.")] = []
    open_now: Annotated[bool, said("Only shops that are open.")] = False
    open_at: Annotated[str | None, said("Open then, at the prices of then; RFC 3339.")] = None
    in_stock: Annotated[bool, said("Leave out what is sold out.")] = False
    for_age: Annotated[int | None, said("What who is so old may buy."), Field(ge=0, le=150)] = None
    newer_than: Annotated[str | None, said("Price confirmed in the last 12h, 30d or 2w.")] = None
    min_price: Annotated[str | None, said("At least so much, such as 0.50.")] = None
    max_price: Annotated[str | None, said("At most so much, such as 3.50.")] = None
    currency: Annotated[str | None, said("Of these prices; else this shop's.")] = None
    members_prices: Annotated[bool, said("Count prices for members too.")] = False
    as_typed: Annotated[bool, said("Correct no word.")] = False
    group: Annotated[bool, said("One result a product.")] = False
    facets: Annotated[bool, said("Count the hits by category, brand, shop, price.")] = False
    explain: Annotated[bool, said("Say why each stands where it does.")] = False
    limit: Annotated[int, said("Most results of a page."), Field(ge=0, le=MAX_LIMIT)] = 20
    cursor: Annotated[str | None, said("`next` of the page before.")] = None
    view: Annotated[str | None, said("Only what this view of the node shows.")] = None

    def query(self, node: Node, view: View | None, *, stand: Stand | None = None) -> Query:
        """The query that is meant; UsageError or MalformedInput says what cannot be.

        view: what the face shows; the name in `view` is the face's to judge. stand: read anew
        where absent.
        """
        stand = stand or Stand.of(node)
        currency = stand.currency if self.currency is None else parse_currency(self.currency)
        if self.open_now and self.open_at is not None:
            raise UsageError("open_now and open_at exclude each other.")
        return Query(
            words=self.q,
            as_typed=self.as_typed,
            near=stand.position if self.near is None else parse_position(self.near),
            within_m=None if self.within is None else parse_length(self.within),
            box=None if self.box is None else parse_box(self.box),
            retailers=node.retailers(self.retailer, view=view) if self.retailer else None,
            open_now=self.open_now or self.open_at is not None,
            at_ms=None if self.open_at is None else parse_time(self.open_at),
            category=self.category or None,
            gtin=parse_gtin(self.gtin) if self.gtin else None,
            type=None if self.type is None else _TYPES[self.type],
            claims=tuple(claim.strip() for claim in self.claim if claim.strip()),
            in_stock=self.in_stock,
            for_age=self.for_age,
            newer_than_ms=None if self.newer_than is None else parse_span(self.newer_than),
            min_price_minor=_amount(self.min_price, currency),
            max_price_minor=_amount(self.max_price, currency),
            currency=currency,
            member=self.members_prices,
            sort=self.sort,
            group=self.group,
            facets=self.facets,
            explain=self.explain,
            view=view,
            limit=self.limit,
            cursor=self.cursor or None,
        )


def _amount(text: str | None, currency: str) -> int | None:
    return typed_amount(text, currency) if text else None
