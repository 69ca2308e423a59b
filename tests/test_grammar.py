"""Every message that counts things does it by `fedretail.domain.texts.count`: "1 row", "2 rows"."""

import ast
import itertools
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "fedretail"
# What simulator and acceptance suites say is read by their developers alone.
MODULES = [one for one in PACKAGE.rglob("*.py") if "testing" not in one.parts]
THINGS = (
    "address|article|change|column|day|device|file|hour|line|log|member|message|minute|neighbour"
    "|network|offer|peer|place|price|problem|record|row|second|shop|site|word"
)
COUNTED = re.compile(rf" (?:new |bad |other )?(?:{THINGS})(?:e?s)?\b")


def is_limit(value: ast.expr) -> bool:
    """Whether the number is one of our own limits, which is never 1."""
    return isinstance(value, ast.Name) and (value.id.isupper() or value.id in ("limit", "width"))


def counted_by_hand(source: str) -> list[str]:
    """What stands behind a number in messages, where no grammar was asked for."""
    found = []
    for node in ast.walk(ast.parse(source)):
        parts = node.values if isinstance(node, ast.JoinedStr) else []
        for number, text in itertools.pairwise(parts):
            if not isinstance(number, ast.FormattedValue) or not isinstance(text, ast.Constant):
                continue
            is_number = number.format_spec is not None or "len(" in ast.unparse(number.value)
            if is_number and not is_limit(number.value) and COUNTED.match(str(text.value)):
                found.append(ast.unparse(number.value) + str(text.value))
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_counts_ask_for_their_grammar(path: Path) -> None:
    assert not counted_by_hand(path.read_text(encoding="utf-8"))


def test_what_is_counted_by_hand_is_found() -> None:
    assert counted_by_hand('f"{rows:,} rows"') == ["rows rows"]
    assert counted_by_hand('f"{len(keys)} offers have it"') == ["len(keys) offers have it"]
    assert not counted_by_hand("f\"{count(rows, 'row')} left out, {MOST:,} rows at most\"")
