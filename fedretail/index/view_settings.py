"""Views as a `config.toml` describes them: a table `[views.NAME]` each."""

from collections.abc import Callable, Mapping
from typing import Any

from fedretail.domain.boxes import parse_box
from fedretail.domain.geo import parse_length, parse_position
from fedretail.domain.texts import clean_line
from fedretail.domain.times import parse_span
from fedretail.errors import MalformedInput
from fedretail.index.views import View

_TYPES = {"goods": "product", "services": "service"}


def parse_view(name: str, table: Mapping[str, Any]) -> View:
    """The View of a table, names of shops as they are written; MalformedInput where it is wrong."""
    said: dict[str, Any] = {}
    for key, value in table.items():
        if key not in _READERS:
            raise MalformedInput(
                f"views.{name}: there is no setting {key!r}.",
                hint=f"A view has: {', '.join(_READERS)}.",
            )
        setting, read = _READERS[key]
        try:
            said[setting] = read(value)
        except MalformedInput as error:
            raise MalformedInput(f"views.{name}: {key}: {error.message}", hint=error.hint) from None
    return View(**said)


def _text(parse: Callable[[str], Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if not isinstance(value, str):
            raise MalformedInput(f"expected a text in quotes, not {value!r:.40}")
        return parse(value)

    return read


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise MalformedInput(f"expected a list of texts, not {value!r:.40}")
    return tuple(value)


def _names(value: Any) -> frozenset[str]:
    return frozenset(_texts(value))


def _yes_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise MalformedInput(f"expected true or false, not {value!r:.40}")
    return value


def _years(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise MalformedInput(f"expected a number of years, not {value!r:.40}")
    return value


def _one_of(choices: Mapping[str, str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if text not in choices:
            raise MalformedInput(f"{text!r:.40} is none of {', '.join(choices)}")
        return choices[text]

    return parse


# What a table may say: the field of View, and how its value is read.
_READERS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "own": ("own", _text(_one_of({word: word for word in ("all", "first", "only")}))),
    "retailers": ("retailers", _names),
    "hide_retailers": ("hidden_retailers", _names),
    "categories": ("categories", _texts),
    "hide_categories": ("hidden_categories", _texts),
    "claims": ("claims", _texts),
    "type": ("type", _text(_one_of(_TYPES))),
    "near": ("near", _text(parse_position)),
    "within": ("within_m", _text(parse_length)),
    "box": ("box", _text(parse_box)),
    "in_stock": ("in_stock", _yes_no),
    "open_now": ("open_now", _yes_no),
    "newer_than": ("newer_than_ms", _text(parse_span)),
    "for_age": ("for_age", _years),
    "title": ("title", _text(clean_line)),
}
