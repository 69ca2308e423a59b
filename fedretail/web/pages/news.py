"""What has changed since a page was shown: said when asked, so that nothing moves under a finger.

A page bears the marks of what it shows. Its script sends them back when something has changed at
all; the answer is one sentence, or nothing. Where pictures alone have come or gone it is the page:
they take the place of what stands there, as large as it is. Nobody's marks are kept here.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from hashlib import blake2b

from starlette.responses import PlainTextResponse, Response

from fedretail.domain.listings import Listing
from fedretail.web.pages.goods import Photo
from fedretail.web.pages.visit import Visit

# Of an offer, of its price, of its stock: two of a page's fifty offers meet once in a million.
_OFFER, _PRICE, _STOCK, _PICTURES = 4, 2, 1, 4
_MARK = _OFFER + _PRICE + _STOCK
# Fifty rows; a longer text is none of ours.
_MOST_CHARS = 4 * 100 * _MARK // 3


def marks(listings: Iterable[Listing], photos: Iterable[Photo | None] = ()) -> str:
    """What a page shows, as a text for its markup."""
    raw = b"".join(offer + fact for offer, fact in _marks(listings).items())
    return f"{base64.urlsafe_b64encode(raw).decode('ascii')}.{_pictured(photos)}"


def news(
    visit: Visit, listings: Iterable[Listing], photos: Iterable[Photo | None] = ()
) -> Response | None:
    """The sentence for a page that bears `visit.seen` and would show these; 204 for no news.

    None where other pictures are all that is new: they are taken from the page itself.
    """
    seen, _, pictured = visit.seen.partition(".")
    before, now = _read(seen), _marks(listings)
    if before == now:
        return Response(status_code=204) if pictured == _pictured(photos) else None
    repriced = sum(
        1 for one, fact in now.items() if one in before and fact[:_PRICE] != before[one][:_PRICE]
    )
    say = visit.speech
    if repriced:
        said = say._n(
            "%(number)s price has changed. Show", "%(number)s prices have changed. Show", repriced
        )
    else:
        said = say._("Something here has changed. Show")
    return PlainTextResponse(said, headers={"cache-control": "no-store"})


def _marks(listings: Iterable[Listing]) -> dict[bytes, bytes]:
    return {
        _short(one.offer, _OFFER): _short(f"{one.amount_minor} {one.currency}", _PRICE)
        + _short(f"{one.stock}", _STOCK)
        for one in listings
    }


def _pictured(photos: Iterable[Photo | None]) -> str:
    return _short(" ".join("" if one is None else one.url for one in photos), _PICTURES).hex()


def _short(text: str, size: int) -> bytes:
    return blake2b(text.encode(), digest_size=size).digest()


def _read(text: str) -> Mapping[bytes, bytes]:
    """The marks of a text; none where it is damaged."""
    try:
        raw = base64.urlsafe_b64decode(text[:_MOST_CHARS].encode("ascii"))
    except (ValueError, binascii.Error):
        return {}
    whole = range(0, len(raw) - _MARK + 1, _MARK)
    return {raw[at : at + _OFFER]: raw[at + _OFFER : at + _MARK] for at in whole}
