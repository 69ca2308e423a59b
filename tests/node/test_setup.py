"""The first minute: all of a node or nothing of it."""

import os
from pathlib import Path
from typing import Any

import pytest

from fedretail.domain.geo import Position
from fedretail.errors import FedretailError, MalformedInput, Refused, Unavailable
from fedretail.node import keyring
from fedretail.node.node import Node
from fedretail.node.setup import Shop, create_reader, create_shop
from fedretail.store.store import FILE_NAME, Store
from fedretail.testing.clock import ManualClock
from fedretail.testing.nodes import HERE, new_shop

SHOP = Shop("Village shop", HERE, "Mo-Sa 08:00-18:00", "EUR", "Europe/Berlin")


def test_a_shop_is_there_at_once(tmp_path: Path, clock: ManualClock) -> None:
    with create_shop(tmp_path / "deep" / "shop", SHOP, clock=clock) as node:
        (site,) = node.sites()
        assert (site.name, site.site.currency, site.site.hours) == (SHOP.name, "EUR", SHOP.hours)
        assert node.member() == {"name": SHOP.name}
        assert node.position == HERE
        assert node.currency == "EUR"
        assert not node.is_reader
        assert node.store.grants(node.owner).may_manage(node.owner, node.identity.device.public)
        assert not [found for _, found in node.check() if found]
    with Node.open(tmp_path / "deep" / "shop") as again:
        assert again.owner == node.owner


def test_a_reader_searches_and_publishes_nothing(tmp_path: Path) -> None:
    with create_reader(tmp_path / "reader", Position(-48.5, -9.05)) as node:
        assert node.is_reader
        assert node.owner is None
        assert node.position == Position(-48.5, -9.05)
        assert (node.sites(), node.member(), node.currency) == ([], {}, "EUR")
        assert node.keys()["member"] is None
        with pytest.raises(Refused, match="reader"):
            node.site(None)
        with pytest.raises(Refused, match="reader"):
            node.add_site("Stall", HERE)
        with pytest.raises(Refused, match="reader"):
            node.set_member({"name": "Nobody"})
    with create_reader(tmp_path / "nowhere", None) as node:
        assert node.position is None


@pytest.mark.parametrize("create", [lambda path: create_shop(path, SHOP),
                                    lambda path: create_reader(path, None)])  # fmt: skip
def test_a_second_one_is_refused_and_the_first_stays(tmp_path: Path, create: Any) -> None:
    with new_shop(tmp_path / "shop") as node:
        owner = node.owner
    with pytest.raises(Refused, match="already"):
        create(tmp_path / "shop")
    with Node.open(tmp_path / "shop") as node:
        assert node.owner == owner


def test_keys_without_a_store_are_not_written_over(tmp_path: Path) -> None:
    new_shop(tmp_path / "shop").close()
    keys = (tmp_path / "shop" / keyring.FILE_NAME).read_bytes()
    for file in (tmp_path / "shop").glob("store.db*"):
        file.unlink()
    with pytest.raises(Refused, match="holds the keys of a shop"):
        create_shop(tmp_path / "shop", SHOP)
    assert (tmp_path / "shop" / keyring.FILE_NAME).read_bytes() == keys


@pytest.mark.parametrize(
    ("change", "error"),
    [({"time_zone": "Mars/Olympus"}, FedretailError), ({"currency": "XQX"}, MalformedInput)],
)
def test_what_makes_no_sense_leaves_nothing(
    tmp_path: Path, change: dict[str, str], error: type[Exception]
) -> None:
    shop = Shop(**{**{name: getattr(SHOP, name) for name in Shop.__slots__}, **change})
    with pytest.raises(error):
        create_shop(tmp_path / "shop", shop)
    assert not (tmp_path / "shop").exists()


