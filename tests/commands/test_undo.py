"""`fedretail undo` as a person and as a program uses it."""

from pathlib import Path


def prepared(run, tmp_path: Path) -> None:
    run("init", "--name", "Brook Farm", "--at", "48.5216,9.0576")
    path = tmp_path / "prices.csv"
    path.write_text("SKU,Name,Price\n1,Raw milk,1.39\n2,Tea,2.10\n", encoding="utf-8")
    assert run("import", path).code == 0


def test_an_edit_and_an_import(run, tmp_path: Path) -> None:
    prepared(run, tmp_path)
    run("offer", "set", "1", "--price", "1.29")
    listed = run("undo", "--list").out
    assert "Raw milk: price €1.39 → €1.29" in listed
    assert "prices.csv: 2 new" in listed
    assert "Would undo: Raw milk" in run("undo", "--dry-run").err
    done = run("undo", "--json")
    assert (done.object["records"], done.object["kept"]) == (1, [])
    assert "1.39" in run("show", "1").out
    one, two, three = run("undo", "--list", "--json").object["changes"]
    assert one["text"] == "Undone: Raw milk: price €1.39 → €1.29"
    assert two["undone"] is not None
    assert three["undone"] is None
    # What was changed since stays: the milk's price was, and changed back.
    done = run("undo", three["change"])
    assert "Changed since, so it stays: Raw milk" in done.err
    assert "Raw milk" in run("search", "milk").out
    assert "Tea" not in run("search", "tea").out


def test_nothing_to_undo(run) -> None:
    run("init", "--name", "Brook Farm", "--at", "48.5216,9.0576")
    done = run("undo")
    assert (done.code, "There is nothing to undo." in done.err) == (1, True)
    assert "nothing to undo" in run("undo", "--list").err
    assert run("undo", "--list", "--dry-run").code == 2
    assert run("undo", "0123").code == 1


def test_help_says_that_the_change_may_be_left_out(run) -> None:
    assert "undo [OPTIONS] [CHANGE]" in run("undo", "--help").out
