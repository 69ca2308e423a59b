"""Sending a visitor on to another page, with what was chosen."""

from starlette.responses import RedirectResponse, Response

from fedretail.web.pages.visit import Visit


def go(visit: Visit, path: str, **asked: object) -> Response:
    """To another page of ours, by GET."""
    return RedirectResponse(visit.url(path, **asked), status_code=303)
