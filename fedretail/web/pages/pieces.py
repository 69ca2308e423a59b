"""Marks that stand on a page dozens of times: icons, drawings, signs, facts, ways, price tags.

They are filters of the templates: `{{ "search"|icon }}` is a constant of the compiled template, and
one with a value costs a tenth of a macro.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from markupsafe import Markup, escape

from fedretail.web.pages.drawings import Drawing
from fedretail.web.pages.speech import Said, Speech
from fedretail.web.pages.syllables import parted

if TYPE_CHECKING:
    from fedretail.web.pages.goods import Tag
    from fedretail.web.pages.house import Shop

# What a busy street says of stock, hours and ages in an hour.
_KEPT = 2048
_DIRECTIONS = 16
_STEP = 360 / _DIRECTIONS


@lru_cache(_KEPT)
def icon(name: str) -> Markup:
    """A symbol of static/icons.svg."""
    return Markup(
        '<svg class="i" aria-hidden="true" focusable="false">'
        '<use href="/static/icons.svg#{}"></use></svg>'
    ).format(name)


@lru_cache(_KEPT)
def picture(drawing: Drawing, kind: str = "") -> Markup:
    """The tile of a thing without a photo."""
    classes = f"pic t-{drawing.tint} {kind}".rstrip()
    return Markup(
        '<span class="{}" aria-hidden="true"><svg focusable="false">'
        '<use href="/static/drawings.svg#{}"></use></svg></span>'
    ).format(classes, drawing.name)


def sign(shop: "Shop") -> Markup:
    """The mark of a shop."""
    return Markup('<span class="sign c{}" aria-hidden="true">{}</span>').format(
        shop.colour, shop.initials
    )


@lru_cache(_KEPT)
def fact(said: Said) -> Markup:
    """A fact in words with its icon, in the colour of its tone."""
    classes = f"f {said.tone}" if said.tone else "f"
    drawn = icon(said.icon) if said.icon else ""
    return Markup('<span class="{}">{}{}</span>').format(classes, drawn, said.text)


def way(say: Speech, distance_m: float | None, bearing_deg: float | None) -> Markup:
    """How far it is, and an arrow there; nothing where no place is known."""
    if distance_m is None or bearing_deg is None:
        return Markup("")
    return _way(say.distance(distance_m), say.heading(bearing_deg), turned(bearing_deg))


@lru_cache(_KEPT)
def _way(distance: str, heading: str, turn: float) -> Markup:
    return Markup(
        '<span class="f near"><svg class="i" viewBox="0 0 24 24" aria-hidden="true"'
        ' focusable="false"><use href="/static/icons.svg#arrow" transform="rotate({} 12 12)"></use>'
        "</svg><span><b>{}</b> {}</span></span>"
    ).format(f"{turn:g}", distance, heading)


def turned(bearing_deg: float) -> float:
    """By how many degrees an arrow that points north is turned: to the nearest of 16 directions."""
    return round(bearing_deg / _STEP) % _DIRECTIONS * _STEP


def pricetag(tag: "Tag") -> Markup:
    """A price tag; who listens hears it as one sentence."""
    best = " best" if tag.is_cheapest else ""
    spoken = escape(tag.spoken)
    if tag.amount is None:
        shown = f'<span aria-hidden="true" class="ask">{spoken}</span>'
    else:
        one = tag.amount
        unit = f"<small>{escape(tag.unit)}</small>" if tag.unit else ""
        shown = (
            f'<span aria-hidden="true"><b>{escape(one.before + one.whole)}'
            f"<i>{escape(one.decimals)}</i>{escape(one.after)}</b>{unit}</span>"
        )
    return Markup(f'<span class="tag{best}"><span class="vh">{spoken}</span>{shown}</span>')


FILTERS: dict[str, Callable[..., str]] = {
    one.__name__: one for one in (icon, picture, sign, fact, way, pricetag, parted)
}
