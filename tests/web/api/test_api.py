"""fedretail/web/api as programs ask it, over a real socket."""

import json
import zlib
from typing import Any

import pytest
import zstandard
from pydantic import BaseModel

from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.faces import Face
from fedretail.web import problems
from fedretail.web.api import examples, models
from fedretail.web.api.answers import dumped
from fedretail.web.api.app import description

GTIN = "04001842100121"
EXAMPLES: list[tuple[type[BaseModel], dict[str, Any]]] = [
    (models.Found, examples.FOUND),
    (models.Offer, examples.OFFER),
    (models.Product, examples.PRODUCT),
    (models.Sites, examples.SITES),
    (models.Members, examples.MEMBERS),
    (models.Changes, examples.CHANGES),
    (models.Problem, examples.PROBLEM),
]


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_examples_are_of_the_shape_they_show(model: type[BaseModel], example: Any) -> None:
    told = model.model_validate(example).model_dump(by_alias=True, exclude_unset=True)
    assert told == example


@pytest.mark.parametrize("sign", ["\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\x00"])
def test_no_answer_holds_a_sign_that_acts_on_a_terminal(sign: str) -> None:
    """Whoever looks at the API looks at it there first: `curl .../search`."""
    for said in (dumped({f"key{sign}": f"Käse{sign}"}), problems.body(404, f"Käse{sign}")):
        assert sign not in said.decode()
        assert "Käse" in said.decode()
        assert f"Käse{sign}" in json.loads(said).values()


def test_every_operation_is_described_with_an_example(face: Face) -> None:
    said = face.ask("/api/v1/openapi.json").json
    assert said == description()
    assert said["openapi"].startswith("3.1")
    for path, operations in said["paths"].items():
        for method, operation in operations.items():
            (content,) = operation["responses"]["200"]["content"].values()
            assert content["example"], (path, method)
            assert operation["responses"]["default"], (path, method)
            for parameter in operation.get("parameters", []):
                if parameter["in"] != "header":
                    assert parameter["description"], (path, parameter["name"])


def answers(face: Face, site: str, member: str) -> list[tuple[type[BaseModel], Any]]:
    asked: list[tuple[type[BaseModel], str]] = [
        (models.Found, "/search?q=muesli&facets=true&group=true&explain=true"),
        (models.Found, "/search?q=mueslii&within=1km"),
        (models.Offer, f"/offers/{site}/muesli"),
        (models.Product, f"/products/{GTIN}"),
        (models.Sites, "/sites"),
        (models.Site, f"/sites/{site}"),
        (models.Members, "/members"),
        (models.Member, f"/members/{member}"),
        (models.Changes, "/changes"),
    ]
    return [(model, face.ask(f"/api/v1{path}")) for model, path in asked]


def test_answers_are_of_the_shapes_that_are_described(face: Face, shop: Node, site: str) -> None:
    for model, got in answers(face, site, shop.owner.hex()):
        assert got.status == 200
        # Not a field more or less than described.
        assert model.model_validate(got.json).model_dump(by_alias=True).keys() == got.json.keys()


def test_what_is_found_is_what_the_command_prints(face: Face, shop: Node) -> None:
    from fedretail.node.found import as_json, searched
    from fedretail.web.asking import Asked

    got = face.ask("/api/v1/search?q=bread").json
    _, page = searched(shop, Asked(q="bread").query(shop, None))
    assert got == {**as_json(page), "took_ms": got["took_ms"]}


def test_no_answer_holds_an_own_field(face: Face, shop: Node, site: str) -> None:
    bodies = [got.body for _, got in answers(face, site, shop.owner.hex())]
    bodies += [face.ask(path).body for path in ("/api/v1/export", "/metrics", "/healthz")]
    assert not [body for body in bodies if b"Mill & Sons" in body or b'"cost"' in body]


