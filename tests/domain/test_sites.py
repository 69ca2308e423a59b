"""Sites: fields there and back; hours of a stranger's record raise nothing."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.geo import Position
from fedretail.domain.hours import Closure
from fedretail.domain.sites import SITE, Site
from fedretail.testing.strategies import values

FARM = Site(
    name="Farm", position=Position(48.52, 9.05), position_note="by arrangement",
    hours="Mo-Fr 08:00-18:00", holidays=(("2026-12-24", "08:00-12:00"),),
    closed=(Closure(5, 9, "summer"),), time_zone="Europe/Berlin", contact="07071 1\na@b.example",
    currency="EUR", gln="4000001000005", address="Lane 1\n12345 Town", country="DE",
    colour=3,
    nonce=b"n" * 16,
)  # fmt: skip
edits = st.dictionaries(st.sampled_from(sorted(SITE.fields)), values)


def test_round_trip() -> None:
    fields = FARM.to_fields()
    assert Site.from_fields(fields) == FARM
    assert set(fields) == set(SITE.fields)
    assert (fields["lat_e7"], fields["lon_e7"]) == (485_200_000, 90_500_000)
    assert Site.from_fields({}) == Site()


@given(edits, st.integers(0, 2**42))
def test_any_fields_are_read_and_settle(fields: dict[str, object], at_ms: int) -> None:
    site = Site.from_fields(fields)  # type: ignore[arg-type]
    assert Site.from_fields(site.to_fields()) == site
    assert site.open_state(at_ms).open in (True, False, None)


@given(st.dictionaries(st.sampled_from(["2026-12-24", "2026-13-01", "x", "9999-12-31"]), values))
def test_special_days_of_a_stranger(days: dict[str, object]) -> None:
    site = Site.from_fields({"hours": "24/7", "holidays": days})  # type: ignore[dict-item]
    assert site.open_state(1_795_255_200_000).open in (True, False, None)
    assert {day for day, _ in site.holidays} <= {"2026-12-24", "9999-12-31"}


def test_half_a_position_is_none() -> None:
    assert Site.from_fields({"lat_e7": 5}).position is None
    assert Site.from_fields({"lat_e7": 900_000_001, "lon_e7": 0}).position is None
    assert Site.from_fields({"lat_e7": 5, "lon_e7": True}).position is None


def test_hours_in_the_sites_own_zone() -> None:
    moment = 1_795_165_200_000  # 2026-11-20T09:00Z, a Friday: 10:00 in Berlin, 18:00 in Tokyo
    assert FARM.open_state(moment).open is True
    tokyo = Site.from_fields({**FARM.to_fields(), "time_zone": "Asia/Tokyo"})
    assert tokyo.open_state(moment).open is False
    assert (
        Site.from_fields({**FARM.to_fields(), "time_zone": "Mars"}).open_state(moment).open is None
    )
