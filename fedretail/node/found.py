"""Searching as people do, and what was found as the one JSON object of every face."""

from dataclasses import replace
from typing import Any

from fedretail.index.query import Page, Query
from fedretail.node.base import BaseNode


def searched(node: BaseNode, query: Query) -> tuple[Query, Page]:
    """What was found, and the query that found it: "potato" means potatoes too, if need be.

    One that says itself that its last word may go on is asked once.
    """
    page = node.search(query)
    if page.full or query.begun or query.as_typed or not query.words.strip():
        return query, page
    begun = replace(query, begun=True)
    wider = node.search(begun)
    return (begun, wider) if wider.full or wider.further else (query, page)


def as_json(page: Page) -> dict[str, Any]:
    """The object of `search --json` and of /api/v1/search."""
    return {
        "results": [listing.to_json() for listing in page.results],
        "total": page.total,
        "took_ms": round(page.took_ms, 1),
        "next": page.next,
        "further": None if page.further is None else page.further.to_json(),
        "facets": None if page.facets is None else page.facets.to_json(),
        "products": None if page.products is None else _products(page),
        "reasons": page.reasons or None,
        "instead": [{"typed": one.typed, "shown": list(one.shown)} for one in page.instead],
    }


def _products(page: Page) -> dict[str, Any]:
    return {
        "total": page.products,
        "groups": [
            {
                "gtin": group.gtin,
                "name": group.name,
                "total": group.total,
                "offers": [listing.to_json() for listing in group.listings],
            }
            for group in page.groups
        ],
    }
