"""The four steps: what each shows, and what becomes of what is entered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.responses import RedirectResponse, Response

from fedretail.domain.hours import validate_zone
from fedretail.domain.money import MINOR_DIGITS
from fedretail.domain.weeks import DAYS
from fedretail.errors import MalformedInput
from fedretail.node.first_run import FirstRun
from fedretail.node.setup import Shop
from fedretail.web.first.answers import (
    FIELDS,
    MOST_CHARS,
    ROWS,
    STEPS,
    Faults,
    Machine,
    Money,
    currency_of,
    faults,
    shop_of,
)
from fedretail.web.first.look import look_of
from fedretail.web.first.making import columns_of, said_columns
from fedretail.web.first.price_list import PriceList, Reading
from fedretail.web.manage.importing import role_of, role_words
from fedretail.web.manage.reasons import reason
from fedretail.web.manage.sessions import Session
from fedretail.web.manage.settings import colour_words, day_words
from fedretail.web.manage.words import Words
from fedretail.web.pages.rendering import render
from fedretail.web.pages.translations import translations
from fedretail.web.pages.visit import Visit

# Rows that cannot be read, of which some are shown before the shop is there.
_BAD_SHOWN = 5
_MOST_COLUMNS = 60


@dataclass(frozen=True)
class Step:
    """One request of a first run. said: the fields of its form."""

    first: FirstRun
    machine: Machine
    prices: PriceList
    visit: Visit
    session: Session
    name: str
    said: Mapping[str, list[str]] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """One field of the form, trimmed and bounded; "" where it is missing."""
        return self.said.get(name, [""])[-1].strip()[:MOST_CHARS]

    def translated(self, text: str, **values: object) -> str:
        """A sentence in the visitor's language."""
        found: str = translations(self.visit.language).gettext(text)
        return found % values if values else found

    def many(self, one: str, many: str, number: int, **values: object) -> str:
        """A sentence of a number of things; %(num)s is the number."""
        found: str = translations(self.visit.language).ngettext(one, many, number)
        return found % {"num": self.visit.speech.number(number), **values}

    def tell(self, mark: str, sentence: str) -> None:
        """Let the next page begin with this sentence."""
        self.session.told.append((mark, sentence))

    def go(self, name: str, **asked: object) -> Response:
        """On to another step."""
        return RedirectResponse(self.visit.url(f"/manage/first/{name}", **asked), status_code=303)

    # --- what is there ---

    def answers(self) -> dict[str, str]:
        """All answers so far."""
        return self.first.answers()

    def currency(self, answers: Mapping[str, str]) -> str:
        """The currency of the prices."""
        try:
            return currency_of(answers, self.machine)
        except MalformedInput:
            return "EUR"

    def faults(self, name: str, answers: Mapping[str, str]) -> Faults:
        """What is wrong at a step."""
        currency = self.currency(answers)
        money = Money(currency, price_like(self, currency))
        found = faults(name, answers, self.translated, money)
        if name == "prices" and not found:
            reading = self.reading(answers)
            if reading is not None and reading.error is not None:
                found["file"] = self.translated("This file cannot be read")
        return found

    def reading(self, answers: Mapping[str, str]) -> Reading | None:
        """How the price list is read."""
        zone = validate_zone(self.machine.time_zone or "UTC")
        shop = Shop("List", None, None, self.currency(answers), zone)
        return self.prices.read(shop, columns_of(answers))


def page(step: Step) -> Response:
    """A step as it stands; with `checked`, what is wrong in it."""
    answers = step.answers()
    found = step.faults(step.name, answers) if step.visit.asked.get("checked") else {}
    told = list(step.session.told)
    step.session.told.clear()
    return render(
        step.visit,
        f"first/{step.name}.html",
        desk=step,
        told=told,
        answers=answers,
        faults=found,
        labels=_labels(step) if found else {},
        steps=_steps(step, answers),
        at=STEPS.index(step.name) + 1,
        look=_look(step, answers),
        **_MORE[step.name](step, answers),
    )


