"""What `serve --as` does, in words; and where there was nothing to decide, that."""

from fedretail.node.base import BaseNode
from fedretail.node.copies import Role, go_on_as
from fedretail.node.frozen import is_believed_no_more

# Under this key the store notes the device that a copy has become.
COPY = "copy"


def take_role(node: BaseNode, role: Role) -> str:
    """Let this data directory write again in its role; what was done, in one sentence.

    Who starts the original so once more begins nothing anew, and a copy that is one already stays
    the device it is. Refused as `go_on_as` says.
    """
    node.identity.author()
    is_stopped = node.store.own_logs.stopped is not None
    is_disbelieved = is_believed_no_more(node)
    is_open = is_stopped or is_disbelieved or node.store.repairs.has_own()
    if role == "original":
        if not is_open:
            return "There was nothing to decide: this folder writes as the shop's own."
        go_on_as(node, role)
        key = ", with a new key" if is_disbelieved else ""
        return f"This folder is the shop's own from now on, and writes again{key}."
    noted = node.store.noted(COPY)
    if not is_open and noted is not None and noted.value == node.identity.device.public.hex():
        return "There was nothing to decide: this folder is a further device of the shop already."
    go_on_as(node, role)
    node.store.note(COPY, node.identity.device.public.hex())
    return "This folder is a further device of the shop from now on, with a key of its own."
