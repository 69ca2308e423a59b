"""/: what are you looking for? And what was found."""

from starlette.responses import Response

from fedretail.web.pages import failures, results
from fedretail.web.pages.barcodes import code_in
from fedretail.web.pages.going import go
from fedretail.web.pages.goods import items
from fedretail.web.pages.news import marks, news
from fedretail.web.pages.picture import street_map
from fedretail.web.pages.recent import Recent
from fedretail.web.pages.rendering import render
from fedretail.web.pages.shelves import Shelves
from fedretail.web.pages.visit import Visit

# Nobody reads a longer list on a start page; the map page has them all.
_NEAREST = 3


def page(visit: Visit, shelves: Shelves, recent: Recent) -> Response:
    """The start page; with words or a category, the results; with a barcode, its product."""
    if visit.is_part:
        # Its links carry on what stands in the address.
        asked = tuple(sorted(visit.pairs()))
        return recent.get((visit.language, asked), lambda: _page(visit, shelves))
    return _page(visit, shelves)


def _page(visit: Visit, shelves: Shelves) -> Response:
    words = visit.asked.get("q", "").strip()
    code = code_in(words)
    if code is not None:
        if code.gtin is None:
            return failures.unread(visit, code)
        return go(visit, f"/product/{code.digits}")
    if words or visit.asked.get("category"):
        return results.page(visit)
    front = shelves.front()
    # Wine and a bell are no choice: neither is the cheaper one.
    fresh = items(visit, front.fresh, compared=False)
    photos = [one.photo for one in fresh]
    if visit.asks_news and (told := news(visit, front.fresh, photos)) is not None:
        return told
    others = visit.street.others
    states = [(shop, shop.state(visit.now_ms)) for shop in others]
    is_open = [pair for pair in states if pair[1].open]
    return render(
        visit,
        "start.html",
        shelves=front.shelves,
        fresh=fresh,
        seen=marks(front.fresh, photos),
        map=street_map(visit, others),
        open_count=len(is_open),
        nearest=(is_open or states)[:_NEAREST],
    )
