"""The import rules: what a file writes, what it leaves alone, what it asks first."""

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fedretail.clock import SystemClock
from fedretail.domain.ids import collection_of
from fedretail.node.import_report import ImportOptions
from fedretail.node.imports import CHECKED_AGAIN_MS
from fedretail.node.node import Node
from fedretail.testing.clock import ManualClock
from fedretail.testing.imports import counts, offer, site_seq, source, take
from fedretail.testing.nodes import new_shop, prices, seqs, write_prices, written

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures" / "connectors"


# --- the same file, a changed file ---


def test_the_same_file_twice_writes_nothing(shop: Node, tmp_path: Path, clock: ManualClock) -> None:
    path = write_prices(tmp_path / "list.csv", prices(50))
    assert counts(take(shop, path)) == {"new": 50}
    before = written(shop)
    clock.advance(3600 * 1000)
    assert counts(take(shop, path)) == {"unchanged": 50}
    assert written(shop) == before


def test_the_next_day_it_writes_that_it_was_looked_at(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(5))
    take(shop, path)
    first, before, seq = source(shop), written(shop), site_seq(shop)
    clock.advance(CHECKED_AGAIN_MS)
    take(shop, path)
    assert source(shop) == clock.now_ms() > first
    assert site_seq(shop) == seq + 1
    rows = {row for row in written(shop)["row"] if row[1] != "source"}
    assert rows == {row for row in before["row"] if row[1] != "source"}
    take(shop, path)
    assert site_seq(shop) == seq + 1


def test_a_changed_file_writes_what_changed(shop: Node, tmp_path: Path, clock: ManualClock) -> None:
    path = write_prices(tmp_path / "list.csv", prices(40))
    take(shop, path)
    stamps = shop.record(shop.place("offer", "A3", shop.site())).stamps
    clock.advance(1000)
    rows = prices(40)
    rows[3][2], rows[4][4] = "2.75", "1.30"
    seq, before = site_seq(shop), dict(rows_by_key(shop))
    assert counts(take(shop, write_prices(path, rows))) == {"changed": 2, "unchanged": 38}
    assert site_seq(shop) == seq + 1
    after = dict(rows_by_key(shop))
    assert {key for key in after if after[key] != before[key]} == {"A3"}
    assert shop.store.own(shop.place("offer", "A4", shop.site()))["cost"] == 130
    now = shop.record(shop.place("offer", "A3", shop.site())).stamps
    assert {name for name in now if now[name] != stamps.get(name)} == {"prices"}


def rows_by_key(node: Node) -> Iterator[tuple[str, bytes]]:
    for row in written(node)["row"]:
        yield row[2], row[4]


def test_two_lists_under_two_names_leave_each_other_alone(shop: Node, tmp_path: Path) -> None:
    mine = write_prices(tmp_path / "mine.csv", prices(4))
    theirs = [[f"B{row[0]}", *row[1:]] for row in prices(3)]
    other = write_prices(tmp_path / "wholesaler.csv", theirs)
    take(shop, mine, source="mine", complete=True)
    assert counts(take(shop, other, source="wholesaler", complete=True)) == {"new": 3}
    again = take(shop, mine, source="mine", complete=True)
    assert counts(again) == {"unchanged": 4}
    assert again.missing == again.withdrawn == 0
    assert len(list(shop.records("source"))) == 2


def test_an_article_of_another_list_waits_for_a_yes(shop: Node, tmp_path: Path) -> None:
    take(shop, write_prices(tmp_path / "a.csv", prices(2)), source="a")
    other = [[row[0], "Something else", *row[2:]] for row in prices(2)]
    path = write_prices(tmp_path / "b.csv", [*other, ["B9", *prices(1)[0][1:]]])
    report = take(shop, path, source="b")
    assert counts(report) == {"new": 1, "held": 2}
    assert [(row.identity, row.source) for row in report.elsewhere] == [("A0", "a"), ("A1", "a")]
    assert offer(shop, "A0")["name"] != "Something else"
    assert counts(take(shop, path, source="b", yes=True)) == {"changed": 2, "unchanged": 1}
    assert offer(shop, "A0")["name"] == "Something else"


def test_a_change_of_shop_system_needs_no_yes(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "a.csv", prices(2))
    take(shop, path)
    site = shop.site()
    shop.write("offer", "A0", {"source": "shopify"}, site=site)
    assert counts(take(shop, path)) == {"unchanged": 2}


