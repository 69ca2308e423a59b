"""/map and /shops: all shops around, to scale and as a list."""

from starlette.responses import Response

from fedretail.web.pages import failures
from fedretail.web.pages.picture import street_map
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

# The drawing stays legible; the list beside it goes on.
_ON_MAP = 60
_IN_LIST = 200


def around(visit: Visit) -> Response:
    """The map with its list."""
    return _page(visit, "map.html")


def shops(visit: Visit) -> Response:
    """The list alone."""
    return _page(visit, "shops.html")


def _page(visit: Visit, template: str) -> Response:
    if visit.is_alone:
        return failures.missing(visit)
    others = visit.street.others
    listed = [(shop, shop.state(visit.now_ms)) for shop in visit.street.shops[:_IN_LIST]]
    drawn = street_map(visit, others, most=_ON_MAP)
    is_open = sum(1 for shop in others if shop.state(visit.now_ms).open)
    return render(
        visit,
        template,
        map=drawn,
        listed=listed,
        count=len(others),
        open_count=is_open,
    )
