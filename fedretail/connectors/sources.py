"""Which connector reads a file: asked for by name, or found out from its beginning."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from fedretail.connectors.columns import GENERIC, plain_heading
from fedretail.connectors.csv_generic import GenericCsv
from fedretail.connectors.csv_reader import CsvReader, Format
from fedretail.connectors.jsonl import JsonlReader
from fedretail.connectors.layout import Layout, find_layout, read_head
from fedretail.connectors.rows import Options, Reader
from fedretail.connectors.shopify import ShopifyCsv
from fedretail.connectors.woocommerce import WooCommerceCsv
from fedretail.domain.kind import Value
from fedretail.domain.money import parse_currency
from fedretail.errors import UsageError

FindProfile = Callable[[str], Mapping[str, Value] | None]
CSV_FORMATS: dict[str, Callable[[], Format]] = {
    "csv": GenericCsv,
    "shopify": ShopifyCsv,
    "woocommerce": WooCommerceCsv,
}
# All that a column of any of them may mean.
ROLES = frozenset(
    role
    for headings in (GENERIC, ShopifyCsv.headings, WooCommerceCsv.headings)
    for role in headings.values()
)
FORMATS = ("auto", *CSV_FORMATS, "jsonl")
# Headings of one vendor that no other list has together.
_SIGNS = (
    ("shopify", {"handle", "title"}, {"variant price", "option1 name", "body"}),
    ("shopify", {"url handle", "title"}, {"price", "option1 name", "published on online store"}),
)
# A WooCommerce export has at least these, in whatever language.
_WOO_ROLES = {"woo_type", "name"}
_WOO_FURTHER = {"in_stock", "visibility", "published", "parent", "woo_id", "backorders"}


def open_source_with(  # noqa: PLR0917 - called in one place
    path: Path,
    form: str,
    options: Options,
    find: FindProfile,
    further: Mapping[str, Callable[[], Format]],
) -> Reader:
    """A reader of the file; see fedretail.connectors.open_source."""
    formats = {**further, **CSV_FORMATS}
    if form not in (*FORMATS, *further):
        known = ", ".join((*FORMATS, *further))
        raise UsageError(f"{form!r} is not a format.", hint=f"Formats are {known}.")
    parse_currency(options.currency)
    head = read_head(path)
    if form == "jsonl" or (form == "auto" and head[1].lstrip()[:1] in {"{", "["}):
        return JsonlReader(path, head, options)
    if form == "auto":
        known_headings = GENERIC | ShopifyCsv.headings | WooCommerceCsv.headings
        layout = find_layout(path, head, known_headings)
        form = _vendor(layout)
    else:
        layout = find_layout(path, head, formats[form]().headings)
    profile = find(form) or {}
    if profile.get("format", form) != form:
        profile = {}
    return CsvReader(layout, formats[form](), replace(options, profile=profile))


def _vendor(layout: Layout) -> str:
    plain = {plain_heading(heading) for heading in layout.headings}
    for form, needed, further in _SIGNS:
        if needed <= plain and plain & further:
            return form
    roles = {WooCommerceCsv.headings.get(heading) for heading in plain}
    woo = roles >= _WOO_ROLES and len(roles & _WOO_FURTHER) >= 2
    return "woocommerce" if woo else "csv"
