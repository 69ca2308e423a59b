"""Settings: the shop's name, imprint and colour; its places with hours, holidays and closures."""

from collections.abc import Callable

from starlette.responses import Response

from fedretail.domain.geo import parse_position, to_e7
from fedretail.domain.hours import parse_hours, zone_of
from fedretail.domain.kind import Value
from fedretail.domain.members import MAX_LINES, MAX_MEMBER_NAME, Imprint, Member
from fedretail.domain.sites import COLOURS, MAX_DAYS
from fedretail.domain.texts import clean_block, clean_line
from fedretail.domain.times import is_day, parse_time, to_datetime
from fedretail.domain.weeks import DAYS, parse_times, read_week, write_week
from fedretail.errors import FedretailError, MalformedInput
from fedretail.node.own_sites import OwnSite
from fedretail.node.showing import show_own_only, shows_own_only
from fedretail.web.manage.desk import Desk, Fault, Translates

IMPRINT = ("legal_name", "address", "contact", "register", "vat_number")
Fields = dict[str, Value]


def page(desk: Desk) -> Response:
    """All that can be set."""
    return _page(desk, None)


def _page(desk: Desk, fault: Fault | None) -> Response:
    """The page; with what is wrong in the form that was sent, and all that was typed there."""

    def typed(field: str, name: str, value: str) -> str:
        is_sent = fault is not None and field.partition("-")[0] == fault.field.partition("-")[0]
        return desk.said.get(name, [value])[-1] if is_sent else value

    return desk.show(
        "settings",
        place="settings",
        status=200 if fault is None else 422,
        faults={} if fault is None else {fault.field: fault.message},
        labels=_labels(desk),
        typed=typed,
        member=Member.from_fields(desk.node.member()),
        imprint=IMPRINT,
        sites=[
            (own, read_week(own.site.hours), _closures(own, desk.node.clock.now_ms()))
            for own in desk.node.sites()
        ],
        days=day_words(desk),
        colours=colour_words(desk),
        is_alone=shows_own_only(desk.node),
    )


def _closures(own: OwnSite, now_ms: int) -> list[tuple[str, str, str]]:
    """(first day, last day, reason) of times in which the place is closed."""
    zone = zone_of(own.site.time_zone, at_ms=now_ms)
    return [
        (
            str(to_datetime(one.from_ms, zone).date()),
            str(to_datetime(one.until_ms - 1, zone).date()),
            one.reason,
        )
        for one in own.site.closed
    ]


def _labels(desk: Desk) -> dict[str, str]:
    """Fields by their ids as they are called, for the list of what is wrong."""
    _ = desk.translated
    labels = {"m-name": _("Name of the shop")}
    for at, own in enumerate(desk.node.sites(), 1):
        said = {
            "pos": _("Position"), "hours": _("Opening hours"), "hd": _("Day"), "ht": _("Hours"),
            "cf": _("First day"), "cl": _("Last day"), **day_words(desk),
        }  # fmt: skip
        labels |= {f"s{at}-{name}": f"{own.name}, {text}" for name, text in said.items()}
    return labels


def _field(desk: Desk, own: OwnSite, name: str) -> str:
    """The id of a field of this place."""
    return f"s{[one.id for one in desk.node.sites()].index(own.id) + 1}-{name}"


def _saved(desk: Desk, change: Callable[[], None], anchor: str = "") -> Response:
    try:
        change()
    except Fault as fault:
        return _page(desk, fault)
    except FedretailError as error:
        desk.tell("bad", " ".join(filter(None, (error.message, error.hint))))
    else:
        now = desk.say.moment(desk.node.clock.now_ms())
        desk.tell("ok", desk.translated("Saved %(time)s", time=now))
    response = desk.go("/settings")
    response.headers["location"] += anchor
    return response


def member(desk: Desk) -> Response:
    """The name and what the law asks of a seller."""

    def change() -> None:
        name = clean_line(desk.get("name"))[:MAX_MEMBER_NAME]
        if not name:
            raise Fault("m-name", desk.translated("A shop needs a name"))
        said = {part: clean_block(desk.get(part))[:MAX_LINES] for part in IMPRINT}
        fields: Fields = {
            "name": name,
            "legal_form": clean_line(desk.get("legal_form"))[:MAX_MEMBER_NAME] or None,
            "imprint": Imprint.from_value(dict(said)).to_value() or None,
            "private": True if desk.get("private") else None,
            "town": clean_line(desk.get("town"))[:MAX_MEMBER_NAME] or None,
        }
        desk.node.set_member(fields)

    return _saved(desk, change)


def colour(desk: Desk) -> Response:
    """The colour of awning and sign, at all places."""

    def change() -> None:
        text = desk.get("colour")
        if text not in map(str, range(COLOURS)):
            raise MalformedInput(desk.translated("Choose one of the colours"))
        for own in desk.node.sites():
            desk.node.set_site(own, {"colour": int(text)})

    return _saved(desk, change)


