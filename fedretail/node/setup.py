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
from fedretail.domain.money import parse_currency
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

    Refused where a node is there already; Unavailable where the folder cannot be written. Nothing
    is left behind then.
    """
    validate_zone(shop.time_zone)
    currency = parse_currency(shop.currency)
    clock = clock or SystemClock()
    with contextlib.ExitStack() as undo:
        node = _begin(undo, path, clock, is_reader=False)
        node.set_member({"name": shop.name})
        node.add_site(
            shop.name,
            shop.position,
            hours=shop.hours,
            time_zone=shop.time_zone,
            currency=currency,
        )
        undo.pop_all()
    return node


def create_reader(path: Path, position: Position | None, *, clock: Clock | None = None) -> Node:
    """A new node that searches and publishes nothing; `position`: where distances start."""
    clock = clock or SystemClock()
    with contextlib.ExitStack() as undo:
        node = _begin(undo, path, clock, is_reader=True)
        if position is not None:
            node.store.note("position", list(to_e7(position)))
        undo.pop_all()
    return node


def _begin(undo: contextlib.ExitStack, path: Path, clock: Clock, *, is_reader: bool) -> Node:
    """The node with fresh keys and an empty store; `undo` takes all of it back."""
    _refuse_second(path)
    try:
        # Costs and exact stock lie in the store: no other user of this computer reads them.
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "Give a folder of your own with --data-dir."
        raise Unavailable(f"{path} cannot be made: {error.strerror}.", hint=hint) from None
    keys = Keyring.new(is_reader=is_reader)
    keys.save(path / keyring.FILE_NAME, is_new=True)
    undo.callback(_remove, path)
    _identify(path, keys, clock)
    node = Node.open(path, clock=clock)
    undo.callback(node.close)
    return node


def _refuse_second(path: Path) -> None:
    if (path / FILE_NAME).exists():
        hint = "Look at it with `fedretail status`, or give another --data-dir."
        raise Refused(f"There is a shop in {path} already.", hint=hint)
    if (path / keyring.FILE_NAME).exists():
        hint = "Give another --data-dir, or bring the keys to a safe place first."
        raise Refused(f"{path} holds the keys of a shop, but not its {FILE_NAME}.", hint=hint)


def _identify(path: Path, keys: Keyring, clock: Clock) -> None:
    """Tell the store whose it is, and name this device in the member's first grant."""
    store = Store.create(path / FILE_NAME, clock=clock, kinds=kinds.registry())
    with contextlib.closing(store):
        now_ms = clock.now_ms()
        owner = None if keys.root is None else owner_id(keys.root.public)
        if keys.root is not None:
            store.add_auth([first_grant(keys.root, keys.device.public, now_ms=now_ms)])
        # Last: a store that says whose it is, is whole.
        store.set_meta({"owner": owner, "device": keys.device.public, "incarnation": now_ms})


def _remove(path: Path) -> None:
    """Undo a beginning that failed, so that the next try starts afresh."""
    for name in (keyring.FILE_NAME, FILE_NAME, FILE_NAME + "-wal", FILE_NAME + "-shm"):
        with contextlib.suppress(OSError):
            (path / name).unlink(missing_ok=True)
