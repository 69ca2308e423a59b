"""How the shop will look: its card on a screen, from what was entered so far."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from fedretail.domain.catalog import Offer
from fedretail.domain.hours import zone_of
from fedretail.domain.prices import price_now
from fedretail.domain.sites import Site
from fedretail.domain.texts import clean_line
from fedretail.errors import MalformedInput
from fedretail.node.samples import SAMPLES, sample_name
from fedretail.web.first.answers import (
    Answers,
    Machine,
    colour_of,
    currency_of,
    has_samples,
    hours_of,
    is_alone,
    offers_of,
    time_zone_of,
)
from fedretail.web.first.price_list import Reading
from fedretail.web.pages.drawings import Drawing, drawing_for
from fedretail.web.pages.signs import initials
from fedretail.web.pages.speech import Said, Speech
from fedretail.web.pages.translations import translations

# As many goods as a card shows.
_GOODS = 3


@dataclass(frozen=True, slots=True)
class Good:
    """One of the goods on the card."""

    drawing: Drawing
    name: str
    price: str


@dataclass(frozen=True, slots=True)
class Look:
    """The card; opening: as far as hours are known, count: of all goods."""

    name: str
    initials: str
    colour: int
    opening: Said
    goods: Sequence[Good]
    is_alone: bool


def look_of(
    answers: Answers, machine: Machine, reading: Reading | None, *, language: str, now_ms: int
) -> Look:
    """The card of these answers; what is faulty in them is left out."""
    name = clean_line(answers.get("name", ""))
    zone = _or(lambda: time_zone_of(answers, machine), "UTC")
    clock = zone_of(zone, at_ms=now_ms)
    speech = Speech(language, translations(language), zone=clock, now_ms=now_ms)
    site = Site(name=name, hours=_or(lambda: hours_of(answers), None), time_zone=zone)
    state = site.open_state(now_ms)
    currency = _or(lambda: currency_of(answers, machine), "EUR")
    goods = _goods(answers, reading, currency=currency, speech=speech)
    return Look(
        name=name,
        initials=initials(name) if name else "",
        colour=colour_of(answers),
        opening=speech.opening(state.open, state.until_ms, zone),
        goods=tuple(islice(goods, _GOODS)),
        is_alone=is_alone(answers),
    )


def _or(read: Any, otherwise: Any) -> Any:
    try:
        return read()
    except MalformedInput:
        return otherwise


def _goods(
    answers: Answers, reading: Reading | None, *, currency: str, speech: Speech
) -> Iterator[Good]:
    for fields in _typed(answers, currency, speech.now_ms):
        yield _good(fields, currency, speech)
    if reading is not None and reading.report is not None:
        for fields in reading.report.samples:
            yield _good(fields, currency, speech)
    if has_samples(answers):
        for one in SAMPLES:
            name, shelf = sample_name(one, speech.language), one.categories["en"]
            yield Good(drawing_for(shelf, name), name, speech.money(one.amount_minor, currency))


def _typed(answers: Answers, currency: str, now_ms: int) -> list[dict[str, Any]]:
    """The typed offers that can be read, each by itself."""
    found: list[dict[str, Any]] = []
    for row in range(1, 6):
        one = {name: text for name, text in answers.items() if name.endswith(str(row))}
        found += _or(lambda one=one: list(offers_of(one, currency, now_ms).values()), [])
    return found


def _good(fields: dict[str, Any], currency: str, speech: Speech) -> Good:
    offer = Offer.from_fields(fields)
    price = price_now(offer.prices, speech.now_ms)
    said = "" if price is None else speech.money(price.amount_minor, offer.currency or currency)
    return Good(drawing_for(offer.category or "", offer.name), offer.name, said)
