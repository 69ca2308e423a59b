"""Search and show, as a person and as a program use them."""

import json

import pytest


def test_json_is_the_object_that_programs_know(shop) -> None:
    done = shop("search", "milk", "--json")
    assert done.code == 0
    assert done.err == ""
    assert set(done.object) == {"results", "total", "took_ms"}
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


def test_the_nearest_outside_is_named(shop) -> None:
    done = shop("search", "milk", "--near", "48.6,9.0576", "--within", "2km")
    assert done.code == 1
    assert "within 2\u00a0km" in done.err
    assert "at Brook Farm, 8.7\u00a0km south" in done.err


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
