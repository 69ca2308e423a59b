"""Node: everything a program does with one data directory, without knowing what lies below.

    with Node.open(path) as node:
        page = node.search(Query("milk", near=node.position))

A Node may be opened many times, in threads and processes; all meet in the store. The generic door
is records, record, write, remove; methods of its own stand only for what joins parts.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TextIO

from fedretail import config as settings
from fedretail.clock import Clock, SystemClock
from fedretail.config import Config
from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain import kinds
from fedretail.domain.catalog import OFFER
from fedretail.domain.geo import Position, from_e7
from fedretail.domain.kind import RecordId, Value
from fedretail.domain.listings import Listing
from fedretail.domain.sites import Site
from fedretail.errors import Refused, UsageError
from fedretail.index.query import Page, Query
from fedretail.index.search import Index
from fedretail.node import keyring
from fedretail.node.identity import MEMBER, Identity, collection_of
from fedretail.node.keyring import Keyring
from fedretail.node.reductions import is_repriced, with_lowest
from fedretail.store.check import Problem
from fedretail.store.commits import Edit
from fedretail.store.store import FILE_NAME, Store

if TYPE_CHECKING:
    from fedretail.node.imports import ImportOptions, ImportReport, OnProgress
    from fedretail.node.networks import Joined

INDEX_FILE_NAME = "index.db"
_NONCE_BYTES = 8
# As long as a command catches up with the feed before it answers.
FOLLOW_MS = 2000
# Less than that between computers is ordinary, and no price hangs on it.
TOLERATED_MS = 2 * 60 * 1000


@dataclass(frozen=True, slots=True)
class OwnSite:
    """One of this member's sites: its id, its name, its record's fields."""

    id: str
    name: str
    fields: dict[str, Value]

    @property
    def site(self) -> Site:
        """The fields, judged."""
        return Site.from_fields(self.fields)


class CorrectedClock:
    """This computer's clock, put right by its neighbours' where it is off by over two minutes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        # How far this computer's clock is behind, by the median of its neighbours.
        self.offset_ms = 0

    def now_ms(self) -> int:
        """The corrected time, in milliseconds since 1970."""
        is_off = abs(self.offset_ms) > TOLERATED_MS
        return self._clock.now_ms() + (self.offset_ms if is_off else 0)


