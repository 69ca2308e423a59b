"""/about, /privacy, /imprint: who runs this, and what becomes of what one does here."""

from starlette.responses import RedirectResponse, Response

from fedretail import __version__
from fedretail.domain.members import Member
from fedretail.web.pages.going import go
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import KIOSK, Visit

# Browsers forget a cookie after 400 days at the latest.
_COOKIE_S = 400 * 24 * 3600


def page(visit: Visit) -> Response:
    """All three, one under the other."""
    member = Member() if visit.shop is None else visit.house.member(visit.shop)
    return render(visit, "about.html", member=member, version=__version__)


def kiosk(visit: Visit) -> Response:
    """Make this browser a kiosk, or with `end` an ordinary one again; then the start page."""
    response = go(visit, "/")
    assert isinstance(response, RedirectResponse)
    if "end" in visit.asked:
        response.delete_cookie(KIOSK, httponly=True, samesite="strict")
    else:
        response.set_cookie(KIOSK, "1", max_age=_COOKIE_S, httponly=True, samesite="strict")
    return response
