"""What every part of a node builds on: its store, index, keys, sites and the generic door."""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fedretail import config as settings
from fedretail.clock import Clock, SystemClock
from fedretail.config import Config
from fedretail.crdt.head import SignedHead
from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain import kinds
from fedretail.domain.geo import Position, from_e7
from fedretail.domain.ids import MEMBER_COLLECTION, collection_of
from fedretail.domain.kind import Kind, RecordId, Value
from fedretail.domain.listings import Listing
from fedretail.domain.members import MEMBER, SELF
from fedretail.domain.sites import Site
from fedretail.errors import FedretailError, Refused, Unavailable, UsageError
from fedretail.index.query import Page, Query
from fedretail.index.search import Index, has_no_room
from fedretail.locks import FileLock
from fedretail.node import keyring, writing
from fedretail.node.clocks import CorrectedClock, wrong_clock
from fedretail.node.identity import Identity
from fedretail.node.keyring import Keyring
from fedretail.node.own_sites import OwnSite
from fedretail.node.settling import settle
from fedretail.node.writing import differing
from fedretail.store.commits import Edit
from fedretail.store.database import PUT_BACK, is_no_store
from fedretail.store.deeds import Deed
from fedretail.store.store import FILE_NAME, Store

if TYPE_CHECKING:
    from tempfile import TemporaryDirectory

    from fedretail.index.views import View

# Under this key the daemon notes its state, every 5 s; three times that without a word means that
# it is gone, or cannot write. It holds the lock on this file as long as it lives.
DAEMON = "daemon"
DAEMON_LOCK_NAME = "daemon.lock"
STALE_MS = 15_000
INDEX_FILE_NAME = "index.db"
_NONCE_BYTES = 8
# As long as a command catches up with the feed before it answers.
FOLLOW_MS = 2000


