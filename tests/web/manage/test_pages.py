"""Today, offers, neighbours, settings: what they show, and what their forms do."""

from datetime import UTC, timedelta
from itertools import pairwise

import pytest
from babel.dates import get_month_names
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.times import to_datetime
from fedretail.node.neighbours import Neighbour
from fedretail.web.manage.desk import parse_form
from fedretail.web.manage.rings import ring

EVIL = "<script>alert(1)</script>"


def offer(node, key: str = "a", **more: object) -> str:
    node.write("offer", key, {"name": EVIL, "currency": "EUR", "prices": [[129]], **more})
    return f"{node.site().id}/{key}"


def test_names_are_text(office) -> None:
    offer(office.node)
    office.node.set_member({"name": EVIL})
    for path in ("", "/offers", "/settings", "/changes"):
        page = office.get(path).text
        assert EVIL not in page
        assert "&lt;script&gt;" in page


@pytest.mark.parametrize("path", ["", "/import", "/offers", "/neighbours", "/settings",
                                  "/wanted", "/devices", "/backup", "/changes", "/computer",
                                  "/offers/prices"])  # fmt: skip
def test_every_page_in_both_languages_without_anything_inline(office, path: str) -> None:
    for language in ("en", "de"):
        answer = office.get(f"{path}?lang={language}")
        assert answer.status_code == 200
        assert f'lang="{language}"' in answer.text
        assert " style=" not in answer.text
        assert "<script>" not in answer.text
        assert " onclick" not in answer.text
        # Else a browser asks for /favicon.ico, and notes that it is missing.
        assert 'rel="icon"' in answer.text


def test_price_stock_and_promotion(office) -> None:
    number, node = offer(office.node), office.node
    said = {"offer": number, "quiet": "1"}
    assert office.post("/offers/save", deed="price", price="1,39", **said).json()["mark"] == "ok"
    assert office.post("/offers/save", deed="price", price="x", **said).json()["mark"] == "bad"
    twofold = office.post("/offers/save", deed="price", price="1,999", **said)
    assert "Write 1999 or 1,99" in twofold.text
    office.post("/offers/save", deed="stock", count="3", level="some", **said)
    fields = node.record(node.place("offer", "a")).fields
    assert (fields["prices"], fields["stock"], fields["left"]) == ([[139]], "few", 3)
    promotion = {"deed": "promotion", "promotion": "0.99", "begins": "", "ends": "2999-01-01"}
    assert office.post("/offers/save", **promotion, **said).json()["mark"] == "ok"
    fields = node.record(node.place("offer", "a")).fields
    assert fields["regular"] == 139
    assert [price[0] for price in fields["prices"]] == [99, 139]
    office.post("/offers/save", deed="no-promotion", **said)
    fields = node.record(node.place("offer", "a")).fields
    assert (fields["prices"], fields["regular"]) == ([[139]], None)


@pytest.mark.parametrize("ends", ["", "soon", "2020-01-01"])
def test_a_promotion_without_days_that_make_sense(office, ends: str) -> None:
    number = offer(office.node)
    said = {"offer": number, "quiet": "1", "deed": "promotion", "promotion": "0.99"}
    answer = office.post("/offers/save", begins="2026-01-01", ends=ends, **said).json()
    assert answer["mark"] == "bad"


def test_the_days_of_a_promotion_are_said_as_people_say_them(office, clock) -> None:
    said = {"offer": offer(office.node), "deed": "promotion", "promotion": "0.99"}
    today = to_datetime(clock.now_ms(), UTC).date()
    begins, ends = today + timedelta(days=2), today + timedelta(days=9)
    office.post("/offers/save", begins=str(begins), ends=str(ends), **said)
    page = office.get("/offers?lang=de").text
    months = get_month_names("abbreviated", locale="de_DE")
    assert f"ab {begins.day}. {months[begins.month]}" in page
    assert f"bis {ends.day}. {months[ends.month]}" in page
    # What has begun says only when it ends.
    office.post("/offers/save", begins=str(today), ends=str(ends), **said)
    page = office.get("/offers?lang=de").text
    assert (f"ab {today.day}." in page, f"bis {ends.day}." in page) == (False, True)


