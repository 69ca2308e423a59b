"""The shapes of answers, for the description of the API: fields are added, none is taken away.

Answers are made where the objects of `--json` are; tests hold them against these.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Time = Annotated[str, Field(description="RFC 3339 in UTC.")]


class Money(BaseModel):
    """An amount as a decimal string, in the currency beside it."""

    amount: str
    currency: str


class UnitPrice(Money):
    """The price of one kg, l, m or piece."""

    per: str


class Stock(BaseModel):
    """level: what may be said of it; left: how many, where the shop tells."""

    level: Literal["none", "few", "some", "unknown"]
    left: int | None
    made_to_order: bool


class ListedSite(BaseModel):
    """The site of a listing. open: null where its hours are not known."""

    id: str
    name: str
    lat: float | None
    lon: float | None
    open: bool | None


class Listing(BaseModel):
    """An offer as search shows it.

    seen_at: when its shop's computer was last heard of; confirmed_at: when somebody last stood
    behind the price.
    """

    offer: str
    name: str
    gtin: str | None
    price: Money | None
    regular_price: Money | None
    unit_price: UnitPrice | None
    stock: Stock
    distance_m: int | None
    bearing: int | None
    site: ListedSite
    seen_at: Time | None
    confirmed_at: Time | None
    warnings: list[str]
    own: bool
    for_members: bool


class Instead(BaseModel):
    """A word that no offer has, and what was looked for instead."""

    typed: str
    shown: list[str]


class Group(BaseModel):
    """One product with its offers."""

    gtin: str | None
    name: str
    total: int
    offers: list[Listing]


class Products(BaseModel):
    """With `group`: how many products, and those of this page."""

    total: int
    groups: list[Group]


class Found(BaseModel):
    """The object of `fedretail search --json`."""

    results: list[Listing]
    total: int
    took_ms: float
    next: Annotated[str | None, Field(description="Cursor of the page after; null: the last.")]
    further: Annotated[Listing | None, Field(description="The nearest hit beyond the area.")]
    facets: dict[str, Any] | None
    products: Products | None
    reasons: list[dict[str, Any]] | None
    instead: list[Instead]


class Imprint(BaseModel):
    """What the law asks a seller to say."""

    legal_name: str
    address: str
    contact: str
    register_: Annotated[str, Field(alias="register")]
    vat_number: str


class Seller(BaseModel):
    """Who trades. private: a person who owes no imprint."""

    name: str
    legal_form: str
    imprint: Imprint
    private: bool
    town: str


class Offer(Listing):
    """The object of `fedretail show --json`."""

    deposit: Money | None
    lowest_30d: Money | None
    description: str
    category: str
    brand: str
    claims: list[str]
    allergens: list[str]
    hazard: list[str]
    min_age: int | None
    position_note: str
    hours: str | None
    time_zone: str
    contact: str
    address: str
    seller: Seller


class Price(BaseModel):
    """A price as a decimal string with a point; currency: that of the offer."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["3.49"])]
    currency: Annotated[str | None, Field(pattern=r"^[A-Z]{3}$")] = None


class OfferEdit(BaseModel):
    """What to change. price: in place of all others; stock: a count, or a level."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"price": {"amount": "3.49"}, "stock": 12}]},
    )

    price: Price | None = None
    stock: (
        Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
        | Literal["none", "few", "some", "unknown"]
    ) = "unknown"


class Product(BaseModel):
    """A product and its offers, as many as a page holds."""

    gtin: str
    name: str
    category: str
    total: int
    offers: list[Listing]
    next: str | None


class Site(BaseModel):
    """A place somebody trades from."""

    id: str
    member: str
    name: str
    lat: float | None
    lon: float | None
    position_note: str
    hours: str | None
    time_zone: str
    open: bool | None
    contact: str
    address: str
    currency: str | None
    seen_at: Time | None
    own: bool


class Sites(BaseModel):
    """A page of sites."""

    sites: list[Site]
    next: str | None


class Member(Seller):
    """A person or organisation in the federation."""

    id: str
    own: bool


class Members(BaseModel):
    """A page of members."""

    members: list[Member]
    next: str | None


class Change(BaseModel):
    """A record that changed. record: as it is now, a line of the exchange format; null: gone."""

    cursor: str
    id: str
    kind: str
    owner: str
    record: dict[str, Any] | None


class Changes(BaseModel):
    """cursor: to go on from; more: whether there is more now."""

    changes: list[Change]
    cursor: str
    more: bool


class Problem(BaseModel):
    """What went wrong (RFC 9457). hint: the next thing to do."""

    type: str
    title: str
    status: int
    detail: str
    hint: str | None = None
