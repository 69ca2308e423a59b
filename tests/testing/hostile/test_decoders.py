"""Each decoder, with anything at all and with true bytes that were broken: a value, or its no."""

import random
import tracemalloc

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedretail.errors import MalformedInput
from fedretail.testing.hostile import mutations
from fedretail.testing.hostile.decoders import DECODERS, Decoder, refused

EACH = pytest.mark.parametrize("decoder", DECODERS, ids=[one.name for one in DECODERS])
SEED = 20_261
TRIES = 150


@EACH
def test_what_is_true_is_read(decoder: Decoder) -> None:
    assert decoder.samples
    assert not [data for data in decoder.samples if refused(decoder, data)]


@EACH
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(data=b"")
@example(data=b"\0" * 70_000)
@example(data=b"\x91" * 70_000)
@example(data=b"[" * 70_000)
@example(data=b'{"a":' * 20_000)
@example(data=b"9" * 70_000)
def test_anything_at_all(decoder: Decoder, data: bytes) -> None:
    refused(decoder, data)


def broken(decoder: Decoder, chance: random.Random) -> bytes:
    data = chance.choice(decoder.samples)
    if decoder.is_packed and chance.random() < 0.7:
        return mutations.Msgpack(chance).broken(data)
    return mutations.spoiled(data, chance, decoder.samples)


@EACH
def test_true_bytes_that_were_broken(decoder: Decoder) -> None:
    chance = random.Random(SEED)
    tracemalloc.start()
    try:
        said = [refused(decoder, broken(decoder, chance)) for _ in range(TRIES)]
        # The longest is a list of 4,096 entries; nothing unfolds to more than a megabyte.
        assert tracemalloc.get_traced_memory()[1] < 32 * 1024 * 1024
    finally:
        tracemalloc.stop()
    assert any(said)


@given(st.integers(0, 1 << 32), st.sampled_from([one for one in DECODERS if one.is_packed]))
def test_what_is_broken_is_another_value(seed: int, decoder: Decoder) -> None:
    """The mutator does break what it is given, most of the time, and repeats itself by its seed."""
    chances = [random.Random(seed) for _ in range(2)]
    first, second = ([broken(decoder, chance) for _ in range(20)] for chance in chances)
    assert first == second
    assert sum(data not in decoder.samples for data in first) > 10


def test_the_mutator_reaches_what_is_packed_inside() -> None:
    (heads,) = [one for one in DECODERS if one.name == "heads"]
    chance, said = random.Random(SEED), set()
    for _ in range(3000):
        try:
            heads.read(broken(heads, chance))
        except MalformedInput as error:
            said.add(error.message)
    # One level down: items out of their limits, parents and absorbed logs that are none.
    assert {"a head with an item out of its limits", "a head whose parent is no head"} <= said
