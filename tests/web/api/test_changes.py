"""fedretail/web/api/changes.py: cursors that outlive restarts, and streams of events."""

import http.client
import json
from typing import Any

import pytest

from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown
from fedretail.testing.nodes import sell
from fedretail.web.api import changes


def ids(changes: list[dict[str, Any]]) -> list[str]:
    return [one["id"].rpartition("/")[2] for one in changes if one["kind"] == "offer"]


def test_what_changed_comes_after_the_cursor(face: Face, shop: Node) -> None:
    first = face.ask("/api/v1/changes").json
    assert ids(first["changes"]) == ["bread", "rolls", "muesli"]
    assert not first["more"]
    sell(shop, "bread", 390)
    shop.remove("offer", "rolls")
    then = face.ask(f"/api/v1/changes?after={first['cursor']}").json
    assert ids(then["changes"]) == ["bread", "rolls"]
    bread, rolls = then["changes"]
    assert bread["record"]["fields"]["prices"] == [{"amount": "3.90"}]
    assert rolls["record"] is None
    assert face.ask(f"/api/v1/changes?after={then['cursor']}").json["changes"] == []


def test_only_what_comes_from_now_on(face: Face, shop: Node) -> None:
    now = face.ask("/api/v1/changes?after=now").json
    assert now["changes"] == []
    sell(shop, "cake")
    assert ids(face.ask(f"/api/v1/changes?after={now['cursor']}").json["changes"]) == ["cake"]


def test_pages_of_changes_hold_each_record_once(face: Face) -> None:
    whole = face.ask("/api/v1/changes").json["changes"]
    found: list[Any] = []
    page = face.ask("/api/v1/changes?limit=2").json
    while page["changes"]:
        found += page["changes"]
        page = face.ask(f"/api/v1/changes?limit=2&after={page['cursor']}").json
    assert found == whole


def test_only_records_of_a_kind(face: Face) -> None:
    got = face.ask("/api/v1/changes?kind=site&kind=member").json["changes"]
    assert [one["kind"] for one in got] == ["member", "site"]


def test_a_cursor_outlives_a_restart_and_a_new_index(shop: Node) -> None:
    with shown(shop) as face:
        cursor = face.ask("/api/v1/changes").json["cursor"]
    path = shop.path
    shop.close()
    with Node.open(path) as again:
        again.reindex()
        sell(again, "cake")
        with shown(again) as face:
            got = face.ask(f"/api/v1/changes?after={cursor}").json
    assert ids(got["changes"]) == ["cake"]


def test_a_cursor_of_another_computer_is_told(face: Face, shops: Any) -> None:
    with shown(shops("Other")) as other:
        cursor = other.ask("/api/v1/changes").json["cursor"]
    got = face.ask(f"/api/v1/changes?after={cursor}")
    assert got.status == 410
    assert "another computer" in got.json["detail"]
    # Before a stream begins, too.
    assert face.ask("/api/v1/changes/stream", last_event_id=cursor).status == 410


def test_a_cursor_ahead_of_the_feed_is_told(face: Face) -> None:
    cursor = face.ask("/api/v1/changes").json["cursor"]
    got = face.ask(f"/api/v1/changes?after={cursor}9")
    assert got.status == 410


class Listener:
    """Reads events as they come."""

    def __init__(self, face: Face, **headers: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", face.port, timeout=60)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", "/api/v1/changes/stream?after=now", headers=said)
        self.answer = self._connection.getresponse()
        assert self.answer.status == 200
        assert self.answer.readline() == b"retry: 3000\n"

    def next(self) -> tuple[str, dict[str, Any]]:
        """(id, data) of the next event."""
        found: dict[str, str] = {}
        while not found.get("data"):
            name, _, value = self.answer.readline().decode().strip().partition(": ")
            found[name] = value
        return found["id"], json.loads(found["data"])

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def test_events_come_as_they_happen_and_go_on_where_they_were(face: Face, shop: Node) -> None:
    listener = Listener(face)
    sell(shop, "cake")
    cursor, change = listener.next()
    assert change["id"].endswith("/cake")
    assert change["cursor"] == cursor
    listener.close()
    sell(shop, "pie")
    again = Listener(face, last_event_id=cursor)
    assert again.next()[1]["id"].endswith("/pie")
    again.close()


@pytest.mark.parametrize("path", ["/api/v1/changes/stream", "/api/v1/export"])
def test_one_too_many_is_told_when_to_come_again(
    shop: Node, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(changes, "MAX_STREAMS", 0)
    monkeypatch.setattr(changes, "MAX_EXPORTS", 0)
    with shown(shop) as face:
        got = face.ask(path)
        assert (got.status, got.headers["retry-after"]) == (503, "30")
        assert got.headers["content-type"] == "application/problem+json"
        assert face.ask(path, "HEAD").status == 200
        assert face.app.counts.streams == 0
