"""Pictures of own goods: which addresses a shop's lists name, what came of each, what offers say.

    picture_from (own)  ->  fetched once, made small  ->  pictures (public), picture_made (own)

An offer says `pictures` made of `picture_from`; where the two part (a new list, an undo), this
brings them together again. What came of an address is noted in the store, so that it is asked once.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from fedretail.domain.catalog import OFFER
from fedretail.domain.kind import RecordId, Value
from fedretail.domain.pictures import Picture, encode_pictures, read_pictures
from fedretail.domain.reasons import Reason
from fedretail.errors import MalformedInput
from fedretail.node.base import BaseNode
from fedretail.node.writing import Overtaken
from fedretail.pictures.blobs import Blobs
from fedretail.store.commits import Edit

NOTES = "picture/"
# Nobody waits longer than a fifth of a second for the write lock.
_BATCH = 200
# A server in trouble is asked again after 10 minutes, then ever later: eight times in four days.
_FIRST_AGAIN_MS, _LAST_AGAIN_MS, _MAX_TRIES = 600_000, 24 * 3600 * 1000, 8
# What no offer names any more is remembered for a season: a list may name it again.
_FORGET_MS = 90 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an address. sizes: made of it, as an offer names them.

    again_ms: when to ask again, None for never; why: what stood in the way.
    """

    sizes: Sequence[Picture] = ()
    tries: int = 0
    again_ms: int | None = None
    why: Reason | None = None


