"""Undo: a deed goes back, and what stays is told."""

from starlette.responses import Response

from fedretail.node.undo import find, undo
from fedretail.web.manage.desk import Desk
from fedretail.web.manage.today import field_words

# More than a few names are no sentence.
_NAMED = 5


def deed(desk: Desk) -> Response:
    """Take back one change, or a whole import."""
    _ = desk.translated
    done = undo(desk.node, find(desk.node, desk.get("change")))
    if done.records:
        text = desk.many("Undone: %(num)s record is as before.", "Undone: %(num)s records are as "
                         "before.", done.records)  # fmt: skip
        desk.tell("ok", text)
    else:
        desk.tell("warn", _("There was nothing left to undo."))
    if done.kept:
        words = field_words(desk)
        said = (
            f"{one.name} ({words.get(one.field, one.field)})" if one.field else one.name
            for one in done.kept[:_NAMED]
        )  # fmt: skip
        more = done.kept_count - min(len(done.kept), _NAMED)
        names = ", ".join(said) + (f" + {desk.say.number(more)}" if more else "")
        desk.tell("warn", _("Changed since, so it stays: %(names)s", names=names))
    return desk.go()
