"""What was answered a moment ago: the same for the same, and never older than the index."""

import pytest
from starlette.responses import Response

from fedretail.web.pages import recent as module
from fedretail.web.pages.house import House
from fedretail.web.pages.recent import Recent


@pytest.fixture
def recent(street):
    return Recent(House(street))


class Maker:
    """Makes an answer, and counts how often."""

    def __init__(self, body: str, status: int = 200) -> None:
        self._body, self._status = body, status
        self.calls = 0

    def __call__(self) -> Response:
        self.calls += 1
        return Response(self._body, status_code=self._status)


def test_the_same_question_is_answered_once(recent) -> None:
    first, other = Maker("milk"), Maker("cheese")
    for _ in range(3):
        answer = recent.get("milk", first)
        assert (answer.body, answer.status_code) == (b"milk", 200)
        assert recent.get("cheese", other).body == b"cheese"
    assert (first.calls, other.calls) == (1, 1)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_what_the_index_knows_better_is_asked_anew(recent, street) -> None:
    make = Maker("milk")
    recent.get("milk", make)
    street.write("offer", "M1", {"prices": [[139]]})
    street.follow()
    recent.get("milk", make)
    assert make.calls == 2


def test_a_few_seconds_later_nothing_is_held(recent, street) -> None:
    make = Maker("milk")
    recent.get("milk", make)
    street.clock.advance(6_000)
    recent.get("cheese", Maker("cheese"))
    assert list(recent._answers) == ["cheese"]
    recent.get("milk", make)
    assert make.calls == 2


def test_a_fault_is_not_held(recent) -> None:
    make = Maker("no", 500)
    for _ in range(2):
        assert recent.get("milk", make).status_code == 500
    assert make.calls == 2


def test_so_many_are_held_and_no_more(recent, monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST", 3)
    for number in range(10):
        recent.get(number, Maker(str(number)))
    assert list(recent._answers) == [7, 8, 9]


def test_parts_differ_by_all_that_is_asked(ask) -> None:
    part = {"fedretail-part": "main"}
    said = [
        ask(path, **part).text
        for path in (
            "/?q=milk&begun=1",
            "/?q=milk&begun=1&theme=dark",
            "/?q=milk&begun=1&claim=organic",
            "/?q=milk&begun=1&claim=organic&claim=raw",
            "/?q=milk&begun=1&lang=de",
        )
    ]
    assert len(set(said)) == len(said)
    assert ask("/?q=milk&begun=1", language="de", **part).text not in said
