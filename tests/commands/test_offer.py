"""Single offers by hand."""

import pytest


def found(run, words: str) -> dict:
    return run("search", words, "--json").object["results"][0]


def test_what_was_added_is_found(shop) -> None:
    one = found(shop, "raw")
    assert one["offer"].endswith("/M1")
    assert one["price"] == {"amount": "1.30", "currency": "EUR"}
    assert one["unit_price"] == {"amount": "1.30", "currency": "EUR", "per": "l"}


@pytest.mark.parametrize("price", ["1,49 €", "1.49", "€1.49", "EUR 1.49"])
def test_prices_as_people_write_them(shop, price: str) -> None:
    assert shop("offer", "set", "M1", "--price", price).code == 0
    assert found(shop, "raw")["price"]["amount"] == "1.49"


def test_the_code_may_be_argument_option_or_id(shop) -> None:
    offer = found(shop, "raw")["offer"]
    for named in (("M1",), ("--sku", "M1"), (offer,)):
        assert shop("offer", "set", *named, "--stock", "none").code == 0


def test_an_offer_is_found_by_its_bar_code_though_known_by_another(shop) -> None:
    shop("offer", "set", "M1", "--gtin", "4001842100121")
    assert shop("offer", "set", "--gtin", "4001842100121", "--price", "1.35").code == 0
    assert found(shop, "raw")["price"]["amount"] == "1.35"
    shop("offer", "set", "M2", "--gtin", "4001842100121")
    done = shop("offer", "remove", "--gtin", "4001842100121")
    assert done.code == 2
    assert "M1, M2" in done.err


def test_the_digits_on_the_pack_name_an_offer_without_a_word_more(shop) -> None:
    shop("offer", "add", "--gtin", "4001842100121", "--name", "Muesli", "--price", "1.99")
    shop("offer", "set", "M1", "--gtin", "73513537")
    codes = {"4001842100121": "muesli", "04001842100121": "muesli", "73513537": "raw"}
    for digits, name in codes.items():
        assert shop("offer", "set", digits, "--price", "2.22").code == 0
        assert found(shop, name)["price"]["amount"] == "2.22"
        shop("offer", "set", digits, "--price", "2")
    assert shop("offer", "set", "4001842100122", "--price", "1").code == 1


def test_an_offer_without_a_code_is_found_by_its_name(shop) -> None:
    shop("offer", "add", "--name", "Cheese / Brie", "--price", "3")
    assert shop("offer", "set", "cheese /  brie", "--price", "3.20").code == 0
    assert found(shop, "brie")["price"]["amount"] == "3.20"
    shop("offer", "set", "M2", "--name", "CHEESE / BRIE")
    assert shop("offer", "remove", "Cheese / Brie").code == 2
    shop("offer", "set", "M2", "--name", "Oat milk")
    assert shop("offer", "remove", "Cheese / Brie").code == 0
    assert shop("search", "brie").code == 1


def test_the_same_price_again_renews_its_age(shop) -> None:
    assert shop("offer", "set", "M1", "--price", "1.30", "--json").object["changed"]


def test_a_special_offer_stands_beside_the_usual_price(shop) -> None:
    done = shop("offer", "set", "M1", "--price", "0.99", "--from", "2020-01-01")
    assert done.code == 0
    one = found(shop, "raw")
    assert (one["price"]["amount"], one["regular_price"]["amount"]) == ("0.99", "1.30")
    past = ("--price", "0.50", "--from", "2020-01-01", "--until", "2020-01-31")
    assert shop("offer", "set", "M1", *past).code == 0
    assert found(shop, "raw")["price"]["amount"] == "1.30"


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (
            ("--from", "2999-12-01", "--until", "2999-12-24"),
            "0.50 holds from 2999-12-01 until 2999-12-24.",
        ),
        (("--until", "2020-01-31"), "over: shoppers do not see it"),
        (("--from", "2020-01-01"), ""),
    ],
)
def test_a_price_that_does_not_hold_today_is_said_to(shop, days, told: str) -> None:
    done = shop("offer", "set", "M1", "--price", "0.50", *days)
    assert done.code == 0
    assert told in done.err
    assert ("! " in done.err) == bool(told)


