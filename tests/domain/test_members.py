"""Members: fields there and back, and the imprint that is owed."""

from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.members import MEMBER, Imprint, Member
from fedretail.testing.strategies import values

FARM = Member("Farm", "e.K.", Imprint("Farm e.K.", "Lane 1\n12345 Town", "07071 1", "HRA 1", "DE1"))


def test_round_trip() -> None:
    assert Member.from_fields(FARM.to_fields()) == FARM
    private = Member("Ada", private=True, town="Tübingen")
    assert Member.from_fields(private.to_fields()) == private
    assert set(FARM.to_fields()) | set(private.to_fields()) == set(MEMBER.fields)


@given(st.dictionaries(st.sampled_from(sorted(MEMBER.fields)), values))
def test_any_fields_are_read_and_settle(fields: dict[str, object]) -> None:
    member = Member.from_fields(fields)  # type: ignore[arg-type]
    assert Member.from_fields(member.to_fields()) == member


def test_what_the_imprint_still_owes() -> None:
    assert FARM.imprint_missing() == ()
    assert Member("Farm").imprint_missing() == ("legal_form", "legal_name", "address", "contact")
    assert Member("Ada", private=True).imprint_missing() == ("town",)
    assert Member("Ada", private=True, town="Tübingen").imprint_missing() == ()
