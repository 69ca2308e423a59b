"""Tells whose computer has signed two states of one catalog at once, and what to do."""

from typing import Any

from fedretail.commands import output
from fedretail.commands._common import own_name

# More than that is an attack, and says nothing more to anybody.
_SHOWN = 5


def tell_frozen(frozen: list[dict[str, Any]]) -> None:
    """One message for this shop, and one for each of the first others."""
    own = [one for one in frozen if one["is_own"]]
    if own:
        output.tell(
            "attention",
            "Two computers sign as this shop, or an old copy of its data was put back. "
            "Neighbours take nothing of it any more.",
            "First switch the other one off for good, or start it with `serve --as copy`. Then end "
            f"`serve` here, and start it once with `{own_name()} serve --as original`: it goes on "
            "with a key of its own.",
        )
    others = [one for one in frozen if not one["is_own"]]
    for one in others[:_SHOWN]:
        output.tell(
            "attention",
            f"{one['name'] or 'A shop without a name'} has signed two price lists at once.",
            "What is shown of it may be either. It has to put that right itself.",
        )
    if len(others) > _SHOWN:
        output.note(f"… {len(others) - _SHOWN:,} more.")
