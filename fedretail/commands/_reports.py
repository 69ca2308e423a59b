"""What an import did, or would do, in words: how the file was read, counts, rows that need you."""

import shlex
from typing import TYPE_CHECKING

from fedretail.commands import _words, output
from fedretail.commands._common import own_name, same_command
from fedretail.connectors.identity import WORDS
from fedretail.domain.catalog import Offer
from fedretail.domain.money import human_amount
from fedretail.domain.prices import price_now
from fedretail.domain.texts import count, shorten

if TYPE_CHECKING:
    from fedretail.connectors import BadRow, Reading
    from fedretail.node.import_report import ImportReport

# As many rows as one looks at; all stand in the reject file.
_SHOWN_ROWS = 5
_FORMATS = {
    "csv": "CSV",
    "shopify": "Shopify CSV",
    "woocommerce": "WooCommerce CSV",
    "jsonl": "JSON Lines",
}
_ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "cp1252": "Windows-1252",
}
_DECIMALS = {",": "decimal comma", ".": "decimal point"}


def tell(report: "ImportReport", *, same_list: list[str], now_ms: int) -> None:
    """The whole report on stderr; `same_list`: options that lead to the same list again."""
    output.note(_how(report.reading))
    for line in report.reading.notes:
        output.note(line.english)
    if report.dry_run:
        _tell_columns(report.reading)
        _tell_samples(report, now_ms)
    _tell_counts(report)
    _tell_rejected(report, same_list)
    _tell_held(report)
    _tell_missing(report)
    if report.dry_run:
        output.tell("done", "Nothing has been written.", "The same without `--dry-run` writes it.")


def _how(reading: "Reading") -> str:
    """ "Read as CSV, split by ; · Windows-1252 · decimal comma"."""
    delimiter = {"": "", "\t": ", split by tabs"}.get(
        reading.delimiter, f", split by {reading.delimiter}"
    )
    facts = [
        f"Read as {_FORMATS.get(reading.format, reading.format)}{delimiter}",
        _ENCODINGS.get(reading.encoding, reading.encoding),
        _DECIMALS.get(reading.decimal or "", ""),
        f"known by {WORDS[reading.identity].english}",
    ]
    return " · ".join(fact for fact in facts if fact)


def _tell_columns(reading: "Reading") -> None:
    read = [f"{heading} → {role}" for heading, role in reading.columns.items() if role]
    left = [heading for heading, role in reading.columns.items() if not role]
    if read:
        output.note(f"Columns: {', '.join(read)}")
    if left:
        output.note(f"Not read and not published: {', '.join(left)}", tone="warn")


def _tell_samples(report: "ImportReport", now_ms: int) -> None:
    """The first rows as shoppers will see them."""
    if not report.samples:
        return
    output.note("As shoppers will see it:")
    for fields in report.samples:
        offer = Offer.from_fields({k: v for k, v in fields.items() if k != "was"})
        before = Offer.from_fields({"prices": fields.get("was")})
        currency = offer.currency or report.reading.currency
        prices = [_price(one, currency, now_ms) for one in (before, offer)]
        was = f" (was {prices[0]})" if prices[0] and prices[0] != prices[1] else ""
        stock = _words.stock(offer.stock).text
        stock = "stock unknown" if stock == "unknown" else stock
        output.note(f"  {shorten(offer.name, 40):<40}  {prices[1] or 'ask'}{was} · {stock}")


def _price(offer: Offer, currency: str, now_ms: int) -> str:
    price = price_now(offer.prices, now_ms)
    return "" if price is None else human_amount(price.amount_minor, currency)


def _tell_counts(report: "ImportReport") -> None:
    done = "would be published" if report.dry_run else "published"
    parts = [
        f"{report.new:,} new",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} as before",
    ]
    if report.withdrawn:
        parts.append(f"{report.withdrawn:,} withdrawn")
    mark: output.Mark = "done" if report.offers else "attention"
    output.tell(mark, f"{count(report.offers, 'offer')} {done}: {', '.join(parts)}")
    if report.weak:
        known = count(report.weak, "row")
        output.note(
            f"{known} without a code, known by name: a new name is a new offer.", tone="dim"
        )


