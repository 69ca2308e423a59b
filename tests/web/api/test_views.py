"""What a view shows through the API, and that one bound to a view shows nothing beyond it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import sell, take_in

VIEWS = {
    "mine": {"own": "only"},
    "bakery": {"own": "only", "categories": ["Bakery"]},
    "all": {},
}


@pytest.fixture
def neighbour(shop: Node, shops: Any) -> Node:
    """A second shop, of whose milk the first one knows."""
    other: Node = shops("Hill Farm", SystemClock())
    sell(other, "milk", 139)
    take_in(shop, other)
    return other


def bind(node: Node, view: str) -> None:
    node.__dict__["config"] = replace(node.config, views=VIEWS, api_view=view)


@pytest.fixture
def face(shop: Node, neighbour: Node) -> Iterator[Face]:
    bind(shop, "")
    shop.follow()
    with shown(shop) as face:
        yield face


def names(face: Face, path: str) -> list[str]:
    """The keys of offers, names of sites and members that a list of the API holds."""
    body = face.ask(path).json
    for kind, name in (("results", "offer"), ("sites", "name"), ("members", "name")):
        if kind in body:
            return [one[name].rpartition("/")[2] for one in body[kind]]
    there = (one for one in body["changes"] if one["record"] is not None)
    return [one["id"].rpartition("/")[2] for one in there if one["kind"] == "offer"]


EVERYTHING = {
    "search": ["bread", "milk", "muesli", "rolls"],
    "sites": ["Brook Farm", "Hill Farm"],
    "members": ["Brook Farm", "Hill Farm"],
    "changes": ["bread", "milk", "muesli", "rolls"],
}
OWN = {
    "search": ["bread", "muesli", "rolls"],
    "sites": ["Brook Farm"],
    "members": ["Brook Farm"],
    "changes": ["bread", "muesli", "rolls"],
}


def exported(face: Face, query: str = "") -> list[str]:
    lines = face.ask(f"/api/v1/export{query}").body.decode().splitlines()
    records = [json.loads(line) for line in lines[1:]]
    return sorted(one["id"].rpartition("/")[2] for one in records if one["kind"] == "offer")


@pytest.mark.parametrize("path", EVERYTHING)
def test_each_list_shows_what_the_view_shows(face: Face, path: str) -> None:
    assert sorted(names(face, f"/api/v1/{path}")) == EVERYTHING[path]
    assert sorted(names(face, f"/api/v1/{path}?view=mine")) == OWN[path]


@pytest.mark.parametrize("path", EVERYTHING)
def test_who_is_bound_to_a_view_shows_no_more(face: Face, shop: Node, path: str) -> None:
    bind(shop, "mine")
    assert sorted(names(face, f"/api/v1/{path}")) == OWN[path]
    assert sorted(names(face, f"/api/v1/{path}?view=mine")) == OWN[path]
    refused = face.ask(f"/api/v1/{path}?view=all")
    assert refused.status == 403
    assert "mine" in refused.json["detail"]


def test_nothing_of_others_is_told_one_by_one_either(
    face: Face, shop: Node, neighbour: Node
) -> None:
    site, member = neighbour.site().id, neighbour.identity.author().owner.hex()
    paths = [f"/api/v1/offers/{site}/milk", f"/api/v1/sites/{site}", f"/api/v1/members/{member}"]
    assert [face.ask(path).status for path in paths] == [200, 200, 200]
    bind(shop, "mine")
    assert [face.ask(path).status for path in paths] == [404, 404, 404]
    assert face.ask(f"/api/v1/offers/{site}/milk?view=all").status == 403
    assert face.ask("/api/v1/changes/stream?view=all").status == 403
    assert exported(face) == OWN["search"]
    own = shop.site().id
    assert face.ask(f"/api/v1/offers/{own}/bread").status == 200


def test_what_leaves_a_view_is_told_as_withdrawn(face: Face, shop: Node) -> None:
    def write(category: str) -> None:
        fields = {"name": "Cake", "category": category, "currency": "EUR", "prices": [[250]]}
        shop.write("offer", "cake", fields, site=shop.site())

    write("Bakery")
    first = face.ask("/api/v1/changes?view=bakery").json
    told = {one["id"].rpartition("/")[2]: one["record"] for one in first["changes"]}
    assert told["cake"]["fields"]["name"] == "Cake"
    assert told["bread"] is None
    assert "milk" not in told
    write("Gifts")
    then = face.ask(f"/api/v1/changes?view=bakery&after={first['cursor']}").json
    assert [one["record"] for one in then["changes"]] == [None]


def test_export_of_a_view(face: Face) -> None:
    assert exported(face) == EVERYTHING["search"]
    assert exported(face, "?view=mine") == OWN["search"]
