"""How words are looked for, and what is said where no offer holds them all."""

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fedretail.index.query import Page, Query
    from fedretail.node.node import Node


def searched(node: "Node", query: "Query") -> "tuple[Query, Page]":
    """What was found, and the query that found it: "potato" means potatoes too, if need be."""
    page = node.search(query)
    if page.full or not query.words.strip():
        return query, page
    begun = replace(query, begun=True)
    wider = node.search(begun)
    return (begun, wider) if wider.full else (query, page)


def remark(query: "Query", page: "Page") -> str:
    """How far the offers found hold the words; "" where they hold them all, and whole."""
    if query.begun:
        return "No offer holds these words whole; in these the last one begins so."
    if query.words.strip() and not page.full:
        return "No offer holds all of these words; these hold some of them."
    return ""
