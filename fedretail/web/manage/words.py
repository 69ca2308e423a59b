"""Facts in the words of the back office: times, sizes, amounts in the visitor's own form."""

from datetime import date, timedelta, tzinfo

from babel.dates import format_date, format_time
from babel.numbers import format_currency, format_decimal, get_decimal_symbol

from fedretail.domain.money import MINOR_DIGITS
from fedretail.domain.times import to_datetime

# English as it is written where the day comes before the month.
_LOCALES = {"en": "en_GB", "de": "de_DE"}
_NO_BREAK = "\u00a0"


class Words:
    """How facts are said in a language, in the shop's time zone."""

    def __init__(self, language: str, zone: tzinfo, now_ms: int) -> None:
        self._locale = _LOCALES.get(language, language)
        self._zone = zone
        self._now_ms = now_ms

    def number(self, number: int) -> str:
        """ "1,284", "1.284"."""
        return str(format_decimal(number, locale=self._locale))

    @property
    def decimal(self) -> str:
        """The mark before decimals: "." or ","."""
        return str(get_decimal_symbol(self._locale))

    def money(self, amount_minor: int, currency: str) -> str:
        """ "€1.29", "1,29 €"."""
        amount = amount_minor / 10 ** MINOR_DIGITS.get(currency, 2)
        return str(format_currency(amount, currency, locale=self._locale))

    def plain(self, amount_minor: int, currency: str) -> str:
        """ "1.29", "1,29": as it is typed into a field."""
        digits = MINOR_DIGITS.get(currency, 2)
        form = f"0.{'0' * digits}" if digits else "0"
        return str(format_decimal(amount_minor / 10**digits, form, locale=self._locale))

    def size(self, number_bytes: int) -> str:
        """ "38 MB", "41 GB"."""
        for unit, factor in (("GB", 10**9), ("MB", 10**6)):
            if number_bytes >= factor:
                return f"{self.number(round(number_bytes / factor))}{_NO_BREAK}{unit}"
        return f"{self.number(round(number_bytes / 1000))}{_NO_BREAK}kB"

    def moment(self, at_ms: int) -> str:
        """ "14:02" of today, "Wednesday 18:40" of this week, else "9 Nov"."""
        then, today = to_datetime(at_ms, self._zone), self.today()
        clock = str(format_time(then.time(), "HH:mm", locale=self._locale))
        if then.date() == today:
            return clock
        if timedelta(0) < today - then.date() < timedelta(days=7):
            return f"{format_date(then.date(), 'EEEE', locale=self._locale)} {clock}"
        return self.day(then.date())

    def day(self, day: date) -> str:
        """ "9 Nov", "9. Nov."; with the year where it is another."""
        form = "d MMM" if day.year == self.today().year else "d MMM y"
        if self._locale == "de_DE":
            form = form.replace("d ", "d. ")
        return str(format_date(day, form, locale=self._locale))

    def today(self) -> date:
        """The day that it is in the shop."""
        return to_datetime(self._now_ms, self._zone).date()
