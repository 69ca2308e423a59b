"""/product/GTIN and /offer/ID: all shops that have it, as rows and on the map."""

from dataclasses import replace

from starlette.responses import Response

from fedretail.domain.catalog import Offer
from fedretail.domain.listings import Listing, cheapest
from fedretail.errors import MalformedInput
from fedretail.index.query import Query
from fedretail.web.pages import failures
from fedretail.web.pages.barcodes import code_in
from fedretail.web.pages.going import go
from fedretail.web.pages.goods import Item, Photo, is_here, items, offers_of, photo_of, shown_gtin
from fedretail.web.pages.news import marks, news
from fedretail.web.pages.picture import goods_map
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit

# More rows than this are no choice.
MOST_SHOPS = 50


def product(visit: Visit) -> Response:
    """The page of a product by its barcode."""
    code = code_in(visit.step("code"))
    if code is None:
        return failures.missing(visit)
    if code.gtin is None:
        return failures.unread(visit, code)
    stand = visit.street.stand
    query = Query(
        gtin=code.gtin,
        near=stand.position,
        sort="cheapest-unit",
        currency=stand.currency,
        limit=MOST_SHOPS,
        view=visit.street.view,
    )
    found = visit.node.search(query).results
    if not found:
        return failures.unsold(visit, code)
    return _page(visit, found, status=200)


def offer(visit: Visit) -> Response:
    """The page of one offer; of its product where it has a barcode."""
    try:
        found = visit.node.show(visit.step("id"), view=visit.street.view)
    except MalformedInput:
        found = None
    if found is None:
        return failures.missing(visit)
    if found.gtin is not None:
        return go(visit, f"/product/{shown_gtin(found.gtin)}", q=visit.asked.get("q"))
    return _page(visit, [found], status=200)


def _page(visit: Visit, found: list[Listing], *, status: int) -> Response:
    rows = _marked(visit, items(visit, sorted(found, key=lambda one: not one.is_own)))
    offers = offers_of(visit, found)
    abouts = [offers.get(row.listing.offer, Offer(name=row.name)) for row in rows]
    # The words of this house where it has it, else of whoever says most.
    told, about = max(zip(rows, abouts), key=lambda one: (one[0].is_own, len(one[1].description)))
    photo = _photo(visit, [about, *abouts])
    if visit.asks_news and (said := news(visit, found, [photo])) is not None:
        return said
    return render(
        visit,
        "product.html",
        status=status,
        rows=rows,
        seen=marks(found, [photo]),
        told=told,
        photo=photo,
        about=about,
        lang=told.listing.language or None,
        count=len({row.listing.site_id for row in rows}),
        barcode=shown_gtin(told.listing.gtin) if told.listing.gtin else "",
        map=goods_map(visit, found, best=cheapest(found), routes=True),
    )


def _photo(visit: Visit, offers: list[Offer]) -> Photo | None:
    """The picture of the offer whose words are shown, else of the first shop that has one."""
    found = (photo_of(visit, one, is_large=True) for one in offers)
    return next((photo for photo in found if photo is not None), None)


def _marked(visit: Visit, rows: list[Item]) -> list[Item]:
    """The rows with what makes one stand out: nearest of the others, long unconfirmed."""
    away = [one.listing for one in rows if not is_here(one.listing) and one.listing.distance_m]
    nearest = min(away, key=lambda one: one.distance_m or 0.0, default=None)
    marked = []
    for row in rows:
        marks = ["cheapest"] if row.tag.is_cheapest else []
        if nearest is not None and row.listing.offer == nearest.offer and len(rows) > 1:
            marks.append("nearest")
        if visit.speech.is_old(row.listing):
            marks.append("ask")
        marked.append(replace(row, marks=tuple(marks)))
    return marked
