"""Pages and API under the hands of shoppers: one by one, fifty kiosks typing, and for long.

Besides: first visits on slow lines (_loading), and what typing costs the neighbours.

The server runs in this process; shoppers in two others, each with a connection of its own.
OFFERS, KIOSKS, REQUESTS make it smaller or larger; KEEP=folder keeps the shop for the next run.
"""

import http.client
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import socket
from urllib.parse import quote, urlsplit

import psutil
from _loading import loading
from _report import Figure, report
from _shops import make_shop, products
from sync import Served, fetch

from fedretail.index.query import Query
from fedretail.node.node import Node
from fedretail.testing.faces import Face, shown

OFFERS = int(os.environ.get("OFFERS", "100000"))
KIOSKS = int(os.environ.get("KIOSKS", "50"))
REQUESTS = int(os.environ.get("REQUESTS", "100000"))
ALONE = 300
# Offers of the shop that a neighbour copies while others type.
COPIED = 10_000
_SETTLE_S = 5.0
# A shopper types four letters a second; the page asks 120 ms after the last one, at each pause.
KEYS_PER_S = 4.0
TYPING_S = 20.0
_MB = 1 << 20
_JSON, _PAGE = "/api/v1/search?q={}&near=48.52,9.05", "/?q={}"
# What the script of a page asks for while somebody types: see static/js/pages.js.
_TYPED, _PART = "/?q={}&begun=1", "fedretail-part: main\r\n"


def queries(count: int) -> list[str]:
    """Words of product names, one or two together."""
    chance = random.Random(7)
    names = [name for _, name in products(2000)]
    found = []
    for _ in range(count):
        words = [word for word in chance.choice(names).split() if len(word) > 2] or ["milk"]
        found.append(" ".join(words[: chance.choice((1, 2))]))
    return found


def p95(times_ms: list[float]) -> float:
    return statistics.quantiles(times_ms, n=20)[-1]


def alone(face: Face, form: str, asked: list[str]) -> list[float]:
    """Milliseconds of each, one after the other on one connection."""
    connection = http.client.HTTPConnection("127.0.0.1", face.port)
    times = []
    for words in asked:
        began = time.perf_counter()
        connection.request("GET", form.format(quote(words)))
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        times.append((time.perf_counter() - began) * 1000)
    connection.close()
    return times


def bare(node: Node, asked: list[str]) -> list[float]:
    """The same without HTTP."""
    times = []
    for words in asked:
        began = time.perf_counter()
        node.search(Query(words=words, near=node.position))
        times.append((time.perf_counter() - began) * 1000)
    return times


def kiosks(url: str, form: str) -> tuple[list[float], int]:
    """(milliseconds of each, errors) of all kiosks typing at once, in processes of their own."""
    return typed(begun(url, form))


