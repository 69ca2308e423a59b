"""One look at a page: who asks, in which language and light, and addresses that keep it so.

What a visitor has chosen stands in the address, and nowhere else: nothing to wipe. The one cookie
says that this machine is a kiosk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from urllib.parse import urlencode

from starlette.datastructures import QueryParams
from starlette.requests import Request

from fedretail.domain.hours import zone_of
from fedretail.node.node import Node
from fedretail.web.pages.house import House, Shop, Street
from fedretail.web.pages.speech import Speech
from fedretail.web.pages.translations import LANGUAGES, translations

THEMES = ("light", "dark")
KIOSK = "kiosk"
# The header by which our own script asks for less than a page, and what it may say.
PART, MIDDLE, NEWS = "fedretail-part", "main", "news"
# What the page shows that asks for news.
SEEN = "fedretail-seen"
# Of these nothing is said in an address where it is as the browser has it.
_KEPT = ("lang", "theme", "text")


@dataclass(frozen=True)
class Visit:
    """language: one of LANGUAGES; theme: None as the device has it; asked: the parameters.

    part: "" for a whole page; seen: the marks that a page bears that asks for news.
    """

    house: House
    path: str
    asked: QueryParams
    language: str
    theme: str | None
    is_large: bool
    is_kiosk: bool = False
    host: str = ""
    steps: Mapping[str, str] | None = None
    part: str = ""
    seen: str = ""

    @classmethod
    def of(cls, house: House, request: Request) -> Self:
        """The visit that a request makes."""
        asked = request.query_params
        said = asked.get("lang")
        preferred = _preferred(request.headers.get("accept-language", ""))
        return cls(
            house=house,
            # A link to "//name" would lead out of here, to whom the name belongs.
            path="/" + request.url.path.lstrip("/"),
            asked=asked,
            language=said if said in LANGUAGES else preferred,
            theme=asked.get("theme") if asked.get("theme") in THEMES else None,
            is_large=asked.get("text") == "large",
            is_kiosk=request.cookies.get(KIOSK) == "1",
            host=request.url.netloc,
            steps=request.path_params,
            part=request.headers.get(PART, ""),
            seen=request.headers.get(SEEN, ""),
        )

    @property
    def node(self) -> Node:
        """The node that answers."""
        return self.house.node

    @cached_property
    def street(self) -> Street:
        """The shops around."""
        return self.house.street()

    @cached_property
    def now_ms(self) -> int:
        """One moment for the whole page."""
        return self.house.now_ms()

    @cached_property
    def shop(self) -> Shop | None:
        """The shop whose page this is; None where the node only searches."""
        return next((shop for shop in self.street.shops if shop.is_own), None)

    @property
    def is_alone(self) -> bool:
        """Whether only own goods are shown: no map, no neighbours, no distance."""
        return self.street.view.own == "only"

    @cached_property
    def speech(self) -> Speech:
        """How things are said to this visitor."""
        words = translations(self.language)
        zone = zone_of(self.shop.site.time_zone if self.shop else "", at_ms=self.now_ms)
        return Speech(self.language, words, zone=zone, now_ms=self.now_ms)

    @property
    def is_part(self) -> bool:
        """Whether the rest of the page stands already where its middle goes."""
        return self.part == MIDDLE

    @property
    def asks_news(self) -> bool:
        """Whether a page asks what has changed since it was shown."""
        return self.part == NEWS

    def step(self, name: str) -> str:
        """A part of the path."""
        return (self.steps or {})[name]

    def all(self, name: str) -> list[str]:
        """Every value of a parameter that may be repeated."""
        return self.asked.getlist(name)

    def pairs(self) -> list[tuple[str, str]]:
        """Every parameter with each of its values."""
        return self.asked.multi_items()

    @property
    def kept(self) -> dict[str, str]:
        """What every link and form carries on."""
        return {name: self.asked[name] for name in _KEPT if name in self.asked}

    def url(self, path: str, **asked: object) -> str:
        """The address of a page with these parameters; None leaves one away, a list is repeated."""
        said = {name: value for name, value in asked.items() if value not in (None, "", False)}
        both = {**said, **{name: value for name, value in self.kept.items() if name not in asked}}
        return f"{path}?{urlencode(both, doseq=True)}" if both else path

    def here(self, **changed: object) -> str:
        """This very page with other parameters, its first results."""
        # A list that is only passed by makes every address long.
        left = {"cursor", *(() if self.path == "/list" else ("o",))}
        asked = {name: [one for one in self.all(name) if one] for name in self.asked}
        same = {name: values for name, values in asked.items() if values and name not in left}
        return self.url(self.path, **{**same, **changed})


def _preferred(header: str) -> str:
    """The language of ours that a browser likes best, as RFC 9110 weighs them."""
    best, found = 0.0, next(iter(LANGUAGES))
    for part in header.split(",")[:20]:
        name, _, quality = part.partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            continue
        known = name.strip().lower().partition("-")[0]
        if known in LANGUAGES and weight > best:
            best, found = weight, known
    return found
