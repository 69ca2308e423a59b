"""The first minute of a node: a data directory with keys, a store and, for a shop, its site."""

import contextlib
import shutil
from collections.abc import Callable
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
from fedretail.node.settling import WHOLE, settle
from fedretail.store.store import FILE_NAME, Store

# A node is made in this folder of its data directory, which takes another name when it is whole.
_WORK = ".being-made"


@dataclass(frozen=True, slots=True)
class Shop:
    """What `init` asks: the shop's name, place, hours (OSM), currency, time zone.

    position, hours, colour (of its awning): None for later.
    """

    name: str
    position: Position | None
    hours: str | None
    currency: str
    time_zone: str
    colour: int | None = None


def create_shop(
    path: Path,
    shop: Shop,
    *,
    clock: Clock | None = None,
    fill: Callable[[Node], None] = lambda node: None,
) -> Node:
    """A new node with a member and one site in the folder `path`; `fill` adds what it begins with.

    Refused where a node is there already; Unavailable where the folder cannot be written. It is
    there whole or not at all, whatever ends this on the way.
    """
    validate_zone(shop.time_zone)
    currency = parse_currency(shop.currency)

    def fill_shop(node: Node) -> None:
        node.set_member({"name": shop.name})
        node.add_site(
            shop.name,
            shop.position,
            hours=shop.hours,
            time_zone=shop.time_zone,
            currency=currency,
            colour=shop.colour,
        )
        fill(node)

    return _create(path, clock or SystemClock(), fill_shop, is_reader=False)


def create_reader(path: Path, position: Position | None, *, clock: Clock | None = None) -> Node:
    """A new node that searches and publishes nothing; `position`: where distances start."""

    def fill(node: Node) -> None:
        if position is not None:
            node.store.note("position", list(to_e7(position)))

    return _create(path, clock or SystemClock(), fill, is_reader=True)


def _create(path: Path, clock: Clock, fill: Callable[[Node], None], *, is_reader: bool) -> Node:
    """The node with fresh keys, filled; whole in `path`, or nothing of it."""
    settle(path)
    _refuse_second(path)
    is_ours = _make_folder(path)
    work = path / _WORK
    # What somebody was killed over.
    shutil.rmtree(work, ignore_errors=True)
    try:
        work.mkdir(mode=0o700)
        keys = Keyring.new(is_reader=is_reader)
        keys.save(work / keyring.FILE_NAME, is_new=True)
        _identify(work, keys, clock)
        with Node.open(work, clock=clock) as node:
            fill(node)
        # From here on it is there, also if the power fails before all of it lies in its place.
        work.rename(path / WHOLE)
    except BaseException:
        shutil.rmtree(work, ignore_errors=True)
        if is_ours:
            with contextlib.suppress(OSError):
                path.rmdir()
        raise
    settle(path)
    return Node.open(path, clock=clock)


def _make_folder(path: Path) -> bool:
    """Whether the folder had to be made, for this user alone."""
    is_new = not path.exists()
    try:
        # Costs and exact stock lie in the store: no other user of this computer reads them.
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        hint = "Give a folder of your own with --data-dir."
        raise Unavailable(f"{path} cannot be made: {error.strerror}.", hint=hint) from None
    return is_new


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
