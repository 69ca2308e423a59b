"""Reasons: each name is known, is made somewhere, and brings the values of its sentence."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import fedretail
from fedretail.domain.reasons import ENGLISH, SAID, NotRead, Reason, reason_of
from fedretail.errors import MalformedInput

ROOT = Path(fedretail.__file__).parent
VALUE = re.compile(r"%\((\w+)\)s")


def made() -> Iterator[tuple[str, set[str]]]:
    """(name, names of its values) of each reason that the program's text makes."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_reason = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason"
            if not isinstance(node, ast.Call) or not is_reason or not node.args:
                continue
            name, *values = node.args
            if isinstance(name, ast.Constant) and (not values or isinstance(values[0], ast.Dict)):
                keys = values[0].keys if values and isinstance(values[0], ast.Dict) else []
                yield str(name.value), {str(ast.literal_eval(key)) for key in keys if key}


def sentences(name: str) -> list[str]:
    said = ENGLISH[name]
    return [said] if isinstance(said, str) else list(said)


def test_what_is_made_has_a_sentence_and_its_values() -> None:
    found = list(made())
    assert len(found) > 30
    # The number comes when all are counted.
    for name, values in found:
        for said in sentences(name):
            assert values | {"num"} == {*VALUE.findall(said), "num"}, name


def test_every_sentence_is_said_somewhere() -> None:
    text = "".join(
        path.read_text(encoding="utf-8") for path in ROOT.rglob("*.py") if path.name != "reasons.py"
    )
    assert [name for name in ENGLISH if name != SAID and f'"{name}"' not in text] == []


def test_an_error_says_its_reason_in_english_and_by_name() -> None:
    reason = Reason("currency_other", {"currency": "EUR"})
    error = NotRead(reason, about='"5 $" ', hint="Write 5.")
    assert error.message == '"5 $" is in another currency; EUR is expected'
    assert reason_of(error) is reason
    assert isinstance(error, MalformedInput)


def test_a_number_chooses_the_form_and_a_reason_may_hold_another() -> None:
    why = Reason("left_pictures")
    assert Reason("rows_left", {"num": "1", "why": why}).english == "1 row left out: pictures only."
    many = Reason("rows_left", {"num": "1204", "why": why})
    assert many.english == "1,204 rows left out: pictures only."
    assert hash(many) == hash(Reason("rows_left", {"why": why, "num": "1204"}))


def test_an_error_without_a_name_says_what_it_said() -> None:
    reason = reason_of(MalformedInput("100 % odd %(x)s"))
    assert (reason.name, reason.english) == (SAID, "100 % odd %(x)s")
