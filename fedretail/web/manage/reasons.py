"""Why rows were not read, and how a file was, in the visitor's language.

Of a row it stands under a heading that says "Expected".
"""

from fedretail.domain.reasons import Reason, Sentence, reason_of, then_of
from fedretail.errors import FedretailError
from fedretail.web.manage.desk import Translates


def reason(desk: Translates, why: Reason) -> str:
    """The sentence; a plug-in's own as it says it."""
    words = WORDS.get(why.name)
    if words is None:
        return why.english
    values = {
        name: one if isinstance(one, str) else reason(desk, one)
        for name, one in why.values.items()
        if name != "num"
    }
    if isinstance(words, str):
        return desk.translated(words, **values)
    return desk.many(*words, why.number, **values)


def fault(desk: Translates, error: FedretailError) -> str:
    """Why a whole file cannot be read, and what to do then."""
    return f"{reason(desk, reason_of(error))} {reason(desk, then_of(error))}".strip()


def _(text: str) -> str:
    """Marks a text for those who gather texts."""
    return text


def _n(one: str, many: str) -> tuple[str, str]:
    """Marks a text of a number of things."""
    return one, many


# A test sees to it that every name of fedretail.domain.reasons but a plug-in's stands here.
WORDS: dict[str, Sentence] = {
    "price_like": _("a price such as %(like)s"),
    "price_missing": _("the price is missing"),
    "price_negative": _("a price is not negative"),
    "price_no_amount": _("this is no amount"),
    "price_too_large": _("this is too much for a price"),
    "price_decimals": _("%(currency)s has %(digits)s decimals, and here are more"),
    "currency_other": _("a price in %(currency)s"),
    "currency_mixed": _("the other rows are in %(currency)s"),
    "currency_unknown": _("the code of a currency, such as EUR"),
    "name_missing": _("the name is missing"),
    "stock_like": _("a number of pieces such as 12"),
    "yes_or_no": _("yes or no"),
    "whole_like": _("a whole number such as 6"),
    "age_like": _("an age in years such as 18"),
    "pack_like": _("how many are in a pack, such as 6"),
    "day_like": _("a day such as 2026-11-21"),
    "ends_before": _("the offer ends before it begins"),
    "gtin_empty": _("it is empty"),
    "gtin_shortened": _("a spreadsheet has shortened the number; format the column as text"),
    "gtin_letters": _("only digits, spaces and hyphens belong in it"),
    "gtin_zero": _("all digits are zero"),
    "gtin_check_digit": _("the check digit %(was)s does not fit, %(fits)s would"),
    "gtin_first_missing": _("the leading zero is missing; %(fits)s would fit"),
    "gtin_last_missing": _("the last digit is missing; %(fits)s would fit"),
    "gtin_length": _("it has %(number)s digits"),
    "gtin_too_long": _("it is far too long"),
    "sums": _("a line of sums is no article; leave it out"),
    "same_article": _("same article as line %(line)s"),
    "no_product": _("no row above this one names the product"),
    "width": _("%(number)s columns, as the headings have"),
    "letters_damaged": _("some letters cannot be read; write them again"),
    "row_too_long": _("the row has no end within %(number)s letters; "
                      "a line end or a closing quotation mark is missing"),
    "quote_open": _("a quotation mark opens here and is never closed; take it out or close it"),
    "no_identity": _("a name, a number or a code to know the article by"),
    "half_a_letter": _("%(text)s holds half a letter"),
    "text_half_a_letter": _("the text holds half a letter"),
    "kind_like": _("a kind such as offer"),
    "hex_wanted": _("%(number)s hexadecimal digits"),
    "fields_missing": _("the record has no fields"),
    "text_wanted": _("text"),
    "object_wanted": _("a JSON object"),
    "base64_wanted": _("bytes as base64"),
    "form_wanted": _("the form %(form)s"),
    "list_wanted": _("a list of the form %(form)s"),
    "amount_like": _("an amount such as %(like)s"),
    "one_price_like": _("a price such as %(like)s"),
    "prices_like": _("a list of prices such as %(like)s"),
    "price_terms": _("min_quantity from 1 up, and audience “all” or “members”"),
    "prices_many": _("at most %(number)s prices"),
    "price_row": _("a price as [amount, from, until, min_quantity, audience]"),
    "price_amount": _("%(text)s is not an amount"),
    "price_time": _("%(text)s is not a time"),
    "price_least": _("%(text)s is not a least quantity"),
    "price_audience": _("%(text)s is not an audience"),
    "price_ends_before": _("a price ends before it begins"),
    "amount_currency": _("the currency of the amounts is missing"),
    "amount_too_large": _("this is too much for a price"),
    "time_like": _("a time such as %(like)s"),
    "time_wrong": _("%(text)s is not a time"),
    "degrees_like": _("degrees such as %(like)s"),
    "number_as_text": _("numbers with decimals are written as text"),
    "field_name": _("%(text)s is not a name that may stand here"),
    "field_name_long": _("a field name of at most %(number)s bytes"),
    "nested": _("the value is nested too deeply"),
    "line_long": _("the line has over %(number)s letters"),
    "line_cut": _("the line is cut off"),
    "line_no_json": _("the line is no JSON, at letter %(column)s"),
    "line_nested": _("the line is no JSON of a sensible depth and size"),
    "line_object": _("expected is one JSON object on each line"),
    "line_number": _("numbers with decimals are written as text, as “%(text)s”"),
    "line_no_end": _("it has no end within %(number)s bytes"),
    "line_no_text": _("it is no UTF-8 text"),
    "format_unknown": _("the format %(text)s is not known here"),
    "file_empty": _("%(file)s is empty."),
    "file_xls": _("%(file)s is an Excel file."),
    "file_xlsx": _("%(file)s is an Excel file."),
    "file_ods": _("%(file)s is a LibreOffice spreadsheet."),
    "file_pdf": _("%(file)s is a PDF document."),
    "file_picture": _("%(file)s is a picture."),
    "file_sound": _("%(file)s is a picture or a sound."),
    "file_packed": _("%(file)s is a packed file (%(kind)s)."),
    "file_database": _("%(file)s is a database."),
    "file_web_page": _("%(file)s is a web page, no table."),
    "file_binary": _("%(file)s holds no text."),
    "file_no_lines": _("The first line of %(file)s has no end."),
    "file_no_columns": _("In %(file)s it is not clear which column is what. "
                         "Headings found: %(found)s."),
    "file_no_offers": _("%(file)s holds no offers."),
    "file_json_list": _("%(file)s is one JSON list; it should have one record on each line."),
    "file_damaged": _("%(file)s, line %(line)s: %(why)s. Nothing was read."),
    "file_of_shops": _("%(file)s holds offers of %(count)s shops; "
                       "one shop's are taken in at a time."),
    "then_export": _("Export it again and look inside first."),
    "then_copy": _("Export or copy the file again; it seems to be damaged."),
    "then_csv": _("Open it there and choose “Save as”, “CSV (UTF-8)”, then take that file."),
    "then_ask": _("Ask for the list as CSV; prices cannot be read from a PDF."),
    "then_unpack": _("Unpack it, then take the file inside."),
    "then_known": _("What can be read: CSV, exports of Shopify and WooCommerce, JSON Lines."),
    "then_table": _("A table has one line for its headings and one for each article."),
    "then_headings": _("The first line must name the columns, "
                       "for example “Name” and “Price”; a name and a price are needed."),
    "then_look": _("See whether it is the price list, and has rows under its headings."),
    "then_jq": _("`jq -c '.[]' %(file)s` makes lines of it."),
    "then_mine": _("`fedretail export --mine` writes your own alone."),
    "picture_endless": _("it leads from one address to the next without an end"),
    "picture_slow": _("it took too long"),
    "picture_torn": _("the answer is not whole"),
    "picture_certificate": _("its server cannot prove its name: %(fault)s"),
    "picture_broke_off": _("the connection broke off"),
    "picture_silent": _("no answer"),
    "picture_private": _("it leads into a private network, where nothing is fetched"),
    "picture_large": _("it is larger than %(number)s MB"),
    "picture_status": _("its server says %(status)s"),
    "picture_address": _("this is no address of a picture on the web"),
    "picture_https": _("the address does not begin with https://"),
    "picture_password": _("an address with a password is not fetched"),
    "picture_nowhere": _("it leads on to no address"),
    "picture_heavy": _("the picture takes too long to read"),
    "picture_unread": _("this is no picture that can be read"),
    "picture_unshown": _("this is no picture that can be shown"),
    "known_by": _("Articles are still known by %(kept)s, as at the first time; "
                  "this file alone would suggest %(chosen)s."),
    "by_sku": _("article number"),
    "by_source": _("the shop system's own number"),
    "by_gtin": _("barcode"),
    "by_name": _("name"),
    "currency_assumed": _("The file names no currency; %(currency)s is taken."),
    "currency_foreign": _("The prices are in %(currency)s; your shop's currency is %(site)s."),
    "nets_unread": _n("%(num)s content was not understood; there is no price per unit for it.",
                      "%(num)s contents were not understood; there is no price per unit for them."),
    "articles_many": _("After the first million articles, repeated ones were not looked for."),
    "rows_left": _n("%(num)s row is left out: %(why)s.", "%(num)s rows are left out: %(why)s."),
    "left_pictures": _("pictures only"),
    "left_unpublished": _("not published"),
    "left_status": _("status %(status)s"),
    "left_variable": _("products with variations (these are read instead)"),
    "left_grouped": _("groups of products (their parts are read)"),
    "left_external": _("sold on another website"),
    "left_hidden": _("hidden in the shop's own catalog"),
    "records_left": _n("%(num)s record of the kind %(kind)s is left out.",
                       "%(num)s records of the kind %(kind)s are left out."),
    "offers_left": _n("%(num)s offer of another shop is left out.",
                      "%(num)s offers of another shop are left out."),
    "own_left": _n("Unknown fields of %(num)s record are left out.",
                   "Unknown fields of %(num)s records are left out."),
}  # fmt: skip
