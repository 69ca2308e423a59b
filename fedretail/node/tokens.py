"""Tokens: what another program shows to be let write through the API.

A token is 256 random bits and is printed once. This computer keeps its hash alone, so who reads
the disk learns no token; what it may do is its scopes, and nothing beside.
"""

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from fedretail.domain.texts import quoted
from fedretail.errors import Refused, UsageError
from fedretail.node.base import BaseNode

WRITE_OFFERS = "offers:write"
SCOPES = (WRITE_OFFERS,)
_PREFIX = "token:"
_MARK = "frt_"
_BYTES = 32
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
# Each is compared with every request that bears one.
MAX_TOKENS = 100


@dataclass(frozen=True, slots=True)
class Token:
    """Who has a token, what it may do, since when."""

    name: str
    scopes: tuple[str, ...]
    created_ms: int


def tokens(node: BaseNode) -> list[Token]:
    """All tokens, by name."""
    return [token for token, _ in _kept(node)]


def add(node: BaseNode, name: str, scopes: Iterable[str]) -> str:
    """A new token, to be told to that program now: nobody can read it later.

    UsageError for a name or scope that cannot be, Refused where the name has a token.
    """
    if not _NAME.fullmatch(name):
        hint = "Up to 40 small letters, digits, and . _ - between them."
        raise UsageError(f"{quoted(name)} cannot be a token's name.", hint=hint)
    wanted = sorted(set(scopes))
    unknown = [one for one in wanted if one not in SCOPES]
    if unknown or not wanted:
        what = f"There is no scope {quoted(unknown[0])}." if unknown else "What may it do?"
        raise UsageError(what, hint=f"Scopes are: {', '.join(SCOPES)}.")
    held = tokens(node)
    if any(one.name == name for one in held):
        raise Refused(f"{quoted(name)} has a token.", hint="Remove that one first.")
    if len(held) >= MAX_TOKENS:
        raise Refused(f"There are {MAX_TOKENS} tokens.", hint="Remove one that is not used.")
    text = _MARK + secrets.token_urlsafe(_BYTES)
    node.store.note(_PREFIX + name, {"hash": _hash(text), "scopes": wanted})
    return text


def remove(node: BaseNode, name: str) -> bool:
    """Let a token hold no longer; whether there was one."""
    is_there = any(one.name == name for one in tokens(node))
    if is_there:
        node.store.note(_PREFIX + name, None)
    return is_there


def bearer(node: BaseNode, text: str) -> Token | None:
    """Whose token this is, None where it is nobody's; takes as long for one as for the other."""
    given, found = _hash(text), None
    for token, kept in _kept(node):
        if hmac.compare_digest(given, kept):
            found = token
    return found


def _hash(text: str) -> str:
    return blake2b(
        text.encode("utf-8", "replace"), digest_size=32, person=b"fedretail.token"
    ).hexdigest()


def _kept(node: BaseNode) -> list[tuple[Token, str]]:
    return [
        (
            Token(key.removeprefix(_PREFIX), tuple(note.value["scopes"]), note.at_ms),
            note.value["hash"],
        )
        for key, note in node.store.notes(_PREFIX)
    ]