def failing(error: Exception) -> Any:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.mark.parametrize(
    "place",
    [
        "fedretail.node.setup._identify",
        "fedretail.node.setup.Store.create",
        "fedretail.store.store.Store.add_auth",
        "fedretail.store.store.Store.set_meta",
        "fedretail.node.node.Node.open",
        "fedretail.node.node.Node.set_member",
        "fedretail.node.node.Node.add_site",
        "fedretail.node.keyring.os.fsync",
    ],
)
@pytest.mark.parametrize("error", [Unavailable("The disk is full."), OSError(28, "No space left")])
def test_a_failure_at_any_step_leaves_nothing_and_the_next_try_works(
    tmp_path: Path, place: str, error: Exception
) -> None:
    path = tmp_path / "shop"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, failing(error))
        with pytest.raises((Unavailable, OSError)):
            create_shop(path, SHOP)
    assert not path.exists() or list(path.iterdir()) == []
    create_shop(path, SHOP).close()


def test_a_failing_reader_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "note", failing(Unavailable("The disk is full.")))
    with pytest.raises(Unavailable):
        create_reader(tmp_path / "reader", HERE)
    assert not (tmp_path / "reader").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(Unavailable, match="cannot be made") as caught:
        create_shop(tmp_path / "file" / "shop", SHOP)
    assert "--data-dir" in caught.value.hint


def test_a_network_drive_is_refused_and_left_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "fedretail.store.store.refuse_network_drive", failing(Refused("a network drive"))
    )
    with pytest.raises(Refused, match="network drive"):
        create_shop(tmp_path / "shop", SHOP)
    assert not (tmp_path / "shop").exists()


class Killed(BaseException):
    """As kill -9: nothing is put right on the way out."""


@pytest.mark.parametrize("place", [
    "fedretail.node.setup._identify", "fedretail.store.store.Store.set_meta",
    "fedretail.node.node.Node.set_member", "fedretail.node.node.Node.add_site",
    "fedretail.node.setup.Path.rename",
])  # fmt: skip
def test_a_kill_before_the_end_leaves_no_shop_and_the_next_try_works(
    tmp_path: Path, place: str
) -> None:
    path = tmp_path / "shop"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(place, failing(Killed()))
        patched.setattr("fedretail.node.setup.shutil.rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            create_shop(path, SHOP)
    assert [one.name for one in path.iterdir()] == [".being-made"]
    with pytest.raises(Unavailable):
        Node.open(path)
    create_shop(path, SHOP).close()
    assert sorted(one.name for one in path.iterdir()) == ["keys", "store.db"]


@pytest.mark.parametrize("moves", [0, 1, 2])
def test_a_kill_after_that_leaves_the_whole_shop(tmp_path: Path, moves: int) -> None:
    path, left = tmp_path / "shop", [moves]
    move = Path.replace

    def replace(self: Path, target: Path) -> Path:
        # The file of keys is written with a move of its own.
        if self.parent.name == ".made":
            if not left[0]:
                raise Killed
            left[0] -= 1
        return move(self, target)

    def fill(node: Node) -> None:
        node.write("offer", "A", {"name": "Milk", "currency": "EUR", "prices": [[129]]})
        (node.path / "config.toml").write_text("few_below = 3\n", encoding="utf-8")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Path, "replace", replace)
        with pytest.raises(Killed):
            create_shop(path, SHOP, fill=fill)
    with pytest.raises(Refused, match="already"):
        create_shop(path, SHOP)
    with Node.open(path) as node:
        assert node.site().name == SHOP.name
        assert node.config.few_below == 3
        assert len(list(node.records("offer"))) == 1
        assert not [found for _, found in node.check() if found]
    assert not (path / ".made").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
@pytest.mark.parametrize("is_there", [False, True])
def test_costs_and_stock_are_for_no_other_user(tmp_path: Path, is_there: bool) -> None:
    path = tmp_path / "shop"
    if is_there:
        path.mkdir()
    with create_reader(path, None):
        stores = [one for one in path.iterdir() if one.name.startswith(FILE_NAME)]
        assert len(stores) == 3
        assert all(one.stat().st_mode & 0o077 == 0 for one in stores)
        assert is_there or path.stat().st_mode & 0o077 == 0