class OwnPictures:
    """The pictures of this shop's own offers. One thread at a time."""

    def __init__(self, node: BaseNode, blobs: Blobs) -> None:
        self._node = node
        self._blobs = blobs
        self._outcomes: dict[str, Outcome] = _noted(node)
        self._from: dict[RecordId, str] = {}
        self._made: dict[RecordId, str] = {}
        # Addresses whose offers name files that are not here, as after an import of an own export;
        # and those that were made again, so that offers may name other files than before.
        self._lost: set[str] = set()
        self._remade: set[str] = set()
        self._stamp: int | None = None
        self._counts: dict[str, int] | None = None

    def look(self) -> None:
        """Read what own offers name, where this shop has written anything since the last look."""
        stamp = self._node.store.meta("last_stamp")
        if stamp == self._stamp or self._node.is_reader:
            return
        self._from, self._made = (self._own(name) for name in ("picture_from", "picture_made"))
        self._stamp, self._counts = stamp, None

    def next(self, now_ms: int, is_passed: Callable[[str], bool]) -> str | None:
        """An address to ask now, but none that is passed over; None where there is none."""
        for place, url in self._from.items():
            outcome = self._outcomes.get(url)
            is_new = outcome is None and (self._made.get(place) != url or url in self._lost)
            is_due = outcome is not None and self._is_due(outcome, now_ms)
            if (is_new or is_due) and not is_passed(url):
                return url
        return None

    def _is_due(self, outcome: Outcome, now_ms: int) -> bool:
        if outcome.sizes:
            # Made once, and lost since; no neighbour may have it.
            return not all(self._blobs.has(one.hash) for one in outcome.sizes)
        return outcome.again_ms is not None and outcome.again_ms <= now_ms

    def made(self, url: str, files: Sequence[tuple[bytes, int, int]]) -> None:
        """Keep the files (bytes, width, height) made of an address, the card first.

        Unavailable where the disk has no room for them.
        """
        sizes = [
            Picture(self._blobs.put(data, is_own=True), len(data), width, height)
            for data, width, height in files
        ]
        known = self._outcomes.get(url)
        if url in self._lost or (known is not None and known.sizes):
            self._lost.discard(url)
            self._remade.add(url)
        self._note(url, Outcome(tuple(dict.fromkeys(sizes))))

    def failed(self, url: str, why: Reason, *, is_final: bool) -> None:
        """Note that an address gave nothing; it is asked again later unless that is final."""
        tries = self._tries(url) + 1
        again_ms = None
        if not is_final and tries < _MAX_TRIES:
            pause_ms = min(_LAST_AGAIN_MS, _FIRST_AGAIN_MS * 3 ** (tries - 1))
            again_ms = self._node.clock.now_ms() + pause_ms
        self._note(url, Outcome((), tries, again_ms, why))

    def forget(self, url: str) -> None:
        """Let an address be asked once more that gave nothing; one that gave a picture stays."""
        known = self._outcomes.get(url)
        if known is not None and not known.sizes:
            del self._outcomes[url]
            self._counts = None
            self._node.store.note(_note_of(url), None)

    def _tries(self, url: str) -> int:
        known = self._outcomes.get(url)
        return 0 if known is None else known.tries

    def settle(self) -> int:
        """Let offers say the pictures that were made of what they name; how many were changed.

        Offers that somebody changes or withdraws at that very moment are left for the next time.
        """
        self.look()
        edits: dict[str, list[Edit]] = {}
        for place in self._from.keys() | self._made.keys():
            fields = self._due_fields(place)
            if fields is not None:
                edits.setdefault(place.collection, []).append(Edit("offer", place.key, fields))
        done, is_whole = 0, True
        for collection, some in edits.items():
            for start in range(0, len(some), _BATCH):
                batch = some[start : start + _BATCH]
                if self._say(collection, batch):
                    done += len(batch)
                else:
                    is_whole = False
        if is_whole:
            self._remade.clear()
        self.look()
        return done

    def _say(self, collection: str, batch: list[Edit]) -> bool:
        """Commit what offers of one site say; False where one is no more as it was looked at."""
        owner = self._node.identity.author().owner
        places = [RecordId(owner, collection, one.kind, one.key) for one in batch]

        def check() -> None:
            present = self._node.store.records_of(places)
            for place in places:
                url = self._node.store.own(place).get("picture_from")
                if place not in present or url != self._from.get(place):
                    raise Overtaken("It has changed meanwhile.")

        try:
            self._node.commit(collection.partition("/")[2], batch, check=check)
        except Overtaken:
            return False
        return True

    def _due_fields(self, place: RecordId) -> Mapping[str, Value] | None:
        """What an offer must say differently; None where nothing."""
        wanted, made = self._from.get(place), self._made.get(place)
        if wanted == made and wanted not in self._remade:
            return None
        if wanted is None:
            return {"pictures": None, "picture_made": None}
        outcome = self._outcomes.get(wanted)
        if outcome is None or not outcome.sizes:
            return None
        return {"pictures": encode_pictures(outcome.sizes), "picture_made": wanted}

    def counts(self) -> dict[str, int]:
        """How many addresses of own offers wait, and how many gave nothing for good."""
        if self._counts is None:
            known = [self._outcomes.get(url) for url in set(self._from.values())]
            waiting = sum(1 for one in known if one is None or one.again_ms is not None)
            given_up = sum(1 for one in known if one and not one.sizes and one.again_ms is None)
            self._counts = {"pictures_waiting": waiting, "pictures_given_up": given_up}
        return self._counts

    def failures(self) -> list[tuple[str, Reason]]:
        """(address, why) of those that gave nothing for good."""
        found = ((url, self._outcomes.get(url)) for url in dict.fromkeys(self._from.values()))
        given_up = ((url, one) for url, one in found if one and not one.sizes)
        return [(url, one.why) for url, one in given_up if one.why and not one.again_ms]

    def tidy(self) -> None:
        """Let pictures go that no own offer names, and forget what was said of old addresses."""
        self.look()
        if self._node.owner is None:
            return
        named: set[bytes] = set()
        for place, value in self._node.store.records("offer", owner=self._node.owner):
            sizes = read_pictures(value.fields.get("pictures")) or ()
            named.update(one.hash for one in sizes)
            if place in self._from and not all(self._blobs.has(one.hash) for one in sizes):
                self._lost.add(self._from[place])
        for url in set(self._from.values()):
            named.update(one.hash for one in self._outcomes.get(url, Outcome()).sizes)
        self._blobs.own_are(named)
        now_ms, urls = self._node.clock.now_ms(), set(self._from.values())
        for key, note in self._node.store.notes(NOTES):
            url = str(note.value.get("url")) if isinstance(note.value, dict) else ""
            if url not in urls and now_ms - note.at_ms > _FORGET_MS:
                self._node.store.note(key, None)
                self._outcomes.pop(url, None)

    def _own(self, field: str) -> dict[RecordId, str]:
        found = self._node.store.own_all(OFFER.name, field)
        owner = self._node.owner
        return {at: text for at, text in found if isinstance(text, str) and at.owner == owner}

    def _note(self, url: str, outcome: Outcome) -> None:
        self._outcomes[url], self._counts = outcome, None
        value = {**asdict(outcome), "url": url}
        value["sizes"] = [[one.name, *one[1:4]] for one in outcome.sizes]
        self._node.store.note(_note_of(url), value)


def _note_of(url: str) -> str:
    return NOTES + hashlib.sha256(url.encode()).hexdigest()[:32]


def outcome_of(node: BaseNode, url: str) -> Outcome | None:
    """What came of an address, None where it was not asked yet."""
    noted = node.store.noted(_note_of(url))
    try:
        return None if noted is None else _outcome(noted.value)
    except (KeyError, TypeError, ValueError, AttributeError, MalformedInput):
        return None


def _noted(node: BaseNode) -> dict[str, Outcome]:
    """What is known of addresses by what was noted; a note that makes no sense is as none."""
    found = {}
    for _, note in node.store.notes(NOTES):
        try:
            found[note.value["url"]] = _outcome(note.value)
        except (KeyError, TypeError, ValueError, AttributeError, MalformedInput):
            continue
    return found


def _outcome(value: Mapping[str, Any]) -> Outcome:
    sizes: list[Value] = [[bytes.fromhex(name), *rest] for name, *rest in value["sizes"]]
    read = read_pictures(sizes) if sizes else ()
    if read is None:
        raise MalformedInput("no sizes of a picture")
    why = Reason.parse(value["why"]) if value["why"] else None
    return Outcome(read, int(value["tries"]), value["again_ms"], why)
