"""Who gets to the first run: this computer alone, by a link, from its own pages."""

import json

import pytest

from fedretail.node.entrance import LINK_MS, digest

STEPS = ("shop", "place", "prices", "neighbours")


def token(first) -> str:
    return first.make_link().partition("#")[2]


def test_a_link_opens_the_first_run_once(browsers) -> None:
    one, other = browsers(), browsers()
    link = one.first.make_link()
    assert link.startswith("http://127.0.0.1:8765/manage#")
    assert one.get().status_code == 401
    answer = one.sign_in(link.partition("#")[2])
    assert (answer.status_code, "What is your shop called?" in answer.text) == (200, True)
    cookie = answer.history[0].headers["set-cookie"]
    assert {"HttpOnly", "SameSite=strict", "Path=/manage"} <= set(cookie.split("; "))
    assert other.sign_in(link.partition("#")[2]).status_code == 403
    assert other.get("/first/shop").status_code == 401


def test_a_link_of_the_first_run_is_old_after_two_minutes(browsers, clock) -> None:
    held = token(browsers().first)
    clock.advance(LINK_MS + 1)
    assert browsers().sign_in(held).status_code == 403


def test_a_new_link_ends_the_one_before_and_a_guess_uses_none_up(browsers) -> None:
    first, second = token(browsers().first), token(browsers().first)
    assert browsers().sign_in(first).status_code == 403
    assert browsers().sign_in("x" * 43).status_code == 403
    assert browsers().sign_in(second).status_code == 200


def test_the_disk_has_the_digest_of_the_token_alone(browsers, home) -> None:
    held = token(browsers().first)
    assert json.loads((home / ".first-run" / "link.json").read_text())["digest"] == digest(held)
    texts = [one.read_bytes() for one in home.rglob("*") if one.is_file()]
    assert held.encode() not in b"".join(texts)


@pytest.mark.parametrize("address", ["192.168.1.7", "10.0.0.1", "testclient", "fd00::1"])
def test_nobody_in_the_network_does_the_first_run(browsers, owner, home, address) -> None:
    far = browsers(address=address)
    assert far.sign_in(token(far.first)).status_code == 403
    far.client.cookies = owner.client.cookies
    for path in ("", *(f"/first/{step}" for step in STEPS)):
        assert far.get(path).status_code == 403
    said = {"form": owner.form, "name": "Mine now"}
    assert far.client.post("/manage/first/shop", data=said).status_code == 403
    assert far.client.post("/manage/first/neighbours", data=said).status_code == 403
    sent = far.client.post("/manage/first/list", content=b"x", headers={"x-form": owner.form})
    assert sent.status_code == 403
    assert far.client.get("/").status_code == 403
    assert not (home / "store.db").exists()
    assert far.first.answers() == {}


def test_only_under_a_name_of_this_computer(browsers) -> None:
    assert browsers(base="http://evil.example").get().status_code == 421


def test_a_form_of_another_site_or_another_session(browsers, owner) -> None:
    for origin in ("http://evil.example", "null"):
        said = {"form": owner.form, "name": "Theirs"}
        answer = owner.client.post("/manage/first/shop", data=said, headers={"origin": origin})
        assert answer.status_code == 403
    other = browsers()
    other.sign_in()
    for said in ({}, {"form": ""}, {"form": other.form}):
        answer = owner.client.post("/manage/first/shop", data={"name": "Theirs", **said})
        assert answer.status_code == 403
    assert owner.first.answers() == {}


def test_other_pages_lead_there_and_programs_hear_that_there_is_no_shop(owner) -> None:
    for path in ("/", "/kiosk", "/product/4260349420006", "/manage/settings"):
        assert owner.client.get(path).url.path == "/manage/first/shop"
    for path in ("/api/v1/search?q=milk", "/healthz", "/metrics"):
        answer = owner.client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (503, "There is no shop here yet.")
    assert owner.client.get("/static/css/first.css").status_code == 200
    assert owner.get("/first/shop").headers["cache-control"] == "no-store"
