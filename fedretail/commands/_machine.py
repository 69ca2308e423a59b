"""What this computer says of where it stands: its currency and its time zone."""

import contextlib
import locale
import os
from pathlib import Path

from fedretail.domain.hours import validate_zone
from fedretail.domain.money import parse_currency
from fedretail.errors import MalformedInput

_LOCALTIME = Path("/etc/localtime")


def currency() -> str | None:
    """The ISO 4217 code of the machine's locale; None where it names none (LANG=C)."""
    before = locale.setlocale(locale.LC_MONETARY)
    try:
        locale.setlocale(locale.LC_MONETARY, "")
        code = str(locale.localeconv()["int_curr_symbol"]).strip()
        return parse_currency(code) if code else None
    except (locale.Error, MalformedInput):
        return None
    finally:
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_MONETARY, before)


def time_zone() -> str | None:
    """The IANA name of the machine's time zone: TZ, else where /etc/localtime points to."""
    for name in (os.environ.get("TZ", "").removeprefix(":"), _linked(), _windows()):
        with contextlib.suppress(MalformedInput):
            if name:
                return validate_zone(name)
    return None


def _linked() -> str:
    try:
        target = os.path.realpath(_LOCALTIME)  # noqa: PTH118, RUF100 (a str with "/" is wanted)
    except OSError:
        return ""
    return target.partition("zoneinfo/")[2]


def _windows() -> str:
    """Windows keeps names of its own; the ones that its users mostly have, by their IANA names."""
    if os.name != "nt":
        return ""
    import winreg  # type: ignore[import-not-found,unused-ignore]

    path = r"SYSTEM\CurrentControlSet\Control\TimeZoneInformation"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:  # type: ignore[attr-defined,unused-ignore]
            name = winreg.QueryValueEx(key, "TimeZoneKeyName")[0]  # type: ignore[attr-defined,unused-ignore]
    except OSError:
        return ""
    return _WINDOWS.get(str(name).partition("\0")[0], "")


# From Unicode CLDR's windowsZones, territory 001.
_WINDOWS = {
    "GMT Standard Time": "Europe/London",
    "W. Europe Standard Time": "Europe/Berlin",
    "Romance Standard Time": "Europe/Paris",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "FLE Standard Time": "Europe/Kiev",
    "GTB Standard Time": "Europe/Bucharest",
    "Turkey Standard Time": "Europe/Istanbul",
    "Eastern Standard Time": "America/New_York",
    "Central Standard Time": "America/Chicago",
    "Mountain Standard Time": "America/Denver",
    "US Mountain Standard Time": "America/Phoenix",
    "Pacific Standard Time": "America/Los_Angeles",
    "E. South America Standard Time": "America/Sao_Paulo",
    "South Africa Standard Time": "Africa/Johannesburg",
    "India Standard Time": "Asia/Calcutta",
    "China Standard Time": "Asia/Shanghai",
    "Tokyo Standard Time": "Asia/Tokyo",
    "AUS Eastern Standard Time": "Australia/Sydney",
    "New Zealand Standard Time": "Pacific/Auckland",
    "UTC": "UTC",
}