def begun(url: str, form: str) -> list[subprocess.Popen[str]]:
    """Half of the kiosks each."""
    return [
        subprocess.Popen(
            [sys.executable, __file__, "typing", url, form, str(n), str(KIOSKS // 2)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in range(2)
    ]


def typed(processes: list[subprocess.Popen[str]]) -> tuple[list[float], int]:
    """As kiosks, once they have ended."""
    times, errors = list[float](), 0
    for one in processes:
        out, _ = one.communicate()
        for word in out.split():
            if word == "error":
                errors += 1
            else:
                times.append(float(word))
    return times, errors


def typing(url: str, form: str, seed: int, count: int) -> None:
    """So many kiosks on one event loop; each pause while typing is a request."""
    import trio

    async def one(number: int) -> None:
        chance = random.Random(seed * 1000 + number)
        words = queries(50)
        where = urlsplit(url)
        stream = await trio.open_tcp_stream(where.hostname or "", where.port or 0)
        await trio.sleep(chance.random() * 2)
        end = trio.current_time() + TYPING_S
        while trio.current_time() < end:
            text = chance.choice(words)
            for length in range(3, len(text) + 1, 2):
                began = trio.current_time()
                try:
                    is_right = await _asked(stream, form.format(quote(text[:length])))
                except (OSError, trio.BrokenResourceError):
                    is_right = False
                took_ms = (trio.current_time() - began) * 1000
                print(f"{took_ms:.2f}" if is_right else "error")
                await trio.sleep(max(0.0, chance.uniform(0.5, 1.5) * 2 / KEYS_PER_S))

    async def all_of_them() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(one, number)

    trio.run(all_of_them)


async def _asked(stream: object, path: str) -> bool:
    import trio

    assert isinstance(stream, trio.SocketStream)
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\n{_PART}\r\n"
    await stream.send_all(asked.encode())
    data = b""
    while b"\r\n\r\n" not in data:
        data += await stream.receive_some(65536) or _ended()
    head, _, body = data.partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    size = len(body)
    while size < length:
        size += len(await stream.receive_some(65536) or _ended())
    return head.startswith(b"HTTP/1.1 200")


def _ended() -> bytes:
    raise OSError("the connection has ended")


def growth_mb(face: Face, asked: list[str], requests: int) -> float:
    """How much this process has grown by after so many requests, half pages, half API."""
    alone(face, _PAGE, asked[:200])
    alone(face, _JSON, asked[:200])
    process = psutil.Process()
    before: int = process.memory_info().rss
    done = 0
    while done < requests:
        for form in (_PAGE, _JSON):
            done += len(alone(face, form, asked))
    after: int = process.memory_info().rss
    return max(0.0, (after - before) / _MB)


@contextmanager
def shop() -> Iterator[Node]:
    """The shop to ask, made where it is not kept."""
    with tempfile.TemporaryDirectory() as passing:
        folder = Path(os.environ.get("KEEP", passing)) / str(OFFERS)
        is_kept = (folder / "shop0").is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        with Node.open(folder / "shop0") if is_kept else make_shop(folder, 0, OFFERS) as node:
            yield node


def main() -> None:
    asked = queries(ALONE)
    with shop() as node:
        node.index.follow()
        # As in a daemon: somebody else follows.
        node.has_follower = True
        with shown(node) as face:
            figures = _figures(node, face, asked)
            figures += loading(face.url, {"start page": "/", "results": "/?q=choc+milk"})
    report("web", [*figures, *syncing()])


def syncing() -> list[Figure]:
    """How long a neighbour's first copy takes while kiosks type at the shop that gives it."""
    with tempfile.TemporaryDirectory() as name, socket() as port:
        folder = Path(name)
        shop = make_shop(folder, 0, COPIED)
        shop.close()
        port.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{port.getsockname()[1]}"
        port.close()
        with Served(shop.path, web=place) as served:
            time.sleep(_SETTLE_S)
            quiet = [fetch(folder, f"quiet{n}", served.ticket, COPIED)[0] for n in range(3)]
            typists = begun(f"http://{place}", _TYPED)
            time.sleep(_SETTLE_S)
            loud = [fetch(folder, f"loud{n}", served.ticket, COPIED)[0] for n in range(3)]
            _, errors = typed(typists)
    return [
        Figure(
            f"a neighbour copies {COPIED:,} offers meanwhile",
            statistics.median(loud),
            "s",
            3,
            statistics.median(quiet),
            "nobody types",
        ),
        Figure("... errors of the kiosks", errors, "", aim="0"),
    ]


def _figures(node: Node, face: Face, asked: list[str]) -> list[Figure]:
    bare(node, asked)
    alone(face, _PAGE, asked)
    # What was asked before is in this machine's memory, for the floor as for the rest.
    floor = p95(bare(node, asked))
    figures = []
    for name, form in (("page", _PAGE), ("API", _JSON)):
        alone(face, form, asked[:50])
        times = alone(face, form, asked)
        said = {"floor": floor, "floor_is": "the search alone"}
        figures.append(
            Figure(f"{name}, one at a time, p95", p95(times), "ms", len(times), aim="<= 40", **said)  # type: ignore[arg-type]
        )
    for name, form in (("page", _TYPED), ("API", _JSON)):
        times, errors = kiosks(face.url, form)
        told, count = f"{name}, {KIOSKS} kiosks typing", len(times)
        figures += [
            Figure(f"{told}, p50", statistics.median(times), "ms", count),
            Figure(f"{told}, p95", p95(times), "ms", count, aim="<= 250"),
            Figure(f"{told}, errors", errors, "", count, aim="0"),
        ]
    grown = growth_mb(face, asked, REQUESTS)
    figures.append(Figure(f"growth after {REQUESTS:,} requests", grown, "MB", aim="< 20"))
    return figures


if __name__ == "__main__":
    if sys.argv[1:2] == ["typing"]:
        typing(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main()
