"""What a node answers, as records; `raw` is the whole object, which may tell more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency."""

    amount: Decimal
    currency: str

    @classmethod
    def of(cls, raw: Mapping[str, Any] | None) -> Self | None:
        """The amount, None where none is said."""
        return None if raw is None else cls(Decimal(raw["amount"]), raw["currency"])

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True)
class Stock:
    """level: "none", "few", "some" or "unknown"; left: how many, where the shop tells."""

    level: str
    left: int | None
    made_to_order: bool


@dataclass(frozen=True, slots=True)
class Site:
    """A place somebody trades from. open: None where its hours are not known."""

    id: str
    name: str
    lat: float | None
    lon: float | None
    open: bool | None
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """The site of an object."""
        return cls(raw["id"], raw["name"], raw["lat"], raw["lon"], raw["open"], raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An offer. seen_at: when its shop was last heard of; confirmed_at: when the price was."""

    id: str
    name: str
    gtin: str | None
    price: Money | None
    regular_price: Money | None
    stock: Stock
    distance_m: int | None
    site: Site
    seen_at: datetime | None
    confirmed_at: datetime | None
    is_own: bool
    raw: Mapping[str, Any]

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """The offer of an object."""
        stock = raw["stock"]
        return cls(
            id=raw["offer"],
            name=raw["name"],
            gtin=raw["gtin"],
            price=Money.of(raw["price"]),
            regular_price=Money.of(raw["regular_price"]),
            stock=Stock(stock["level"], stock["left"], stock["made_to_order"]),
            distance_m=raw["distance_m"],
            site=Site.of(raw["site"]),
            seen_at=_moment(raw["seen_at"]),
            confirmed_at=_moment(raw["confirmed_at"]),
            is_own=raw["own"],
            raw=raw,
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Results of a search. next: the cursor of the page after; None: this is the last."""

    results: list[Offer]
    total: int
    next: str | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Product:
    """A product and its offers."""

    gtin: str
    name: str
    total: int
    offers: list[Offer]
    next: str | None
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A record that changed. record: as it is now, in the exchange format; None: withdrawn."""

    cursor: str
    id: str
    kind: str
    owner: str
    record: Mapping[str, Any] | None

    @classmethod
    def of(cls, raw: Mapping[str, Any]) -> Self:
        """The change of an object."""
        return cls(raw["cursor"], raw["id"], raw["kind"], raw["owner"], raw["record"])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