def test_who_has_an_answer_is_not_sent_it_again(face: Face, site: str) -> None:
    for path in ("/search?q=bread", f"/offers/{site}/bread", "/sites", "/changes"):
        first = face.ask(f"/api/v1{path}")
        again = face.ask(f"/api/v1{path}", if_none_match=f'"other", {first.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        assert face.ask(f"/api/v1{path}", if_none_match='"other"').status == 200


def test_a_page_with_another_behind_it_is_the_same_a_second_later(
    face: Face, shop: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its cursor holds the moment."""
    first = face.ask("/api/v1/search?limit=1")
    assert first.json["next"]
    clock = ManualClock(shop.clock.now_ms() + 1000)
    monkeypatch.setattr(shop.index, "_clock", clock)
    assert face.ask("/api/v1/search?limit=1").json["next"] != first.json["next"]
    again = face.ask("/api/v1/search?limit=1", if_none_match=first.headers["etag"])
    assert again.status == 304


@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_answers_are_packed_as_the_asker_likes(face: Face, how: str) -> None:
    bare = face.ask("/api/v1/export")
    got = face.ask("/api/v1/export", accept_encoding=f"{how}, br")
    assert got.headers["content-encoding"] == how
    unpacked = (
        zlib.decompress(got.body, 31)
        if how == "gzip"
        else zstandard.ZstdDecompressor().decompressobj().decompress(got.body)
    )
    assert unpacked == bare.body
    page = face.ask("/api/v1/search", accept_encoding=how)
    assert page.headers["etag"].endswith(f'.{how}"')
    again = face.ask("/api/v1/search", if_none_match=page.headers["etag"])
    assert again.status == 304


def test_lists_come_page_by_page(face: Face, shop: Node) -> None:
    for n in range(3):
        shop.add_site(f"Stall {n}", shop.position)
    whole = face.ask("/api/v1/sites").json["sites"]
    found: list[Any] = []
    path = "/api/v1/sites?limit=1"
    for _ in range(4):
        page = face.ask(path).json
        found += page["sites"]
        path = f"/api/v1/sites?limit=1&cursor={page['next']}"
    assert page["next"] is None
    assert found == whole
    assert len(found) == 4


def test_an_export_is_that_of_the_command(face: Face, shop: Node) -> None:
    import io

    out = io.StringIO()
    shop.export(out, mine=False)
    assert face.ask("/api/v1/export").body.decode() == out.getvalue()


PROBLEMS = [
    ("GET", "/api/v1/nothing", 404),
    ("GET", "/api/v2/search", 404),
    ("GET", "/api", 404),
    ("GET", "/api/v1/offers/aaaaaaaaaaaaaaaa/none", 404),
    ("GET", "/api/v1/offers/nonsense/none", 400),
    ("GET", "/api/v1/products/4001842100999", 400),
    ("GET", "/api/v1/products/4006381333931", 404),
    ("GET", "/api/v1/sites/aaaaaaaaaaaaaaaa", 404),
    ("GET", "/api/v1/members/00", 404),
    ("POST", "/api/v1/search", 405),
    ("DELETE", "/api/v1/offers/aaaaaaaaaaaaaaaa/none", 405),
    ("GET", "/api/v1/search?near=north", 400),
    ("GET", "/api/v1/search?limit=many", 422),
    ("GET", "/api/v1/search?unknown=1", 422),
    ("GET", "/api/v1/search?view=none", 400),
    ("GET", "/api/v1/changes?after=nonsense", 400),
    ("GET", "/api/v1/changes?after=aaaaaaaaaaaa-7", 410),
    ("GET", "/api/v1/sites?cursor=x", 400),
]


@pytest.mark.parametrize(("method", "path", "status"), PROBLEMS)
def test_every_error_is_a_problem(face: Face, method: str, path: str, status: int) -> None:
    got = face.ask(path, method)
    assert got.status == status
    assert got.headers["content-type"] == "application/problem+json"
    assert models.Problem.model_validate(got.json).status == status


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("/api/v1/search?words=milk", "Names are q, "),
        ("/api/v1/changes?kinds=offer", " kind, "),
        ("/api/v1/sites?view=none&words=x", "cursor"),
        ("/api/v1/nothing", "/api/v1/openapi.json"),
        ("/api/v1/", "/api/v1/openapi.json"),
    ],
)
def test_what_nobody_knows_is_answered_with_what_is_known(face: Face, path: str, hint: str) -> None:
    assert hint in face.ask(path).json["hint"]


def test_a_fault_of_ours_is_a_problem_without_a_word_of_the_inside(
    face: Face, monkeypatch: pytest.MonkeyPatch, shop: Node
) -> None:
    def broken(query: Any) -> Any:
        raise RuntimeError("secret place in the code")

    monkeypatch.setattr(shop, "search", broken)
    got = face.ask("/api/v1/search")
    assert (got.status, got.json["status"]) == (500, 500)
    assert got.headers["content-type"] == "application/problem+json"
    assert b"secret" not in got.body


def test_what_the_disk_refuses_is_a_problem(
    face: Face, monkeypatch: pytest.MonkeyPatch, shop: Node
) -> None:
    from fedretail.errors import Unavailable

    def full(query: Any) -> Any:
        raise Unavailable("The disk is full.", hint="Make room.")

    monkeypatch.setattr(shop, "search", full)
    got = face.ask("/api/v1/search")
    assert got.status == 503
    assert got.json["hint"] == "Make room."


def test_head_and_options(face: Face, site: str) -> None:
    for path in ("/search", f"/offers/{site}/bread", "/export", "/changes/stream"):
        got = face.ask(f"/api/v1{path}", "HEAD")
        assert (got.status, got.body) == (200, b"")
        assert "GET" in face.ask(f"/api/v1{path}", "OPTIONS").headers["allow"]
    there = face.ask(f"/api/v1/offers/{site}/bread", "OPTIONS").headers["allow"]
    refused = face.ask(f"/api/v1/offers/{site}/bread", "DELETE").headers["allow"]
    assert there == refused == "GET, PATCH, HEAD, OPTIONS"
    assert face.ask("/api/v1/nothing", "OPTIONS").status == 404


def test_ten_thousand_characters_are_a_legal_search(face: Face) -> None:
    from urllib.parse import quote

    for sign in ("a", "ä", "語", "🥛"):
        assert face.ask(f"/api/v1/search?q={quote(sign * 10_000)}").status == 200
    assert face.ask(f"/api/v1/search?q={'a' * 10_001}").status == 422


def test_a_daemon_tells_that_it_lives(face: Face) -> None:
    assert face.ask("/healthz").json["status"] == "ok"
    lines = face.ask("/metrics").body.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert float(figures["fedretail_index_offers"]) == 3
    assert float(figures['fedretail_web_answers_total{status="200"}']) >= 1
    assert all(json.loads(value) >= 0 for value in figures.values())
