"""Pages for what did not work: one sentence, one way on, and the same shape as every page."""

import secrets

from starlette.responses import Response

from fedretail.errors import FedretailError
from fedretail.web.pages.barcodes import Code
from fedretail.web.pages.rendering import render
from fedretail.web.pages.visit import Visit


def missing(visit: Visit) -> Response:
    """Nothing stands at this address, or not any more."""
    return _page(visit, 404, visit.speech._("There is nothing here any more"))


def unread(visit: Visit, code: Code) -> Response:
    """A barcode whose check digit does not fit."""
    say = visit.speech
    return _page(
        visit,
        404,
        say._("Could not read that. Hold it once more."),
        detail=say._("Read: %(digits)s", digits=code.digits),
    )


def unsold(visit: Visit, code: Code) -> Response:
    """A barcode that no shop of the street sells."""
    say = visit.speech
    return _page(
        visit,
        404,
        say._("Nobody here sells %(digits)s yet", digits=code.digits),
        detail=say._("Look for it by its name, or ask at the till."),
    )


def refused(visit: Visit, error: FedretailError, status: int) -> Response:
    """What cannot be asked, or cannot be answered now."""
    say = visit.speech
    if status < 500:
        return _page(visit, status, say._("That cannot be looked for"))
    return _broken(visit, status, error)


def unset(visit: Visit) -> Response:
    """The view that pages are bound to cannot be shown: whose screen it is can mend that."""
    say, name = visit.speech, visit.street.unfit
    if name in visit.node.config.views:
        detail = say._(
            "For the shop: in config.toml the view “%(view)s” has a radius and no place. Write "
            'near = "LATITUDE, LONGITUDE" under [views.%(view)s], and start fedretail again.',
            view=name,
        )
    else:
        detail = say._(
            "For the shop: in config.toml web_view names the view “%(view)s”, and there is none.",
            view=name,
        )
    return _page(visit, 503, say._("This screen is not set up yet"), detail=detail)


def broken(visit: Visit, error: Exception) -> Response:
    """A fault of ours."""
    return _broken(visit, 500, error)


def _broken(visit: Visit, status: int, error: Exception) -> Response:
    import logging

    number = secrets.token_hex(3)
    logging.getLogger(__name__).error("Page %s failed, %s", visit.path, number, exc_info=error)
    say = visit.speech
    return _page(
        visit,
        status,
        say._("This did not work"),
        detail=say._("Tell somebody of the shop this number: %(number)s", number=number),
    )


def _page(visit: Visit, status: int, sentence: str, *, detail: str = "") -> Response:
    return render(visit, "failure.html", status=status, sentence=sentence, detail=detail)
