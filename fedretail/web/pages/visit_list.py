"""/list: what a visitor wants to take home, as lines, as a QR code, and on paper.

The lines stand in the request: the visitor's page holds them, this computer keeps nothing.
"""

import io
from collections import defaultdict
from dataclasses import dataclass

import segno
from starlette.responses import Response

from fedretail.errors import MalformedInput
from fedretail.web.pages.goods import Item, items
from fedretail.web.pages.house import Shop
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

MOST_LINES = 100
# More would need modules finer than a phone reads from a screen.
MOST_IN_CODE = 40
_MOST_OF_ONE = 99
# What a line of a code may take, so that forty fit a code of 117 modules.
_MOST_LINE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an offer."""

    item: Item
    count: int
    sum: str
    place: str


@dataclass(frozen=True, slots=True)
class Stop:
    """A shop with the lines that are bought there."""

    shop: Shop
    lines: tuple[Line, ...]
    sum: str
    opening: object


def page(visit: Visit) -> Response:
    """The list."""
    wanted = [_parse(text) for text in visit.all("o")[:MOST_LINES]]
    lines, lost = [], 0
    for offer, count in wanted:
        line = _line(visit, offer, count)
        if line is None:
            lost += 1
        else:
            lines.append(line)
    stops = _stops(visit, lines)
    return render(
        visit,
        "list.html",
        lines=lines,
        lost=lost,
        stops=stops,
        total=_sum(visit, lines),
        code=code(as_text(visit, stops)) if 0 < len(lines) <= MOST_IN_CODE else "",
    )


def _parse(text: str) -> tuple[str, int]:
    """(offer id, how many) of "ID~2"."""
    offer, _, count = text.partition("~")
    number = int(count) if count.isascii() and count.isdigit() and len(count) <= 2 else 1
    return offer, min(max(number, 1), _MOST_OF_ONE)


def _line(visit: Visit, offer: str, count: int) -> Line | None:
    try:
        found = visit.node.show(offer, view=visit.street.view)
    except MalformedInput:
        return None
    if found is None:
        return None
    item = items(visit, [found])[0]
    cost = ""
    if found.amount_minor is not None and found.currency is not None:
        cost = visit.speech.money(count * found.amount_minor, found.currency)
    return Line(item, count, cost, f"{found.offer}~{count}")


def _stops(visit: Visit, lines: list[Line]) -> list[Stop]:
    """The shops of the lines, this one first, then the nearest."""
    by_shop: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_shop[line.item.listing.site_id].append(line)
    stops = []
    for shop in visit.street.shops:
        if shop.id in by_shop:
            own, state = tuple(by_shop[shop.id]), shop.state(visit.now_ms)
            opening = visit.speech.opening(state.open, state.until_ms)
            stops.append(Stop(shop, own, _sum(visit, own), opening))
    return stops


def _sum(visit: Visit, lines: list[Line] | tuple[Line, ...]) -> str:
    """What the lines cost together, each currency apart, with what is paid as deposit."""
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        one = line.item.listing
        if one.amount_minor is not None and one.currency is not None:
            sums[one.currency] += line.count * (one.amount_minor + (one.deposit_minor or 0))
    return " + ".join(visit.speech.money(amount, name) for name, amount in sums.items())


def as_text(visit: Visit, stops: list[Stop]) -> str:
    """The list as plain lines: any phone shows them without app or network."""
    said = []
    for stop in stops:
        said.append(f"{stop.shop.name} {stop.sum}".strip())
        said += [_cut(f"{one.count} x {one.item.name}, {one.sum}") for one in stop.lines]
    return "\n".join(said).replace("\u00a0", " ")


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LINE_CHARS else text[: _MOST_LINE_CHARS - 1] + "…"


def code(text: str) -> str:
    """A QR code of a text as the markup of an SVG; "" where it holds too much."""
    try:
        made = segno.make(text, error="m", boost_error=False, micro=False)
    except segno.DataOverflowError:
        return ""
    out = io.BytesIO()
    made.save(out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, light="#fff")
    return out.getvalue().decode()