def test_a_reduction_from_the_start(shop) -> None:
    line = ("--name", "Cheese", "--price", "2", "--regular-price", "3", "--until", "2999-12-31")
    assert shop("offer", "add", "--sku", "C", *line).code == 0
    one = found(shop, "cheese")
    assert (one["price"]["amount"], one["regular_price"]["amount"]) == ("2.00", "3.00")


@pytest.mark.parametrize(
    ("stock", "held"),
    [
        ("0", {"level": "none", "left": None, "made_to_order": False}),
        ("3", {"level": "few", "left": 3, "made_to_order": False}),
        ("12", {"level": "some", "left": None, "made_to_order": False}),
        ("unknown", {"level": "unknown", "left": None, "made_to_order": False}),
        ("to-order", {"level": "none", "left": None, "made_to_order": True}),
    ],
)
def test_stock(shop, stock: str, held: dict) -> None:
    assert shop("offer", "set", "M1", "--stock", stock).code == 0
    assert found(shop, "raw")["stock"] == held


def test_the_exact_count_leaves_in_no_answer(shop) -> None:
    shop("offer", "set", "M1", "--stock", "731731")
    for command in (("search", "raw", "--json"), ("show", "M1", "--json"), ("export",)):
        done = shop(*command)
        assert done.code == 0
        assert "731731" not in done.out


@pytest.mark.parametrize(
    ("pack", "per"), [("500 g", "2.60"), ("2 x 0.5 l", "1.30"), ("10", "0.13")]
)
def test_packs(shop, pack: str, per: str) -> None:
    shop("offer", "add", "--sku", "P", "--name", "Packed", "--price", "1.30", "--pack", pack)
    assert found(shop, "packed")["unit_price"]["amount"] == per


def test_a_withdrawn_offer_is_gone(shop) -> None:
    assert shop("offer", "remove", "M1").code == 0
    assert shop("search", "raw").code == 1
    assert shop("offer", "remove", "M1").code == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "--name", "x"), 2),
        (("add", "--price", "1"), 2),
        (("add", "--sku", "M1", "--name", "x", "--price", "1"), 1),
        (("add", "--name", "x", "--price", "-1"), 2),
        (("add", "--name", "x", "--price", "1.9999"), 2),
        (("add", "--name", "x", "--price", "1e9"), 2),
        (("add", "--name", "x", "--price", "4 CHF"), 2),
        (("add", "--name", "x" * 300, "--price", "1"), 2),
        (("add", "--name", "x", "--price", "1", "--gtin", "4001842100122"), 2),
        (("add", "--name", "x", "--price", "1", "--stock", "-3"), 2),
        (("add", "--name", "x", "--price", "1", "--pack", "0"), 2),
        (("add", "--name", "x", "--price", "1", "--pack", "a lot"), 2),
        (("add", "--name", "x", "--price", "1", "--site", "nowhere"), 2),
        (("set", "M1"), 2),
        (("set", "--price", "1"), 2),
        (("set", "M9", "--price", "1"), 1),
        (("set", "M1", "--from", "2026-01-01"), 2),
        (("set", "M1", "--price", "3", "--regular-price", "2"), 2),
        (("set", "M1", "--price", "1", "--from", "2026-02-30"), 2),
        (("set", "M1", "--price", "1", "--from", "2026-02-03", "--until", "2026-02-01"), 2),
        (("remove",), 2),
        (("remove", "aaaaaaaaaaaaaaaa/M1"), 2),
    ],
)
def test_what_cannot_be_is_told(shop, arguments, code: int) -> None:
    before = shop("export").out
    done = shop("offer", *arguments)
    assert done.code == code, done.err
    assert done.err.startswith("✗ ")
    assert len(done.err.splitlines()) <= 3
    assert shop("export").out == before


def test_a_reduction_that_has_not_begun_strikes_no_price(shop) -> None:
    assert shop("offer", "set", "M1", "--price", "0.99", "--from", "2099-01-01").code == 0
    for found in (
        shop("search", "raw", "--json").object["results"][0],
        shop("show", "M1", "--json").object,
    ):
        assert found["price"]["amount"] == "1.30"
        assert found["regular_price"] is None
    assert shop("offer", "set", "M1", "--price", "0.99", "--until", "2099-01-01").code == 0
    found = shop("show", "M1", "--json").object
    assert (found["price"]["amount"], found["regular_price"]["amount"]) == ("0.99", "1.30")
