"""The four steps: what is entered stays, what is wrong is told where it stands."""

import re

import pytest

from fedretail.node.node import Node
from fedretail.web.manage import uploads

LIST = "Name;EAN;Preis\nMilch;4001842100121;1,29\nTee;400184210014;2,10\n"


def test_a_name_is_missing(owner) -> None:
    answer = owner.post("shop", name=" ", colour="3")
    assert answer.url.path == "/manage/first/shop"
    # All of it above, where the focus goes, and again beside the field.
    assert re.search(r'<div class="summary" role="alert" tabindex="-1" autofocus>', answer.text)
    assert '<a href="#name">Name of the shop: A shop needs a name</a>' in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert 'id="name-fault"' in answer.text
    assert 'value="3" checked' in answer.text


def test_back_and_forth_loses_nothing(owner) -> None:
    owner.post("shop", name="Brook Farm", colour="4")
    faulty = owner.post("place", Mo="8-99", position="nowhere", time_zone="Mars/Crater")
    assert faulty.url.path == "/manage/first/place"
    for field in ("Mo", "position", "time_zone"):
        assert f'href="#{field}"' in faulty.text
    # Back, although something is wrong.
    back = owner.post("place", "back", Mo="8-99", position="nowhere")
    assert (back.url.path, 'value="Brook Farm"' in back.text) == ("/manage/first/shop", True)
    again = owner.get("/first/place").text
    assert 'value="8-99"' in again
    assert 'value="nowhere"' in again


def test_empty_hours_are_told_as_what_they_become(owner) -> None:
    step = owner.get("/first/place").text
    assert "closed on days without times; where no day has any, your hours" in step
    assert 'placeholder="closed"' not in step


def test_monday_on_the_other_working_days(owner) -> None:
    owner.post("place", "same-week", Mo="8-13, 14-18", Sa="9-12")
    kept = owner.first.answers()
    assert [kept[day] for day in ("Tu", "We", "Th", "Fr", "Sa")] == [*["8-13, 14-18"] * 4, "9-12"]


def test_it_goes_on_where_it_was_left_after_a_restart(browsers, owner, begin) -> None:
    owner.post("shop", name="Brook Farm")
    owner.post("place", position="48.5,9.05")
    owner.send("list.csv", LIST)
    # The daemon was killed and is started again.
    later = browsers(pages=begin())
    assert later.get().status_code == 401
    answer = later.sign_in()
    assert answer.url.path == "/manage/first/prices"
    assert "1 offer is ready. 1 row needs you." in answer.text
    assert 'value="48.5,9.05"' in later.get("/first/place").text


def test_the_card_is_drawn_while_somebody_types(owner) -> None:
    said = {"name": "<i>Landgut</i> Kemmler", "colour": "2"}
    card = owner.post("shop", "look", **said).text
    assert "<html" not in card
    assert 'data-colour="2"' in card
    assert "&lt;i&gt;Landgut&lt;/i&gt; Kemmler" in card
    # What was typed is kept, though nobody has pressed "Next".
    assert owner.first.answers()["name"] == said["name"]
    assert (
        "open day and night"
        in owner.post(
            "place", "look", **dict.fromkeys(("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su"), "0-24")
        ).text
    )
    assert "Your goods alone" in owner.post("neighbours", "look", shown="own").text


def test_typed_offers(owner) -> None:
    answer = owner.post("prices", offer1="Eggs", price1="dear", content2="7 parsecs")
    for field in ("price1", "offer2", "price2", "content2"):
        assert f'href="#{field}"' in answer.text
    assert "A price such as 1.29" in answer.text
    german = owner.client.post(
        "/manage/first/prices?lang=de", data={"form": owner.form, "offer1": "Eier", "price1": "?"}
    )
    assert "Ein Preis wie 1,29" in german.text
    card = owner.post("prices", "look", offer1="Eggs", price1="3,20", content1="10").text
    assert "€3.20" in card


def test_a_list_is_read_before_there_is_a_shop(owner, home) -> None:
    sent = owner.send("../../list.csv", LIST)
    assert sent.json()["next"] == "/manage/first/prices"
    page = owner.get("/first/prices").text
    assert "1 offer is ready. 1 row needs you." in page
    assert "400184210014" in page
    assert [one.name for one in (home / ".first-run" / "list").iterdir()] == ["list.csv"]
    assert sorted(one.name for one in home.iterdir()) == [".first-run", "daemon.lock"]
    assert owner.client.get(sent.json()["progress"]).json() == {"read": 1.0}
    gone = owner.post("prices", "drop")
    assert "Drop your price list here" in gone.text


def test_columns_are_named_where_they_cannot_be_known(owner) -> None:
    owner.send("odd.csv", "Aaa;Bbb\nMilch;1,29\n")
    assert owner.post("prices").url.path == "/manage/first/prices"
    said = {"form": owner.form, "deed": "columns", "heading": ["Aaa", "Bbb"],
            "role": ["name", "price"]}  # fmt: skip
    answer = owner.client.post("/manage/first/prices", data=said)
    assert "1 offer is ready." in answer.text
    assert owner.post("prices").url.path == "/manage/first/neighbours"


def test_rows_are_pasted_from_a_spreadsheet(owner) -> None:
    answer = owner.post("prices", "paste", pasted="Name\tPreis\r\nMilch\t1,29\r\nBrot\t4,20\r\n")
    assert "2 offers are ready." in answer.text
    assert "pasted" not in owner.first.answers()


def test_a_file_that_is_too_large_leaves_the_one_before(owner, monkeypatch) -> None:
    owner.send("list.csv", LIST)
    monkeypatch.setattr(uploads, "MAX_FILE_BYTES", 100)
    assert owner.send("huge.csv", "x" * 101).status_code == 413
    assert "list.csv" in owner.get("/first/prices").text


@pytest.mark.parametrize("ticket", ["fr1-nonsense", "hello", "fr1-" + "a" * 700])
def test_a_line_that_is_no_ticket(owner, ticket, made: list[Node]) -> None:
    answer = owner.all_steps(ticket=ticket)
    assert answer.url.path == "/manage/first/neighbours"
    assert 'href="#ticket"' in answer.text
    assert made == []


def test_the_end_leads_to_the_first_step_that_needs_somebody(owner, made: list[Node]) -> None:
    answer = owner.post("neighbours")
    assert (answer.url.path, "A shop needs a name" in answer.text) == ("/manage/first/shop", True)
    assert made == []


def test_in_german(owner) -> None:
    for step, words in (("shop", "Wie heißt Ihr Laden?"), ("place", "Wann und wo haben Sie offen?"),
                        ("prices", "Legen Sie hier Ihre Preisliste ab"),
                        ("neighbours", "Meinen Laden öffnen")):  # fmt: skip
        page = owner.get(f"/first/{step}?lang=de").text
        assert words in page
        assert 'lang="de"' in page
