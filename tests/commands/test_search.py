"""Search and show, as a person and as a program use them."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from fedretail.clock import SystemClock
from fedretail.domain.times import parse_time


def test_json_is_the_object_that_programs_know(shop) -> None:
    done = shop("search", "milk", "--json")
    assert done.code == 0
    assert done.err == ""
    assert list(done.object)[:3] == ["results", "total", "took_ms"]
    assert done.object["total"] == len(done.object["results"]) == 2


def test_a_pipe_gets_lines_with_all_columns(shop) -> None:
    done = shop("search", "milk", "--sort", "cheapest")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert [line[0] for line in lines] == ["Raw milk", "Oat milk"]
    assert lines[1][:7] == [
        "Oat milk",
        "€1.99",
        "€1.99/l",
        "Brook Farm",
        "here",
        "always",
        "3 left",
    ]
    assert lines[0][8].endswith("/M1")
    assert "2 offers of milk at 1 shop · " in done.err
    assert "answered from this computer" in done.err


def test_on_a_terminal_the_unit_stands_in_the_heading(shop, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    done = shop("search", "milk")
    assert "per l" in done.out.splitlines()[0]
    assert "Brook Farm" in done.out
    assert done.out.count("\x1b[30;43m") == 1


def test_nothing_found_is_1_and_says_what_next(shop) -> None:
    done = shop("search", "unicorn")
    assert (done.code, done.out) == (1, "")
    assert '✗ Nothing found for "unicorn".' in done.err
    empty = shop("search", "unicorn", "--json")
    assert (empty.code, empty.object["results"], empty.object["total"]) == (1, [], 0)


def test_the_beginning_of_a_word_finds_where_no_whole_word_does(shop) -> None:
    done = shop("search", "rye", "bre")
    assert done.code == 0
    assert done.out.startswith("Rye bread\t")
    assert "the last one begins so" in done.err
    assert shop("search", "bre", "--json").object["total"] == 1
    assert "begins so" not in shop("search", "bread").err
    assert shop("search", "ead").code == 1


def test_few_full_answers_are_filled_up_and_told_apart(shop) -> None:
    done = shop("search", "oat", "milk")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["Oat milk", "Raw milk"]
    assert "1 of them with all of these words; the others with some." in done.err
    cheapest = shop("search", "oat", "milk", "--sort", "cheapest")
    assert cheapest.out.startswith("Oat milk\t")
    assert cheapest.out.count("\n") == 1
    assert "all of these" not in cheapest.err


def test_a_slip_finds_what_was_meant(shop) -> None:
    done = shop("search", "oat", "mlik")
    assert done.out.startswith("Oat milk\t")
    assert 'Shown for "milk" instead of "mlik".' in done.err
    assert "the same with --as-typed" in done.err
    found = shop("search", "mlik", "--json").object
    assert found["instead"] == [{"typed": "mlik", "shown": ["milk"]}]
    assert shop("search", "mlik", "--as-typed").code == 1
    assert shop("search", "milk", "--json").object["instead"] == []
    assert "instead" not in shop("search", "milk").err


def test_the_nearest_outside_is_named(shop) -> None:
    done = shop("search", "milk", "--near", "48.6,9.0576", "--within", "2km")
    assert done.code == 1
    assert "within 2\u00a0km: the nearest is 8.7\u00a0km away." in done.err
    assert "at Brook Farm, 8.7\u00a0km south" in done.err
    # Of a part of the map it is told from there, wherever this computer stands.
    done = shop("search", "milk", "--box", "48.6,9.05,48.62,9.07")
    assert done.code == 1
    assert "the nearest is 9.8\u00a0km from the middle of that part of the map." in done.err


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (("--in-stock", "--max-price", "1.00"), "--in-stock and --max-price"),
        (("--category", "Cars"), "--category"),
    ],
)
def test_the_limit_that_left_all_out_is_named(shop, options, named: str) -> None:
    done = shop("search", "milk", *options)
    assert done.code == 1
    assert f"2 offers without {named}." in done.err


def test_an_empty_store_says_how_to_fill_it(run) -> None:
    run("init", "--name", "A", "--at", "1,1")
    done = run("search", "milk")
    assert done.code == 1
    assert "No offers are here yet" in done.err


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--in-stock",), ["Oat milk", "Raw milk"]),
        (("--max-price", "1.50"), ["Raw milk"]),
        (("--max-price", "1,50 €"), ["Raw milk"]),
        (("--max-price", "9 CHF"), []),
        (("--open-now", "--sort", "cheapest"), ["Raw milk", "Oat milk"]),
        (("--within", "3mi", "--sort", "nearest", "--limit", "1"), None),
        (("--category", "Bakery"), []),
        (("--near", "geo:48.53,9.06", "--within", "5km", "--max-price", "1.31"), ["Raw milk"]),
    ],
)
def test_options(shop, options, names) -> None:
    found = [one["name"] for one in shop("search", "milk", *options, "--json").object["results"]]
    assert found == names if names is not None else len(found) == 1


def test_without_words_everything_is_listed(shop) -> None:
    assert shop("search", "--category", "Bakery", "--json").object["total"] == 1
    assert shop("search", "--limit", "0").err.startswith("✓ 3 offers")
    assert "2 of 3 offers ·" in shop("search", "--limit", "2").err


@pytest.mark.parametrize(
    "words",
    ["😀🥛", "a" * 10_000, "milk " * 3000, '"', "'; DROP", "NEAR(", "*", "\x07", "ﬁ", "\udcff"],
)
def test_any_words_are_legal(shop, words: str) -> None:
    done = shop("search", words, "--json")
    assert done.code in (0, 1)
    assert "results" in done.object
    assert shop("search", words).code == done.code
    assert shop("show", words).code in (0, 1)


@pytest.mark.parametrize(
    "options",
    [
        ("--near", "1000,2"),
        ("--within", "5"),
        ("--within", "0km"),
        ("--sort", "prettiest"),
        ("--limit", "-1"),
        ("--limit", "many"),
        ("--max-price", "abc"),
        ("--max-price", "-3"),
        ("--nope",),
    ],
)
def test_misuse_is_2(shop, options) -> None:
    done = shop("search", "milk", *options, "--json")
    assert done.code == 2
    assert json.loads(done.out)["error"]["message"]
    assert "nvalid" not in done.err


def test_a_reader_without_a_place_has_to_say_near_what(run) -> None:
    run("init", "--reader")
    assert run("search", "milk", "--within", "5km").code == 2
    assert run("search", "milk", "--sort", "nearest").code == 2
    assert run("search", "milk").code == 1


def test_show_takes_id_code_or_words(shop) -> None:
    offer = shop("search", "raw", "--json").object["results"][0]["offer"]
    for wanted in (offer, "M1", "raw"):
        done = shop("show", wanted, "--json")
        assert done.code == 0
        assert done.object["offer"] == offer
    assert "€1.30 · €1.30/l" in shop("show", "M1").out


def test_show_names_the_choices(shop) -> None:
    done = shop("show", "milk")
    assert done.code == 1
    assert "2 offers hold" in done.err
    assert "/M1" in done.err


def test_show_of_what_is_gone(shop) -> None:
    offer = shop("search", "raw", "--json").object["results"][0]["offer"]
    shop("offer", "remove", offer)
    for wanted in (offer, "unicorn"):
        assert shop("show", wanted).code == 1


def test_show_says_reduction_deposit_and_age_limit(shop) -> None:
    shop("offer", "set", "M1", "--price", "1.10", "--regular-price", "1.50")
    shop("offer", "add", "--sku", "W", "--name", "Gin", "--price", "20", "--category", "Alcohol")
    assert "was €1.50" in shop("show", "M1").out
    assert "From age\t18 years" in shop("show", "W").out


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--min-price", "1.50"), ["Oat milk", "Rye bread"]),
        (("--min-price", "1.99", "--max-price", "1,99 €"), ["Oat milk"]),
        (("--min-price", "1", "--max-price", "9 CHF"), []),
        (("--sort", "cheapest-unit"), ["Raw milk", "Oat milk", "Rye bread"]),
        (("--box", "48,9,49,10", "--limit", "1"), ["Oat milk"]),
        (("--box", "10,9,11,10"), []),
        (("--retailer", "brook FARM", "--category", "Bakery"), ["Rye bread"]),
        (("--services",), []),
        (("--goods", "--category", "bread"), ["Rye bread"]),
        (("--claim", "organic"), []),
        (("--newer-than", "1h", "--category", "bakery"), ["Rye bread"]),
        (("--for-age", "0", "--category", "bakery"), ["Rye bread"]),
        (("--open-at", "sun 03:00", "--category", "bakery"), ["Rye bread"]),
        (("--gtin", "4001842100121"), []),
    ],
)
def test_more_options(shop, options, names) -> None:
    done = shop("search", *options, "--json")
    assert [one["name"] for one in done.object["results"]] == names
    assert done.code == (0 if names else 1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--min-price", "5", "--max-price", "2"), "above the highest"),
        (("--min-price", "1 EUR", "--max-price", "2 CHF"), "different currencies"),
        (("--box", "1,2,3"), "no part of a map"),
        (("--box", "49,9,48,10"), "north of the northern"),
        (("--retailer", "Brook"), 'no shop \\"Brook\\" here'),
        (("--claim", " "), "a claim is a word"),
        (("--newer-than", "0d"), "not a span of time"),
        (("--open-at", "noon"), "not a time"),
        (("--open-at", "25:00"), "not a time"),
        (("--open-at", "10:00", "--open-now"), "exclude each other"),
        (("--gtin", "400184210012"), "4001842100121 would fit"),
        (("--view", "kiosk"), "no view"),
        (("--cursor", "abc"), "no page of a search"),
        (("--for-age", "-1"), "range"),
    ],
)
def test_what_cannot_be_meant_is_2(shop, options, said: str) -> None:
    done = shop("search", "milk", *options, "--json")
    assert done.code == 2
    assert said in done.out


def test_pages_follow_each_other_by_their_cursors(shop) -> None:
    first = shop("search", "--limit", "2", "--json").object
    last = shop("search", "--limit", "2", "--cursor", first["next"], "--json").object
    names = [one["name"] for page in (first, last) for one in page["results"]]
    assert sorted(names) == ["Oat milk", "Raw milk", "Rye bread"]
    assert last["next"] is None
    assert f"--cursor {first['next']}" not in shop("search").err
    assert "The next page: --cursor " in shop("search", "--limit", "2").err
    other = shop("search", "milk", "--limit", "2", "--cursor", first["next"])
    assert (other.code, "another search" in other.err) == (2, True)


def test_pages_of_the_beginning_of_a_word(shop) -> None:
    shop("offer", "add", "--sku", "B2", "--name", "Breadcrumbs", "--price", "1")
    shop("offer", "set", "B1", "--name", "Breadstick")
    first = shop("search", "breads", "--limit", "1", "--json").object
    assert first["total"] == 1
    # Of four letters on it would be taken for a slip of "bread", which an offer here has.
    first = shop("search", "bre", "--limit", "1", "--json").object
    last = shop("search", "bre", "--limit", "1", "--cursor", first["next"], "--json").object
    names = [one["name"] for page in (first, last) for one in page["results"]]
    assert sorted(names) == ["Breadcrumbs", "Breadstick"]


def test_facets_products_and_reasons_are_said(shop) -> None:
    done = shop("search", "milk", "--facets", "--group", "--explain")
    assert "Shops: Brook Farm 2" in done.err
    assert "Prices: €1.00 to €2.00 2" in done.err
    assert "2 of 2 products in 2 offers of milk" in done.err
    assert "1. Oat milk: " in done.err
    assert done.out.splitlines()[0].endswith("\t1")
    found = shop("search", "milk", "--facets", "--group", "--explain", "--json").object
    assert found["facets"]["stock"][0]["count"] == 1
    assert [group["total"] for group in found["products"]["groups"]] == [1, 1]
    assert found["reasons"][0]["words"][0]["where"] == "name"
    assert "Categories: Bakery 1" in shop("search", "--facets", "--limit", "0").err


def test_a_barcode_in_groups_is_one(shop) -> None:
    shop("offer", "set", "M1", "--gtin", "4001842100121")
    for words in (["4", "001842", "100121"], ["4-001842-100121"], ["04001842100121"]):
        assert shop("search", *words, "--json").object["total"] == 1


@pytest.fixture
def viewed(shop, tmp_path):
    """The same with views."""
    settings = """
