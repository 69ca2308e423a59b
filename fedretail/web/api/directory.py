"""/sites and /members: who trades here, and from where."""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from fedretail.errors import MalformedInput
from fedretail.node import directory
from fedretail.web.api import examples, models
from fedretail.web.api.answers import answer, node_of, shown_by
from fedretail.web.asking import MAX_LIMIT, said
from fedretail.web.problems import Problem

router = APIRouter()
_T = TypeVar("_T")


class Paged(BaseModel):
    """Which part of a list."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, said("Most entries of a page."), Field(ge=1, le=MAX_LIMIT)] = 20
    cursor: Annotated[str | None, said("`next` of the page before."), Field(max_length=100)] = None
    view: Annotated[str | None, said("Only what this view of the node shows.")] = None


Member = Annotated[str, Path(description="A member's name: 32 digits in hex.", max_length=64)]


@router.get(
    "/sites", tags=["sites"], response_model=models.Sites, responses=examples.shown(examples.SITES)
)
def sites(
    request: Request,
    asked: Annotated[Paged, Query()],
) -> Response:
    """All sites, in the order of their members' names and their ids."""
    node, after = node_of(request), _place(asked.cursor)
    shown = shown_by(request, asked.view)
    behind = (
        one
        for one in directory.sites(node)
        if (after is None or (one.owner.hex(), one.id) > after)
        and (shown is None or shown.site(one.owner, one.id))
    )
    found, following = _page(behind, asked.limit)
    body: dict[str, Any] = {"sites": [directory.site_as_json(node, one) for one in found]}
    body["next"] = f"{found[-1].owner.hex()}-{found[-1].id}" if following else None
    return answer(request, body)


@router.get(
    "/sites/{site}",
    tags=["sites"],
    response_model=models.Site,
    responses=examples.shown(examples.SITE),
)
def site(
    request: Request, site: Annotated[str, Path(description="A site's id.", max_length=64)]
) -> Response:
    """One site."""
    node = node_of(request)
    known = directory.site(node, site)
    shown = shown_by(request, None)
    if known is None or not (shown is None or shown.site(known.owner, known.id)):
        raise Problem(404, "There is no such site here.")
    return answer(request, directory.site_as_json(node, known))


@router.get(
    "/members",
    tags=["members"],
    response_model=models.Members,
    responses=examples.shown(examples.MEMBERS),
)
def members(request: Request, asked: Annotated[Paged, Query()]) -> Response:
    """All members that say something of themselves, in the order of their names."""
    node, after = node_of(request), _place(asked.cursor)
    shown = shown_by(request, asked.view)
    behind = (
        pair
        for pair in directory.members(node)
        if (after is None or pair[0].hex() > after[0]) and (shown is None or shown.member(pair[0]))
    )
    found, following = _page(behind, asked.limit)
    body: dict[str, Any] = {"members": [directory.member_as_json(node, *pair) for pair in found]}
    body["next"] = f"{found[-1][0].hex()}-" if following else None
    return answer(request, body)


@router.get(
    "/members/{member}",
    tags=["members"],
    response_model=models.Member,
    responses=examples.shown(examples.MEMBER),
)
def member(request: Request, member: Member) -> Response:
    """One member, with what the law asks it to say of itself."""
    node, owner = node_of(request), directory.parse_owner(member)
    known = None if owner is None else directory.member(node, owner)
    shown = shown_by(request, None)
    if known is None or owner is None or not (shown is None or shown.member(owner)):
        raise Problem(404, "There is no such member here.")
    return answer(request, directory.member_as_json(node, owner, known))


def _page(behind: Iterator[_T], limit: int) -> tuple[list[_T], bool]:
    """Entries of a page, and whether others follow."""
    found = list(islice(behind, limit + 1))
    return found[:limit], len(found) > limit


def _place(cursor: str | None) -> tuple[str, str] | None:
    if not cursor:
        return None
    owner, dash, key = cursor.partition("-")
    if not dash or directory.parse_owner(owner) is None:
        raise MalformedInput(f"{cursor!r:.60} is no cursor.", hint="Begin anew without one.")
    return owner, key
