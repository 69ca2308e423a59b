"""Public and own fields are told apart, for every kind there is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.kind import MAX_FIELD_NAME_BYTES, Field, Kind, RecordId, fields_of
from fedretail.domain.kinds import KINDS
from fedretail.errors import UsageError
from fedretail.testing.strategies import values

NOTE = Kind("note", "site", fields_of(Field("text"), Field("cost", own=True)))


def test_split() -> None:
    assert NOTE.split({"text": "a", "cost": 5}) == ({"text": "a"}, {"cost": 5})
    assert NOTE.own_fields() == {"cost"}


def test_an_unknown_name_publishes_nothing() -> None:
    with pytest.raises(UsageError) as caught:
        NOTE.split({"cosst": 5})
    assert "cosst" in caught.value.message
    assert NOTE.split({"later": 5}, keep_unknown=True) == ({"later": 5}, {})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_no_own_field_is_ever_public(kind: Kind, data: st.DataObject) -> None:
    names = st.sampled_from(sorted(kind.fields)) | st.text(max_size=8)
    edit = data.draw(st.dictionaries(names, values, max_size=12))
    public, own = kind.split(edit, keep_unknown=True)
    assert not kind.own_fields().intersection(public)
    assert set(own) <= kind.own_fields()
    assert {**public, **own} == edit


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_names_fit_the_wire(kind: Kind) -> None:
    for name, field in kind.fields.items():
        assert field.name == name
        assert 0 < len(name.encode()) <= MAX_FIELD_NAME_BYTES


def test_record_ids_are_values() -> None:
    one = RecordId(b"o" * 16, "member", "member", "self")
    assert one == RecordId(b"o" * 16, "member", "member", "self")
    assert len({one, one}) == 1
