"""What commands say to do next that find nothing, or too much."""

import pytest


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("unicorn",), "Try fewer words"),
        (("4001842100122",), "the check digit 2 does not fit, 1 would."),
        (("96385074",), "No shop here sells what has this bar code."),
        (("9638 5074",), "No shop here sells what has this bar code."),
        (("mlik", "--as-typed"), "2 offers without --as-typed."),
        (("unicorn", "--as-typed"), "Try fewer words"),
    ],
)
def test_what_to_do_next(shop, words, said: str) -> None:
    done = shop("search", *words)
    assert done.code == 1
    assert said in done.err


def test_a_part_of_a_name_names_the_shops_that_have_it(shop) -> None:
    shop("site", "add", "--name", "Market of Brook", "--at", "48.5,9.0")
    done = shop("search", "--retailer", "brook")
    assert done.code == 2
    assert 'Did you mean "Brook Farm" or "Market of Brook"?' in done.err
    assert 'Did you mean "Brook Farm"?' in shop("search", "--retailer", "Brok Farm").err


def test_several_offers_by_a_name_are_told_as_commands(shop) -> None:
    done = shop("show", "milk")
    line = done.err.splitlines()[1]
    number = line.partition("show ")[2].rstrip("`")
    assert number.endswith(("/M1", "/M2"))
    assert shop("show", number).code == 0


def test_a_file_that_is_not_there_is_no_ticket(shop, tmp_path) -> None:
    for name in (tmp_path / "none", "ticket.txt"):
        done = shop("join", name)
        assert (done.code, f"There is no file {name}." in done.err) == (2, True)
    assert "begin with fr1-" in shop("join", "abc").err


def test_choices_stand_on_one_line(run) -> None:
    lines = run("completion").err.splitlines()
    assert "bash, zsh, fish" in lines[0]
    assert len(lines) == 2
