"""What a page of the back office works with: the node, who asks, what a form says."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, Protocol
from urllib.parse import parse_qsl

from starlette.responses import RedirectResponse, Response

from fedretail.errors import MalformedInput
from fedretail.node.entrance import take_link
from fedretail.node.node import Node
from fedretail.node.status import shop_zone
from fedretail.web.manage.frame import Frame
from fedretail.web.manage.sessions import Session, Sessions
from fedretail.web.manage.uploads import Uploads
from fedretail.web.manage.words import Words
from fedretail.web.pages.house import House
from fedretail.web.pages.rendering import render
from fedretail.web.pages.translations import translations
from fedretail.web.pages.visit import Visit

# More fields than the largest form has: 200 rows to mend, three fields each.
_MAX_FIELDS = 1000
# The pages of the back office, in the order of its navigation; icon, and address behind /manage.
PLACES = (
    ("today", "home", ""),
    ("offers", "stock", "/offers"),
    ("import", "import", "/import"),
    ("wanted", "wanted", "/wanted"),
    ("neighbours", "shop", "/neighbours"),
    ("devices", "phone", "/devices"),
    ("backup", "backup", "/backup"),
    ("settings", "settings", "/settings"),
)


class Fault(MalformedInput):
    """What is wrong in one field of a form; field: the id that the field has on its page."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class Translates(Protocol):
    """Who can say a sentence in the visitor's language."""

    def translated(self, text: str, **values: object) -> str:
        """The sentence."""

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """The sentence of a number of things; %(num)s is the number."""


@dataclass(slots=True)
class Office:
    """What all pages of the back office share for as long as the daemon lives.

    repricing: held by who changes many prices at once.
    """

    house: House
    sessions: Sessions
    uploads: Uploads
    repricing: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of(cls, house: House, sessions: Sessions | None = None) -> "Office":
        """The back office of a shop; signed in are those of its first run or last daemon."""
        take = partial(take_link, house.node)
        if sessions is None:
            sessions = Sessions(house.node.clock, take)
        sessions.take_link = take
        sessions.keep_in(house.node.path)
        return cls(house, sessions, Uploads(house.node.path))

    @property
    def node(self) -> Node:
        """The node that is looked after."""
        return self.house.node


@dataclass(frozen=True)
class Desk:
    """One request of somebody who is signed in.

    said: the fields of its form; place: what the address names.
    """

    office: Office
    visit: Visit
    session: Session
    said: Mapping[str, list[str]] = field(default_factory=dict)
    place: str = ""

    @cached_property
    def frame(self) -> Frame:
        """The shop that is looked after."""
        return Frame.of(self.node)

    @cached_property
    def say(self) -> Words:
        """How facts are said to this visitor."""
        return Words(self.visit.language, shop_zone(self.node), self.node.clock.now_ms())

    @property
    def node(self) -> Node:
        """The node that is looked after."""
        return self.office.node

    def get(self, name: str) -> str:
        """One field of the form, trimmed; "" where it is missing."""
        return self.said.get(name, [""])[-1].strip()

    def translated(self, text: str, **values: object) -> str:
        """A sentence in the visitor's language."""
        found: str = translations(self.visit.language).gettext(text)
        return found % values if values else found

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """A sentence of a number of things in the visitor's language; %(num)s is the number."""
        found: str = translations(self.visit.language).ngettext(one, many, number)
        return found % {"num": self.say.number(number), **values}

    def tell(self, mark: str, sentence: str) -> None:
        """Let the next page begin with this sentence."""
        self.session.told.append((mark, sentence))

    def show(self, name: str, *, status: int = 200, **said: Any) -> Response:
        """The page of a template; what was to be told is told with it."""
        told = list(self.session.told)
        self.session.told.clear()
        values = {"desk": self, "told": told, "places": PLACES, **said}
        return render(self.visit, f"manage/{name}.html", status=status, **values)

    def go(self, path: str = "", **asked: object) -> Response:
        """On to another page of the back office."""
        return RedirectResponse(self.visit.url(f"/manage{path}", **asked), status_code=303)


def parse_form(body: bytes) -> dict[str, list[str]]:
    """The fields of a form as browsers send it; what is no such form has none."""
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        return {}
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    return fields
