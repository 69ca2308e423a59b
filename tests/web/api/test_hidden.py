"""A caller of an API that is bound to a view learns of nothing that the view hides."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fedretail.clock import SystemClock
from fedretail.crdt.names import site_id
from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.sites import Site
from fedretail.node.node import Node
from fedretail.store.commits import Edit
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import take_in

GTIN = "04001842100121"
# Stand in the name of a shop, of its member, of its goods, and as words of theirs.
# Long enough to stand in no random id by chance: four letters did, once in some thousand runs.
MARKS = ("quibble", "zzyxquark", "wombat", "flimflam", "secret-key")
QUERIES = (
    "/api/v1/search?q=zzyxquark",
    "/api/v1/search?q=zzyxquirk",
    "/api/v1/search?q=fresh+zzyxquark&explain=true&facets=true&group=true",
    "/api/v1/search?facets=true&group=true&explain=true&limit=100",
    "/api/v1/search?q=zzyxquark&within=1m",
    "/api/v1/search?q=wombat&box=0,0,1,1",
    "/api/v1/search?category=Zzyxquark",
    "/api/v1/search?retailer=quibb",
    "/api/v1/search?retailer=Quibble",
    "/api/v1/search?retailer=Quibble+Farm",
    "/api/v1/search?retailer=Flimflam+Ltd",
    "/api/v1/products/4001842100121",
    "/api/v1/products/4001842100121?sort=nearest&within=5km",
    "/api/v1/sites?limit=100",
    "/api/v1/members?limit=100",
    "/api/v1/changes?limit=1000",
    "/api/v1/export",
    "/api/v1/openapi.json",
)


@pytest.fixture
def hidden(shop: Node, shops: Any) -> Node:
    other: Node = shops("Quibble Farm", SystemClock())
    fields: dict[str, Any] = {
        "name": "Zzyxquark",
        "brand": "Wombat",
        "category": "Zzyxquark > Wombat",
    }
    fields |= {"currency": "EUR", "prices": [[100]], "gtin": GTIN}
    other.write("offer", "secret-key", fields)
    other.set_member({"imprint": {"legal_name": "Flimflam Ltd"}})
    take_in(shop, other)
    return other


def bind(shop: Node, **view: Any) -> None:
    shop.__dict__["config"] = replace(shop.config, views={"bound": view}, api_view="bound")


@pytest.fixture
def face(shop: Node, hidden: Node) -> Iterator[Face]:
    bind(shop, own="only")
    shop.follow()
    with shown(shop) as face:
        yield face


@pytest.mark.parametrize("path", QUERIES)
def test_no_answer_names_what_is_hidden(face: Face, shop: Node, hidden: Node, path: str) -> None:
    names = {*MARKS, hidden.site().id, hidden.identity.author().owner.hex()}
    answer = face.ask(path)
    said = (str(answer.headers) + answer.body.decode()).lower()
    asked = path.lower()
    assert not {name for name in names if name in said and name not in asked}


@pytest.mark.parametrize("field", ["retailers", "hide_retailers"])
def test_whose_shops_a_view_never_shows_is_no_withdrawal(
    face: Face, shop: Node, hidden: Node, field: str
) -> None:
    of_view = shop if field == "retailers" else hidden
    bind(shop, **{field: [of_view.site().name]})
    owner = hidden.identity.author().owner.hex()
    told = face.ask("/api/v1/changes?limit=1000").json["changes"]
    assert told
    assert owner not in {one["owner"] for one in told}


def test_a_name_of_a_shop_that_is_shown_is_guessed_still(face: Face) -> None:
    refused = face.ask("/api/v1/search?retailer=Broo")
    assert (refused.status, "Brook Farm" in refused.json["hint"]) == (400, True)
    assert face.ask("/api/v1/search?retailer=brook+farm").json["total"] == 3


def test_a_program_that_may_write_learns_of_no_hidden_offer(
    face: Face, hidden: Node, bearer: str
) -> None:
    def change(key: str) -> Any:
        path = f"/api/v1/offers/{hidden.site().id}/{key}"
        answer = face.ask(path, "PATCH", body={"stock": "none"}, authorization=bearer)
        return answer.status, answer.json["detail"].replace(key, "KEY")

    assert change("secret-key") == change("no-such-key")


def test_a_program_changes_what_its_view_leaves_out_of_its_own_shop(
    face: Face, shop: Node, site: str, bearer: str
) -> None:
    bind(shop, in_stock=True)
    for stock in ("none", "some"):
        path = f"/api/v1/offers/{site}/bread"
        answer = face.ask(path, "PATCH", body={"stock": stock}, authorization=bearer)
        assert answer.status == 200


def test_nobody_enters_a_view_under_the_id_of_a_shop_that_it_names(
    face: Face, shop: Node, hidden: Node, site: str
) -> None:
    fields = Site(name="Brook Farm", nonce=b"\0" * 16).to_fields()
    offer = {"name": "Zzyxquark", "currency": "EUR", "prices": [[1]]}
    edits = [Edit("site", site, fields), Edit("offer", "bait", offer)]
    author = hidden.identity.author()
    assert site_id(author.owner, b"\0" * 16) != site
    hidden.store.commit(author, collection_of(site), edits)
    take_in(shop, hidden)
    shop.follow()
    bind(shop, retailers=[site])
    owner = author.owner.hex()
    for path in ("members", "sites", "changes?limit=1000", "export", "search?q=zzyxquark"):
        said = face.ask(f"/api/v1/{path}").body.decode()
        assert not {one for one in (owner, "bait", "Zzyxquark") if one in said}, path


def test_a_record_out_of_its_place_is_no_part_of_a_copy(
    face: Face, shop: Node, hidden: Node, site: str
) -> None:
    """A site's record in another's collection, or among what is of a member, is nobody's."""
    shop.__dict__["config"] = replace(shop.config, api_view="")
    author, own = hidden.identity.author(), collection_of(hidden.site().id)
    bait = Edit("site", site, Site(name="Bait", nonce=b"\0" * 16).to_fields())
    offer = Edit("offer", "bait", {"name": "Bait", "currency": "EUR", "prices": [[1]]})
    hidden.store.commit(author, own, [bait])
    hidden.store.commit(author, MEMBER_COLLECTION, [bait, offer])
    take_in(shop, hidden)
    assert "Bait" not in face.ask("/api/v1/changes?limit=1000").body.decode()
    assert "Bait" not in face.ask("/api/v1/export").body.decode()


