"""The end of a first run: a shop of all answers, whole or not at all, and the pages go on."""

import threading

import pytest

from fedretail.errors import Unavailable
from fedretail.node import samples
from fedretail.node.first_run import FirstRun
from fedretail.node.mending import waiting
from fedretail.node.networks import found_network
from fedretail.node.node import Node
from fedretail.p2p.ticket import Ticket
from fedretail.testing.nodes import new_shop
from fedretail.web.first import making

LIST = "Name;EAN;Preis\nMilch;4001842100121;1,29\nTee;400184210014;2,10\n"


def test_the_shop_of_all_answers(owner, made: list[Node], home) -> None:
    owner.send("list.csv", LIST)
    owner.post("prices", offer1="Eggs", price1="3.20", content1="10")
    answer = owner.all_steps(Mo="8-18", position="48.5216,9.0576", shown="own")
    # The same browser, the same session: nobody signs in again, and nothing was started anew.
    assert (answer.url.path, "Your shop is open." in answer.text) == ("/manage", True)
    (node,) = made
    site = node.site().site
    assert (site.name, site.colour, site.hours) == ("Brook Farm", 2, "Mo 08:00-18:00")
    assert (site.currency, site.time_zone) == ("EUR", "Europe/Berlin")
    assert node.position is not None
    assert round(node.position.lat, 4) == 48.5216
    names = {value.fields["name"] for _, value in node.records("offer")}
    assert names == {"Milch", "Eggs"}
    found = waiting(node)
    assert found is not None
    assert (found[0].parent.parent, found[1]) == (home, 1)
    assert node.config.views[node.config.web_view] == {"own": "only"}
    assert not (home / ".first-run").exists()
    assert not [found for _, found in node.check() if found]
    # The kiosk is there, in this very process, and speaks of no neighbours.
    kiosk = owner.client.get("/")
    assert (kiosk.status_code, "Eggs" in kiosk.text) == (200, True)
    assert owner.client.get("/map").status_code == 404
    assert owner.client.get("/healthz").status_code == 200


def test_all_that_can_be_left_for_later(owner, made: list[Node]) -> None:
    assert owner.all_steps().url.path == "/manage"
    (node,) = made
    assert (node.site().site.hours, node.position) == (None, None)
    assert list(node.records("offer")) == []
    assert owner.client.get("/").status_code == 200
    assert node.config.web_view == ""


def test_without_a_position_everybody_is_told_why_nothing_is_found(owner, made: list[Node]) -> None:
    said = "your goods are found nowhere"
    owner.post("shop", name="Brook Farm", colour="2")
    assert said in owner.get("/first/neighbours").text
    owner.post("place", position="48.5216,9.0576")
    assert said not in owner.get("/first/neighbours").text
    owner.post("place", position="")
    assert said in owner.all_steps().text
    (node,) = made
    node.write("offer", "1", {"name": "Milk", "currency": "EUR", "prices": [[129]]})
    page = owner.get("/offers").text
    assert (said in page, "<h1>My offers</h1>" in page) == (True, True)
    node.set_site(node.site(), {"lat_e7": 485216000, "lon_e7": 90576000})
    assert said not in owner.get("/offers").text
    assert said not in owner.get().text


def test_sample_goods_are_marked_and_go_with_one_touch(owner, made: list[Node]) -> None:
    assert "Eight sample goods" in owner.post("prices", "samples").text
    owner.post("prices", "no-samples")
    owner.post("prices", "samples")
    answer = owner.all_steps()
    assert "8 sample goods are on your shelf" in answer.text
    (node,) = made
    assert samples.count(node) == 8
    assert all("(sample)" in str(v.fields["name"]) for _, v in node.records("offer"))
    said = {"form": form_of(answer)}
    gone = owner.client.post("/manage/samples/remove", data=said)
    assert "8 sample goods are gone." in gone.text
    assert list(node.records("offer")) == []


def form_of(answer) -> str:
    found: str = answer.text.partition('data-form="')[2].partition('"')[0]
    return found


def test_with_a_ticket_it_belongs_to_its_neighbours(owner, made, tmp_path) -> None:
    with new_shop(tmp_path / "other") as other:
        address = f"/ip4/10.0.0.9/tcp/4817/p2p/{other.identity.peer_id}"
        text = Ticket(found_network(other), "Steinlachtal", (address,)).text()
        network = other.store.meta("network")
    owner.post("prices", "samples")
    owner.all_steps(ticket=f"{text[:30]} \n{text[30:]}")
    (node,) = made
    assert node.store.meta("network") == network
    # No neighbour takes sample goods for real.
    assert samples.count(node) == 0


@pytest.mark.parametrize("place", ["_fill", "join", "show_own_only"])
@pytest.mark.parametrize(
    "error", [Unavailable("No space left on device.", hint="Make room."),
              OSError(28, "No space left on device")]
)  # fmt: skip
def test_what_fails_on_the_way_leaves_no_shop_and_is_told(
    owner, made, home, monkeypatch, place, error
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    with monkeypatch.context() as patched:
        patched.setattr(making, place, fail)
        patched.setattr("fedretail.web.first.answers.check_ticket", lambda text: None)
        answer = owner.all_steps(shown="own", ticket="fr1-x")
        assert (answer.url.path, answer.status_code) == ("/manage/first/neighbours", 200)
        assert "No space left on device" in answer.text
    assert sorted(one.name for one in home.iterdir()) == [".first-run", "daemon.lock"]
    assert made == []
    # Nothing typed is lost, and the next try works.
    assert owner.post("neighbours", ticket="").url.path == "/manage"
    assert made[0].site().name == "Brook Farm"


def test_two_who_press_the_last_button_at_once_make_one_shop(owner, made, home) -> None:
    owner.post("shop", name="Brook Farm")
    form, answers = owner.form, []

    def press() -> None:
        said = {"form": form, "deed": "next"}
        sent = owner.client.post("/manage/first/neighbours", data=said, follow_redirects=False)
        answers.append((sent.status_code, sent.headers["location"]))

    threads = [threading.Thread(target=press) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 1
    assert (303, "/manage") in answers
    with Node.open(home) as node:
        assert node.owner == made[0].owner


def test_a_shop_that_was_made_elsewhere_meanwhile_stays(owner, home, made) -> None:
    with new_shop(home) as node:
        theirs = node.owner
    assert "already" in owner.all_steps().text
    with Node.open(home) as node:
        assert node.owner == theirs
    assert made == []


def test_settings_that_were_there_before_stay(owner, home, made) -> None:
    (home / "config.toml").write_text('few_below = 3\n[views.mine]\nown = "first"\n')
    owner.all_steps(shown="own")
    config = made[0].config
    assert (config.few_below, set(config.views)) == (3, {"mine", "own"})


def test_what_screens_show_is_changed_later(owner, made) -> None:
    answer = owner.all_steps(shown="own")
    said = {"form": form_of(answer)}
    assert owner.client.get("/map").status_code == 404
    owner.client.post("/manage/settings/shown", data={**said, "shown": "all"})
    assert owner.client.get("/map").status_code == 200
    assert made[0].config.web_view == ""
    owner.client.post("/manage/settings/shown", data={**said, "shown": "own"})
    assert owner.client.get("/map").status_code == 404


def test_without_a_shop_only_what_was_entered_is_left(owner, home, clock) -> None:
    first = FirstRun(home, clock)
    owner.post("shop", name="Brook Farm")
    first.leave()
    assert [one.name for one in (home / ".first-run").iterdir()] == ["answers.json"]
    first.end()
    first.begin()
    first.leave()
    assert not (home / ".first-run").exists()
