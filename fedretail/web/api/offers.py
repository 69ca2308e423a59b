"""/offers/SITE/KEY: one offer; with a token, its price and stock are changed here."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.responses import Response

from fedretail.crdt.registers import Folded
from fedretail.domain.ids import offer_id
from fedretail.index.views import View
from fedretail.node import tokens
from fedretail.node.details import Details, details, stamps_of
from fedretail.node.node import Node
from fedretail.node.pricing import priced
from fedretail.node.writing import Overtaken
from fedretail.web.api import examples, models, once
from fedretail.web.api.answers import answer, node_of, version_of, view_of
from fedretail.web.asking import said
from fedretail.web.problems import Problem

router = APIRouter(tags=["offers"])
SiteId = Annotated[str, Path(description="The id of a site.", max_length=64)]
Key = Annotated[str, Path(description="The offer's key at that site.", max_length=64)]
_BEARER = HTTPBearer(auto_error=False, description="A token of `fedretail token add`.")
_Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)]


@router.get(
    "/offers/{site}/{key}",
    response_model=models.Offer,
    responses=examples.shown(examples.OFFER),
)
def offer(
    request: Request,
    site: SiteId,
    key: Key,
    view: Annotated[str | None, Query(), said("Only if this view of the node shows it.")] = None,
) -> Response:
    """One offer with all that its shop says; the object of `fedretail show --json`."""
    chosen = view_of(request, view)
    return _answer(request, _found(node_of(request), offer_id(site, key), chosen))


@router.patch(
    "/offers/{site}/{key}",
    response_model=models.Offer,
    responses=examples.shown(examples.OFFER),
)
def change_offer(  # noqa: PLR0917 - what FastAPI fills in by name
    request: Request,
    site: SiteId,
    key: Key,
    edit: models.OfferEdit,
    credentials: _Credentials,
    if_match: Annotated[str | None, Header(max_length=1000)] = None,
    idempotency_key: Annotated[str | None, Header(max_length=200)] = None,
) -> Response:
    """Change price and stock of an offer of this shop; needs a token with `offers:write`.

    If-Match: only if the offer is still as it was with that ETag when it is written, whoever else
    writes; else 412. Idempotency-Key: the
    same edit under the same key is made once within a day, however often it is sent.
    """
    node = node_of(request)
    token = _permitted(node, credentials)
    is_own = any(own.id == site for own in node.sites())
    # Of its own shop a program changes what the view leaves out, too, such as what is sold out.
    _found(node, offer_id(site, key), None if is_own else view_of(request, None))
    if not is_own:
        raise Problem(403, "This offer is of another shop.", "Only its own shop changes it.")
    if not edit.model_fields_set:
        raise Problem(400, "Nothing to change is given.", "Such as price or stock.")

    own = node.site(site)
    fields = partial(priced, node, own, edit.model_dump(exclude_unset=True))

    def make() -> None:
        try:
            node.write("offer", key, fields, site=own, only_if=partial(_matches, if_match))
        except Overtaken as error:
            what = "The offer has changed meanwhile."
            raise Problem(412, what, "Read it again, then decide.") from error

    asked = f"{site}/{key} {edit.model_dump_json(exclude_unset=True)}"
    # One after the other: of the same edit that comes twice at once, the second is not made.
    with request.app.state.editing:
        once.once(node, f"{token.name}/{idempotency_key}" if idempotency_key else None, asked, make)
    return _answer(request, _found(node, offer_id(site, key), None))


def _permitted(node: Node, credentials: HTTPAuthorizationCredentials | None) -> tokens.Token:
    token = None if credentials is None else tokens.bearer(node, credentials.credentials)
    if token is None:
        hint = "`fedretail token add NAME --scope offers:write` prints one."
        what = "That needs a token." if credentials is None else "Nobody here has this token."
        raise Problem(401, what, hint, {"www-authenticate": "Bearer"})
    if tokens.WRITE_OFFERS not in token.scopes:
        raise Problem(403, "This token may not change offers.")
    return token


def _found(node: Node, wanted: str, view: View | None) -> Details:
    listing = node.show(wanted, view=view)
    if listing is None:
        raise Problem(404, f"There is no offer {wanted}.", "It may have been withdrawn.")
    return details(node, listing)


def _answer(request: Request, known: Details) -> Response:
    body: dict[str, Any] = known.to_json()
    return answer(request, body, version=version_of(known.stamps))


def _matches(header: str | None, found: Folded | None) -> bool:
    """Whether one of the ETags is of this version of the record, whatever hour it was read at.

    Without a header any version is right, but there must be one: nobody brings back by a price
    what was withdrawn.
    """
    if found is None or header is None:
        return found is not None
    version = version_of(stamps_of(found))
    named = [one.strip().removeprefix("W/").strip('"') for one in header.split(",")]
    return any(one == "*" or one.partition(".")[0] == version for one in named)
