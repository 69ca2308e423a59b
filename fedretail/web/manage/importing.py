"""Import: drop a file, see how it is read, mend what is bad; nothing is written before Publish."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from starlette.responses import FileResponse, JSONResponse, Response

from fedretail.connectors import BadRow
from fedretail.connectors.columns import GENERIC
from fedretail.connectors.layout import find_layout, read_head
from fedretail.connectors.sources import ROLES
from fedretail.domain.catalog import Offer
from fedretail.domain.prices import price_now, unit_price
from fedretail.errors import MalformedInput
from fedretail.node.import_report import HeldRow, ImportOptions, ImportReport
from fedretail.node.looks import Look
from fedretail.node.mending import import_rows, mended, settled, wait, waiting, write_rows
from fedretail.node.mending import publish as publish_all
from fedretail.web.manage.desk import Desk, Translates
from fedretail.web.manage.reasons import fault, reason
from fedretail.web.manage.uploads import Upload

# Rows that a person mends in a browser; more are better mended in the file itself.
MOST_ROWS = 200
# As many offers are named in one sentence.
MOST_NAMES = 10


@dataclass(frozen=True, slots=True)
class Preview:
    """A file as it would be imported; rows: those that need somebody, ready: offers of the file."""

    report: ImportReport
    rows: list[BadRow]
    ready: int
    hidden: int


def page(desk: Desk) -> Response:
    """Where a file is dropped."""
    return desk.show("import", place="import", waiting=waiting(desk.node), sites=desk.node.sites())


def preview(desk: Desk, upload: Upload) -> Response:
    """What the file would do."""
    try:
        seen = _preview(desk, upload)
    except MalformedInput as error:
        return _unreadable(desk, upload, error)
    upload.moved |= seen.report.moved
    return desk.show(
        "preview",
        place="import",
        upload=upload,
        seen=seen,
        report=seen.report,
        parts=_parts(seen, upload),
        columns=seen.report.reading.columns,
        roles=role_words(desk),
        reason=partial(reason, desk),
        samples=[_sample(desk, one) for one in seen.report.samples],
        is_stopped=seen.report.is_part and upload.is_whole is None,
    )


def _unreadable(desk: Desk, upload: Upload, error: MalformedInput) -> Response:
    """Say why nothing can be read, and let the columns be named where that is what is missing."""
    try:
        headings = find_layout(upload.path, read_head(upload.path), GENERIC).headings
    except MalformedInput:
        headings = []
    columns = {heading: upload.columns.get(heading) for heading in headings[:60]}
    said: dict[str, Any] = {
        "fault": fault(desk, error),
        "columns": columns,
        "roles": role_words(desk),
    }
    return desk.show("unreadable", place="import", upload=upload, **said)


def options(desk: Desk, upload: Upload, *, dry_run: bool) -> ImportOptions:
    """How the file is imported as things were decided."""
    return ImportOptions(
        desk.node.site(upload.site),
        dry_run=dry_run,
        complete=upload.complete or upload.is_whole is True,
        is_whole=upload.is_whole is True,
        yes=upload.yes,
        columns=upload.columns,
        told=MOST_ROWS,
        rejects=False,
        or_none=True,
        look=upload.look,
    )


def _preview(desk: Desk, upload: Upload) -> Preview:
    # What happens from now on nobody has seen who says yes to what this shows.
    upload.look = upload.look or Look.of(desk.node)
    wanted = options(desk, upload, dry_run=True)
    upload.read = 0.0
    report = desk.node.import_file(upload.path, wanted, upload.on_progress)
    rows, ready = _open_rows(upload, report), report.offers
    if upload.mended:
        more = import_rows(desk.node, upload.path, list(upload.mended.values()), wanted)
        ready += more.offers
        report.moved |= more.moved
        if more.held_rows:
            report.held_rows += _held(desk, upload, wanted)
    return Preview(report, rows, ready, report.rejected - len(report.bad))


def _held(desk: Desk, upload: Upload, wanted: ImportOptions) -> list[HeldRow]:
    """Rows that were mended and move a price as far as others that wait, by their lines."""
    found = []
    for line, fixed in upload.mended.items():
        seen = import_rows(desk.node, upload.path, [fixed], wanted)
        found += [replace(one, line=line) for one in seen.held_rows]
    return found


def _open_rows(upload: Upload, report: ImportReport) -> list[BadRow]:
    settled_ = upload.mended.keys() | upload.left_out
    return [bad for bad in report.bad if bad.line not in settled_]


def columns(desk: Desk, upload: Upload) -> Response:
    """Say what columns mean."""
    names = desk.said.get("heading", [])
    roles = desk.said.get("role", [])
    for heading, role in zip(names, roles, strict=False):
        upload.columns[heading] = role_of(role)
    upload.mended.clear()
    return desk.go(f"/import/{upload.id}")


def role_of(said: object) -> str | None:
    """What a form says that a column means; None: it is not used.

    Not only what is offered: a column of a shop system's export stays what it is there.
    """
    return said if isinstance(said, str) and said in ROLES else None


def row(desk: Desk, upload: Upload) -> Response:
    """Mend one row, or leave it out."""
    _ = desk.translated
    deed, _dash, line = desk.get("row").partition("-")
    report = desk.node.import_file(upload.path, options(desk, upload, dry_run=True))
    bad = next((one for one in report.bad if str(one.line) == line), None)
    if bad is None:
        return desk.go(f"/import/{upload.id}")
    if deed == "leave":
        upload.left_out.add(bad.line)
    else:
        fixed = mended(bad, desk.get(f"cell-{line}"))
        try:
            if fixed is None:
                raise MalformedInput("")
            seen = import_rows(desk.node, upload.path, [fixed], options(desk, upload, dry_run=True))
        except MalformedInput:
            what = _("Line %(line)s cannot be read like this either. Expected: %(expected)s.",
                     line=line, expected=reason(desk, bad.reason))  # fmt: skip
            desk.tell("bad", what)
        else:
            upload.mended[bad.line] = fixed
            _tell_held(desk, line, seen)
    return desk.go(f"/import/{upload.id}")


def _tell_held(desk: Desk, line: str, seen: ImportReport) -> None:
    """Say of a row that was mended that its price waits for a yes."""
    for one in seen.held_rows:
        old, new = (desk.say.money(minor, one.currency) for minor in (one.old_minor, one.new_minor))
        text = desk.translated(
            "Line %(line)s: this price moves by more than half (%(old)s → %(new)s). It keeps its "
            "old one, unless you say below that it is right.",
            line=line, old=old, new=new,
        )  # fmt: skip
        desk.tell("warn", text)


def choose(desk: Desk, upload: Upload) -> Response:
    """Decide about offers that are gone, prices that moved far, a file with few offers."""
    deed = desk.get("choose")
    if deed in ("whole", "part"):
        upload.is_whole = deed == "whole"
    elif deed in ("withdraw", "keep"):
        upload.complete = deed == "withdraw"
    elif deed in ("take", "hold"):
        upload.yes = deed == "take"
    elif deed in ("over", "leave") and upload.look is not None:
        upload.look.over = frozenset(upload.moved if deed == "over" else ())
    return desk.go(f"/import/{upload.id}")


def publish(desk: Desk, upload: Upload) -> Response:
    """Import the file for good; rows that nobody has mended wait under To do."""
    node, seen = desk.node, _preview(desk, upload)
    if seen.report.is_part and upload.is_whole is None:
        return desk.go(f"/import/{upload.id}")
    if seen.report.moved.keys() - upload.moved.keys():
        desk.tell("warn", desk.translated("Offers have changed meanwhile. Look once more."))
        return desk.go(f"/import/{upload.id}")
    wanted = options(desk, upload, dry_run=False)
    upload.read = 0.0
    fixed = list(upload.mended.values())
    report, number = publish_all(node, upload.path, fixed, (wanted, upload.on_progress))
    rest = _open_rows(upload, report)
    settled(node)
    if rest:
        wait(node, upload.path, rest, wanted)
    desk.office.uploads.drop(upload)
    text = desk.many("Published: %(num)s offer.", "Published: %(num)s offers.", number)
    desk.tell("ok", text)
    if report.moved:
        names = ", ".join(list(report.moved.values())[:MOST_NAMES])
        text = desk.many(
            "%(num)s offer was changed meanwhile and stays as it is: %(names)s",
            "%(num)s offers were changed meanwhile and stay as they are: %(names)s",
            len(report.moved), names=names + (" …" if len(report.moved) > MOST_NAMES else ""),
        )  # fmt: skip
        desk.tell("warn", text)
    return desk.go()


def progress(desk: Desk, upload: Upload) -> Response:
    """How much of the file is read, for a page that waits; see static/js/manage.js."""
    return JSONResponse({"read": round(upload.read, 3)})


def drop(desk: Desk, upload: Upload) -> Response:
    """Forget the file; nothing was written."""
    desk.office.uploads.drop(upload)
    desk.tell("ok", desk.translated("Nothing was published. Your old prices stand."))
    return desk.go("/import")


def save_rows(desk: Desk, upload: Upload) -> Response:
    """The rows that need somebody, as a file to be mended elsewhere."""
    seen = _preview(desk, upload)
    target = upload.path.with_name("rows.rejects.csv")
    write_rows(desk.node, upload.path, seen.rows, (target, options(desk, upload, dry_run=True)))
    stem, dot, suffix = upload.name.rpartition(".")
    return FileResponse(target, filename=f"{stem or suffix}.rejects{dot}{suffix if dot else ''}")


def mend(desk: Desk) -> Response:
    """Take up the rows that wait."""
    found = waiting(desk.node)
    if found is None:
        return desk.go("/import")
    upload = desk.office.uploads.copy(found[0], found[0].name, found[2])
    # Rows to mend are never the whole list.
    upload.is_whole = False
    return desk.go(f"/import/{upload.id}")


def _parts(seen: Preview, upload: Upload) -> list[tuple[str, float, float, int]]:
    """(class, x, width, number) of the parts of the bar, 1000 wide; a small one can be seen."""
    report = seen.report
    numbers = (
        ("same", report.unchanged),
        ("changed", report.changed),
        ("new", report.new + len(upload.mended)),
        ("bad", len(seen.rows) + seen.hidden),
    )
    shown = [(name, number) for name, number in numbers if number]
    total = sum(number for _, number in shown) or 1
    room = 1000 - 12 * len(shown)
    parts, x = [], 0.0
    for name, number in shown:
        width = 12 + room * number / total
        parts.append((name, round(x, 1), round(width - 3, 1), number))
        x += width
    return parts


def _sample(desk: Desk, fields: dict[str, Any]) -> dict[str, Any]:
    """One offer as shoppers will see it."""
    offer, now_ms, say = Offer.from_fields(fields), desk.node.clock.now_ms(), desk.say
    price, currency = price_now(offer.prices, now_ms), offer.currency or desk.node.currency
    before = Offer.from_fields({**fields, "prices": fields.get("was")})
    old = price_now(before.prices, now_ms)
    _ = desk.translated
    units = {"kg": "kg", "l": "l", "m": "m", "piece": _("piece")}
    per = None
    if price is not None:
        per = unit_price(price.amount_minor, offer.net, offer.pack, offer.sold_by)
    is_other = old is not None and price is not None and old.amount_minor != price.amount_minor
    return {
        "name": offer.name,
        "gtin": offer.gtin or "",
        "pack": "" if offer.net is None else f"{offer.net.amount:f} {offer.net.unit}",
        "price": "" if price is None else say.money(price.amount_minor, currency),
        "was": say.money(old.amount_minor, currency) if old is not None and is_other else "",
        "per": "" if per is None else f"{say.money(per.amount_minor, currency)}/{units[per.per]}",
        "stock": offer.stock.level,
        "state": "new" if fields.get("was") is None else "changed" if is_other else "same",
    }


def role_words(desk: Translates) -> dict[str, str]:
    """Roles of columns as a shopkeeper calls them."""
    _ = desk.translated
    return {
        "name": _("Name"), "price": _("Price"), "sku": _("Your own code"), "gtin": _("Barcode"),
        "stock": _("Stock"), "net": _("Content"), "unit": _("Unit"), "pack": _("Pack"),
        "category": _("Category"), "brand": _("Brand"), "regular": _("Price before"),
        "sale_price": _("Offer price"), "sale_from": _("Offer from"),
        "sale_until": _("Offer until"), "deposit": _("Deposit"),
        "description": _("Description"), "currency": _("Currency"),
        "min_age": _("Age limit"), "claims": _("Labels"), "allergens": _("Allergens"),
        "variant": _("Variant"), "picture_from": _("Picture"), "cost": _("Cost (yours alone)"),
        "supplier": _("Supplier (yours alone)"), "note": _("Note (yours alone)"),
    }  # fmt: skip