class Node:
    """One data directory, opened."""

    def __init__(self, path: Path, store: Store, *, clock: Clock) -> None:
        self.path = path
        self.store = store
        self.clock = clock
        # The clock by which prices open and close and ages are told.
        self.time = CorrectedClock(clock)
        self.keyring = Keyring.load(path / keyring.FILE_NAME)
        self.identity = Identity.of(store, self.keyring)

    @classmethod
    def open(cls, path: Path | str, *, clock: Clock | None = None) -> Self:
        """The node in a data directory.

        Unavailable where there is none; Refused where another version wrote it.
        """
        path = Path(path)
        clock = clock or SystemClock()
        store = Store.open(path / FILE_NAME, clock=clock, kinds=kinds.registry())
        try:
            return cls(path, store, clock=clock)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """End the node; what was written is on the disk."""
        if "index" in self.__dict__:
            self.index.close()
        self.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @cached_property
    def config(self) -> Config:
        """The settings of this data directory."""
        return settings.load(self.path)

    @cached_property
    def index(self) -> Index:
        """The search index, made anew where it is missing."""
        return Index.open(self.path / INDEX_FILE_NAME, self.store, clock=self.time)

    @property
    def is_reader(self) -> bool:
        """Whether this node only searches."""
        return self.identity.owner is None

    @property
    def owner(self) -> bytes | None:
        """The member's 16-byte name, None for a reader."""
        return self.identity.owner

    @property
    def position(self) -> Position | None:
        """From where distances are measured when nobody says otherwise."""
        for own in self.sites():
            if own.site.position is not None:
                return own.site.position
        noted = self.store.noted("position")
        return None if noted is None else from_e7(*noted.value)

    @property
    def currency(self) -> str:
        """The currency of the first site; EUR for a reader."""
        return next((own.site.currency for own in self.sites() if own.site.currency), "EUR")

    # --- sites and member ---

    def sites(self) -> list[OwnSite]:
        """This member's own sites, the oldest first: that one stands for all where one must."""
        if self.owner is None:
            return []
        found = self.store.records("site", owner=self.owner)
        own = [pair for pair in found if pair[0].collection == collection_of(pair[0].key)]
        # The nonce is written when a site is made and never again.
        own.sort(key=lambda pair: (pair[1].stamps.get("nonce", 0), pair[0].key))
        return [
            OwnSite(place.key, Site.from_fields(value.fields).name, value.fields)
            for place, value in own
        ]

    def site(self, ref: str | None = None) -> OwnSite:
        """The own site of this id or name; None: the only one.

        UsageError names the choices; Refused for a reader.
        """
        sites = self.sites()
        if not sites:
            self.identity.author()
            raise Refused("This shop has no place yet.", hint="Add one with `fedretail site add`.")
        chosen = [own for own in sites if ref in (None, own.id, own.name)]
        if len(chosen) == 1:
            return chosen[0]
        names = ", ".join(f"{own.name} ({own.id})" for own in sites)
        what = f"There is no site {ref!r}." if ref and not chosen else "Which site is meant?"
        raise UsageError(what, hint=f"Name one of these: {names}")

    def add_site(
        self,
        name: str,
        position: Position,
        *,
        hours: str | None = None,
        time_zone: str = "UTC",
        contact: str = "",
        currency: str | None = None,
    ) -> OwnSite:
        """A new place that this member trades from."""
        author, nonce = self.identity.author(), secrets.token_bytes(_NONCE_BYTES)
        currency = currency or self.currency
        site = Site(
            name=name,
            position=position,
            hours=hours,
            time_zone=time_zone,
            contact=contact,
            currency=currency,
            nonce=nonce,
        )
        key = site_id(author.owner, nonce)
        self.commit(key, [Edit("site", key, site.to_fields())], site=site)
        return self.site(key)

    def set_site(self, own: OwnSite, fields: Mapping[str, Value]) -> bool:
        """Change a site; whether anything did. A move gives its head another area."""
        changed = _differing(own.fields, fields)
        if not changed:
            return False
        site = Site.from_fields({**own.fields, **changed})
        self.commit(own.id, [Edit("site", own.id, changed)], site=site)
        return True

    def member(self) -> dict[str, Value]:
        """What this member says of itself."""
        found = None if self.owner is None else self.store.record(self._member_place())
        return {} if found is None else found.fields

    def set_member(self, fields: Mapping[str, Value]) -> bool:
        """Change what this member says of itself; whether anything did."""
        changed = _differing(self.member(), fields)
        if changed:
            author = self.identity.author()
            self.store.commit(author, MEMBER, [Edit(MEMBER, "self", changed)])
        return bool(changed)

    def _member_place(self) -> RecordId:
        return RecordId(self.identity.author().owner, MEMBER, MEMBER, "self")

    # --- the generic door ---

    def records(self, kind: str) -> Iterator[tuple[RecordId, Folded]]:
        """Everybody's records of a kind."""
        return self.store.records(kind)

    def record(self, place: RecordId) -> Folded | None:
        """One record's present value, None where it does not exist."""
        return self.store.record(place)

    def place(self, kind: str, key: str, own: OwnSite) -> RecordId:
        """The id of a record at one of this member's sites."""
        return RecordId(self.identity.author().owner, collection_of(own.id), kind, key)

    def write(self, kind: str, key: str, fields: Mapping[str, Value], *, site: OwnSite) -> bool:
        """Set fields of a record at an own site, public and own ones; whether anything changed."""
        place = self.place(kind, key, site)
        found = self.store.record(place)
        present = {**(found.fields if found else {}), **self.store.own(place)}
        changed = _differing(present, fields)
        if not changed:
            return False
        if kind == OFFER.name and is_repriced(present, changed):
            versions = self.store.versions(place)
            changed = with_lowest(present, changed, versions, now_ms=self.clock.now_ms())
        self.commit(site.id, [Edit(kind, key, changed)])
        return True

    def remove(self, kind: str, key: str, *, site: OwnSite) -> bool:
        """Withdraw a record at an own site; False where there is none."""
        if self.store.record(self.place(kind, key, site)) is None:
            return False
        self.commit(site.id, [Edit(kind, key, is_deletion=True)])
        return True

    def commit(self, site_id: str, edits: list[Edit], *, site: Site | None = None) -> None:
        """Make edits of one own site durable; `site` where its record itself changes."""
        self.store.commit(self.identity.author(site), collection_of(site_id), edits)

    # --- search ---

    def follow(self) -> None:
        """Let the index catch up with the store, for at most 2 s; the daemon does it anyway."""
        self._correct_time()
        self.index.follow(deadline_ms=self.time.now_ms() + FOLLOW_MS)

    def _correct_time(self) -> None:
        """Take over what the daemon has found out about this computer's clock."""
        from fedretail.node.status import daemon_state

        state = daemon_state(self)
        self.time.offset_ms = 0 if state is None else state["clock_offset_ms"]

    def search(self, query: Query) -> Page:
        """The answer from this disk; `behind` says how much it does not know yet."""
        self.follow()
        return self.index.search(query)

    def show(self, offer_id: str) -> Listing | None:
        """One offer with its distance from here, None where there is none."""
        self.follow()
        return self.index.show(offer_id, near=self.position)

    def reindex(self, on_progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Make the index anew from the store; how many offers it holds."""
        self.index.rebuild(on_progress)
        return self.index.statistics()["offers"]

    # --- what joins parts; each stands in a module of its own ---

    def import_file(
        self,
        path: Path,
        options: "ImportOptions",
        on_progress: "OnProgress" = lambda done, total, rows: None,
    ) -> "ImportReport":
        """Take a file's offers into a site; see `fedretail.node.imports`."""
        from fedretail.node.imports import import_file

        return import_file(self, path, options, on_progress)

    def export(
        self, out: TextIO, *, mine: bool, on_progress: Callable[[int], None] = lambda done: None
    ) -> int:
        """Write records as JSON Lines; how many. `mine`: own records only, own fields too."""
        from fedretail.node.exports import export

        return export(self, out, mine=mine, on_progress=on_progress)

    def ticket(self, name: str | None = None) -> str:
        """The ticket of this node's network; see `fedretail.node.networks`."""
        from fedretail.node.networks import ticket

        return ticket(self, name)

    def join(self, text: str) -> "Joined":
        """Enter the network of a ticket; see `fedretail.node.networks`."""
        from fedretail.node.networks import join

        return join(self, text)

    def status(self) -> dict[str, Any]:
        """The object of `fedretail status --json`."""
        from fedretail.node.status import status

        return status(self)

    def peers(self) -> list[dict[str, Any]]:
        """Neighbours with a session now, as the daemon last wrote down."""
        peers: list[dict[str, Any]] = self.status()["peers"]
        return peers

    def sentence(self) -> str:
        """How it stands with this shop's prices, in one sentence."""
        from fedretail.node.status import sentence

        return sentence(self)

    def check(
        self, on_progress: Callable[[str], None] = lambda place: None
    ) -> Iterator[tuple[str, list[Problem]]]:
        """Recount every digest and verify every signature: (place, problems) for each log."""
        for place, problems in self.store.check():
            on_progress(place)
            yield place, problems

    def keys(self) -> dict[str, Any]:
        """The public halves of this node's keys, and where the file lies."""
        return {
            "member": None if self.owner is None else self.owner.hex(),
            "device": self.identity.device.public.hex(),
            "peer_id": self.identity.peer_id,
            "file": str(self.path / keyring.FILE_NAME),
            "backed_up": self.keyring.backed_up,
        }

    def backup_keys(self, target: Path) -> None:
        """Copy the keys file; Refused where `target` exists."""
        self.keyring.backup(self.path / keyring.FILE_NAME, target)
        self.keyring = Keyring.load(self.path / keyring.FILE_NAME)


def _differing(present: Mapping[str, Value], wanted: Mapping[str, Value]) -> dict[str, Value]:
    """The fields of `wanted` that say something else; None where nothing stands is no change."""
    return {name: value for name, value in wanted.items() if present.get(name) != value}
