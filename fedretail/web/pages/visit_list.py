"""/list: what a visitor wants to take home, as lines, as QR codes, and on paper.

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
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.visit import Visit

MOST_LINES = 100
# What a code of 85 modules holds, which the smallest kiosk shows at 4 dots each: finer ones no
# phone reads from a screen.
MOST_CODE_BYTES = 640
# Of each of several codes so much is for which one it is, and in the last for what is in none.
MARK_BYTES = 64
# Further lines are on paper alone: nobody scans five codes.
MOST_CODES = 4
_MOST_OF_ONE = 99
# Of a name in a code: it is known again by less than it is chosen by.
_MOST_NAME_CHARS = 40


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an offer."""

    item: Item
    count: int
    sum: str
    place: str


@dataclass(frozen=True, slots=True)
class Lost:
    """So many of an offer that is sold no more. shop: who had it, as far as that is known."""

    offer: str
    count: int
    shop: Shop | None


@dataclass(frozen=True, slots=True)
class Stop:
    """A shop with the lines that are bought there."""

    shop: Shop
    lines: tuple[Line, ...]
    sum: str
    opening: object


def page(visit: Visit) -> Response:
    """The list."""
    asked = [text for text in visit.all("o") if text]
    wanted = [parse_line(text) for text in asked[:MOST_LINES]]
    lines, lost = [], []
    for offer, count in wanted:
        line = _line(visit, offer, count)
        if line is None:
            lost.append(Lost(offer, count, visit.street.by_id.get(offer.partition("/")[0])))
        else:
            lines.append(line)
    stops = _stops(visit, lines)
    texts, left = in_codes(as_texts(stops))
    texts = numbered(texts, left, visit.speech)
    return render(
        visit,
        "list.html",
        lines=lines,
        lost=lost,
        stops=stops,
        total=_sum(visit, lines),
        beyond=len(asked) - len(wanted),
        codes=[code(text) for text in texts],
        left=left,
    )


def parse_line(text: str) -> tuple[str, int]:
    """(offer id, how many) of "ID~2"; one where no number is said. An id may hold the sign too."""
    offer, mark, count = text.rpartition("~")
    if not (mark and count.isascii() and count.isdigit() and len(count) <= 2):
        return text, 1
    return offer, min(max(int(count), 1), _MOST_OF_ONE)


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
            opening = visit.speech.opening(state.open, state.until_ms, shop.site.time_zone)
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


def as_texts(stops: list[Stop]) -> list[tuple[str, str]]:
    """(shop, line) of all lines in their order; any phone shows them without app or network."""
    return [
        (
            _plain(f"{_cut(stop.shop.name)} {stop.sum}"),
            _plain(f"{one.count} x {_cut(one.item.name)}, {one.sum}"),
        )
        for stop in stops
        for one in stop.lines
    ]


def _cut(name: str) -> str:
    return name if len(name) <= _MOST_NAME_CHARS else name[: _MOST_NAME_CHARS - 1] + "…"


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").strip(" ,")


def in_codes(lines: list[tuple[str, str]]) -> tuple[list[str], int]:
    """The texts of QR codes for (shop, line), and how many lines are in none of them.

    Each holds as many lines as a phone can read from a screen, under the names of their shops;
    where they are several, what `numbered` adds has room in each.
    """
    whole, left = _in_codes(lines, MOST_CODE_BYTES)
    return (whole, left) if len(whole) < 2 else _in_codes(lines, MOST_CODE_BYTES - MARK_BYTES)


def _in_codes(lines: list[tuple[str, str]], most: int) -> tuple[list[str], int]:
    texts: list[str] = []
    text, shop = "", ""
    for at, (above, line) in enumerate(lines):
        more = line if above == shop else f"{above}\n{line}"
        longer = f"{text}\n{more}" if text else more
        if len(longer.encode()) > most:
            if len(texts) == MOST_CODES - 1:
                return [*texts, text], len(lines) - at
            texts.append(text)
            longer = f"{above}\n{line}"
        text, shop = longer, above
    return [*texts, text] if text else texts, 0


def numbered(texts: list[str], left: int, say: Speech) -> list[str]:
    """The texts of several codes, each saying which it is, the last one what is in none of them.

    So whoever stands in another shop with a phone alone sees that a part of the list is missing.
    """
    if len(texts) < 2:
        return texts
    said = [
        f"{say._('Code %(number)s of %(all)s', number=at, all=len(texts))}\n{text}"
        for at, text in enumerate(texts, start=1)
    ]
    if left:
        said[-1] += "\n" + say._n("+ %(number)s line on paper", "+ %(number)s lines on paper", left)
    return said


def code(text: str) -> str:
    """A QR code of a text as the markup of an SVG."""
    made = segno.make(text, error="l", micro=False)
    out = io.BytesIO()
    made.save(out, kind="svg", xmldecl=False, svgns=True, nl=False, omitsize=True, light="#fff")
    return out.getvalue().decode()
