"""Places of a shop, and who it is."""

import pytest


def test_a_site_is_added_changed_and_listed(shop) -> None:
    added = shop("site", "add", "--name", "Stall", "--at", "48.52,9.05", "--json").object["site"]
    assert added["currency"] == "EUR"
    done = shop("site", "set", "Stall", "--hours", "Sa 07:00-13:00", "--contact", "a@b", "--json")
    assert done.object["changed"]
    again = shop("site", "set", added["id"], "--hours", "Sa 07:00-13:00", "--json")
    assert not again.object["changed"]
    listed = {one["name"]: one for one in shop("site", "list", "--json").object["sites"]}
    assert listed["Stall"]["hours"] == "Sa 07:00-13:00"
    assert set(listed) == {"Stall", "Brook Farm"}
    assert "Sa 07:00-13:00" in shop("site", "list").out


def test_new_hours_are_said_back(shop) -> None:
    assert "Brook Farm, closed now" in shop("site", "set", "--hours", "off").err
    assert "Brook Farm, open now" in shop("site", "set", "--hours", "24/7").err
    assert "now" not in shop("site", "set", "--contact", "a@b").err


def test_hours_can_be_taken_back(shop) -> None:
    assert shop("site", "set", "--hours", "", "--json").object["site"]["hours"] is None


def test_a_shop_moves(shop) -> None:
    moved = shop("site", "set", "--at", "geo:48.6,9.1", "--json").object["site"]
    assert (moved["lat"], moved["lon"]) == (48.6, 9.1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("site", "set"),
        ("site", "set", "nowhere", "--name", "x"),
        ("site", "add", "--name", "x"),
        ("site", "add", "--at", "1,1"),
        ("site", "set", "--time-zone", "CET"[:2]),
        ("member", "set"),
        ("member", "set", "--legal-form", "x" * 200),
        ("member", "set", "--address", "x" * 400),
    ],
)
def test_misuse_is_told(shop, arguments) -> None:
    done = shop(*arguments)
    assert done.code == 2
    assert done.err.startswith("✗ ")


def test_with_two_places_one_has_to_be_named(shop) -> None:
    shop("site", "add", "--name", "Stall", "--at", "48.52,9.05")
    done = shop("site", "set", "--hours", "24/7")
    assert done.code == 2
    assert "Stall" in done.err
    assert "Brook Farm" in done.err


def test_the_imprint_is_filled_in_part_by_part(shop) -> None:
    first = shop("member", "set", "--legal-form", "e.K.", "--address", "Gasse 3", "--json")
    assert first.object["member"]["missing"] == ["legal_name", "contact"]
    assert "--legal-name, --contact" in first.err
    second = shop("member", "set", "--legal-name", "Ada", "--contact", "a@b", "--json").object
    assert second["member"]["missing"] == []
    assert second["member"]["imprint"]["address"] == "Gasse 3"
    assert "Gasse 3" in shop("show", "M1").out


def test_a_private_seller_owes_none(shop) -> None:
    done = shop("member", "set", "--private", "--name", "Ada", "--town", "Tübingen", "--json")
    assert done.object["member"]["missing"] == []
    assert "Ada, Tübingen" in shop("show", "M1").out


def test_a_private_seller_is_asked_for_a_town_and_may_leave_the_place_open(shop) -> None:
    done = shop("member", "set", "--private", "--name", "Ada", "--json")
    assert done.object["member"]["missing"] == ["town"]
    assert "shows a first name and a town.\n  Still missing: --town" in done.err
    assert "Seller\tAda\n" in shop("show", "M1").out
    shop("site", "set", "--at", "48.52,9.06", "--position-note", "by arrangement")
    assert "by arrangement" in shop("show", "M1").out
    assert shop("site", "list", "--json").object["sites"][0]["position_note"] == "by arrangement"
    shop("site", "set", "--position-note", "")
    assert "arrangement" not in shop("show", "M1").out