def shown(desk: Desk) -> Response:
    """What shoppers see on the shop's screens: neighbours too, or own offers alone."""

    def change() -> None:
        show_own_only(desk.node, wanted=desk.get("shown") == "own")
        desk.office.house.forget()

    return _saved(desk, change, "#shown")


def site(desk: Desk) -> Response:
    """One place: name, position, hours by weekday or as text, contact, address."""

    def change() -> None:
        own = desk.node.site(desk.get("site"))
        fields: Fields = {
            name: clean_block(desk.get(name))[:MAX_LINES] or None for name in ("contact", "address")
        }
        fields["name"] = clean_line(desk.get("name"))[:MAX_MEMBER_NAME] or own.name
        fields["hours"] = _hours(desk, own)
        if desk.get("position"):
            try:
                lat_e7, lon_e7 = to_e7(parse_position(desk.get("position")))
            except MalformedInput:
                where = desk.translated("A place such as 48.5216,9.0576, or a map link")
                raise Fault(_field(desk, own, "pos"), where) from None
            fields |= {"lat_e7": lat_e7, "lon_e7": lon_e7}
        desk.node.set_site(own, fields)

    return _saved(desk, change, "#hours")


def _hours(desk: Desk, own: OwnSite) -> str | None:
    if "hours" in desk.said:
        try:
            return parse_hours(desk.get("hours")) if desk.get("hours") else None
        except MalformedInput:
            text = desk.translated("Opening hours such as Mo-Fr 08:00-18:30; Sa 08:00-13:00")
            raise Fault(_field(desk, own, "hours"), text) from None
    week = {}
    for day in DAYS:
        try:
            week[day] = parse_times(desk.get(day))
        except MalformedInput:
            text = desk.translated("Hours such as 08:00-18:30")
            raise Fault(_field(desk, own, day), text) from None
    return write_week(week)


def holiday(desk: Desk) -> Response:
    """A day with hours of its own, or none; or forget one."""

    def change() -> None:
        own = desk.node.site(desk.get("site"))
        days = dict(own.site.holidays)
        day = desk.get("day")
        if not is_day(day):
            raise Fault(_field(desk, own, "hd"), desk.translated("A day such as 2026-12-24"))
        if desk.get("deed") == "remove":
            days.pop(day, None)
        else:
            try:
                days[day] = parse_times(desk.get("times")).replace(", ", ",") or "off"
            except MalformedInput:
                text = desk.translated("Hours such as 08:00-13:00")
                raise Fault(_field(desk, own, "ht"), text) from None
        _bound(desk, len(days))
        desk.node.set_site(own, {"holidays": dict(days) or None})

    return _saved(desk, change, "#hours")


def closure(desk: Desk) -> Response:
    """Days in a row on which the place is closed; or forget them."""

    def change() -> None:
        own = desk.node.site(desk.get("site"))
        zone = zone_of(own.site.time_zone, at_ms=desk.node.clock.now_ms())
        closed: list[Value] = [[one.from_ms, one.until_ms, one.reason] for one in own.site.closed]
        if desk.get("deed") == "remove":
            numbers = [str(at) for at in range(len(closed))]
            if desk.get("number") in numbers:
                del closed[numbers.index(desk.get("number"))]
        else:
            try:
                start = parse_time(desk.get("first"), zone)
                until = parse_time(desk.get("last") or desk.get("first"), zone, end=True)
            except MalformedInput:
                text = desk.translated("A day such as 2026-12-24")
                raise Fault(_field(desk, own, "cf"), text) from None
            if until <= start:
                text = desk.translated("The last day lies before the first")
                raise Fault(_field(desk, own, "cl"), text)
            closed.append([start, until, clean_line(desk.get("reason"))[:MAX_LINES]])
        _bound(desk, len(closed))
        desk.node.set_site(own, {"closed": closed or None})

    return _saved(desk, change, "#hours")


def _bound(desk: Desk, number: int) -> None:
    if number > MAX_DAYS:
        raise MalformedInput(desk.translated("There are too many days. Remove some first."))


def day_words(desk: Translates) -> dict[str, str]:
    """The weekdays in the visitor's language."""
    _ = desk.translated
    words = (
        _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    )  # fmt: skip
    return dict(zip(DAYS, words, strict=True))


def colour_words(desk: Translates) -> list[str]:
    """The colours of awnings by their names."""
    _ = desk.translated
    return [
        _("Spruce"), _("Blue"), _("Berry"), _("Brick"), _("Chestnut"), _("Plum"), _("Petrol"),
        _("Slate"),
    ]  # fmt: skip