def _tell_rejected(report: "ImportReport", same_list: list[str]) -> None:
    if not report.rejected:
        return
    they = "It is" if report.rejected == 1 else "They are"
    where = f" {they} in {report.reject_file}" if report.reject_file else ""
    output.tell("attention", f"{count(report.rejected, 'row')} not read.{where}")
    shown = report.bad[:_SHOWN_ROWS]
    lines = [_bad(row, shown) for row in shown]
    for line in lines:
        output.note(f"  {line}")
    more = report.rejected - len(shown)
    if report.reject_file is not None:
        words = shlex.join([str(report.reject_file), *same_list])
        again = f"`{own_name()} import {words}`"
        output.note(f"  {f'… {more:,} more. ' if more else ''}Mend that file, then: {again}")
    elif more:
        output.note(f"  … {more:,} more.")


def _bad(row: "BadRow", shown: list["BadRow"]) -> str:
    """ "line  17  Barcode  400184210012   the last digit is missing; 4001842100121 would fit"."""
    digits = max(len(str(one.line)) for one in shown)
    column = max(len(shorten(one.column, 20)) for one in shown)
    found = max(len(shorten(one.found, 24)) for one in shown)
    guess = f"; {row.guess} would fit" if row.guess and row.guess not in row.expected else ""
    parts = f"line {row.line:>{digits}}  {shorten(row.column, 20):<{column}}"
    return f"{parts}  {shorten(row.found, 24):<{found}}  {row.expected}{guess}"


def _tell_held(report: "ImportReport") -> None:
    """Prices that moved far, and large withdrawals, wait for a yes."""
    prices = report.held - report.held_withdrawals - report.held_elsewhere
    if prices:
        wait = "waits" if prices == 1 else "wait"
        headline = f"{count(prices, 'price')} {wait}: moved by more than half, or nothing."
        output.tell("attention", headline)
        for row in report.held_rows[:_SHOWN_ROWS]:
            old, new = (
                human_amount(minor, row.currency) for minor in (row.old_minor, row.new_minor)
            )
            # A new article for nothing had no price before.
            moved = new if row.old_minor == row.new_minor else f"{old} → {new}"
            output.note(f"  line {row.line}  {shorten(row.name, 40)}  {moved}")
        more = prices - len(report.held_rows[:_SHOWN_ROWS])
        if more > 0:
            output.note(f"  … {more:,} more.")
    _tell_elsewhere(report)
    if report.held_withdrawals:
        are = "is" if report.missing == 1 else "are"
        output.tell(
            "attention",
            f"{count(report.missing, 'offer')} of the last import {are} not in this file: "
            "more than half. None was withdrawn.",
        )
    if report.held:
        output.note(f"  If that is right: `{same_command('--yes')}`")


def _tell_elsewhere(report: "ImportReport") -> None:
    """Rows whose number another list of the shop has given to an article of its own."""
    if not report.held_elsewhere:
        return
    wait = (
        "waits: another list has its" if report.held_elsewhere == 1 else "wait: others have their"
    )
    headline = f"{count(report.held_elsewhere, 'article')} {wait} number already."
    output.tell("attention", headline)
    for row in report.elsewhere[:_SHOWN_ROWS]:
        output.note(f"  line {row.line}  {shorten(row.identity, 40)}  is in the list {row.source}")
    more = report.held_elsewhere - len(report.elsewhere[:_SHOWN_ROWS])
    if more > 0:
        output.note(f"  … {more:,} more.")


def _tell_missing(report: "ImportReport") -> None:
    if not report.missing or report.held_withdrawals:
        return
    are = "is" if report.missing == 1 else "are"
    output.tell(
        "attention",
        f"{count(report.missing, 'offer')} of the last import {are} not in this file.",
        f"They stay. If it holds all that you sell: `{same_command('--complete')}`",
    )
