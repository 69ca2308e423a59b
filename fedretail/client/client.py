"""Client: one node, asked from anywhere in its network."""

import json
import secrets
from collections.abc import Iterator, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from fedretail.client.errors import ApiError
from fedretail.client.records import Change, Offer, Page, Product, Site
from fedretail.client.wire import Wire

DEFAULT_URL = "http://127.0.0.1:8765"


class Client:
    """A node at an address. Every call is one request, and may raise ApiError or NoAnswer.

    token: of `fedretail token add`, for `set_offer` alone.
    """

    def __init__(
        self, url: str = DEFAULT_URL, *, token: str | None = None, timeout_s: float = 30.0
    ) -> None:
        self._wire = Wire(url, token=token, timeout_s=timeout_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Nothing is held open between two calls."""

    def search(self, q: str = "", **asked: Any) -> Page:
        """A page of what is offered; `asked` are the parameters of /api/v1/search.

        For example near="48.52,9.05", within="5km", sort="cheapest", limit=50, cursor=page.next.
        """
        raw = self._wire.json("/search", {"q": q, **asked})
        results = [Offer.of(one) for one in raw["results"]]
        return Page(results, raw["total"], raw["next"], raw)

    def search_all(self, q: str = "", **asked: Any) -> Iterator[Offer]:
        """All that is offered, page after page."""
        cursor = asked.pop("cursor", None)
        while True:
            page = self.search(q, **{"limit": 100, **asked}, cursor=cursor)
            yield from page.results
            cursor = page.next
            if cursor is None:
                return

    def offer(self, offer_id: str, *, view: str | None = None) -> Offer:
        """One offer with all that its shop says, in `raw`."""
        return Offer.of(self._wire.json(f"/offers/{_quoted(offer_id)}", {"view": view}))

    def product(self, gtin: str, **asked: Any) -> Product:
        """A product and its offers, cheapest first; `asked`: parameters of /api/v1/products."""
        raw = self._wire.json(f"/products/{quote(gtin, safe='')}", asked)
        offers = [Offer.of(one) for one in raw["offers"]]
        return Product(raw["gtin"], raw["name"], raw["total"], offers, raw["next"], raw)

    def sites(self, *, view: str | None = None) -> Iterator[Site]:
        """All sites, or those that a view of the node shows."""
        return map(Site.of, self._listed("sites", view))

    def members(self, *, view: str | None = None) -> Iterator[dict[str, Any]]:
        """All members, or those that a view shows, as the objects of /api/v1/members."""
        return self._listed("members", view)

    def _listed(self, what: str, view: str | None) -> Iterator[dict[str, Any]]:
        """Everything in a list, page after page."""
        cursor = None
        while True:
            raw = self._wire.json(f"/{what}", {"limit": 100, "cursor": cursor, "view": view})
            yield from raw[what]
            cursor = raw["next"]
            if cursor is None:
                return

    def changes(
        self, after: str | None = None, *, kinds: Sequence[str] = (), view: str | None = None
    ) -> Iterator[Change]:
        """What has changed since a cursor, until now. None: all that is there.

        view: what it leaves out is told as withdrawn.
        Keep `cursor` of the last change that was worked on: it outlives restarts of both sides.
        ApiError with status 410: begin anew, with None.
        """
        is_more = True
        while is_more:
            asked = {"after": after, "kind": list(kinds), "view": view, "limit": 500}
            raw = self._wire.json("/changes", asked)
            yield from map(Change.of, raw["changes"])
            after, is_more = raw["cursor"], raw["more"]

    def cursor(self) -> str:
        """The cursor of this moment."""
        now: str = self._wire.json("/changes", {"after": "now", "limit": 1})["cursor"]
        return now

    def follow(
        self, after: str | None = None, *, kinds: Sequence[str] = (), view: str | None = None
    ) -> Iterator[Change]:
        """The same, and then what changes from now on, as it happens; it ends with NoAnswer.

        Calling again with the last cursor goes on where that was.
        """
        asked = {"after": after, "kind": list(kinds), "view": view}
        data: list[str] = []
        for line in self._wire.lines("/changes/stream", asked, accept="text/event-stream"):
            name, _, value = line.partition(":")
            if name == "data":
                data.append(value.removeprefix(" "))
            elif not line and data:
                yield Change.of(json.loads("\n".join(data)))
                data = []

    def export(self, *, view: str | None = None) -> Iterator[dict[str, Any]]:
        """All records in the exchange format; the first is its header."""
        for line in self._wire.lines("/export", {"view": view}):
            yield json.loads(line)

    def set_offer(
        self,
        offer_id: str,
        *,
        price: Decimal | str | None = None,
        stock: int | str | None = None,
    ) -> Offer:
        """Change price and stock of an own offer; tried twice, made once. Needs a token."""
        body: dict[str, Any] = {}
        if price is not None:
            body["price"] = {"amount": str(price)}
        if stock is not None:
            body["stock"] = stock
        headers = {"idempotency-key": secrets.token_hex(16)}
        path = f"/offers/{_quoted(offer_id)}"
        try:
            raw = self._wire.json(path, method="PATCH", body=body, headers=headers)
        except ApiError as error:
            # Too busy for the moment; under the same key nothing is done a second time.
            if error.status != 503:
                raise
            raw = self._wire.json(path, method="PATCH", body=body, headers=headers)
        return Offer.of(raw)


def _quoted(offer_id: str) -> str:
    site, _, key = offer_id.partition("/")
    return f"{quote(site, safe='')}/{quote(key, safe='')}"
