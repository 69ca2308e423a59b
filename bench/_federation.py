"""A federation of any size for measuring search: worked out when asked for, not held in memory.

Names and barcodes are real where FEDRETAIL_TEST_DATA has them, and so are the places of the
shops; prices are made up. Everything follows from the numbers of shop and item, so that every
process that asks sees the same federation.
"""

import gzip
import json
import os
import random
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from _shops import products

from fedretail.crdt.names import site_id
from fedretail.crdt.registers import Folded
from fedretail.domain.geo import Position, to_e7
from fedretail.domain.kind import RecordId
from fedretail.store.last_seen import Seen

SHELVES = [f"{top} > {part}" for top in ("Food", "Drinks", "Home", "Garden", "Care")
           for part in ("Basics", "Fresh", "Dairy", "Offers", "Organic", "Other")]  # fmt: skip
# What nobody's name holds, and a twentieth of the offers does, as milk in a real dense set.
COMMON_PART = 20
# Real shops' hours repeat; a few of them stand for all.
HOURS = ("24/7", "Mo-Sa 08:00-20:00", "Mo-Fr 09:00-18:00; Sa 09:00-14:00", "Tu-Su 10:00-22:00",
         "Mo-Fr 07:00-19:00")  # fmt: skip
BRANDS = 3_000
CLAIMS = (["organic"], ["vegan"], ["organic", "fair trade"])
DAY_MS = 24 * 3600 * 1000
# The middle around which a dense federation is drawn together, and how far: as many shops within
# 20 km (480 in the median) as a city's surroundings have.
_MIDDLE = (50.0, 9.05)
_DENSE = 0.41


