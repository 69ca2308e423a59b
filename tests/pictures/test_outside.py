"""What may be fetched: https on the open internet, whatever an address is wrapped in."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.errors import MalformedInput
from fedretail.pictures.outside import Target, is_outside, parse_url, redirected

INSIDE = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "100.100.100.200",
    "168.63.129.16", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:c0a8:101::",
    "", "localhost", "1.1.1", "0x7f000001", "2130706433",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "2606:4700:4700::1111", "2a00:1450:4001::8a"]


@pytest.mark.parametrize("text", INSIDE)
def test_nothing_inside_is_reached(text: str) -> None:
    assert not is_outside(text)


@pytest.mark.parametrize("text", OUTSIDE)
def test_the_open_internet_is(text: str) -> None:
    assert is_outside(text)


@given(st.ip_addresses(v=4))
def test_a_wrapped_address_is_no_better_than_it_is_bare(place: ipaddress.IPv4Address) -> None:
    if not is_outside(str(place)):
        for wrapped in (f"::ffff:{place}", f"64:ff9b::{place}", f"::{place}"):
            assert not is_outside(wrapped)


@pytest.mark.parametrize(
    ("text", "target", "authority"),
    [
        ("https://shop.example/a.jpg", Target("shop.example", 443, "/a.jpg"), "shop.example"),
        ("https://shop.example", Target("shop.example", 443, "/"), "shop.example"),
        ("https://S.example:8443/a?b=c#d", Target("s.example", 8443, "/a?b=c"), "s.example:8443"),
        ("https://[2606::1]/a", Target("2606::1", 443, "/a"), "[2606::1]"),
    ],
)
def test_an_https_address_is_taken_apart(text: str, target: Target, authority: str) -> None:
    assert parse_url(text) == target
    assert target.authority == authority


@pytest.mark.parametrize(
    "text",
    [
        "", "http://shop.example/a.jpg", "ftp://shop.example/a", "file:///etc/passwd",
        "//shop.example/a", "a.jpg", "https://", "https:///a", "https://user:pw@shop.example/a",
        "https://shop.example:99999/a", "https://shop.example/a b", "https://shop.example/ä",
        "https://shop.example/a\r\nHost: other", "https://[::1/a", "https://x/" + "a" * 2000,
    ],
)  # fmt: skip
def test_no_other_address_is(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_url(text)


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for one in (text, "https://" + text):
        try:
            target = parse_url(one)
        except MalformedInput:
            continue
        assert target.host
        assert (target.path + target.authority).isprintable()


def test_a_redirect_leads_on_from_where_it_stands() -> None:
    assert redirected("https://a.example/x/y", "../z?q=1") == "https://a.example/z?q=1"
    assert redirected("https://a.example/x", "https://b.example/") == "https://b.example/"
