"""What a reader calls a container."""

from __future__ import annotations

from raceexplore.observe.effects.locations import ALL
from raceexplore.observe.ledger.ledger import Ledger


class Shop:
    def __init__(self) -> None:
        self.orders: list[str] = []
        self.rows: dict[str, list[int]] = {"a": [1]}


def labels(ledger: Ledger) -> list[str]:
    return [access.label for access in ledger.take()]


def test_a_container_is_called_by_the_attribute_it_was_reached_through() -> None:
    ledger, shop = Ledger(values=True), Shop()
    ledger.read(shop, "orders")
    ledger.write(shop.orders, ALL)
    assert labels(ledger) == ["Shop#1.orders", "Shop#1.orders"]


def test_keys_follow_one_another() -> None:
    ledger, shop = Ledger(values=True), Shop()
    ledger.read(shop, "rows")
    ledger.read(shop.rows, "a")
    ledger.read(shop.rows["a"], 0)
    assert labels(ledger) == ["Shop#1.rows", "Shop#1.rows['a']", "Shop#1.rows['a'][0]"]


def test_what_was_stored_is_known_by_its_new_place() -> None:
    ledger, shop = Ledger(values=True), Shop()
    ledger.write(shop, "orders")
    shop.orders = ["ann"]
    assert labels(ledger) == ["Shop#1.orders"]
    ledger.write(shop.orders, ALL)
    assert labels(ledger) == ["Shop#1.orders"]


def test_the_first_place_wins_in_all_later_events() -> None:
    ledger, shop, other = Ledger(values=True), Shop(), Shop()
    other.orders = shop.orders
    for holder in (other, shop):
        ledger.read(holder, "orders")
    ledger.take()
    ledger.read(shop.orders, ALL)
    assert labels(ledger) == ["Shop#1.orders"]
    assert ledger.label((1, "orders")) == "Shop#1.orders"


def test_a_container_from_nowhere_has_its_type_and_number() -> None:
    ledger = Ledger(values=True)
    ledger.write([1], ALL)
    assert labels(ledger) == ["list#1"]


def test_lists_that_hold_one_another_come_to_an_end() -> None:
    ledger = Ledger(values=True)
    a: list[object] = []
    b: list[object] = [a]
    a.append(b)
    ledger.read(a, 0)
    ledger.read(b, 0)
    ledger.read(a, 0)
    assert labels(ledger) == ["list#1[0]", "list#2[0]"]


def test_a_long_way_is_not_told() -> None:
    ledger, deep = Ledger(values=True), [[[[[[1]]]]]]
    here: object = deep
    while isinstance(here, list):
        ledger.read(here, 0)
        here = here[0]
    assert labels(ledger)[3:] == ["list#1[0][0][0][0]", "list#1[0][0][0][0][0]", "list#6[0]"]
