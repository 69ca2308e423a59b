"""fedretail/web/guard.py: what no request passes, and what every answer bears."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio
from starlette.types import Message

from fedretail.clock import SystemClock
from fedretail.node.node import Node
from fedretail.testing.faces import Face, asked_from, shown
from fedretail.testing.nodes import sell
from fedretail.web import guard
from fedretail.web.app import make_app


@pytest.fixture
def shop(shops: Any) -> Node:
    node: Node = shops("Brook", SystemClock())
    return node


@pytest.fixture
def face(shop: Node) -> Iterator[Face]:
    with shown(shop) as face:
        yield face


def settings(shop: Node, text: str) -> None:
    """Other settings from now on."""
    (shop.path / "config.toml").write_text(text, encoding="utf-8")
    shop.__dict__.pop("config", None)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:8765", "[::1]:8765", "192.168.1.20", "localhost:1", "LOCALHOST."],
)
def test_this_computers_own_names_are_answered(face: Face, host: str) -> None:
    assert face.ask("/healthz", host=host).status == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "a@127.0.0.1"),
        *(
            "127.0.0.1:80:80",
            "",
            "*",
            "[fe80::1%25evil.example]",
            "fe80::1%<b>",
            "[::1",
            "127.1",
            "0x7f.1",
            "2130706433",
        ),
    ],
)
def test_a_name_that_is_not_ours_gets_nothing(face: Face, host: str) -> None:
    """DNS rebinding: a page's own name that now leads to this computer."""
    for path in ("/", "/api/v1/search", "/metrics"):
        assert face.ask(path, host=host).status == 421


def test_further_names_are_a_setting(shop: Node) -> None:
    settings(shop, 'web_names = ["Shop.example"]')
    with shown(shop) as face:
        assert face.ask("/healthz", host="shop.example:8765").status == 200
        assert face.ask("/healthz", host="other.example").status == 421


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ],
)
def test_pages_of_others_change_nothing(face: Face, headers: dict[str, str]) -> None:
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        for path in ("/", "/api/v1/search", "/manage/"):
            assert face.ask(path, method, **headers).status == 403


@pytest.mark.parametrize("path", ["/?q=milk", "/live", "/kiosk", "/healthz", "/static/icons.svg"])
def test_pages_of_others_hold_no_page_of_ours(face: Face, path: str) -> None:
    """A thousand pictures on a page of the internet whose address is a search of this shop."""
    for site in ("cross-site", "same-site"):
        for mode, dest in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
            asked = {"sec_fetch_site": site, "sec_fetch_mode": mode, "sec_fetch_dest": dest}
            assert face.ask(path, **asked).status == 403
    if path != "/live":
        assert face.ask(path, sec_fetch_site="same-origin", sec_fetch_mode="cors").status < 400


@pytest.mark.parametrize("path", ["/api/v1/changes/stream", "/api/v1/export", "/api/v1/search"])
def test_pages_of_others_make_the_api_do_no_work(shop: Node, path: str) -> None:
    with shown(shop) as face:
        for site in ("cross-site", "same-site"):
            for more in (
                {},
                {"origin": "https://evil.example"},
                {"sec_fetch_mode": "no-cors"},
                {"sec_fetch_mode": "navigate", "sec_fetch_dest": "iframe"},
            ):
                assert face.ask(path, sec_fetch_site=site, **more).status == 403
    settings(shop, 'api_origins = ["https://shop.example"]')
    with shown(shop) as face:
        named = {"sec_fetch_site": "cross-site", "origin": "https://shop.example"}
        assert face.ask("/api/v1/search", **named).status == 200
        assert face.ask("/?q=milk", **named).status == 403
        assert face.ask("/api/v1/search", sec_fetch_site="cross-site").status == 403


def test_a_link_on_a_page_of_others_is_followed(face: Face) -> None:
    link = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"}
    assert face.ask("/api/v1/openapi.json", **link).status == 200
    assert face.ask("/?q=milk", **link).status == 200
    assert face.ask("/api/v1/search", sec_fetch_site="none").status == 200


def test_our_own_pages_pass(face: Face) -> None:
    origin = face.url
    assert face.ask("/api/v1/search", "POST", origin=origin).status == 405
    assert face.ask("/api/v1/search", "POST", sec_fetch_site="same-origin").status == 405


