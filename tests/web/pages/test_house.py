"""The street around a house: read for all who wait for it at once."""

from threading import Event, Thread
from typing import Any

from fedretail.web.pages import house as module
from fedretail.web.pages.house import House


def test_who_waits_for_the_street_does_not_read_it_again(street, monkeypatch) -> None:
    house, other_waits = House(street), Event()
    other = Thread(target=house.street)
    read, reads = module._street, list[int]()

    def now_ms() -> int:
        if reads:
            other_waits.set()
        return street.time.now_ms()

    def slow(*asked: Any) -> Any:
        reads.append(1)
        other.start()
        assert other_waits.wait(10)
        return read(*asked)

    monkeypatch.setattr(house, "now_ms", now_ms)
    monkeypatch.setattr(module, "_street", slow)
    found = house.street()
    other.join(10)
    assert len(reads) == 1
    assert house.street() is found


def test_a_street_is_read_again_after_a_while_or_when_it_is_forgotten(street) -> None:
    house = House(street)
    first = house.street()
    assert house.street() is first
    street.clock.advance(6_000)
    second = house.street()
    assert second is not first
    house.forget()
    assert house.street() is not second