def test_a_cell_that_was_emptied_clears_its_field(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", prices(2))
    take(shop, path)
    rows = prices(2)
    rows[0][3] = rows[0][5] = ""
    take(shop, write_prices(path, rows))
    assert offer(shop, "A0")["stock"] == "unknown"
    assert shop.store.own(shop.place("offer", "A0", shop.site()))["supplier"] is None
    assert counts(take(shop, path)) == {"unchanged": 2}


cell = st.sampled_from(["1.00", "1.20", "1.40"])
lists = st.lists(
    st.tuples(st.sampled_from("ABCDEF"), cell, st.sampled_from(["", "0", "3", "9"])),
    min_size=1,
    unique_by=lambda row: row[0],
)


@given(st.lists(lists, min_size=1, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
def test_after_any_files_the_catalog_says_what_they_said_last(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[str, str, str]]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    expected: dict[str, tuple[int, str]] = {}
    levels = {"": "unknown", "0": "none", "3": "few", "9": "some"}
    clock = ManualClock()
    with new_shop(folder / "shop", clock=clock) as node:
        for rows in files:
            clock.advance(1000)
            table = [[sku, f"Article {sku}", price, stock] for sku, price, stock in rows]
            path = write_prices(folder / "list.csv", table)
            report = take(node, path)
            for sku, price, stock in rows:
                expected[sku] = (round(float(price) * 100), levels[stock])
            assert report.new + report.changed + report.unchanged == len(rows)
            before = written(node)
            assert counts(take(node, path)).keys() <= {"unchanged", "missing"}
            assert written(node) == before
        found = {
            place.key: (value.fields["prices"][0][0], value.fields["stock"])
            for place, value in node.records("offer")
        }
        assert found == expected
        take(node, path, complete=True, yes=True)
        assert {place.key for place, _ in node.records("offer")} == {row[0] for row in files[-1]}


# --- trying it out, being interrupted ---


def test_a_dry_run_writes_nothing_at_all(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", prices(10))
    take(shop, path)
    rows = [*prices(8, price="2.60"), ["B", "Bad", "?"], ["C", "New", "1.00"], ["A8", "Far", "99"]]
    write_prices(path, rows)
    before, files = written(shop), {one: one.read_bytes() for one in tmp_path.glob("*.csv")}
    report = take(shop, path, dry_run=True, complete=True)
    assert counts(report) == {"new": 1, "changed": 8, "rejected": 1, "held": 1, "withdrawn": 1}
    assert report.dry_run
    assert report.reject_file is None
    assert report.samples
    assert written(shop) == before
    assert {one: one.read_bytes() for one in tmp_path.glob("*.csv")} == files
    assert counts(take(shop, path, complete=True)) == counts(report)


@given(st.integers(0, 1300), st.booleans())
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_an_interrupted_import_goes_on_with_the_same_command(
    tmp_path_factory: pytest.TempPathFactory, at: int, complete: bool
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    path = write_prices(folder / "list.csv", prices(1200))
    with new_shop(folder / "shop") as node:
        options = ImportOptions(node.site(), complete=complete)
        with pytest.MonkeyPatch.context() as patched:
            interrupt_at(patched, at)
            try:
                report = node.import_file(path, options)
                assert report.new == 1200
            except KeyboardInterrupt as stop:
                assert "Same command goes on from there." in str(stop)
        assert not [found for _, found in node.store.check() if found]
        kept = len(list(node.records("offer")))
        again = node.import_file(path, options)
        assert (again.unchanged, again.new) == (kept, 1200 - kept)
        assert node.store.profile(node.owner, collection_of(node.site().id), "csv")


KILLED = """
    import sys
    from pathlib import Path
    from fedretail.node.import_report import ImportOptions
    from fedretail.node.node import Node

    with Node.open(sys.argv[1]) as node:
        tell = lambda done, total, rows: print(rows, flush=True)
        node.import_file(Path(sys.argv[2]), ImportOptions(node.site()), tell)
"""


@pytest.mark.process
def test_what_an_import_has_told_is_there_after_a_kill(tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", prices(4000))
    with new_shop(tmp_path / "shop", clock=SystemClock()) as node:
        script = textwrap.dedent(KILLED)
        kept = 0
        for lines in (1, 2, 4):
            command = [sys.executable, "-c", script, str(node.path), str(path)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                told = [int(process.stdout.readline()) for _ in range(lines)]
                process.kill()
            stands = len(list(node.records("offer")))
            assert stands >= max(kept, told[-1])
            assert not [problems for _, problems in node.check() if problems]
            kept = stands
        report = take(node, path)
        assert (report.new, report.unchanged) == (4000 - kept, kept)
        assert not [problems for _, problems in node.check() if problems]


def interrupt_at(patched: pytest.MonkeyPatch, row: int) -> None:
    """Let the ctrl-C come after so many rows."""
    from fedretail.connectors.csv_reader import CsvReader

    plain = CsvReader.__iter__

    def rows(self: CsvReader) -> Iterator[Any]:
        for number, item in enumerate(plain(self)):
            if number == row:
                raise KeyboardInterrupt
            yield item

    patched.setattr(CsvReader, "__iter__", rows)


def test_what_an_interrupt_says_also_at_the_end(
    shop: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(shop.store, "set_profile", interrupt)
    with pytest.raises(KeyboardInterrupt, match=r"Stopped after 3 rows\. Same command"):
        take(shop, write_prices(tmp_path / "list.csv", prices(3)))


def test_progress_comes_to_its_end(shop: Node, tmp_path: Path) -> None:
    path = write_prices(tmp_path / "list.csv", prices(1100))
    told: list[tuple[int, int, int]] = []
    shop.import_file(path, ImportOptions(shop.site()), lambda *at: told.append(at))
    size = path.stat().st_size
    assert told[-1] == (size, size, 1100)
    assert told == sorted(told)
    assert len(told) >= 3


# --- sources ---


def test_the_profile_keeps_how_a_source_is_read(shop: Node, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_prices(path, [["", "Bread", "3.00"], ["", "Rolls", "0.50"]])
    assert take(shop, path).reading.identity == "name"
    write_prices(path, [["S1", "Bread", "3.00"], ["S2", "Rolls", "0.50"]])
    report = take(shop, path)
    assert report.reading.identity == "name"
    assert any("still known by name" in note.english for note in report.reading.notes)
    assert report.new == 0


def test_each_site_has_sources_of_its_own(shop: Node, tmp_path: Path) -> None:
    second = shop.add_site("Market stall", shop.position, time_zone="Europe/Berlin")
    path = write_prices(tmp_path / "list.csv", prices(4))
    first = shop.site("Village shop")
    shop.import_file(path, ImportOptions(first))
    report = shop.import_file(path, ImportOptions(second))
    assert report.new == 4
    shop.import_file(write_prices(path, prices(3)), ImportOptions(second, complete=True))
    places = [place.collection for place, _ in shop.records("offer")]
    assert places.count(collection_of(first.id)) == 4
    assert places.count(collection_of(second.id)) == 3


@pytest.mark.parametrize("name", ["shopify-old.csv", "shopify-new.csv", "woocommerce-de.csv",
                                  "preisliste-de.csv"])  # fmt: skip
def test_every_connector_twice_changes_nothing(shop: Node, name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes((FIXTURES / name).read_bytes())
    report = take(shop, path)
    assert report.new
    before = written(shop)
    again = take(shop, path, complete=True)
    assert (again.unchanged, again.withdrawn) == (report.new, 0)
    assert written(shop) == before


def test_a_clock_that_ran_ahead_confirms_nothing_for_longer(
    shop: Node, tmp_path: Path, clock: ManualClock
) -> None:
    path = write_prices(tmp_path / "list.csv", prices(2))
    clock.advance(9 * 60 * 1000)
    take(shop, path)
    clock.advance(-9 * 60 * 1000)
    take(shop, path)
    assert source(shop) == clock.now_ms()


def test_seqs_move_by_one_a_batch(shop: Node, tmp_path: Path) -> None:
    before = seqs(shop)
    take(shop, write_prices(tmp_path / "list.csv", prices(1200)))
    (moved,) = [place for place, seq in seqs(shop).items() if seq != before[place]]
    # Three batches of at most 500 rows and the note that the source was looked at.
    assert seqs(shop)[moved] - before[moved] == 4


MEMORY = """
    import resource, sys
    from pathlib import Path
    from fedretail.node.import_report import ImportOptions
    from fedretail.testing.nodes import new_shop, prices, write_prices

    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    with new_shop(folder / f"shop{count}") as node:
        def generated():
            for start in range(0, count, 1000):
                yield from prices(1000, start=start)
        path = write_prices(folder / f"{count}.csv", generated())
        node.import_file(path, ImportOptions(node.site(), dry_run=True))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="measures with the module resource")
def test_memory_is_flat_from_10_000_to_200_000_rows(tmp_path: Path) -> None:
    script = textwrap.dedent(MEMORY)
    peaks = []
    for count in (10_000, 200_000):
        done = subprocess.run(
            [sys.executable, "-c", script, str(tmp_path), str(count)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        peaks.append(int(done.stdout))
    unit_kib = 1024 if sys.platform == "darwin" else 1
    # 8 bytes for the key of a row and 24 for the line where it stood.
    assert (peaks[1] - peaks[0]) / unit_kib < 16 * 1024, peaks
