"""The end of a first run: a shop of all answers, whole or not at all."""

import json
from functools import partial

from fedretail.node import samples
from fedretail.node.first_run import FirstRun
from fedretail.node.networks import join
from fedretail.node.node import Node
from fedretail.node.setup import create_shop
from fedretail.node.showing import show_own_only
from fedretail.web.first.answers import (
    Answers,
    Machine,
    has_samples,
    is_alone,
    offers_of,
    shop_of,
)
from fedretail.web.first.price_list import Columns, PriceList
from fedretail.web.manage.importing import role_of

_COLUMNS = "columns"


def make_shop(
    prices: PriceList, answers: Answers, machine: Machine, *, first: FirstRun, language: str
) -> Node:
    """The shop that the answers describe, in the data directory.

    MalformedInput where an answer is faulty, Refused and Unavailable as `create_shop`; nothing is
    there then.
    """
    fill = partial(_fill, prices, answers, first=first, language=language)
    return create_shop(first.data_dir, shop_of(answers, machine), clock=first.clock, fill=fill)


def _fill(
    prices: PriceList, answers: Answers, node: Node, *, first: FirstRun, language: str
) -> None:
    own = node.site()
    if is_alone(answers):
        show_own_only(node, wanted=True, folder=first.data_dir)
    prices.publish(node, columns_of(answers))
    for key, fields in offers_of(answers, node.currency, first.clock.now_ms()).items():
        node.write("offer", key, fields, site=own)
    if has_samples(answers):
        samples.add(node, own, language)
    if answers.get("ticket"):
        join(node, answers["ticket"])


def columns_of(answers: Answers) -> Columns:
    """What the columns of the list were said to mean."""
    try:
        said = json.loads(answers.get(_COLUMNS) or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict):
        return {}
    return {heading: role_of(role) for heading, role in said.items()}


def said_columns(said: Columns) -> dict[str, str]:
    """The answer that says what the columns mean."""
    return {_COLUMNS: json.dumps(dict(said))}
