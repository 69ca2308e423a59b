"""Why a row was not read, in the visitor's language: what connectors say is English."""

import re
from functools import cache

from fedretail.web.manage.desk import Translates


def reason(desk: Translates, text: str) -> str:
    """What was expected of a cell; as the connector says it where no words for it are known."""
    for form, words in _words():
        found = form.fullmatch(text)
        if found is not None:
            return desk.translated(words, **found.groupdict())
    return text


@cache
def _words() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(form), words) for form, words in _TABLE]


def _(text: str) -> str:
    """Marks a text for those who gather texts."""
    return text


_TABLE = (
    (r"expected a price such as (?P<like>.+)", _("a price such as %(like)s")),
    (r"expected a number of pieces such as 12", _("a number of pieces such as 12")),
    (r"expected yes or no", _("yes or no")),
    (r"expected a whole number such as 6", _("a whole number such as 6")),
    (r"expected an age in years such as 18", _("an age in years such as 18")),
    (r"expected how many are in a pack, such as 6", _("how many are in a pack, such as 6")),
    (r"expected a day such as 2026-11-21", _("a day such as 2026-11-21")),
    (r"expected (?P<number>\d+), as the headings have",
     _("%(number)s columns, as the headings have")),
    (r"is negative; a price is not", _("a price is not negative")),
    (r"is in another currency; (?P<name>\w+) is expected", _("a price in %(name)s")),
    (r"the other rows are in (?P<name>\w+)", _("the other rows are in %(name)s")),
    (r"the name is missing", _("the name is missing")),
    (r"the price is missing", _("the price is missing")),
    (r"the offer ends before it begins", _("the offer ends before it begins")),
    (r"a line of sums is no article; leave it out",
     _("a line of sums is no article; leave it out")),
    (r"same article as line (?P<line>\d+)", _("same article as line %(line)s")),
    (r"no row above this one names the product", _("no row above this one names the product")),
    (r"it is empty", _("it is empty")),
    (r"a spreadsheet has shortened the number; format the column as text",
     _("a spreadsheet has shortened the number; format the column as text")),
    (r"only digits, spaces and hyphens belong in it",
     _("only digits, spaces and hyphens belong in it")),
    (r"all digits are zero", _("all digits are zero")),
    (r"the check digit (?P<was>\d) does not fit, (?P<fits>\d) would",
     _("the check digit %(was)s does not fit, %(fits)s would")),
    (r"the leading zero is missing; (?P<fits>\d+) would fit",
     _("the leading zero is missing; %(fits)s would fit")),
    (r"the last digit is missing; (?P<fits>\d+) would fit",
     _("the last digit is missing; %(fits)s would fit")),
    (r"it has (?P<number>\d+) digits", _("it has %(number)s digits")),
    (r"it is far too long", _("it is far too long")),
)  # fmt: skip
