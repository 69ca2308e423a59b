"""The settings of one node: `config.toml` in its data directory, then FEDRETAIL_* variables.

A setting is a field of Config and nothing else: its name (with its unit), type, default, and one
sentence of documentation. The file, the variables and the reference page follow from that.
"""

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fedretail.errors import MalformedInput, Unavailable, UsageError

FILE_NAME = "config.toml"
VARIABLE_PREFIX = "FEDRETAIL_"
# A variable so much like a setting's is a slip of the pen; what is less alike may belong to
# another program.
_SLIP_RATIO = 0.85


def _setting(default: Any, doc: str) -> Any:
    """A field of Config with its one sentence of documentation."""
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class Config:
    """All settings of a node, checked."""

    listen: tuple[str, ...] = _setting(
        (), "Addresses (multiaddr) at which `fedretail serve` listens for neighbours."
    )
    peers: tuple[str, ...] = _setting(
        (), "Addresses (multiaddr with /p2p/…) of neighbours that are always tried first."
    )
    # Six: a shelf with five left can be empty before the shopper is there.
    few_below: int = _setting(6, "Stock below this count is shown as few.")
    show_left: bool = _setting(True, "Whether shoppers see how many are left when few are.")
    max_down_mb_per_day: int = _setting(
        0, "Most that neighbours may send to this node in a day, in MB; 0 is no limit."
    )
    web: str = _setting("off", "Address of the kiosk and the back office; only `off` so far.")
    # 500 MB: room for SQLite to copy a catalog of a million offers when it checkpoints.
    disk_reserve_mb: int = _setting(
        500, "Free space on the disk below which nothing more is taken from neighbours, in MB."
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
    return with_variables(config, os.environ if variables is None else variables)


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


def with_variables(config: Config, variables: Mapping[str, str]) -> Config:
    """`config` changed by FEDRETAIL_* variables; lists are separated by commas.

    Raises UsageError for a value that does not fit, and for a name that is nearly a setting's.
    """
    changed: dict[str, Any] = {}
    names = {VARIABLE_PREFIX + setting.name.upper(): setting.name for setting in fields(Config)}
    for variable, text in variables.items():
        if not variable.startswith(VARIABLE_PREFIX):
            continue
        key = names.get(variable)
        if key is None:
            _refuse_slip(variable, list(names))
            continue
        try:
            changed[key] = _checked(key, _READERS[type(getattr(Config(), key))](text))
        except ValueError as error:
            raise UsageError(f"{variable}: {error}") from error
    return replace(config, **changed)


def to_toml(config: Config) -> str:
    """The text of a config.toml: every setting with its sentence, defaults as comments."""
    blocks = []
    for setting in fields(Config):
        value = getattr(config, setting.name)
        mark = "# " if value == setting.default else ""
        blocks.append(f"# {setting.metadata['doc']}\n{mark}{setting.name} = {_toml(value)}\n")
    return "\n".join(blocks)


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
        return _addresses(key, value)
    if type(value) is not type(default):
        raise ValueError(f"{key} is {value!r}; expected {_EXPECTED[type(default)]}.")
    if isinstance(value, int) and value < 0:
        raise ValueError(f"{key} is {value}; expected 0 or more.")
    if key == "web" and value != "off":
        raise ValueError(f"{key} is {value!r}; this version knows only 'off'.")
    return value


def _addresses(key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{key} is {value!r}; expected a list of addresses.")
    for item in value:
        if not item.startswith("/"):
            raise ValueError(f"{key} holds {item!r}; expected a multiaddr like /ip4/…/tcp/….")
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
    if isinstance(value, tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, str):
        return _toml_text(value)
    return str(value)


def _toml_text(value: str) -> str:
    """A basic string: quotes, backslashes and control characters escaped."""
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(_escaped(char) for char in quoted) + '"'


def _escaped(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x20 or ord(char) == 0x7F else char