[views.kiosk]
own = "first"
hide_categories = ["Bakery"]
[views.cheap]
retailers = ["Brook Farm", "Nobody yet"]
categories = ["Bakery"]
within = "1km"
[views.others]
hide_retailers = ["Brook Farm"]
"""
    (tmp_path / "shop" / "config.toml").write_text(settings, encoding="utf-8")
    return shop


def test_a_view_holds_at_every_exit(viewed) -> None:
    assert viewed("search", "--view", "kiosk", "--json").object["total"] == 2
    assert "Brook Farm (own)" in viewed("search", "--view", "kiosk").out
    assert viewed("search", "--view", "cheap", "--json").object["total"] == 1
    assert viewed("search", "--view", "others", "--json").object["total"] == 0
    assert "shows none of the offers" in viewed("search", "--view", "others").err
    for wanted in ("B1", "rye"):
        assert viewed("show", wanted, "--view", "kiosk").code == 1
        assert viewed("show", wanted, "--view", "cheap").code == 0
    offer = viewed("search", "rye", "--json").object["results"][0]["offer"]
    assert viewed("show", offer, "--view", "kiosk").code == 1
    kinds = [json.loads(line).get("kind") for line in viewed("export").out.splitlines()]
    shown = [json.loads(line) for line in viewed("export", "--view", "kiosk").out.splitlines()[1:]]
    assert kinds.count("offer") == 3
    names = [one["fields"]["name"] for one in shown if one["kind"] == "offer"]
    assert sorted(names) == ["Oat milk", "Raw milk"]
    assert {one["kind"] for one in shown} == {"member", "site", "offer"}
    assert len(viewed("export", "--view", "others").out.splitlines()) == 1
    assert viewed("export", "--view", "nope").code == 2


def test_a_view_that_is_wrong_is_named(shop, tmp_path) -> None:
    for line in ("foo = 1", 'own = "none"', 'claims = "x"', "for_age = -1", 'within = "2"'):
        text = f"[views.bad]\n{line}\n"
        (tmp_path / "shop" / "config.toml").write_text(text, encoding="utf-8")
        done = shop("search", "--view", "bad")
        assert done.code == 1
        assert "views.bad: " in done.err


def test_show_says_where_no_offer_holds_all_of_the_words(shop) -> None:
    done = shop("show", "rye barista")
    assert (done.code, done.out.splitlines()[0]) == (0, "Product\tRye bread")
    assert "No offer holds all of these words" in done.err
    several = shop("show", "milk barista")
    assert several.code == 1
    assert 'No offer holds all of "milk barista"; 2 offers hold some of it.' in several.err
    assert "whole" in shop("show", "ry").err
    assert '2 offers hold "mil", its last word as a beginning.' in shop("show", "mil").err
    assert shop("show", "oat milk").err == ""


@pytest.fixture
def live_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of this computer."""
    if not hasattr(time, "tzset"):
        pytest.skip("Windows keeps its time zone to itself")

    def live_in(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield live_in
    monkeypatch.undo()
    time.tzset()


def test_opening_times_are_those_on_the_shops_door(run, live_in, monkeypatch) -> None:
    # A Saturday noon in Berlin, an evening in Tokyo.
    monkeypatch.setattr(SystemClock, "now_ms", lambda _: parse_time("2026-11-21T12:00:00+01:00"))
    live_in("Europe/Berlin")
    hours = ("--hours", "Mo-Su 08:00-18:30", "--time-zone", "Europe/Berlin")
    told = run("init", "--name", "Brook Farm", "--at", "48.5216,9.0576", *hours).err
    assert "open now until 18:30\n" in told
    run("offer", "add", "--sku", "M1", "--name", "Raw milk", "--price", "1.30")
    assert "by the shops' own clocks" not in run("search", "milk").err
    assert "Open\tuntil 18:30 (Mo-Su" in run("show", "milk").out
    live_in("Asia/Tokyo")
    found = run("search", "milk")
    assert found.out.split("\t")[5] == "until 18:30"
    assert "Opening times are by the shops' own clocks: Europe/Berlin." in found.err
    assert "Open\tuntil 18:30, Europe/Berlin (Mo-Su 08:00-18:30)" in run("show", "milk").out
    changed = run("site", "set", "--hours", "Mo-Su 08:00-17:00")
    assert "open now until 17:00 (Europe/Berlin)" in changed.err
