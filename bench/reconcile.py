"""Finding what differs: 100,000 documents of 200 shops at two nodes, by ranges and by plain lists.

Bytes are those of the ranges both ways, as packed and without their frames; for heads also the
SINCE frames that ask for what changed (half of it here, half there). The floor is what a plain
list of 8-byte ids would take both ways. Processor times are of both ends together.
"""

import hashlib
import random
import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from _report import Figure, report

from fedretail.commands._collector import collect_seldom, freeze_what_is_loaded
from fedretail.crdt.codec import pack, unpack
from fedretail.p2p import wire
from fedretail.p2p.blocks import ID_BYTES, BlockList
from fedretail.p2p.items import HEAD_ITEM_BYTES, ROW_ITEM_BYTES, head_item, row_item
from fedretail.p2p.ranges import parse_ranges, range_values
from fedretail.p2p.rbsr import Reconciler

T = TypeVar("T")
SHOPS = 200
DOCUMENTS = 100_000
MANY_HEADS = 16_000
SEED = 7
RUNS = 5
# Differing documents: bytes row by row, bytes by heads.
AIMS = {0: (22, 21), 1: (1800, 740), 100: (74_000, 8100), 10_000: (1_070_000, 13_200)}
AIM_MESSAGES = 5
HEAD_BYTES = 155
ROW_BYTES = 120
NOW_MS = 1_767_600_000_000


class Cost(NamedTuple):
    """What an exchange took."""

    size: int
    rounds: int
    frames: int
    cpu_s: float


def main() -> None:
    """Measure, print and write everything."""
    collect_seldom()  # as every fedretail process does
    freeze_what_is_loaded()  # as the daemon does
    chance = random.Random(SEED)
    figures = [*by_heads(chance), *by_rows(chance), *many_heads(chance)]
    report("reconcile", figures)


def exchange(ours: BlockList, theirs: BlockList, item_bytes: int, differences: int) -> Cost:
    """One reconciliation, over packed bytes; it must find what differs."""
    started = time.process_time()
    sides = Reconciler(ours), Reconciler(theirs)
    found = [0, 0]
    frames, size, rounds, count = sides[0].start(), 0, 0, 0
    while frames:
        rounds += 1
        side, answers = rounds % 2, []
        for frame in frames:
            data = pack(range_values(frame))
            size, count = size + len(data), count + 1
            step = sides[side].answer(parse_ranges(unpack(data, max_bytes=1 << 20), item_bytes))
            found[side] += len(step.lacked)
            answers += step.frames
        frames = answers
    took = time.process_time() - started
    assert found == [differences, differences], (found, differences)
    return Cost(size, rounds, count, took)


def heads(chance: random.Random, count: int) -> list[bytes]:
    """Items of the heads of `count` logs in a few areas."""
    return [head(chance, chance.randbytes(16)) for _ in range(count)]


def head(chance: random.Random, log: bytes) -> bytes:
    area = (30, 0x2A000000 | log[0] << 4)
    return head_item(area, log, chance.randbytes(HEAD_BYTES))


def by_heads(chance: random.Random) -> list[Figure]:
    figures = []
    for differences, (_, aim) in AIMS.items():
        runs = [shops_differ(chance, differences) for _ in range(RUNS)]
        size = statistics.mean(cost.size + since for cost, since in runs)
        rounds = max(cost.rounds + (since > 0) for cost, since in runs)
        plain = 2 * SHOPS * ID_BYTES + statistics.mean(since for _, since in runs)
        figures += [
            Figure(f"{differences:,} differ, by heads and SINCE", size, "B", RUNS, plain, "list",
                   f"<= {1.3 * aim:,.0f}"),
            Figure("... messages, SINCE as one", rounds, "", RUNS, aim=f"<= {1.3 * AIM_MESSAGES}"),
        ]  # fmt: skip
    return figures


