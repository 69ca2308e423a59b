"""What was entered at a first run, as it was typed, and what it says.

Texts stay as they are, faulty ones too: nobody types anything twice. What is wrong is told at its
field; what is left out is left for later.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fedretail.domain.geo import Position, parse_position
from fedretail.domain.hours import validate_zone
from fedretail.domain.ids import name_hash, record_key
from fedretail.domain.kind import Value
from fedretail.domain.money import parse_currency, typed_amount
from fedretail.domain.sites import COLOURS, MAX_SITE_NAME
from fedretail.domain.texts import clean_line
from fedretail.domain.units import MAX_PACK, encode_quantity, parse_quantity
from fedretail.domain.weeks import DAYS, parse_times, write_week
from fedretail.errors import MalformedInput
from fedretail.node.editing import with_price
from fedretail.node.networks import check_ticket
from fedretail.node.setup import Shop
from fedretail.web.manage.reasons import price_fault

Answers = Mapping[str, str]
Faults = dict[str, str]
Say = Callable[..., str]
# Rows in which offers are typed.
ROWS = range(1, 6)
_TYPED = tuple(f"{part}{row}" for row in ROWS for part in ("offer", "price", "content"))
# The fields of each step, in the order of its form.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "shop": ("name", "colour"),
    "place": (*DAYS, "position", "time_zone"),
    "prices": ("currency", *_TYPED),
    "neighbours": ("shown", "ticket"),
}
STEPS = tuple(FIELDS)
# Longer than a ticket or a link of a map.
MOST_CHARS = 2000


@dataclass(frozen=True, slots=True)
class Machine:
    """What this computer says of where it stands; None: nothing."""

    currency: str | None = None
    time_zone: str | None = None


def shop_of(answers: Answers, machine: Machine) -> Shop:
    """The shop that the answers describe; MalformedInput where one of them is faulty."""
    return Shop(
        name=_name(answers),
        position=_position(answers),
        hours=hours_of(answers),
        currency=currency_of(answers, machine),
        time_zone=time_zone_of(answers, machine),
        colour=colour_of(answers),
    )


def _name(answers: Answers) -> str:
    name = clean_line(answers.get("name", ""))
    if not 0 < len(name) <= MAX_SITE_NAME:
        raise MalformedInput("A shop needs a name.")
    return name


def _position(answers: Answers) -> Position | None:
    text = answers.get("position", "")
    return parse_position(text) if text else None


def hours_of(answers: Answers) -> str | None:
    """Opening hours as OpenStreetMap writes them; MalformedInput where a day cannot be read."""
    return write_week({day: answers.get(day, "") for day in DAYS})


def currency_of(answers: Answers, machine: Machine) -> str:
    """The currency of the prices."""
    return parse_currency(answers.get("currency") or machine.currency or "EUR")


def time_zone_of(answers: Answers, machine: Machine) -> str:
    """The time zone of the hours."""
    return validate_zone(answers.get("time_zone") or machine.time_zone or "UTC")


def colour_of(answers: Answers) -> int:
    """The colour of awning and sign."""
    text = answers.get("colour", "")
    is_one = text.isascii() and text.isdigit() and len(text) == 1 and int(text) < COLOURS
    return int(text) if is_one else 0


def is_alone(answers: Answers) -> bool:
    """Whether pages show own offers alone."""
    return answers.get("shown") == "own"


def has_samples(answers: Answers) -> bool:
    """Whether sample goods are wanted; who joins neighbours leaves them behind."""
    return bool(answers.get("samples")) and not answers.get("ticket")


def offers_of(answers: Answers, currency: str, now_ms: int) -> dict[str, dict[str, Value]]:
    """The offers that were typed, by their keys; MalformedInput where one is faulty."""
    found = {}
    for row in ROWS:
        name = clean_line(answers.get(f"offer{row}", ""))[:200]
        if name:
            amount = typed_amount(answers.get(f"price{row}", ""), currency)
            fields = with_price({}, amount, currency, now_ms=now_ms)
            content = content_of(answers.get(f"content{row}", ""))
            found[record_key(name_hash(name))] = {"name": name, **fields, **content}
    return found


def content_of(text: str) -> dict[str, Value]:
    """The fields of a content: "500 g", "6 x 0,33 l", "10" for ten pieces, "" for none."""
    if not text:
        return {}
    if text.isascii() and text.isdigit() and len(text) < 7 and 1 <= int(text) <= MAX_PACK:
        return {"pack": int(text)} if int(text) > 1 else {}
    net, pack = parse_quantity(text)
    return {"net": encode_quantity(net), **({"pack": pack} if pack > 1 else {})}


@dataclass(frozen=True, slots=True)
class Money:
    """The currency of the prices, and a price as it is typed in the visitor's language."""

    currency: str
    like: str


def faults(step: str, answers: Answers, _: Say, money: Money) -> Faults:
    """Field -> what is wrong there, in the visitor's words; empty where all is well."""
    return {name: text for name, text in _LOOKED_AT[step](answers, _, money) if text}


def _told(text: str, parse: Callable[..., object], *read: object) -> str:
    """The text where `parse` finds a fault in what it reads, else ""."""
    try:
        parse(*read)
    except MalformedInput:
        return text
    return ""


def _shop(answers: Answers, _: Say, money: Money) -> list[tuple[str, str]]:
    if len(clean_line(answers.get("name", ""))) > MAX_SITE_NAME:
        return [("name", _("At most %(num)s letters", num=MAX_SITE_NAME))]
    return [("name", _told(_("A shop needs a name"), _name, answers))]


def _place(answers: Answers, _: Say, money: Money) -> list[tuple[str, str]]:
    hours = _("Hours such as 08:00-18:30")
    found = [(day, _told(hours, parse_times, answers.get(day, ""))) for day in DAYS]
    where = _("A place such as 48.5216,9.0576, or a map link")
    zone = _("A time zone such as Europe/Berlin")
    return [
        *found,
        ("position", _told(where, _position, answers)),
        ("time_zone", _told(zone, time_zone_of, answers, Machine())),
    ]


def _prices(answers: Answers, _: Say, money: Money) -> list[tuple[str, str]]:
    found = []
    for row in ROWS:
        name, price, content = (answers.get(f"{part}{row}", "") for part in _PARTS)
        if not (name or price or content):
            continue
        found.append((f"offer{row}", "" if clean_line(name) else _("An offer needs a name")))
        found.append((f"price{row}", _price(_, price, money)))
        said = _("A content such as 500 g, 1 l, or a number of pieces")
        found.append((f"content{row}", _told(said, content_of, content)))
    return found


_PARTS = ("offer", "price", "content")


def _price(_: Say, text: str, money: Money) -> str:
    try:
        typed_amount(text, money.currency)
    except MalformedInput as error:
        return price_fault(_, error, like=money.like)
    return ""


def _neighbours(answers: Answers, _: Say, money: Money) -> list[tuple[str, str]]:
    ticket = answers.get("ticket", "")
    text = _("That is no ticket. Paste the whole line that a neighbour gave you.")
    return [("ticket", _told(text, check_ticket, ticket) if ticket else "")]


_LOOKED_AT: dict[str, Callable[[Answers, Say, Money], list[tuple[str, str]]]] = {
    "shop": _shop,
    "place": _place,
    "prices": _prices,
    "neighbours": _neighbours,
}