def test_an_offer_without_a_code_shows_no_hash_of_its_name(office) -> None:
    office.post("/offers/add", name="Rye", price="3")
    shown = office.get("/offers").text.partition("<b>Rye</b>")[2].partition("</th>")[0]
    assert "name:" not in shown


def test_still_right_and_withdrawn_and_added(office, clock) -> None:
    number, node = offer(office.node), office.node
    clock.advance(1000)
    office.post("/offers/right", offer=number)
    assert node.record(node.place("offer", "a")).fields["checked_at"] == clock.now_ms()
    assert "Withdrawn" in office.post("/offers/remove", offer=number).text
    assert node.record(node.place("offer", "a")) is None
    assert "Added: Rye" in office.post("/offers/add", name="Rye", price="3", sku="r1").text
    assert node.record(node.place("offer", "r1")).fields["prices"] == [[300]]
    assert "already" in office.post("/offers/add", name="Rye", price="3", sku="r1").text


def test_settings(office) -> None:
    node = office.node
    own = node.site().id
    week = {"Mo": "8-12", "Tu": "", "We": "8-12", "Th": "", "Fr": "", "Sa": "", "Su": ""}
    office.post("/settings/site", site=own, name="Stall", position="48.1,9.1", **week)
    site = node.site().site
    assert (site.name, site.hours) == ("Stall", "Mo 08:00-12:00; We 08:00-12:00")
    page = office.post("/settings/site", site=own, Mo="x").text
    assert "Stall, Monday: Hours such as 08:00-18:30" in page
    office.post("/settings/holiday", site=own, day="2026-12-24", times="8-12")
    office.post("/settings/holiday", site=own, day="2026-12-25", times="")
    assert node.site().site.holidays == (("2026-12-24", "08:00-12:00"), ("2026-12-25", "off"))
    office.post("/settings/holiday", site=own, day="2026-12-24", deed="remove")
    office.post("/settings/closure", site=own, first="2027-01-01", last="2027-01-07", reason="Ill")
    assert [one.reason for one in node.site().site.closed] == ["Ill"]
    for number in ("1", "00", "-1", "9" * 5000):
        answer = office.post("/settings/closure", site=own, number=number, deed="remove")
        assert answer.status_code == 200
        assert node.site().site.closed
    office.post("/settings/closure", site=own, number="0", deed="remove")
    assert node.site().site.closed == ()
    for number in ("8", "-1", "9" * 5000):
        assert "Choose one of the colours" in office.post("/settings/colour", colour=number).text
    office.post("/settings/member", name="Ada", legal_form="e.K.", legal_name="Ada", address="Here")
    assert node.member()["imprint"] == {"legal_name": "Ada", "address": "Here"}


SITE = {"name": "Stall", "address": "Lane 1", "contact": "12"}


@pytest.mark.parametrize(
    ("path", "fields", "faulty"),
    [
        ("/settings/member", {"name": " ", "legal_name": "Ada e.K."}, "m-name"),
        ("/settings/site", {**SITE, "position": "nowhere"}, "s1-pos"),
        ("/settings/site", {**SITE, "Tu": "8-99"}, "s1-Tu"),
        ("/settings/site", {**SITE, "hours": "whenever"}, "s1-hours"),
        ("/settings/holiday", {"day": "soon", "times": "8-12"}, "s1-hd"),
        ("/settings/holiday", {"day": "2026-12-24", "times": "late"}, "s1-ht"),
        ("/settings/closure", {"first": "soon", "reason": "Ill"}, "s1-cf"),
        ("/settings/closure", {"first": "2027-01-07", "last": "2027-01-01"}, "s1-cl"),
        ("/offers/add", {"name": "", "price": "1.20", "sku": "A7"}, "n-name"),
        ("/offers/add", {"name": "Eggs", "price": "dear"}, "n-price"),
        ("/neighbours/join", {"ticket": "fr1-nonsense"}, "ticket"),
    ],
)
def test_what_is_wrong_takes_the_focus_and_nothing_typed_is_lost(
    office, path: str, fields: dict[str, str], faulty: str
) -> None:
    own = office.node.site()
    if faulty == "s1-hours":
        # Hours that no form of weekdays can show are edited as text.
        office.node.set_site(own, {"hours": "Mo-Fr 08:00-18:00; PH off"})
    answer = office.post(path, site=own.id, **fields)
    assert answer.status_code == 422
    assert '<div class="summary" role="alert" tabindex="-1" autofocus>' in answer.text
    assert f'<a href="#{faulty}">' in answer.text
    assert f'id="{faulty}-fault"' in answer.text
    assert f'aria-describedby="{faulty}-fault"' in answer.text
    for name, value in fields.items():
        if value.strip() and name != "site":
            assert f'value="{value}"' in answer.text or f">{value}</textarea>" in answer.text
    assert office.node.site().name == own.name
    assert list(office.node.records("offer")) == []


