"""What a search that finds nothing says to do next."""

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
