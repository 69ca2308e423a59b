"""Questions and answers about pictures, in whatever pieces they arrive, from whomever."""

import hashlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedretail.domain.pictures import MAX_PAGE_BYTES
from fedretail.errors import PeerError
from fedretail.p2p.blob_frames import Answered, Answers, Asked, Wanted, answering, asking

files = st.binary(min_size=1, max_size=200)


def wanted_of(data: bytes) -> Wanted:
    return Wanted(hashlib.sha256(data).digest(), len(data))


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(at)]


@given(st.lists(st.binary(min_size=32, max_size=32)), st.lists(st.integers(0, 10_000)))
def test_questions_are_read_in_any_pieces(names: list[bytes], cuts: list[int]) -> None:
    asked, found = Asked(), list[bytes]()
    for piece in pieces(asking([Wanted(name, 1) for name in names]), cuts):
        found += asked.feed(piece)
        assert len(asked._rest) < 32
    assert found == names


@given(st.lists(st.tuples(files, st.booleans()), max_size=8), st.lists(st.integers(0, 10_000)))
def test_answers_are_read_in_any_pieces(held: list[tuple[bytes, bool]], cuts: list[int]) -> None:
    answers = Answers([wanted_of(data) for data, _ in held])
    sent = b"".join(answering(data if is_here else None) for data, is_here in held)
    found = [one for piece in pieces(sent, cuts) for one in answers.feed(piece)]
    assert found == [Answered(wanted_of(data), data if here else None) for data, here in held]
    assert answers.is_done


@given(files, files, st.binary(max_size=300), st.lists(st.integers(0, 10_000)))
def test_whatever_comes_is_the_picture_that_was_asked_for_or_a_fault(
    data: bytes, other: bytes, noise: bytes, cuts: list[int]
) -> None:
    for sent in (noise, answering(other) + noise, answering(data)[:-1] + noise):
        answers = Answers([wanted_of(data)])
        try:
            for piece in pieces(sent, cuts):
                for one in answers.feed(piece):
                    assert one.data in (None, data)
                assert len(answers._held) <= 4 + len(data)
        except PeerError:
            continue


def test_a_length_is_refused_before_anything_behind_it_is_kept() -> None:
    for length in (9, 11, MAX_PAGE_BYTES, 2**32 - 1):
        answers = Answers([Wanted(b"h" * 32, 10)])
        with pytest.raises(PeerError, match="another length"):
            list(answers.feed(length.to_bytes(4, "big") + b"x" * 100))
        assert len(answers._held) == 4


def test_another_picture_of_the_same_length_is_refused() -> None:
    answers = Answers([wanted_of(b"the true one")])
    with pytest.raises(PeerError, match="another picture"):
        list(answers.feed(answering(b"a false one!")))


def test_who_answers_more_than_was_asked_is_refused() -> None:
    answers = Answers([wanted_of(b"one")])
    with pytest.raises(PeerError, match="nobody has asked"):
        list(answers.feed(answering(b"one") + b"\0"))
    with pytest.raises(PeerError):
        list(Answers([]).feed(b"\0"))
