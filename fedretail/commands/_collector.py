"""How often Python's garbage collector looks for circles of objects that nobody uses any more."""

import gc


def collect_seldom() -> None:
    """Look after 50,000 new objects, not after 700.

    Rows are many small lists and maps, none of them in a circle: looking through those under way
    again and again takes a third of an import's or a first sync's processor time.
    """
    gc.set_threshold(50_000)


def freeze_what_is_loaded() -> None:
    """Look only at what is made from now on: modules stay for good.

    Going through all that a daemon has loaded takes 70 ms, as long as 3,000 rows of a first sync.
    """
    gc.collect()
    gc.freeze()