def _steps(step: Step, answers: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    """(name, words, whether it was reached) of each step."""
    _ = step.translated
    words = (_("Your shop"), _("Your place"), _("Your prices"), _("Your neighbours"))
    reached = max(_reached(answers), STEPS.index(step.name))
    return [(name, text, at <= reached) for at, (name, text) in enumerate(zip(STEPS, words))]


def _reached(answers: Mapping[str, str]) -> int:
    name = answers.get("step", "")
    return STEPS.index(name) if name in STEPS else 0


def current(first: FirstRun) -> str:
    """The step at which somebody goes on."""
    return STEPS[_reached(first.answers())]


def _look(step: Step, answers: Mapping[str, str]) -> Any:
    reading = step.reading(answers)
    now_ms, language = step.first.clock.now_ms(), step.visit.language
    return look_of(answers, step.machine, reading, language=language, now_ms=now_ms)


def _labels(step: Step) -> dict[str, str]:
    """Fields as they are called, for the list of what is wrong."""
    _ = step.translated
    labels = {
        "name": _("Name of the shop"),
        "position": _("Position"),
        "time_zone": _("Time zone"),
        "file": _("Price list"),
        "ticket": _("Ticket"),
    }
    for row in ROWS:
        labels |= {
            f"offer{row}": _("Name, row %(row)s", row=row),
            f"price{row}": _("Price, row %(row)s", row=row),
            f"content{row}": _("Content, row %(row)s", row=row),
        }
    return {**labels, **day_words(step)}


def _place(step: Step, answers: Mapping[str, str]) -> dict[str, Any]:
    return {"days": day_words(step), "zone": step.machine.time_zone or "UTC"}


def _prices(step: Step, answers: Mapping[str, str]) -> dict[str, Any]:
    reading, currency = step.reading(answers), step.currency(answers)
    has_typed = any(answers.get(f"offer{row}") for row in ROWS)
    return {
        "reading": reading,
        "bad": reading.report.bad[:_BAD_SHOWN] if reading and reading.report else [],
        "reason": partial(reason, step),
        "roles": role_words(step),
        "rows": ROWS,
        "is_typed": has_typed,
        "currency": currency,
        "currencies": sorted(MINOR_DIGITS),
        "price_like": price_like(step, currency),
    }


def price_like(step: Step, currency: str) -> str:
    """A price as it is typed in the visitor's language."""
    words = Words(step.visit.language, step.visit.speech.zone, step.first.clock.now_ms())
    return words.plain(129, currency)


_MORE: dict[str, Callable[[Step, Mapping[str, str]], dict[str, Any]]] = {
    "shop": lambda step, answers: {"colours": colour_words(step), "folder": step.first.data_dir},
    "place": _place,
    "prices": _prices,
    "neighbours": lambda step, answers: {},
}


# --- what is entered ---


def keep(step: Step) -> dict[str, str]:
    """Write down what the form says; all answers."""
    changed = {name: step.get(name) for name in FIELDS[step.name] if name in step.said}
    headings, roles = step.said.get("heading", []), step.said.get("role", [])
    if headings:
        named = list(zip(headings, roles, strict=False))[:_MOST_COLUMNS]
        changed |= said_columns({name: role_of(role) for name, role in named})
    return step.first.keep(changed)


def deed(step: Step) -> Response:
    """What a button of a step does, but for the last one."""
    answers = keep(step)
    wanted = step.get("deed")
    if wanted == "look":
        return render(step.visit, "first/look.html", look=_look(step, answers), desk=step)
    if wanted in _DEEDS:
        _DEEDS[wanted](step, answers)
        return step.go(step.name)
    at = STEPS.index(step.name)
    if wanted == "back":
        return step.go(STEPS[max(0, at - 1)])
    if step.faults(step.name, answers):
        return step.go(step.name, checked=1)
    following = STEPS[at + 1]
    if at + 1 > _reached(answers):
        step.first.keep({"step": following})
    return step.go(following)


def _same_week(step: Step, answers: dict[str, str]) -> None:
    """Monday's hours on the other working days."""
    step.first.keep(dict.fromkeys(DAYS[1:5], answers.get("Mo", "")))


def _samples(step: Step, answers: dict[str, str]) -> None:
    step.first.keep({"samples": "1"})


def _no_samples(step: Step, answers: dict[str, str]) -> None:
    step.first.keep({"samples": ""})


def _paste(step: Step, answers: dict[str, str]) -> None:
    text = step.said.get("pasted", [""])[-1]
    if text.strip():
        step.prices.paste(text)
        step.first.keep({"columns": ""})


def _drop(step: Step, answers: dict[str, str]) -> None:
    step.prices.drop()
    step.first.keep({"columns": ""})


_DEEDS: dict[str, Callable[[Step, dict[str, str]], None]] = {
    "same-week": _same_week,
    "samples": _samples,
    "no-samples": _no_samples,
    "paste": _paste,
    "drop": _drop,
    "columns": lambda step, answers: None,
}


def first_fault(step: Step, answers: Mapping[str, str]) -> str | None:
    """The first step at which something is wrong; None where the shop can be made."""
    for name in STEPS:
        if step.faults(name, answers):
            return name
    shop_of(answers, step.machine)
    return None
