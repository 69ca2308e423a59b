"""Who gets into the back office, and who does not."""

import pytest

from fedretail.errors import Refused, Unavailable
from fedretail.node.entrance import LINK_MS, digest, make_link
from fedretail.web.manage.sessions import IDLE_MS, cookie_name


def token(node) -> str:
    return make_link(node).partition("#")[2]


def test_a_link_opens_once(browsers, farm) -> None:
    link = make_link(farm)
    assert link.startswith("http://127.0.0.1:8765/manage#")
    first, second = browsers(), browsers()
    assert first.get().status_code == 401
    answer = first.sign_in(link.partition("#")[2])
    assert (answer.status_code, "This computer" in answer.text) == (200, True)
    cookie = answer.history[0].headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/manage" in cookie
    assert second.sign_in(link.partition("#")[2]).status_code == 403
    assert second.get().status_code == 401


def test_its_address_with_a_slash_leads_to_it(browsers, farm) -> None:
    answer = browsers().client.get("/manage/?lang=de", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "/manage?lang=de")


def test_a_link_is_old_after_two_minutes(browsers, farm, clock, note_daemon) -> None:
    held = token(farm)
    clock.advance(LINK_MS)
    assert browsers().sign_in(held).status_code == 200
    farm.store.note("daemon", farm.store.noted("daemon").value)
    held = token(farm)
    clock.advance(LINK_MS + 1)
    assert browsers().sign_in(held).status_code == 403


def test_a_new_link_makes_the_one_before_useless(browsers, farm) -> None:
    first, second = token(farm), token(farm)
    assert browsers().sign_in(first).status_code == 403
    # A wrong guess uses nothing up.
    assert browsers().sign_in(second).status_code == 200


def test_only_from_this_computer(browsers, farm) -> None:
    held = token(farm)
    for address in ("192.168.1.7", "10.0.0.1", "testclient"):
        far = browsers(address=address)
        assert far.get().status_code == 403
        assert far.sign_in(held).status_code == 403
    assert browsers(address="::1").sign_in(held).status_code == 200


def test_two_shops_on_one_computer_do_not_sign_each_other_out(browsers, shops, clock) -> None:
    first = browsers()
    second = browsers(base="http://127.0.0.1:8766", of=shops("mill", clock))
    first.sign_in()
    second.sign_in()
    # One browser has both cookies: their host is the same, and a browser looks at no port.
    for one in (first, second):
        for other in (first, second):
            for cookie in other.client.cookies.jar:
                one.client.cookies.jar.set_cookie(cookie)
    assert (first.get().status_code, second.get().status_code) == (200, 200)
    assert second.post("/sign-out").status_code == 200
    assert (first.get().status_code, second.get().status_code) == (200, 401)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1:8765", "fedretail-8765"),
        ("[::1]:8765", "fedretail-8765"),
        ("localhost", "fedretail"),
        ("[::1]", "fedretail"),
        ("", "fedretail"),
        ("shop:²", "fedretail"),
    ],
)
def test_a_cookie_bears_the_port(host: str, name: str) -> None:
    assert cookie_name(host) == name


def test_a_cookie_is_of_no_use_elsewhere(browsers, office) -> None:
    far = browsers(address="192.168.1.7")
    far.client.cookies = office.client.cookies
    assert far.get().status_code == 403
    assert far.client.post("/manage/undo", data={"form": office.form}).status_code == 403


def test_only_under_a_name_of_this_computer(browsers) -> None:
    assert browsers(base="http://evil.example").get().status_code == 421


def test_without_a_cookie_and_with_a_wrong_one(browsers, office) -> None:
    stranger = browsers()
    assert stranger.client.post("/manage/undo", data={"form": office.form}).status_code == 401
    stranger.client.cookies.set("fedretail", "x" * 43, domain="127.0.0.1", path="/manage")
    assert stranger.get().status_code == 401


def test_a_form_needs_the_token_of_its_session(browsers, office) -> None:
    other = browsers()
    other.sign_in()
    path = "/manage/settings/colour"
    for said in ({}, {"form": ""}, {"form": other.form}):
        answer = office.client.post(path, data={"colour": "3", **said})
        assert answer.status_code == 403
    assert office.node.site().site.colour is None
    assert office.post("/settings/colour", colour="3").status_code == 200
    assert office.node.site().site.colour == 3


def test_a_form_of_another_site(office) -> None:
    for origin in ("http://evil.example", "null"):
        headers = {"origin": origin}
        said = {"form": office.form, "colour": "3"}
        answer = office.client.post("/manage/settings/colour", data=said, headers=headers)
        assert answer.status_code == 403


def test_signing_out(office) -> None:
    cookies = dict(office.client.cookies)
    assert office.post("/sign-out").status_code == 200
    for name, value in cookies.items():
        office.client.cookies.set(name, value, domain="127.0.0.1", path="/manage")
    assert office.get().status_code == 401


def test_who_does_nothing_for_half_a_day_is_signed_out(office, clock) -> None:
    clock.advance(IDLE_MS)
    assert office.get().status_code == 200
    clock.advance(IDLE_MS + 1)
    assert office.get().status_code == 401


def test_nothing_of_it_is_kept_by_browsers_or_on_the_disk(office, farm) -> None:
    answer = office.get()
    assert answer.headers["cache-control"] == "no-store"
    held = token(farm)
    assert farm.store.noted("manage").value == digest(held)
    assert held.encode() not in b"".join(
        path.read_bytes() for path in farm.path.iterdir() if path.is_file()
    )


def test_no_link_without_pages(farm, note_daemon, shops) -> None:
    farm.store.note("daemon", {**farm.store.noted("daemon").value, "pages": []})
    with pytest.raises(Unavailable, match="no pages"):
        make_link(farm)
    farm.store.note("daemon", None)
    with pytest.raises(Unavailable, match="while the shop runs"):
        make_link(farm)


def test_a_shop_on_the_network_is_still_opened_here(farm) -> None:
    state = farm.store.noted("daemon").value
    farm.store.note("daemon", {**state, "pages": ["http://0.0.0.0:8765"]})
    assert make_link(farm).startswith("http://127.0.0.1:8765/")


def test_a_reader_has_no_back_office(tmp_path) -> None:
    from fedretail.node.setup import create_reader

    with create_reader(tmp_path / "r", None) as node, pytest.raises(Refused):
        make_link(node)
