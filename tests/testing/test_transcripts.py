"""The recorded conversation is what two nodes say today, and what one says to the other's part."""

import json
from pathlib import Path
from typing import Any

import pytest

from fedretail.p2p import wire
from fedretail.testing import transcripts

FILE = Path(__file__).parents[2] / "docs" / "protocol" / "vectors" / "transcript.json"
WRITTEN = json.loads(FILE.read_text(encoding="utf-8"))


def test_the_transcript_is_what_is_said(tmp_path: Path) -> None:
    assert transcripts.record(tmp_path) == WRITTEN


@pytest.mark.parametrize("scene", WRITTEN["scenes"], ids=lambda scene: scene["name"])
def test_every_payload_is_a_message(scene: dict[str, Any]) -> None:
    for said in scene["messages"]:
        message = wire.decode(bytes.fromhex(said["payload"]))
        assert message is not None
        assert type(message).__name__.upper() == said["type"]


def test_every_kind_of_message_is_in_it() -> None:
    said = {one["type"] for scene in WRITTEN["scenes"] for one in scene["messages"]}
    assert said >= {
        "HELLO", "AUTH", "RANGES", "HEADS", "SINCE", "ADVANCE", "PUSH", "CREDIT", "DONE",
    }  # fmt: skip
