"""Opening hours are told as they stand on the shop's door: by its own clock."""

import re

import pytest

from fedretail.domain.geo import Position
from fedretail.testing.nodes import new_shop, take_in

# It is Monday, 11:00 here, 10:00 in London, 5:00 in New York, 19:00 in Tokyo.
LONDON = "Europe/London"


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split()).replace("\u00a0", " ")


@pytest.fixture
def abroad(street, tmp_path):
    """Adds a shop in a zone, with its hours; gives the ids of its site and offer."""

    def add(zone: str, hours: str = "Mo-Sa 08:00-18:00") -> tuple[str, str]:
        there = Position(48.5201, 9.06)
        with new_shop(tmp_path / "there", "Hall", position=there) as node:
            own = node.site()
            node.set_site(own, {"time_zone": zone, "hours": hours})
            node.write("offer", "I", {"name": "Ice", "currency": "EUR", "prices": [[100]]})
            take_in(street, node)
            street.follow()
            return own.id, f"{own.id}/I"

    return add


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "open until 18:00 (London time)"), ("de", "bis 18:00 offen (Ortszeit London)")],
)
def test_every_page_tells_them_so(ask, abroad, language, said) -> None:
    site, offer = abroad(LONDON)
    pages = ["/", "/?q=ice", f"/offer/{offer}", f"/list?o={offer}", "/map", "/shops"]
    for path in (*pages, f"/shop/{site}"):
        answer = ask(path, language)
        assert said in text(answer), path
        assert "19:00" not in answer.text, path
    # For those who listen to the map, too.
    assert f'{said}"' in ask("/map", language).text


def test_a_week_is_that_of_the_shop(ask, abroad) -> None:
    site, _ = abroad("Asia/Tokyo", "Mo 00:00-04:00,09:00-19:30; Tu 00:30-24:00; We-Su off")
    said = text(ask(f"/shop/{site}"))
    assert "Hours Tokyo time Monday 00:00–04:00, 09:00–19:30" in said
    assert "Tuesday 00:30–24:00 Wednesday closed" in said
    assert "closes 19:30, in 30 min (Tokyo time)" in said


def test_a_clock_that_shows_the_same_is_not_named(ask, abroad) -> None:
    site, _ = abroad("Europe/Paris")
    said = text(ask(f"/shop/{site}"))
    assert "open until 18:00 " in said
    assert "Hours Monday 08:00–18:00" in said
    assert "time" not in said.partition("Hours")[0].partition("open until")[2]
