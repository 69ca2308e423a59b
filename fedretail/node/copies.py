"""Saying which of two copies of a data directory is the shop's own."""

import secrets
from typing import Literal

from fedretail.crdt.access import GRANT, GRANT_MS, MANAGE, WRITE, AuthRecord, SignedRecord
from fedretail.crdt.keys import SEED_BYTES
from fedretail.errors import Refused
from fedretail.node import keyring
from fedretail.node.base import BaseNode
from fedretail.node.frozen import is_believed_no_more
from fedretail.node.identity import Identity
from fedretail.node.keyring import Keyring
from fedretail.store.commits import Author
from fedretail.store.copies import NewDevice
from fedretail.store.incarnations import NAMED_AHEAD_MS

Role = Literal["original", "copy"]


def go_on_as(node: BaseNode, role: Role) -> None:
    """Let this data directory write again: as the shop's own device, or as a further one.

    A device that is known to have signed two states of one log is believed by nobody any more; then
    the original too goes on as a further device. Refused for a reader, and where the member's root
    key is needed and is not here.
    """
    author = node.identity.author()
    if role == "original" and not is_believed_no_more(node):
        node.store.own_logs.go_on_as_original(author)
        return
    root = node.keyring.root
    if root is None or node.keyring.root_seed is None:
        raise Refused("Only who has the member's root key can name another device.")
    now_ms = node.clock.now_ms()
    keys = Keyring.of(node.keyring.root_seed, secrets.token_bytes(SEED_BYTES))
    numbers = [
        signed.record.number or 0
        for _, signed in node.store.auth_records()
        if signed.record.owner == author.owner
    ]
    place = (GRANT, root.public, max(numbers) + 1, keys.device.public, (MANAGE, WRITE))
    record = AuthRecord(*place, now_ms + GRANT_MS, now_ms, {}, root.public)
    new = NewDevice(
        Author(author.owner, keys.device, _incarnation(node, now_ms)),
        SignedRecord.sign(record, root),
        secrets.token_hex(16),
    )
    # Written first, and put in place last: a power cut in between leaves both files of keys.
    waiting = node.path / (keyring.FILE_NAME + ".copy")
    keys.save(waiting, is_new=True)
    # Nobody can tell any more which of the old device's states neighbours hold.
    is_restated = role == "original"
    node.store.own_logs.go_on_as_copy(author, new, is_restated=is_restated)
    waiting.replace(node.path / keyring.FILE_NAME)
    node.keyring, node.store.id = keys, new.store_id
    node.identity = Identity.of(node.store, keys)


def _incarnation(node: BaseNode, now_ms: int) -> int:
    """That of the new device's logs: later than all that is proved, so that it counts as gone on.

    The other computer's clock may have been ahead; a stamp beyond reach is a thief's.
    """
    proofs = [one for _, one in node.store.trust.proofs() if one.name.owner == node.owner]
    stamps = [head.head.stamp for one in proofs for head in (one.first, one.second)]
    near = [stamp + 1 for stamp in stamps if stamp <= now_ms + NAMED_AHEAD_MS]
    return max([now_ms, *near])