@given(st.integers(0, 200))
def test_dots_of_the_ring_touch_nobody(number: int) -> None:
    dots, radius = ring(Neighbour(str(n), "", True, True, 0) for n in range(number))
    assert len(dots) == min(number, 60)
    for one, two in pairwise(dots):
        assert ((one.x - two.x) ** 2 + (one.y - two.y) ** 2) ** 0.5 > 1.3 * radius
    assert all(radius <= dot.x <= 200 - radius for dot in dots)


@given(st.binary(max_size=200))
def test_any_body_is_a_form(body: bytes) -> None:
    assert isinstance(parse_form(body), dict)


def test_a_disk_that_is_nearly_full(office, monkeypatch) -> None:
    assert "nearly full" not in office.get("/computer").text
    usage = type("Usage", (), {"free": 400_000_000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    today = office.get().text
    assert "This disk is nearly full" in today
    assert 'href="/manage/computer"' in today
    page = office.get("/computer").text
    assert "This disk is nearly full" in page
    assert "400\u00a0MB" in page
    assert str(office.node.path) in page


def test_changes_are_told_in_german(office) -> None:
    number = offer(office.node)
    said = {"offer": number, "quiet": "1"}
    office.post("/offers/save", deed="price", price="1.39", **said)
    office.post("/offers/save", deed="stock", level="few", **said)
    page = office.get("/changes?lang=de").text
    assert "Preis 1,29\u00a0€ → 1,39\u00a0€" in page
    assert "Bestand unbekannt → wenige" in page
    # Pieces are what was entered, also where shoppers see the same of them.
    office.post("/offers/save", deed="stock", count="2", level="few", **said)
    office.post("/offers/save", deed="stock", count="1", level="few", **said)
    page = office.get("/changes?lang=de").text
    assert "Bestand wenige → 2" in page
    assert "Bestand 2 → 1" in page


def test_whoever_comes_back_to_a_deed_finds_the_page_of_its_form(office) -> None:
    """Another language, chosen on a page that says what is wrong; back; a bookmark."""
    path = office.send("a.csv", b"SKU,Name,Price\n1,Milk,1.00\n")
    ways = {
        "/offers/add": "/offers",
        "/offers/save": "/offers",
        "/settings/site": "/settings",
        "/neighbours/join": "/neighbours",
        "/undo": "",
        "/samples/remove": "",
        "/sign-out": "",
        f"{path}/row": path,
        f"{path}/publish": path,
    }
    for deed, page in ways.items():
        answer = office.get(f"{deed}?lang=de", follow_redirects=False)
        assert answer.status_code == 303, deed
        assert answer.headers["location"].partition("?")[0] == f"/manage{page}"
        assert office.get(f"{deed}?lang=de").status_code == 200
    assert list(office.node.records("offer")) == []


def test_what_was_just_added_stands_in_the_table(office) -> None:
    # As in the daemon, whose own thread follows a moment later.
    office.node.has_follower = True
    office.post("/offers/add", name="Bread", price="3.50")
    assert "<b>Bread</b>" in office.get("/offers").text


def test_a_zone_that_this_computer_does_not_know_stops_no_page_and_no_form(office) -> None:
    node = office.node
    number = offer(node)
    now_ms = node.clock.now_ms()
    closed = [[now_ms, now_ms + 86_400_000, ""]]
    node.set_site(node.site(), {"time_zone": "Mars/Olympus", "closed": closed})
    assert office.get("/settings").status_code == 200
    said = {"offer": number, "quiet": "1", "deed": "promotion", "promotion": "0.99"}
    answer = office.post("/offers/save", begins="2030-01-01", ends="2030-01-31", **said)
    assert answer.json()["mark"] == "ok"
    assert "2030-01-01" in office.get("/offers").text
