"""The settings of one node: `config.toml` in its data directory, then FEDRETAIL_* variables.

A setting is a field of Config and nothing else: its name (with its unit), type, default, and one
sentence of documentation. The file, the variables and the reference page follow from that.
"""

import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fedretail.domain import web_addresses
from fedretail.errors import MalformedInput, Unavailable, UsageError

FILE_NAME = "config.toml"
VARIABLE_PREFIX = "FEDRETAIL_"
# A variable so much like a setting's is a slip of the pen; what is less alike may belong to
# another program.
_SLIP_RATIO = 0.85


@dataclass(frozen=True, slots=True)
class _Items:
    """What the items of a list are called, the form that each has, and one to go by."""

    what: str
    form: re.Pattern[str]
    example: str


_ADDRESSES = _Items("addresses", re.compile(r"(?s)/.*"), "a multiaddr like /ip4/…/tcp/…")
_CODES = _Items("codes", re.compile(r".{1,256}"), "a code of the shop's list")
_PLUGINS = _Items("names", re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"), "a name of a plug-in")
_HOSTS = _Items(
    "names",
    re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?"),
    "a name like shop.example",
)
_ORIGINS = _Items(
    "origins",
    re.compile(r"\*|https?://[a-z0-9.\[\]:-]{1,255}"),
    "an origin like https://map.example",
)


def _setting(default: Any, doc: str) -> Any:
    """A field of Config with its one sentence of documentation."""
    return field(default=default, metadata={"doc": doc})


def _list_of(items: _Items, doc: str) -> Any:
    """A field of Config that holds a list, empty when nobody says otherwise."""
    return field(default=(), metadata={"doc": doc, "items": items})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a node, checked."""

    listen: tuple[str, ...] = _list_of(
        _ADDRESSES, "Addresses (multiaddr) at which `fedretail serve` listens for neighbours."
    )
    peers: tuple[str, ...] = _list_of(
        _ADDRESSES, "Addresses (multiaddr with /p2p/…) of neighbours that are always tried first."
    )
    # Six: a shelf with five left can be empty before the shopper is there.
    few_below: int = _setting(6, "Stock below this count is shown as few.")
    show_left: bool = _setting(True, "Whether shoppers see how many are left when few are.")
    max_down_mb_per_day: int = _setting(
        0, "Most that neighbours may send to this node in a day, in MB; 0 is no limit."
    )
    web: str = _setting(
        web_addresses.DEFAULT,
        "Where `fedretail serve` shows its pages: HOST:PORT, `lan` (all in the shop), or `off`.",
    )
    web_view: str = _setting(
        "", "The view that pages show; without one all shops are shown, own offers first."
    )
    scanner_prefix: str = _setting(
        "", "Characters that the shop's scanner types before each barcode, besides those of GS1."
    )
    scanner_suffix: str = _setting("", "Characters that it types behind each; Enter needs none.")
    web_fresh: tuple[str, ...] = _list_of(
        _CODES, "Own offers, by the codes in the shop's list, that the start page shows as fresh."
    )
    web_names: tuple[str, ...] = _list_of(
        _HOSTS, "Further names by which browsers may call this computer, such as `shop.example`."
    )
    api_view: str = _setting(
        "", "The view that the API shows, whatever it is asked; without one it shows everything."
    )
    api_origins: tuple[str, ...] = _list_of(
        _ORIGINS, "Sites whose pages may use the API, such as `https://map.example`; `*` is all."
    )
    # Ten a second: a program that copies a list page by page; a loop that has gone wrong is held.
    api_per_minute: int = _setting(
        600, "Requests a minute that one address of the network may send to the API; 0 is no limit."
    )
    metrics_lan: bool = _setting(False, "Whether `/metrics` is shown to the network too.")
    plugins: tuple[str, ...] = _list_of(
        _PLUGINS, "Plug-ins that are used, by the names of their entry points."
    )
    # 500 MB: own ones and those of 20,000 offers around.
    pictures_mb: int = _setting(
        500, "Room on the disk for pictures of goods, in MB; 0 is neither made nor fetched."
    )
    # 500 MB: room for SQLite to copy a catalog of a million offers when it checkpoints.
    disk_reserve_mb: int = _setting(
        500, "Free space on the disk below which nothing more is taken from neighbours, in MB."
    )
    # Last: in a file, tables stand behind all else.
    views: Mapping[str, Mapping[str, Any]] = field(
        default_factory=dict,
        metadata={"doc": "Named parts of the assortment, a table `[views.NAME]` each."},
    )


def default_data_dir() -> Path:
    """Where a node of this user lies when nobody says otherwise."""
    from platformdirs import user_data_dir

    return Path(user_data_dir("fedretail", appauthor=False))


def load(data_dir: Path, variables: Mapping[str, str] | None = None) -> Config:
    """The settings of the node in data_dir; no file is the same as an empty one.

    Raises MalformedInput for a bad file and UsageError for a bad variable.
    """
    path = data_dir / FILE_NAME
    try:
        text = path.read_text(encoding="utf-8-sig")  # Notepad writes a mark
    except (FileNotFoundError, NotADirectoryError):
        text = ""
    except UnicodeDecodeError as error:
        raise MalformedInput(f"{path} is not a text file in UTF-8.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.") from error
    config = parse_config(text, name=str(path))
    config = with_variables(config, os.environ if variables is None else variables)
    for key, name in (("web_view", config.web_view), ("api_view", config.api_view)):
        if name and name not in config.views:
            raise MalformedInput(f"{key} is {name!r}, and there is no such view.", hint=_of(config))
    return config


def _of(config: Config) -> str:
    names = ", ".join(config.views)
    return f"Views are: {names}." if names else f"Write [views.NAME] into {FILE_NAME}."


def parse_config(text: str, *, name: str = FILE_NAME) -> Config:
    """The Config that a TOML text describes; MalformedInput says which setting is wrong."""
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of 5,000 digits
        raise MalformedInput(f"{name}: {error}.", hint="Mend that line and try again.") from error
    known = {setting.name: setting for setting in fields(Config)}
    for key in table:
        if key not in known:
            raise MalformedInput(f"{name}: there is no setting {key!r}.", hint=_nearest(key, known))
    try:
        return replace(Config(), **{key: _checked(key, value) for key, value in table.items()})
    except ValueError as error:
        raise MalformedInput(f"{name}: {error}") from error
    except MalformedInput as error:
        raise MalformedInput(f"{name}: {error.message}", hint=error.hint) from None


def with_variables(config: Config, variables: Mapping[str, str]) -> Config:
    """`config` changed by FEDRETAIL_* variables; lists are separated by commas.

    Raises UsageError for a value that does not fit, and for a name that is nearly a setting's.
    """
    changed: dict[str, Any] = {}
    names = {variable: name for name in _all_names() if (variable := variable_of(name))}
    for variable, text in variables.items():
        if not variable.startswith(VARIABLE_PREFIX):
            continue
        key = names.get(variable)
        if variable == VARIABLE_PREFIX + "VIEWS":
            raise UsageError(f"{variable}: views stand only in {FILE_NAME}.")
        if key is None:
            _refuse_slip(variable, list(names))
            continue
        try:
            changed[key] = _checked(key, _READERS[type(getattr(Config(), key))](text))
        except ValueError as error:
            raise UsageError(f"{variable}: {error}") from error
    return replace(config, **changed)


def variable_of(name: str) -> str:
    """The variable of a setting; "" for one that only the file has."""
    return "" if name == "views" else VARIABLE_PREFIX + name.upper()


def to_toml(config: Config) -> str:
    """The text of a config.toml: every setting with its sentence, defaults as comments."""
    blocks = []
    for setting in fields(Config):
        value = getattr(config, setting.name)
        if isinstance(value, Mapping) and value:
            blocks += [_toml_table(f"{setting.name}.{_toml_text(n)}", t) for n, t in value.items()]
            continue
        mark = "# " if value == getattr(Config(), setting.name) else ""
        blocks.append(f"# {setting.metadata['doc']}\n{mark}{setting.name} = {_toml(value)}\n")
    return "\n".join(blocks)


def _toml_table(name: str, table: Mapping[str, Any]) -> str:
    lines = (f"{key} = {_toml(value)}\n" for key, value in table.items())
    return f"[{name}]\n{''.join(lines)}"


def _all_names() -> list[str]:
    return [setting.name for setting in fields(Config)]


def _nearest(key: str, known: Mapping[str, object] | list[str]) -> str:
    """ "Did you mean …?" or the whole list."""
    import difflib

    close = difflib.get_close_matches(key, known, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Settings are: {', '.join(known)}."


def _refuse_slip(variable: str, names: list[str]) -> None:
    import difflib

    close = difflib.get_close_matches(variable, names, n=1, cutoff=_SLIP_RATIO)
    if close:
        raise UsageError(
            f"{variable}: there is no such setting.", hint=f"Did you mean {close[0]!r}?"
        )


def _checked(key: str, value: Any) -> Any:
    """The value as Config keeps it; ValueError says what was expected."""
    default = getattr(Config(), key)
    if isinstance(default, tuple):
        return _list(key, value)
    if isinstance(default, Mapping):
        return _views(value)
    if type(value) is not type(default):
        raise ValueError(f"{key} is {value!r}; expected {_EXPECTED[type(default)]}.")
    if isinstance(value, int) and value < 0:
        raise ValueError(f"{key} is {value}; expected 0 or more.")
    if key == "web":
        _check_web(value)
    return value


def _check_web(value: str) -> None:
    try:
        web_addresses.parse_web(value)
    except MalformedInput as error:
        raise ValueError(f"web: {error.message}. {error.hint}") from None


def _views(value: Any) -> dict[str, dict[str, Any]]:
    """The tables as they stand; ValueError where one describes no view."""
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise ValueError("views are tables: [views.NAME].")
    if value:
        # Few nodes have views, and most commands need none of what reads them.
        from fedretail.index.view_settings import parse_view

        for name, table in value.items():
            parse_view(name, table)
    return value


def _list(key: str, value: Any) -> tuple[str, ...]:
    items = next(one.metadata["items"] for one in fields(Config) if one.name == key)
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} is {value!r}; expected a list of {items.what}.")
    for item in value:
        if not items.form.fullmatch(item):
            raise ValueError(f"{key} holds {item!r}; expected {items.example}.")
    return tuple(value)


_EXPECTED = {bool: "true or false", int: "a whole number", str: "a text in quotes"}
_YES_NO = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def _read_bool(text: str) -> bool:
    answer = _YES_NO.get(text.strip().lower())
    if answer is None:
        raise ValueError(f"{text!r} is neither true nor false.")
    return answer


def _read_int(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a whole number.") from None


def _read_list(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]


_READERS: dict[type, Callable[[str], Any]] = {
    bool: _read_bool,
    int: _read_int,
    str: str.strip,
    tuple: _read_list,
}


def _toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return _toml_text(value)
    return "{}" if isinstance(value, Mapping) else str(value)


def _toml_text(value: str) -> str:
    """A basic string: quotes, backslashes and control characters escaped."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(char) for char in quoted) + '"'


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char