class Federation:
    """Shops with offers: the reading side of a store over numbers."""

    id = "federation"

    def __init__(self, offers: int, *, dense: bool, now_ms: int) -> None:
        """`offers` of about 52 a shop (250 in 5 million), places drawn together or as they are."""
        self.offers = offers
        self.now_ms = now_ms
        self.items = max(5, min(250, offers // 19_000))
        self.places = _places(max(1, offers // self.items), dense)
        self.goods = list(products(min(200_000, max(offers, 1_000))))
        self._ids: list[RecordId] = []
        for number in range(len(self.places)):
            owner = number.to_bytes(16, "big")
            site = site_id(owner, b"n")
            self._ids.append(RecordId(owner, f"site/{site}", "site", site))
        self._numbers = {record.collection: number for number, record in enumerate(self._ids)}
        self.changed: dict[RecordId, dict[str, Any]] = {}
        self._later: list[RecordId] = []
        self._first_end = len(self._ids) * (self.items + 1)

    def offer(self, shop: int, item: int) -> RecordId:
        """The record of an item of a shop."""
        return self._ids[shop]._replace(kind="offer", key=f"A{item}")

    def owner(self, shop: int) -> bytes:
        """Whose shop it is."""
        return self._ids[shop].owner

    def change(self, record: RecordId, **fields: Any) -> None:
        """Other values of some fields, at the end of the feed."""
        self.changed[record] = self.fields(record) | fields
        self._later.append(record)

    def fields(self, record: RecordId) -> dict[str, Any]:
        """The present value of a record."""
        changed = self.changed.get(record)
        if changed is not None:
            return changed
        shop = self._numbers[record.collection]
        if record.kind == "site":
            lat_e7, lon_e7 = to_e7(self.places[shop])
            return {
                "name": f"Shop {shop}", "nonce": b"n", "currency": "EUR",
                "hours": HOURS[shop % len(HOURS)],
                "lat_e7": lat_e7, "lon_e7": lon_e7, "time_zone": "Europe/Berlin",
            }  # fmt: skip
        return self._made_up(shop, int(record.key[1:]))

    def _made_up(self, shop: int, item: int) -> dict[str, Any]:
        # Knuth's multiplier scatters neighbours over the whole list.
        number = (shop * self.items + item) * 2_654_435_761 % (1 << 32)
        barcode, name = self.goods[number % len(self.goods)]
        if number % COMMON_PART == 0 and "milk" not in name.lower():
            name += " milk"
        fields: dict[str, Any] = {
            "name": name,
            "category": SHELVES[number // 7 % len(SHELVES)],
            "currency": "EUR",
            "prices": [[50 + number // 11 % 2_000]],
            "stock": ("none", "few", "some", "unknown")[number // 13 % 4],
            "net": ["500", "GRM"],
            "source": "prices.csv",
        }
        if number % 3 == 0:
            fields["brand"] = f"Brand {number // 3 % BRANDS}"
        if number % 16 == 1:
            fields["claims"] = CLAIMS[number // 16 % len(CLAIMS)]
        if number % 64 == 2:
            fields["type"] = "service"
        if number % 64 == 3:
            cents = fields["prices"][0][0]
            fields["prices"] = [[cents], [cents * 9 // 10, None, None, 1, 1]]
        if number % 64 == 4:
            cents = fields["prices"][0][0]
            ends_ms = self.now_ms + number // 64 % 20 * DAY_MS // 10
            fields["prices"] = [[cents], [cents * 3 // 4, self.now_ms - DAY_MS, ends_ms]]
        return fields | ({"gtin": barcode.rjust(14, "0")} if barcode else {})

    # --- as the index reads it --------------------------------------------------------------

    def feed(self, after: int, limit: int) -> list[tuple[int, RecordId]]:
        """Up to `limit` (cursor, record) behind the cursor `after`, in order."""
        return [(n + 1, self._entry(n)) for n in range(after, min(after + limit, self.feed_end()))]

    def _entry(self, number: int) -> RecordId:
        if number >= self._first_end:
            return self._later[number - self._first_end]
        shop, item = divmod(number, self.items + 1)
        return self.offer(shop, item - 1) if item else self._ids[shop]

    def feed_end(self) -> int:
        """The newest cursor."""
        return self._first_end + len(self._later)

    def feed_start(self) -> int:
        """The newest cursor that was forgotten: none."""
        return 0

    def feed_behind(self, after: int) -> int:
        """How many feed entries stand behind the cursor `after`."""
        return self.feed_end() - after

    def record(self, place: RecordId, /) -> Folded | None:
        """The present value of a record."""
        return self.records_of([place]).get(place)

    def records_of(self, places: Iterable[RecordId], /) -> dict[RecordId, Folded]:
        """The present values of records."""
        found = {}
        for place in places:
            if place.kind != "source":
                fields = self.fields(place)
                stamp = self.now_ms - self._numbers[place.collection] % 90 * DAY_MS
                found[place] = Folded(fields, dict.fromkeys(fields, stamp))
        return found

    def signed_twice(self, owner: bytes, collection: str) -> bool:
        """Whether the owner's machine has signed two states of this collection: never."""
        return False

    def seen_at(self, owner: bytes, collection: str) -> int | None:
        """When the owner's machine last signed this collection, ms."""
        return self.now_ms

    def all_seen(self, known: Seen | None, /) -> Seen:
        """`seen_at` of all collections."""
        if known is not None:
            return known
        return Seen((0,), {(one.owner, one.collection): self.now_ms for one in self._ids})


@lru_cache
def _real_places() -> list[tuple[float, float]]:
    folder = os.environ.get("FEDRETAIL_TEST_DATA")
    source = Path(folder or ".") / "shops" / "farmshops.json.gz"
    if folder and source.is_file():
        with gzip.open(source, "rt", encoding="utf-8") as file:
            return [(shop["lat"], shop["lon"]) for shop in json.load(file)]
    chance = random.Random(7)
    return [(chance.gauss(50, 1.5), chance.gauss(10, 2)) for _ in range(24_000)]


def _places(count: int, dense: bool) -> list[Position]:
    chance = random.Random(5)
    real = list(_real_places())
    chance.shuffle(real)
    scale = _DENSE if dense else 1.0
    (lat, lon), places = _MIDDLE, []
    for number in range(count):
        one = real[number % len(real)]
        # More shops than real ones: others beside them, some kilometres off.
        off = (chance.gauss(0, 0.05), chance.gauss(0, 0.08)) if number >= len(real) else (0.0, 0.0)
        places.append(
            Position(lat + (one[0] + off[0] - lat) * scale, lon + (one[1] + off[1] - lon) * scale)
        )
    return places
