"""A catalog that was signed twice: search, show, status and check say so."""

from pathlib import Path

import pytest

from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import LogName
from fedretail.crdt.proof import proof
from fedretail.domain.ids import collection_of
from fedretail.node.node import Node


@pytest.fixture
def twice(shop, tmp_path: Path):
    """A shop whose catalog was signed twice."""
    with Node.open(tmp_path / "shop") as node:
        assert node.owner is not None
        collection = collection_of(node.site().id)
        (state,) = node.store.logs_of(node.owner, collection)
        assert state.head is not None
        head = SignedHead.parse(state.head)
        other = SignedHead.sign(head.head._replace(digest=b"o" * 32), node.identity.device)
        found = proof(LogName(*state.name), head, other)
        assert found is not None
        assert node.store.trust.prove([found]) == 1
    return shop


def test_the_shop_itself_is_told_what_to_do(twice) -> None:
    done = twice("status")
    assert "Neighbours take nothing of this shop any more" in done.out
    assert "Two computers sign as this shop" in done.err
    assert "serve --as original" in done.err
    (told,) = twice("status", "--json").object["signed_twice"]
    assert (told["is_own"], told["collection"][:5]) == (True, "site/")


def test_check_tells_it_and_finds_no_damage(twice) -> None:
    done = twice("check")
    assert done.code == 0
    assert "Two computers sign as this shop" in done.err
    assert twice("check", "--json").object["signed_twice"][0]["is_own"]


def test_shoppers_are_warned(twice) -> None:
    done = twice("search", "milk")
    assert "has signed two price lists at once: ask there first." in done.err
    assert twice("search", "milk", "--json").object["results"][0]["warnings"] == ["signed-twice"]
    assert "signed two price lists" in twice("show", "M1").out
    assert twice("show", "M1", "--json").object["warnings"] == ["signed-twice"]


def test_without_a_proof_nobody_is_warned(shop) -> None:
    assert "signed" not in shop("search", "milk").err
    assert shop("search", "milk", "--json").object["results"][0]["warnings"] == []
    assert "Warning" not in shop("show", "M1").out


def test_of_others_the_first_few_are_named(shop, monkeypatch) -> None:
    one = {
        "member": "ab", "name": "", "collection": "site/x", "device": "cd", "is_own": False,
    }  # fmt: skip
    monkeypatch.setattr(Node, "frozen", lambda _: [{**one, "name": "Brook"}, *[one] * 8])
    done = shop("check")
    assert done.err.count("has signed two price lists at once") == 5
    assert "Brook has signed" in done.err
    assert "A shop without a name has signed" in done.err
    assert "4 more" in done.err


def test_damage_of_an_own_log_is_marked_and_stops_it(shop, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop" / "store.db") as store:
        store.execute("UPDATE log SET count = count + 1")
    done = shop("check", "--repair")
    assert done.code == 1
    assert "2 logs of them are this shop's: until then nothing is changed." in done.err
    assert shop("check", "--repair", "--json").object["to_repair"] == 2
    assert shop("check", "--json").object["to_repair"] is None


def test_damage_of_others_is_marked(shop, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(tmp_path / "shop" / "store.db") as store:
        store.execute("UPDATE log SET count = count + 1, device = zeroblob(32)")
    done = shop("check", "--repair")
    assert done.code == 1
    assert "mends 2 logs while it runs." in done.err
    with Node.open(tmp_path / "shop") as node:
        assert len(node.store.repairs.damaged()) == 2