def test_no_page_of_another_site_reads_the_api_unless_told(face: Face, shop: Node) -> None:
    origin = "https://map.example"
    got = face.ask("/api/v1/search", origin=origin)
    assert "access-control-allow-origin" not in got.headers
    settings(shop, f'api_origins = ["{origin}"]')
    with shown(shop) as open_face:
        got = open_face.ask("/api/v1/search", origin=origin)
        assert got.headers["access-control-allow-origin"] == origin
        asked = {"origin": origin, "access_control_request_method": "PATCH"}
        flight = open_face.ask("/api/v1/offers/a/b", "OPTIONS", **asked)
        assert "PATCH" in flight.headers["access-control-allow-methods"]
        for other in ("https://evil.example", "null", f"{origin}.evil.example"):
            got = open_face.ask("/api/v1/search", origin=other)
            assert "access-control-allow-origin" not in got.headers
        # What is open is the API, not the pages.
        assert open_face.ask("/", "POST", origin=origin).status == 403


def test_every_answer_bears_the_policy(face: Face) -> None:
    for path in ("/", "/nothing", "/api/v1/search", "/api/v1/nothing", "/static/icons.svg"):
        headers = face.ask(path).headers
        assert headers["content-security-policy"] == guard.POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers
    assert face.ask("/", host="evil.example").headers["content-security-policy"] == guard.POLICY
    assert "unsafe" not in guard.POLICY


def test_a_body_that_is_too_large_is_not_read(face: Face) -> None:
    got = face.ask("/api/v1/offers/a/b", "PATCH", body=b"x" * 70_000)
    assert (got.status, got.json["status"]) == (413, 413)
    assert got.headers["content-type"] == "application/problem+json"


def test_who_hangs_up_amid_a_body_is_no_line_in_the_log(
    shop: Node, caplog: pytest.LogCaptureFixture
) -> None:
    came = iter([{"type": "http.request", "body": b"to", "more_body": True}])
    told: list[Message] = []

    async def receive() -> Message:
        return next(came, {"type": "http.disconnect"})

    async def send(message: Message) -> None:
        told.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-length", b"9")]
    scope = {"type": "http", "method": "POST", "scheme": "http", "path": "/", "headers": headers}
    trio.run(make_app(shop), scope, receive, send)
    assert not told
    assert not caplog.records


def test_names_from_catalogs_are_text(face: Face, shop: Node) -> None:
    name = '<script>alert(1)</script><img src=x onerror="1">\' & javascript:'
    sell(shop, "evil")
    shop.write("offer", "evil", {"name": name})
    page = face.ask("/?q=script").body.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    asked = face.ask("/?q=%3Cscript%3Ealert").body.decode()
    assert "&lt;script&gt;alert" in asked
    assert "<script>alert" not in asked
    got = face.ask("/api/v1/search?q=script")
    assert got.headers["content-type"] == "application/json"
    assert got.json["results"][0]["name"] == name


PATHS = [
    *("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/%2fetc/passwd"),
    *("/static//etc/passwd", "/static/..%5capp.py", "/static/%252e%252e/app.py", "/static/"),
    *("/static/css/../../app.py", "/static/css/%00", "/static/css%00/tokens.css", "/%00"),
    *("/static/" + "a" * 5000, "/static/%ff%fe", "/static/con", "/static/css"),
]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_static_folder(face: Face, path: str) -> None:
    got = face.ask(path)
    assert got.status in (400, 404, 405)
    assert b"import" not in got.body
    assert b"root:" not in got.body


@pytest.mark.parametrize("text", ["%00", "a%00b", "%ff", "%ed%a0%80", "%0d%0aX-Evil:%201", "%"])
def test_any_bytes_in_an_address_do_no_harm(face: Face, text: str) -> None:
    paths = (f"/?q={text}", f"/api/v1/search?q={text}", f"/api/v1/sites/{text}", f"/{text}")
    for path in paths:
        got = face.ask(path)
        assert got.status in (200, 400, 404)
        assert "x-evil" not in got.headers


def test_no_key_is_in_any_answer(face: Face, shop: Node) -> None:
    """No route takes or returns key material."""
    seed = shop.keyring.device_seed
    said = face.ask("/api/v1/openapi.json").json
    paths = [f"/api/v1{path}" for path in said["paths"] if "{" not in path and "stream" not in path]
    secrets = {seed, seed.hex().encode(), Path(shop.path / "keys").read_bytes()}
    for path in [*paths, "/", "/healthz", "/metrics", "/keys", "/static/keys"]:
        body = face.ask(path).body
        assert not [one for one in secrets if one in body]


def test_figures_are_for_this_computer_alone(shop: Node) -> None:
    app = make_app(shop)
    assert trio.run(asked_from, app, "127.0.0.1", "/metrics").status == 200
    assert trio.run(asked_from, app, "192.168.1.77", "/metrics").status == 403