class BaseNode:
    """One data directory, opened, without what joins parts; see `Node`."""

    def __init__(self, path: Path, store: Store, *, clock: Clock, or_frozen: bool = False) -> None:
        self.path = path
        self._or_frozen = or_frozen
        # Where the index lies when it cannot lie in the data directory.
        self._folder: TemporaryDirectory[str] | None = None
        # Why the index could not follow when it was last asked to.
        self.hindrance: Unavailable | None = None
        # Whether a daemon in this process keeps the index and the time right.
        self.has_follower = False
        self.store = store
        self.clock = clock
        self.kinds = store.kinds
        # Whose each site is, as far as somebody has asked.
        self.owner_of_site: dict[str, bytes] = {}
        # The clock by which prices open and close and ages are told.
        self.time = CorrectedClock(clock)
        self.keyring = Keyring.load(path / keyring.FILE_NAME)
        self.identity = Identity.of(store, self.keyring)

    @classmethod
    def open(cls, path: Path | str, *, clock: Clock | None = None, or_frozen: bool = False) -> Self:
        """The node in a data directory.

        Unavailable where there is none, or it is damaged; Refused where another version wrote it,
        or it is of something else. `or_frozen`: where nothing can be written (a full or read-only
        disk), all is read as it stands, for a short look.
        """
        settle(path := Path(path))
        clock = clock or SystemClock()
        try:
            store = Store.open(
                path / FILE_NAME, clock=clock, kinds=_kinds(path), or_frozen=or_frozen
            )
        except FedretailError as error:
            if is_no_store(error) and (path / keyring.FILE_NAME).is_file():
                raise Unavailable(
                    f"The store {path / FILE_NAME} is damaged: it is empty, or something else has "
                    "been written over it.",
                    hint=PUT_BACK,
                ) from error
            raise
        try:
            return cls(path, store, clock=clock, or_frozen=or_frozen)
        except BaseException:
            store.close()
            raise

    def close(self) -> None:
        """End the node; what was written is on the disk."""
        if "index" in self.__dict__:
            self.index.close()
        self.store.close()
        if self._folder is not None:
            self._folder.cleanup()

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
        path = self.path / INDEX_FILE_NAME
        index = Index.open(path, self.store, clock=self.time, or_frozen=self._or_frozen)
        if self._or_frozen and _is_unwritable(self.path) and not _is_of_use(index):
            # None that fits, and none can be made there: this answer gets one of its own.
            from tempfile import TemporaryDirectory, gettempdir

            if has_no_room(Path(gettempdir())):
                return index
            index.close()
            self._folder = TemporaryDirectory(prefix="fedretail-")
            path = Path(self._folder.name) / INDEX_FILE_NAME
            index = Index.open(path, self.store, clock=self.time)
        return index

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

        UsageError names the choices; Refused for a reader, and where the clock hides them.
        """
        sites = self.sites()
        if not sites:
            self.identity.author()
            self.refuse_wrong_clock()
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
        position: Position | None,
        *,
        hours: str | None = None,
        time_zone: str = "UTC",
        contact: str = "",
        currency: str | None = None,
        position_note: str = "",
        colour: int | None = None,
    ) -> OwnSite:
        """A new place that this member trades from; Refused where the clock hides those it has."""
        author, nonce = self.identity.author(), secrets.token_bytes(_NONCE_BYTES)
        if not self.sites():
            self.refuse_wrong_clock()
        site = Site(
            name=name,
            position=position,
            position_note=position_note,
            hours=hours,
            time_zone=time_zone,
            contact=contact,
            currency=currency or self.currency,
            colour=colour,
            nonce=nonce,
        )
        key = site_id(author.owner, nonce)
        self.commit(key, [Edit("site", key, site.to_fields())], site=site)
        return self.site(key)

    def wrong_clock(self) -> Refused | None:
        """What to say where this computer's clock is earlier than this shop's own entries."""
        return wrong_clock(self.store, self.owner, self.clock.now_ms())

    def refuse_wrong_clock(self) -> None:
        """Raise that, instead of saying that something is not there."""
        wrong = self.wrong_clock()
        if wrong is not None:
            raise wrong

    def set_site(self, own: OwnSite, fields: Mapping[str, Value]) -> bool:
        """Change a site; whether anything did. A move gives its head another area."""
        if not (changed := differing(own.fields, fields)):
            return False
        site = Site.from_fields({**own.fields, **changed})
        self.commit(own.id, [Edit("site", own.id, changed)], site=site, deed=Deed.new())
        return True

    def member(self) -> dict[str, Value]:
        """What this member says of itself; nothing for a reader."""
        found = None if self.owner is None else self.record(self.place(MEMBER.name, SELF))
        return {} if found is None else found.fields

    def set_member(self, fields: Mapping[str, Value]) -> bool:
        """Change what this member says of itself; whether anything did."""
        return self.write(MEMBER.name, SELF, fields)

    # --- the generic door ---

    def records(self, kind: str) -> Iterator[tuple[RecordId, Folded]]:
        """Everybody's records of a kind."""
        return self.store.records(kind)

    def record(self, place: RecordId) -> Folded | None:
        """One record's present value, None where it does not exist."""
        return self.store.record(place)

    def place(self, kind: str, key: str, site: OwnSite | None = None) -> RecordId:
        """The id of a record of this member: at one of its sites (None: the only one) or its own.

        UsageError for a kind that is not known; Refused for a reader.
        """
        known = self.kinds.get(kind)
        if known is None:
            raise UsageError(f"There is no kind of record named {kind!r}.")
        owner, collection = self.identity.author().owner, MEMBER_COLLECTION
        if known.collection == "site":
            collection = collection_of((site or self.site()).id)
        return RecordId(owner, collection, kind, key)

    def write(
        self,
        kind: str,
        key: str,
        fields: writing.Wanted,
        *,
        site: OwnSite | None = None,
        only_if: writing.OnlyIf | None = None,
    ) -> bool:
        """Set fields of a record, public and own ones; whether anything changed.

        `fields`: or what makes them of all that the record has. `site`: as for `place`. `only_if`:
        what must hold of the record when it is written, whoever else writes; else Overtaken.
        """
        return writing.write(self, self.place(kind, key, site), fields, only_if)

    def remove(self, kind: str, key: str, *, site: OwnSite | None = None) -> bool:
        """Withdraw a record; False where there is none. `site`: as for `place`."""
        place = self.place(kind, key, site)
        if self.store.record(place) is None:
            return False
        self._commit(place, Edit(kind, key, is_deletion=True), Deed.new())
        return True

    def _commit(self, place: RecordId, edit: Edit, deed: Deed | None) -> None:
        self.store.commit(self.identity.author(), place.collection, [edit], deed=deed)

    def commit(
        self,
        site_id: str,
        edits: list[Edit],
        *,
        site: Site | None = None,
        deed: Deed | None = None,
        check: Callable[[], None] | None = None,
    ) -> SignedHead | None:
        """Make edits of one own site durable; `site` where its record itself changes.

        The new head, None where no public field was edited. `deed`: what they are undone with;
        None: they cannot be. `check`: see `Store.commit`.
        """
        author, collection = self.identity.author(site), collection_of(site_id)
        return self.store.commit(author, collection, edits, deed=deed, check=check)

    # --- search ---

    def follow(self) -> None:
        """Let the index catch up with the store, for at most 2 s; the daemon does it anyway.

        Where it cannot be written, it answers from what it knows; `hindrance` says why.
        """
        if self.has_follower:
            return
        self._correct_time()
        self.hindrance = None
        try:
            self.index.follow(deadline_ms=self.time.now_ms() + FOLLOW_MS)
        except Unavailable as error:
            self.hindrance = error

    def daemon_state(self) -> dict[str, Any] | None:
        """What the daemon of this data directory noted last, None where none runs."""
        note = self.store.noted(DAEMON)
        if note is None or abs(self.clock.now_ms() - note.at_ms) > STALE_MS:
            return None
        # A daemon that was killed leaves its note behind, but not its lock.
        if not self.is_daemon_alive():
            return None
        state: dict[str, Any] = note.value
        return state

    def is_daemon_alive(self) -> bool:
        """Whether a daemon has begun, be it that it has noted no state yet."""
        return FileLock(self.path / DAEMON_LOCK_NAME).is_held()

    def _correct_time(self) -> None:
        """Take over what the daemon has found out about this computer's clock."""
        state = self.daemon_state()
        self.time.offset_ms = 0 if state is None else state["clock_offset_ms"]

    def search(self, query: Query) -> Page:
        """The answer from this disk; `behind` says how much it does not know yet."""
        self.follow()
        return self.index.search(replace(query, owner=self.owner))

    def show(self, offer_id: str, *, view: "View | None" = None) -> Listing | None:
        """One offer with its distance from here, None where there is none (in this view)."""
        self.follow()
        return self.index.show(offer_id, near=self.position, view=view, owner=self.owner)

    def reindex(self, on_progress: Callable[[int, int], None] = lambda done, total: None) -> int:
        """Make the index anew from the store; how many offers it holds."""
        self.index.rebuild(on_progress)
        return self.index.statistics()["offers"]


def _kinds(path: Path) -> Mapping[str, Kind]:
    """All kinds of record, with those of the plug-ins that the settings name."""
    try:
        named = settings.load(path).plugins
    except FedretailError:
        # Who needs the settings says so; a look at the shop needs none.
        named = ()
    if not named:
        return kinds.registry()
    from fedretail.node import plugins

    return kinds.registry(plugins.kinds_of(named))


def _is_unwritable(path: Path) -> bool:
    return not os.access(path, os.W_OK) or has_no_room(path)


def _is_of_use(index: Index) -> bool:
    """Whether an index can be read, and is not one that was begun and never filled."""
    try:
        found = index.statistics()
    except Unavailable:
        return False
    return bool(found["offers"]) or not found["behind"]
