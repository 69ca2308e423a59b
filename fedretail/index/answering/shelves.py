"""The categories that a query asks for, by their numbers."""

from typing import TYPE_CHECKING, Any

from fedretail.index.answering.details import Details
from fedretail.index.query import Query, shelf_test

if TYPE_CHECKING:
    from fedretail.index.memory.tables import Tables


def shelves(query: Query, details: Details) -> set[int] | None:
    """The numbers of the categories asked for; None for all."""
    holds = shelf_test(query)
    if holds is None:
        return None
    return {number for number, text in details.categories() if holds(text)}


def chosen_shelves(query: Query, labels: "Tables") -> Any:
    """The same as an array of whether each number is asked for; None for all."""
    holds = shelf_test(query)
    return None if holds is None else labels.categories.chosen(shelves_name(query), holds)


def shelves_name(query: Query) -> tuple[object, ...]:
    """The same for queries that ask for the same categories."""
    view = query.view
    hidden = None if view is None else (view.categories, view.hidden_categories)
    return query.category, hidden
