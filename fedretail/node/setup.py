"""The first minute of a node: a data directory with keys, a store and, for a shop, its site."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

from fedretail.clock import Clock, SystemClock
from fedretail.crdt.access import first_grant
from fedretail.crdt.names import owner_id
from fedretail.domain import kinds
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.hours import validate_zone
from fedretail.errors import Refused, Unavailable
from fedretail.node import keyring
from fedretail.node.keyring import Keyring
from fedretail.node.node import Node
from fedretail.store.store import FILE_NAME, Store


@dataclass(frozen=True, slots=True)
class Shop:
    """What `init` asks: the shop's name, place, hours (OSM, None: later), currency, time zone."""

    name: str
    position: Position
    hours: str | None
    currency: str
    time_zone: str


def create_shop(path: Path, shop: Shop, *, clock: Clock | None = None) -> Node:
    """A new node with a member and one site in the folder `path`.

    Refused where a node is there already; Unavailable where the folder cannot be written.
    """
    validate_zone(shop.time_zone)
    clock = clock or SystemClock()
    keys = _begin(path, is_reader=False, clock=clock)
    with contextlib.ExitStack() as undo:
        undo.callback(_remove, path)
        assert keys.root is not None
        owner = owner_id(keys.root.public)
        _identify(path, keys, owner, clock)
        node = Node.open(path, clock=clock)
        node.set_member({"name": shop.name})
        node.add_site(
            shop.name,
            shop.position,
            hours=shop.hours,
            time_zone=shop.time_zone,
            currency=shop.currency,
        )
        undo.pop_all()
    return node


def create_reader(path: Path, position: Position | None, *, clock: Clock | None = None) -> Node:
    """A new node that searches and publishes nothing; `position`: where distances start."""
    clock = clock or SystemClock()
    keys = _begin(path, is_reader=True, clock=clock)
    with contextlib.ExitStack() as undo:
        undo.callback(_remove, path)
        _identify(path, keys, None, clock)
        node = Node.open(path, clock=clock)
        if position is not None:
            node.store.note("position", list(to_e7(position)))
        undo.pop_all()
    return node


def _begin(path: Path, *, is_reader: bool, clock: Clock) -> Keyring:
    """The folder with fresh keys and an empty store."""
    if (path / FILE_NAME).exists() or (path / keyring.FILE_NAME).exists():
        hint = "Look at it with `fedretail status`, or give another --data-dir."
        raise Refused(f"There is a shop in {path} already.", hint=hint)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        hint = "Give a folder of your own with --data-dir."
        raise Unavailable(f"{path} cannot be made: {error.strerror}.", hint=hint) from None
    keys = Keyring.new(is_reader=is_reader)
    keys.save(path / keyring.FILE_NAME, is_new=True)
    return keys


def _identify(path: Path, keys: Keyring, owner: bytes | None, clock: Clock) -> None:
    """Tell the store whose it is, and name this device in the member's first grant."""
    store = Store.create(path / FILE_NAME, clock=clock, kinds=kinds.registry())
    now_ms = clock.now_ms()
    store.set_meta({"owner": owner, "device": keys.device.public, "incarnation": now_ms})
    if keys.root is not None:
        store.add_auth([first_grant(keys.root, keys.device.public, now_ms=now_ms)])
    store.close()


def _remove(path: Path) -> None:
    """Undo a beginning that failed, so that the next try starts afresh."""
    for name in (keyring.FILE_NAME, FILE_NAME, FILE_NAME + "-wal", FILE_NAME + "-shm"):
        with contextlib.suppress(OSError):
            (path / name).unlink(missing_ok=True)
