"""Who trades here: a person or organisation, and what the law asks it to say of itself.

The imprint stands on every offer page. A private seller shows a first name and a town, and
owes no more.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from fedretail.domain.judges import block, line
from fedretail.domain.kind import Field, Kind, Value, fields_of

MAX_MEMBER_NAME = 120
MAX_LINES = 300
# The key of the one record in which a member speaks of itself.
SELF = "self"

_name = line(MAX_MEMBER_NAME)
_lines = block(MAX_LINES)

MEMBER = Kind(
    "member",
    "member",
    fields_of(
        Field("name", doc=f"text of at most {MAX_MEMBER_NAME} characters"),
        Field("legal_form", doc="text: any form, also private persons"),
        Field("imprint", doc="{legal_name, address, contact, register, vat_number}: text"),
        Field("private", doc="bool: sells as a private person"),
        Field("town", doc="text, shown for a private seller"),
    ),
    doc="a person or organisation in the federation",
)


@dataclass(frozen=True, slots=True)
class Imprint:
    """What the law asks a seller to say; "" where it is not said."""

    legal_name: str = ""
    address: str = ""
    contact: str = ""
    register: str = ""
    vat_number: str = ""

    @classmethod
    def from_value(cls, value: Value) -> Self:
        """The imprint in a record's value; what makes no sense is left out."""
        if not isinstance(value, dict):
            return cls()
        return cls(**{name: _lines(value.get(name)) or "" for name in _PARTS})

    def to_value(self) -> dict[str, Value]:
        """The imprint as a record holds it, without what is not said."""
        said = ((name, getattr(self, name)) for name in _PARTS)
        return {name: text for name, text in said if text}


_PARTS = tuple(field.name for field in fields(Imprint))
# Register and VAT number are owed only by those who have one.
_OWED = ("legal_name", "address", "contact")


@dataclass(frozen=True, slots=True)
class Member:
    """A member's public fields, judged."""

    name: str = ""
    legal_form: str = ""
    imprint: Imprint = Imprint()
    private: bool = False
    town: str = ""

    @classmethod
    def from_fields(cls, fields: Mapping[str, Value]) -> Self:
        """The member that these record fields say; what makes no sense is left out."""
        return cls(
            name=_name(fields.get("name")) or "",
            legal_form=_name(fields.get("legal_form")) or "",
            imprint=Imprint.from_value(fields.get("imprint")),
            private=fields.get("private") is True,
            town=_name(fields.get("town")) or "",
        )

    def to_fields(self) -> dict[str, Value]:
        """The record fields of this member, without those that say nothing."""
        said: dict[str, Value] = {
            "name": self.name,
            "legal_form": self.legal_form,
            "imprint": self.imprint.to_value(),
            "private": self.private,
            "town": self.town,
        }
        return {name: value for name, value in said.items() if value}

    def imprint_missing(self) -> tuple[str, ...]:
        """What this member still owes its customers: parts of the imprint, privately the town."""
        if self.private:
            return () if self.town else ("town",)
        missing = tuple(name for name in _OWED if not getattr(self.imprint, name))
        return missing if self.legal_form else ("legal_form", *missing)
