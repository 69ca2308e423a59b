"""fedretail/web/doors.py: few an address, few in all, the idle give way."""

from functools import partial

from hypothesis import given
from hypothesis import strategies as st

from fedretail.web.doors import Doors, Place

NAMES = st.sampled_from("abc")
STEPS = st.lists(st.tuples(st.sampled_from(["enter", "busy", "idle", "leave"]), NAMES), max_size=60)


@given(STEPS)
def test_there_are_never_more_than_may_be(steps: list[tuple[str, str]]) -> None:
    doors, places = Doors(each=3, most=5), list[Place]()
    for step, name in steps:
        own = [place for place in places if place.address == name]
        if step == "enter":
            place = doors.enter(name, lambda: None)
            busy = [one for one in places if one.is_busy]
            if place is None:
                # Refused only where nobody could give way.
                own_busy = [one for one in busy if one.address == name]
                assert len(own_busy) == 3 or len(busy) == 5
            else:
                places.append(place)
        elif own:
            if step == "leave":
                doors.leave(own[0])
            else:
                doors.turn(own[0], is_busy=step == "busy")
        places = [place for place in places if place in doors._places]
        assert len(doors) == len(places) <= 5
        assert all(sum(p.address == n for p in places) <= 3 for n in "abc")


def test_the_network_leaves_room_for_this_computer() -> None:
    doors = Doors(each=9, most=5, here=2)
    for address, is_let_in in (("a", True), ("b", True), ("b", True), ("c", False), ("", True)):
        place = doors.enter(address, lambda: None)
        assert (place is not None) is is_let_in
        if place is not None:
            doors.turn(place, is_busy=True)
    # What this computer does not use it does not give away.
    assert doors.enter("d", lambda: None) is None
    assert doors.enter("", lambda: None) is not None


def test_who_has_most_and_waits_longest_goes_first() -> None:
    doors, gone = Doors(each=9, most=4), list[str]()
    for name in ("a1", "b1", "a2", "a3"):
        place = doors.enter(name[0], partial(gone.append, name))
        if place is not None and name == "a1":
            doors.turn(place, is_busy=True)
    assert doors.enter("c", lambda: None) is not None
    assert gone == ["a2"]
