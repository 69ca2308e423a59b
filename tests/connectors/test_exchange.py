"""The exchange format: what goes out comes back, and the fixtures get their verdicts."""

import json
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.connectors.exchange import (
    Provenance,
    Record,
    decode_record,
    encode_record,
    outside_id,
    write_record,
)
from fedretail.connectors.exchange_check import check_file
from fedretail.connectors.exchange_values import CODECS
from fedretail.domain.kind import RecordId
from fedretail.domain.kinds import KINDS
from fedretail.errors import MalformedInput

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | TEXT | st.binary(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4)
)
TIMES = st.integers(0, 253_402_300_799_999)
PRICE = st.lists(
    st.none() | st.integers(-5, 10**13) | st.booleans() | TIMES | TEXT, min_size=0, max_size=6
)
NAMES = st.sampled_from(sorted({name for _, name in CODECS} | {"name", "lat", "@x", "lon_e7"}))
FIELDS = st.dictionaries(
    NAMES | TEXT.filter(lambda name: len(name.encode()) <= 60),
    VALUES | TIMES | st.lists(PRICE, max_size=3),
    max_size=8,
)
WITH_CURRENCY = st.builds(
    lambda fields, code: fields | ({"currency": code} if code else {}),
    FIELDS,
    st.sampled_from(["EUR", "JPY", "KWD", "XXX", ""]) | VALUES,
)


@given(
    st.sampled_from([kind.name for kind in KINDS] + ["later"]),
    WITH_CURRENCY,
    FIELDS,
    st.dictionaries(NAMES, st.builds(Provenance, TIMES, st.just("ab")), max_size=3),
    st.dictionaries(st.sampled_from(["checked", "x-note"]), VALUES, max_size=2),
)
@example("offer", {"currency": "EUR", "prices": [[129, None]]}, {}, {}, {})
@example("offer", {"currency": "EUR", "prices": [[True]], "regular": -1}, {}, {}, {})
@example("offer", {"pictures": [[None]]}, {}, {}, {})
@example("site", {"lat_e7": -5, "lat": "5", "@lat": b"", "lon_e7": 1800000000}, {}, {}, {})
def test_what_goes_out_comes_back(kind, fields, own, stamps, extra):
    record = Record("aaaaaaaaaaaaaaaa/1", kind, "0" * 32, fields, own, stamps, extra)
    line = encode_record(record)
    assert "\n" not in line
    again = decode_record(line)
    assert again == record
    assert repr(sorted(again.fields.items())) == repr(sorted(fields.items()))
    assert encode_record(again) == line


@given(st.text() | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
).map(json.dumps))  # fmt: skip
@example('{"kind":"offer","fields":' * 5000)
@example("[" * 100_000)
@example('{"kind":"offer","fields":{"a":' + "9" * 5000 + "}}")
@example('{"kind":"offer","fields":{"a":"\\ud800"}}')
def test_any_text_is_a_record_or_malformed(line):
    try:
        decode_record(line)
    except MalformedInput:
        pass


def test_amounts_times_and_places_are_readable():
    offer = RecordId(bytes(16), "site/aaaaaaaaaaaaaaaa", "offer", "1001")
    fields = {"currency": "EUR", "prices": [[129, 0, 1500, 2, 1]], "net": ["1", "LTR"]}
    raw = json.loads(write_record(offer, fields, own={"cost": 80}))
    assert raw["id"] == "aaaaaaaaaaaaaaaa/1001"
    assert raw["fields"]["prices"] == [
        {
            "amount": "1.29",
            "from": "1970-01-01T00:00:00Z",
            "until": "1970-01-01T00:00:01.500Z",
            "min_quantity": 2,
            "audience": "members",
        }
    ]
    assert raw["own"] == {"cost": "0.80"}
    site = RecordId(bytes(16), "site/aaaaaaaaaaaaaaaa", "site", "aaaaaaaaaaaaaaaa")
    place = json.loads(write_record(site, {"lat_e7": 484991000, "lon_e7": -91013005}))
    assert place["fields"] == {"lat": "48.4991", "lon": "-9.1013005"}


def test_every_record_has_an_id_of_its_own():
    owner = bytes(16)
    ids = {
        outside_id(RecordId(owner, "site/a", "offer", "k")),
        outside_id(RecordId(owner, "site/a", "source", "k")),
        outside_id(RecordId(owner, "site/a", "site", "a")),
        outside_id(RecordId(owner, "member", "member", "self")),
        outside_id(RecordId(owner, "member", "later", "k")),
    }
    assert len(ids) == 5


def test_own_fields_stand_nowhere_unless_handed_in():
    for kind in KINDS:
        record = RecordId(bytes(16), "site/a", kind.name, "k")
        line = write_record(record, {"name": "Milk"})
        assert not [name for name in kind.own_fields() if name in line]


def test_the_fixtures_get_their_verdicts(fixtures):
    valid = sorted((fixtures / "exchange" / "valid").glob("*.jsonl"))
    invalid = sorted((fixtures / "exchange" / "invalid").glob("*.jsonl"))
    assert len(valid) >= 3
    assert len(invalid) >= 10
    for path in valid:
        assert list(check_file(path)) == [], path.name
    verdicts = json.loads((fixtures / "exchange" / "verdicts.json").read_text("utf-8"))
    assert {path.name: [bad.column for bad in check_file(path)] for path in invalid} == verdicts


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_context_gives_every_field_an_iri(kind):
    package = files("fedretail.connectors")
    context = json.loads((package / "exchange-1.context.jsonld").read_text("utf-8"))["@context"]
    outside = {"lat_e7": "lat", "lon_e7": "lon"}
    for name in kind.fields:
        assert outside.get(name, name) in context, name


@pytest.mark.parametrize("sign", ["\x1b", "\x7f", "\x9b", "\u202e", "\u2066", "\x00"])
def test_an_export_holds_no_sign_that_acts_on_a_terminal(sign: str) -> None:
    offer = RecordId(bytes(16), "site/aaaaaaaaaaaaaaaa", "offer", f"M{sign}1")
    line = write_record(offer, {"name": f"Käse{sign}"})
    assert sign not in line
    assert "Käse" in line
    assert json.loads(line)["fields"]["name"] == f"Käse{sign}"
