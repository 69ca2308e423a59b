"""What a record consists of: its id, its values, and which fields are the shop's own.

Every record has a Kind. A Kind says of each field whether it is public (it becomes a row
of a log and anyone may read it) or own (cost, supplier, exact stock: it stays on the
shop's own devices). Members rely on that line, so it is drawn once, here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

from fedretail.errors import UsageError

# No floats: two machines would print, round and sign them differently.
Value: TypeAlias = bool | int | str | bytes | list["Value"] | dict[str, "Value"] | None

# A field name is repeated in every row; 64 bytes hold any name that a person can read.
MAX_FIELD_NAME_BYTES = 64


class RecordId(NamedTuple):
    """Names one record: whose it is, in which collection, of which kind, under which key."""

    owner: bytes
    collection: str
    kind: str
    key: str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a kind. `own` fields never leave the shop's own devices.

    doc: its meaning, as docs/reference/records.md says it.
    """

    name: str
    own: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of record: its fields, and the collection of an owner that holds it; doc: as there."""

    name: str
    collection: Literal["site", "member"]
    fields: Mapping[str, Field]
    doc: str = ""

    def own_fields(self) -> frozenset[str]:
        """The names of the fields that no stranger receives."""
        return frozenset(name for name, field in self.fields.items() if field.own)

    def split(
        self, values: Mapping[str, Value], *, keep_unknown: bool = False
    ) -> tuple[dict[str, Value], dict[str, Value]]:
        """(public, own) parts of an edit.

        A name that this kind does not know is refused with UsageError, so that a slip in
        a field's name publishes nothing; with keep_unknown (a file that round-trips what
        a newer version wrote) it goes public.
        """
        public: dict[str, Value] = {}
        own: dict[str, Value] = {}
        for name, value in values.items():
            field = self.fields.get(name)
            if field is None and not keep_unknown:
                raise UsageError(
                    f"{self.name} has no field {name!r}",
                    hint=f"Fields of {self.name}: {', '.join(sorted(self.fields))}.",
                )
            (own if field is not None and field.own else public)[name] = value
        return public, own


def fields_of(*fields: Field) -> dict[str, Field]:
    """The fields by name, in the order written."""
    return {field.name: field for field in fields}
