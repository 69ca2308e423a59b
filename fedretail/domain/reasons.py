"""Why input was not read, or how: a name and values, of which every face makes its own words.

A reason is made where the fault is found. Its English sentence stands here and nowhere else;
`fedretail.web.manage.reasons` says the same by name, in the language of whoever looks at a page.
A name is never given another meaning: what has another meaning gets another name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fedretail.errors import FedretailError, MalformedInput

# The sentence of whoever has no name for what is wrong, such as a plug-in.
SAID = "said"

# Of a number of things: as it is said of one, and of others.
Sentence = str | tuple[str, str]
ENGLISH: Mapping[str, Sentence] = {
    SAID: "%(text)s",
    # Cells of a price list.
    "price_like": "expected a price such as %(like)s",
    "price_missing": "the price is missing",
    "price_negative": "is negative; a price is not",
    "price_no_amount": "is not an amount",
    "price_too_large": "is too large for a price",
    "price_two_ways": "may mean %(whole)s or %(part)s",
    "price_decimals": "has more decimals than %(currency)s (%(digits)s)",
    "currency_other": "is in another currency; %(currency)s is expected",
    "currency_mixed": "the other rows are in %(currency)s",
    "currency_unknown": "is not a currency",
    "name_missing": "the name is missing",
    "stock_like": "expected a number of pieces such as 12",
    "yes_or_no": "expected yes or no",
    "whole_like": "expected a whole number such as 6",
    "age_like": "expected an age in years such as 18",
    "pack_like": "expected how many are in a pack, such as 6",
    "day_like": "expected a day such as 2026-11-21",
    "ends_before": "the offer ends before it begins",
    # Barcodes.
    "gtin_empty": "it is empty",
    "gtin_shortened": "a spreadsheet has shortened the number; format the column as text",
    "gtin_letters": "only digits, spaces and hyphens belong in it",
    "gtin_zero": "all digits are zero",
    "gtin_check_digit": "the check digit %(was)s does not fit, %(fits)s would",
    "gtin_first_missing": "the leading zero is missing; %(fits)s would fit",
    "gtin_last_missing": "the last digit is missing; %(fits)s would fit",
    "gtin_length": "it has %(number)s digits",
    "gtin_too_long": "it is far too long",
    # Rows.
    "sums": "a line of sums is no article; leave it out",
    "same_article": "same article as line %(line)s",
    "no_product": "no row above this one names the product",
    "width": "expected %(number)s, as the headings have",
    "letters_damaged": "some letters cannot be read; write them again",
    "row_too_long": "the row is longer than %(number)s characters; "
    "a line end or a closing quotation mark is missing",
    "quote_open": 'a quotation mark (") opens here and is never closed; take it out or close it',
    "no_identity": "a row needs something to be known by, and this one has nothing",
    "half_a_letter": "%(text)s holds half a character",
    "text_half_a_letter": "the text holds half a character",
    # Lines of the exchange format.
    "kind_like": "expected a kind such as offer",
    "hex_wanted": "expected %(number)s hexadecimal digits",
    "fields_missing": "the record has no fields",
    "text_wanted": "expected text",
    "object_wanted": "expected a JSON object",
    "base64_wanted": "expected base64",
    "form_wanted": "expected %(form)s",
    "list_wanted": "expected a list of %(form)s",
    "amount_like": "expected an amount such as %(like)s",
    "one_price_like": "expected a price such as %(like)s",
    "prices_like": "expected a list of prices such as %(like)s",
    "price_terms": 'expected min_quantity from 1 up, and audience "all" or "members"',
    "prices_many": "prices are a list of at most %(number)s",
    "price_row": "a price is [amount, from, until, min_quantity, audience]",
    "price_amount": "%(text)s is not an amount",
    "price_time": "%(text)s is not a time",
    "price_least": "%(text)s is not a least quantity",
    "price_audience": "%(text)s is not an audience",
    "price_ends_before": "a price ends before it begins",
    "amount_currency": "the record names no currency for its amounts",
    "amount_too_large": "the amount is too large for a price",
    "time_like": "expected a time such as %(like)s",
    "time_wrong": "%(text)s is not a time",
    "degrees_like": "expected degrees such as %(like)s",
    "number_as_text": "numbers with decimals are written as text",
    "field_name": "%(text)s is not a name that may stand here",
    "field_name_long": "a field name has at most %(number)s bytes",
    "nested": "the value is nested too deeply",
    "line_long": "the line has over %(number)s characters",
    "line_cut": "the line is cut off: the JSON object does not end",
    "line_no_json": "the line is not JSON (%(fault)s, column %(column)s)",
    "line_nested": "the line is not JSON of a sensible depth and size",
    "line_object": "expected one JSON object on each line",
    "line_number": 'numbers with decimals are written as text: "%(text)s"',
    "line_no_end": "has no end within %(number)s bytes",
    "line_no_text": "is not UTF-8 text",
    "format_unknown": "the format %(text)s is not known here",
    # Files that cannot be read at all, and what to do then.
    "file_empty": "%(file)s is empty.",
    "file_xls": "%(file)s is an Excel file (.xls).",
    "file_xlsx": "%(file)s is an Excel file; save it as CSV.",
    "file_ods": "%(file)s is a LibreOffice spreadsheet; save it as CSV.",
    "file_pdf": "%(file)s is a PDF document.",
    "file_picture": "%(file)s is a picture.",
    "file_sound": "%(file)s is a picture or a sound.",
    "file_packed": "%(file)s is a packed file (%(kind)s).",
    "file_database": "%(file)s is a database file.",
    "file_web_page": "%(file)s is a web page or XML, not CSV.",
    "file_binary": "%(file)s is a binary file, not text.",
    "file_no_lines": "The first line of %(file)s has no end within %(number)s characters.",
    "file_no_columns": "%(file)s has no columns for %(wanted)s. Headings found: %(found)s%(more)s.",
    "file_no_offers": "%(file)s holds no offers.",
    "file_json_list": "%(file)s is one JSON list; JSON Lines has one record on each line.",
    "file_damaged": "%(file)s, line %(line)s: %(why)s. Nothing was imported.",
    "file_of_shops": "%(file)s holds offers of %(count)s shops; one shop's are imported at a time.",
    "then_export": "Export it again and look inside first.",
    "then_copy": "Export or copy the file again; it seems to be damaged.",
    "then_csv": 'Open it there and choose "Save as", "CSV (UTF-8)", then import that file.',
    "then_ask": "Ask for the list as CSV; prices cannot be read from a PDF.",
    "then_unpack": "Unpack it, then import the file inside.",
    "then_known": "fedretail reads CSV, Shopify and WooCommerce exports, and JSON Lines.",
    "then_table": "A table has one line for its headings and one for each article.",
    "then_headings": "The first line must name the columns; needed are %(wanted)s, "
    'for example "Name" and "Price", "Bezeichnung" and "Preis".',
    "then_look": "Check that it is the price list, and that it has rows under its headings.",
    "then_jq": "`jq -c '.[]' %(file)s` makes lines of it.",
    "then_mine": "`fedretail export --mine` writes your own alone.",
    # A picture that an offer names on the web.
    "picture_endless": "it leads from one address to the next without an end",
    "picture_slow": "it took too long",
    "picture_torn": "the answer is not whole, or not HTTP",
    "picture_certificate": "its certificate is not valid: %(fault)s",
    "picture_broke_off": "the connection broke off",
    "picture_silent": "no answer",
    "picture_private": "it leads into a private network, where nothing is fetched",
    "picture_large": "it is larger than %(number)s MB",
    "picture_status": "its server says %(status)s",
    "picture_address": "expected an https address of plain letters",
    "picture_https": "expected an address that begins with https://",
    "picture_password": "an address with a password is not fetched",
    "picture_nowhere": "a redirect to nowhere",
    "picture_heavy": "a picture that takes too long to read",
    "picture_unread": "no picture that can be read",
    "picture_unshown": "no picture that can be shown",
    # How a whole file was read.
    "known_by": "Articles are still known by %(kept)s, as at the first import of this source; "
    "this file alone would suggest %(chosen)s.",
    "by_sku": "article number",
    "by_source": "the shop system's own id",
    "by_gtin": "barcode",
    "by_name": "name",
    "currency_assumed": "The file names no currency; %(currency)s is taken.",
    "currency_foreign": "The prices are in %(currency)s; the site's currency is %(site)s.",
    "nets_unread": (
        "%(num)s net content not understood; no unit price for them.",
        "%(num)s net contents not understood; no unit price for them.",
    ),
    "articles_many": "After the first million articles, repeated ones were not looked for.",
    "rows_left": ("%(num)s row left out: %(why)s.", "%(num)s rows left out: %(why)s."),
    "left_pictures": "pictures only",
    "left_unpublished": "not published",
    "left_status": "status %(status)s",
    "left_variable": "products with variations (these were read instead)",
    "left_grouped": "groups of products (their parts were read)",
    "left_external": "sold on another website",
    "left_hidden": "hidden in the shop's own catalog",
    "records_left": (
        "%(num)s record of kind %(kind)s left out.",
        "%(num)s records of kind %(kind)s left out.",
    ),
    "offers_left": (
        "%(num)s offer of another site left out.",
        "%(num)s offers of another site left out.",
    ),
    "own_left": (
        "Unknown own fields of %(num)s record left out.",
        "Unknown own fields of %(num)s records left out.",
    ),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """name: a key of ENGLISH. values: what stands in its sentence, as text, or as a reason again.

    The value `num` is a whole number, by which the form of a sentence is chosen.
    """

    name: str
    values: Mapping[str, "str | Reason"] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash((self.name, tuple(sorted(self.values.items(), key=lambda pair: pair[0]))))

    @classmethod
    def parse(cls, noted: object) -> "Reason":
        """A reason as `asdict` writes it, or the sentence itself; ValueError for anything else."""
        if isinstance(noted, str):
            return cls(SAID, {"text": noted})
        if not isinstance(noted, dict) or str(noted.get("name")) not in ENGLISH:
            raise ValueError("no reason")
        return cls(noted["name"], {name: str(value) for name, value in noted["values"].items()})

    @property
    def number(self) -> int:
        """The number of things that are told of; 0 where none is."""
        return int(str(self.values.get("num", 0)))

    @property
    def english(self) -> str:
        """The sentence for terminals, files and programs."""
        said = ENGLISH[self.name]
        words = said if isinstance(said, str) else said[self.number != 1]
        values = {
            name: one if isinstance(one, str) else one.english for name, one in self.values.items()
        }
        return words % {**values, "num": f"{self.number:,}"}


class NotRead(MalformedInput):
    """Input that is not what it claims to be, for a reason that has a name.

    about: what stands before the reason in the message, such as the text in quotation marks.
    then: the next thing to do, as a reason; it is the hint.
    """

    def __init__(
        self, reason: Reason, *, about: str = "", hint: str = "", then: Reason | None = None
    ) -> None:
        super().__init__(f"{about}{reason.english}", hint=then.english if then else hint)
        self.reason = reason
        self.then = then


def reason_of(error: FedretailError) -> Reason:
    """The reason by its name; the message itself where it has none."""
    return error.reason if isinstance(error, NotRead) else Reason(SAID, {"text": error.message})


def then_of(error: FedretailError) -> Reason:
    """The next thing to do, by its name; the hint itself where it has none."""
    then = error.then if isinstance(error, NotRead) else None
    return Reason(SAID, {"text": error.hint}) if then is None else then
