"""Plug-ins: connectors, kinds and pages of other packages, used where the settings name them.

A package offers them as entry points, and nothing of it is loaded unless `plugins` in config.toml
has the name of the entry point:

    [project.entry-points."fedretail.connectors"]
    acme-till = "acme.till:AcmeCsv"        a Format, see fedretail.connectors.csv_reader
    [project.entry-points."fedretail.kinds"]
    opening-day = "acme.days:OPENING_DAY"  a Kind
    [project.entry-points."fedretail.pages"]
    acme-map = "acme.map:routes"           node -> routes of Starlette, shown under /x/acme-map/

A plug-in runs as this program does, and may do all that it may. Only install what you trust.
"""

from collections.abc import Callable, Collection
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from fedretail.domain.kind import Kind
from fedretail.domain.texts import quoted
from fedretail.errors import UsageError

CONNECTORS, KINDS, PAGES = "fedretail.connectors", "fedretail.kinds", "fedretail.pages"
GROUPS = (CONNECTORS, KINDS, PAGES)


def connectors(names: Collection[str]) -> dict[str, Callable[[], Any]]:
    """Formats of CSV files by the names of their plug-ins."""
    return _loaded(CONNECTORS, names)


def kinds(names: Collection[str]) -> list[Kind]:
    """Further kinds of record; UsageError where a plug-in brings something else."""
    found = _loaded(KINDS, names)
    for name, one in found.items():
        if not isinstance(one, Kind):
            raise UsageError(f"The plug-in {quoted(name)} brings no kind of record.", hint=_OFF)
    return list(found.values())


def pages(names: Collection[str]) -> dict[str, Callable[[Any], Any]]:
    """What makes the routes of a plug-in's pages, by its name."""
    return _loaded(PAGES, names)


def check(names: Collection[str]) -> None:
    """UsageError where the settings name a plug-in that nobody has installed."""
    there = {one.name for group in GROUPS for one in entry_points(group=group)}
    missing = [name for name in names if name not in there]
    if missing:
        known = f"There are: {', '.join(sorted(there))}." if there else "None is installed."
        raise UsageError(f"There is no plug-in {quoted(missing[0])}.", hint=known)


def kinds_of(names: Collection[str]) -> list[Kind]:
    """Further kinds; UsageError where one of the names is no plug-in at all."""
    check(names)
    return kinds(names)


_OFF = "Take its name out of `plugins` in config.toml, or mend it."


def _loaded(group: str, names: Collection[str]) -> dict[str, Any]:
    if not names:
        return {}
    found = [one for one in entry_points(group=group) if one.name in names]
    return {one.name: _load(one) for one in sorted(found, key=lambda one: one.name)}


def _load(one: EntryPoint) -> Any:
    try:
        return one.load()
    except Exception as error:
        what = f"The plug-in {quoted(one.name)} cannot be loaded: {error}."
        raise UsageError(what, hint=_OFF) from error