@pytest.mark.parametrize("is_withdrawn", [False, True])
def test_nobody_overwrites_a_shop_in_a_copy_under_its_id(
    face: Face, shop: Node, hidden: Node, site: str, is_withdrawn: bool
) -> None:
    shop.__dict__["config"] = replace(shop.config, api_view="")
    author = hidden.identity.author()
    fields = Site(name="Gone", nonce=b"\0" * 16).to_fields()
    edits = [Edit("site", site, fields), Edit("offer", "bread", {"name": "Gone"})]
    hidden.store.commit(author, collection_of(site), edits)
    if is_withdrawn:
        gone = [Edit(one.kind, one.key, is_deletion=True) for one in edits]
        hidden.store.commit(author, collection_of(site), gone)
    take_in(shop, hidden)
    told = face.ask("/api/v1/changes?limit=1000").json["changes"]
    own = shop.identity.author().owner.hex()
    assert {one["owner"] for one in told if site in one["id"]} == {own}
    lines = face.ask("/api/v1/export").body.decode().splitlines()
    assert not [one for one in lines if "Gone" in one]


def test_a_view_that_cannot_be_is_a_fault_of_this_side_and_told_to_nobody(
    face: Face, shop: Node
) -> None:
    shop.__dict__["config"] = replace(shop.config, views={"quibble": {}}, api_view="zzyxquark")
    for path in ("search?q=milk", "sites", "changes", "changes/stream", "export"):
        refused = face.ask(f"/api/v1/{path}")
        assert refused.status == 503
        assert not {one for one in MARKS if one in refused.body.decode()}