def shops_differ(chance: random.Random, differences: int) -> tuple[Cost, int]:
    """The cost where so many documents have changed, and the bytes of SINCE."""
    logs = [chance.randbytes(16) for _ in range(SHOPS)]
    ours = [head(chance, log) for log in logs]
    changed = {
        number * SHOPS // DOCUMENTS for number in chance.sample(range(DOCUMENTS), differences)
    }
    theirs = [
        head(chance, log) if shop in changed else item
        for shop, (log, item) in enumerate(zip(logs, ours))
    ]
    salt = chance.randbytes(32)
    cost = exchange(BlockList(ours, salt), BlockList(theirs, salt), HEAD_ITEM_BYTES, len(changed))
    here = {shop for shop in changed if shop % 2}
    return cost, sum(
        since([logs[shop] for shop in some], chance) for some in (here, changed - here)
    )


def since(logs: Sequence[bytes], chance: random.Random) -> int:
    """Bytes of the frame that asks for changes of these logs."""
    wishes = [
        wire.Wish(log, chance.randrange(1, 3000), NOW_MS - chance.randrange(1 << 30), None)
        for log in logs
    ]
    return len(wire.encode(wire.Since(wishes))) if wishes else 0


def by_rows(chance: random.Random) -> list[Figure]:
    keys = [("offer", f"{number:08}") for number in range(DOCUMENTS)]
    ours = [row_item(key, chance.randbytes(ROW_BYTES)) for key in keys]
    salt = chance.randbytes(32)
    built_s, made = timed(lambda: BlockList(ours, salt))
    figures = []
    for differences, (aim, _) in AIMS.items():
        theirs = ours.copy()
        for number in chance.sample(range(DOCUMENTS), differences):
            theirs[number] = row_item(keys[number], chance.randbytes(ROW_BYTES))
        cost = exchange(made, BlockList(theirs, salt), ROW_ITEM_BYTES, differences)
        plain = 2 * DOCUMENTS * ID_BYTES
        figures += [
            Figure(f"{differences:,} differ, row by row", cost.size, "B", 1, plain, "list",
                   f"<= {1.3 * aim:,.0f}"),
            Figure("... messages (frames)", cost.rounds, f"({cost.frames})"),
            Figure("... processor", cost.cpu_s * 1000, "ms"),
        ]  # fmt: skip
    return [*figures, Figure("blocks of 100,000 rows", built_s * 1000, "ms")]


def many_heads(chance: random.Random) -> list[Figure]:
    ours = heads(chance, MANY_HEADS)
    salt = chance.randbytes(32)
    raw = [item[4:20] + chance.randbytes(HEAD_BYTES) for item in ours]
    list_s, _ = timed(lambda: list_hash(raw, salt))
    built_s, made = timed(lambda: BlockList(ours, salt))
    new = head(chance, chance.randbytes(16))
    moved_s, _ = timed(lambda: (made.add(new), made.discard(new)))
    figures = [
        Figure("blocks of 16,000 heads, once a session", built_s * 1000, "ms", RUNS),
        Figure("... one put in and taken out", moved_s * 1e6, "us", RUNS),
    ]
    for differences in (0, 1):
        theirs = BlockList(ours, salt)
        for item in chance.sample(ours, differences):
            theirs.discard(item)
            theirs.add(item[:12] + chance.randbytes(16))
        runs = [exchange(made, theirs, HEAD_ITEM_BYTES, differences) for _ in range(RUNS)]
        cpu_s = statistics.median(run.cpu_s for run in runs)
        figures += [
            Figure(f"{differences} of 16,000 heads differ: processor", cpu_s * 1000, "ms", RUNS,
                   2000 * list_s, "all ids and their hash"),
            Figure("... bytes", runs[0].size, "B", 1, 2 * MANY_HEADS * ID_BYTES, "list"),
            Figure("... messages", runs[0].rounds, ""),
        ]  # fmt: skip
    return figures


def list_hash(raw: Sequence[bytes], salt: bytes) -> bytes:
    """What comparing by a plain list begins with: every item's id, and the hash of all ids."""
    ids = sorted(hashlib.blake2b(one, digest_size=ID_BYTES, key=salt).digest() for one in raw)
    return hashlib.blake2b(b"".join(ids), digest_size=16, key=salt).digest()


def timed(work: Callable[[], T]) -> tuple[float, T]:
    """(median seconds of the processor, what came of it)."""
    times = []
    for _ in range(RUNS):
        started = time.process_time()
        result = work()
        times.append(time.process_time() - started)
    return statistics.median(times), result


if __name__ == "__main__":
    main()
