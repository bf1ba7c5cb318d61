"""Data for concurrency: B1 to B5 of the acceptance checks, and what else records can be."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import trio
from hypothesis import strategies as st

from raceexplore import BadOption, World, explore
from raceexplore.search.evidence.sample import Drawn
from raceexplore.sim.data import (
    Data,
    Record,
    amount,
    boolean,
    computed,
    fake,
    feed,
    integer,
    moment,
    one,
    one_of,
    several,
    strategy,
    text,
)
from raceexplore.sim.load import Invocation, Load, Scenario, inject
from simulated import passed

ORDER = Record(
    "order",
    quantity=integer(1, 500).nasty(),
    email=fake("email").nullable(0.1),
    note=text().nasty(),
)


def made(
    record: Record[Any], count: int, entropy: int | None = 1, *rules: str, locale: str = "en_US"
) -> list[Any]:
    """Return the first records of a drawn run; of the undisturbed one if ``entropy`` is None."""
    found: list[Any] = []

    async def program(world: World) -> None:
        found.extend(Data(world, locale=locale).many(record, count, *rules))

    passed(program, None if entropy is None else Drawn(entropy))
    return found


def test_b1_a_field_more_changes_no_other_field() -> None:
    more = Record("order", first=boolean(), **ORDER.fields).having(last=text(5, 9))
    extended = [{name: each[name] for name in ORDER.fields} for each in made(more, 30)]
    assert extended == made(ORDER, 30)
    assert made(ORDER, 30) != made(ORDER, 30, 2)


@pytest.mark.parametrize("field", ["quantity", "note"])
def test_b2_each_boundary_is_in_more_than_99_of_100_samples_of_200_records(field: str) -> None:
    part = ORDER.fields[field]
    boundaries = part.odd  # type: ignore[union-attr]
    assert {"quantity": 0, "note": ""}[field] in boundaries
    only = Record("order", **{field: part})
    missed: Counter[object] = Counter()
    for entropy in range(25):  # 25 samples out of one run of 5,000 records would be one sample
        values = [each[field] for each in made(only, 200, entropy)]
        missed.update(boundary for boundary in boundaries if boundary not in values)
    # one in a hundred of these may be missing
    assert missed.total() <= 25 * len(boundaries) / 100


def test_b3_dates_count_from_the_beginning_of_the_run_by_the_virtual_clock() -> None:
    seen: list[dict[str, Any]] = []
    kind = Record("r", at=moment(before_days=30), born=fake("date_time_this_year", tzinfo=UTC))

    async def program(world: World) -> None:
        await trio.sleep(400 * 86_400)  # the run goes on until 2021; its data stay those of 2020
        seen.append(Data(world).draw(kind, 0))

    passed(program)
    passed(program, Drawn(5))
    beginning = datetime(2020, 1, 1, tzinfo=UTC)
    assert [each["at"] == beginning for each in seen] == [True, False]
    assert (beginning - seen[1]["at"]).days < 30
    assert all(each["born"] == beginning for each in seen)  # this year is a moment old


def test_b4_the_same_entropy_gives_the_same_data_under_every_schedule() -> None:
    runs = set()

    async def program(world: World) -> None:
        data, taken, todo = Data(world), [], [0, 1, 2]

        async def worker(name: str) -> None:
            while todo:
                number = todo.pop()
                await trio.lowlevel.checkpoint()
                taken.append((number, name, str(data.draw(ORDER, number))))

        async with trio.open_nursery() as nursery:
            for name in ("ann", "bob"):
                nursery.start_soon(worker, name, name=name)
        runs.add((tuple(name for _, name, _ in taken), tuple(sorted((n, t) for n, _, t in taken))))

    for choices in ([], [1], [2], [3, 4], [1, 3]):
        passed(program, _Switched(Drawn(7), choices))
    assert len({order for order, _ in runs}) > 2
    assert len({data for _, data in runs}) == 1


class _Switched:
    """Another scheduler's draws; at some of the choices of a task, the second one."""

    def __init__(self, draws: Drawn, choices: list[int]) -> None:
        self.draws, self.choices, self.seen = draws, choices, 0

    def begin(self) -> bool:
        return self.draws.begin()

    def choose(self, point: Any) -> int:
        if point.kind != "task":
            return self.draws.choose(point)
        self.seen += 1
        return int(self.seen in self.choices)

    def end(self, run: Any) -> None:
        self.draws.end(run)


async def ship(world: World) -> None:
    order = Data(world).draw(ORDER, 3)
    await trio.lowlevel.checkpoint()
    assert order["quantity"] != 0, "an order of nothing"


def test_b5_a_failure_that_needs_quantity_0_shrinks_to_it_and_nothing_else() -> None:
    campaign = explore(ship, budget=2_000, observe=False)
    (found,) = campaign.failures
    (deviation,) = found.run.schedule.deviations
    assert deviation == ("data", ":order#3.quantity is", 0, 1)  # the first boundary, which is 0
    assert ORDER.fields["quantity"].odd[0] == 0  # type: ignore[union-attr]


def test_an_undisturbed_run_has_the_simplest_data() -> None:
    (order,) = made(ORDER, 1, None)
    assert (order["quantity"], order["note"]) == (1, "")
    assert order["email"].endswith("@example.org")


def test_a_record_drawn_again_is_equal_and_another_object() -> None:
    kind = Record(
        "r", words=fake("words"), id=integer(1, 99).unique(), odd=strategy(st.lists(st.text()))
    )

    async def program(world: World) -> None:
        one, other = (Data(world).draw(kind, 4) for _ in range(2))
        assert one == other
        assert one["words"] is not other["words"]

    passed(program, Drawn(2))


def test_contended_fields_ask_for_the_key_of_another_record_on_purpose() -> None:
    free = Record("r", key=integer(1, 1_000_000))
    keys = [each["key"] for each in made(free, 40)]
    assert max(Counter(keys).values()) == 1
    same = Record("r", key=integer(1, 1_000_000).contended(0.5, keys=2))
    ((_, first), (_, second), (_, third)) = Counter(
        each["key"] for each in made(same, 40)
    ).most_common(3)
    assert first + second > 10
    assert third == 1


def test_unique_keys_are_contended_only_where_they_are_drawn_to_be() -> None:
    ticket = Record("r", id=integer(1, 1_000).unique().contended(0.2))
    assert [each["id"] for each in made(ticket, 3, None)] == [1, 2, 3]
    ((_, most), (_, next_)) = Counter(each["id"] for each in made(ticket, 40)).most_common(2)
    assert (most > 4, next_) == (True, 1)


def test_fields_of_different_records_contend_in_one_pool() -> None:
    seat = integer(1, 1_000_000).contended(1.0, keys=1, pool="seat")
    everything = {
        each["seat"]
        for name in ("sale", "refund")
        for each in made(Record(name, seat=seat), 5)
        if each["seat"] > 0
    }
    assert len(everything) == 1


def test_unique_fields_differ_on_the_undisturbed_run_too() -> None:
    kind = Record("r", id=integer(1, 50).unique(), mail=fake("email").unique())
    for entropy in (None, 3):
        records = made(kind, 50, entropy)
        assert len({each["id"] for each in records}) == 50
        assert len({each["mail"] for each in records}) == 50
    assert [each["id"] for each in made(kind, 5, None)] == [1, 2, 3, 4, 5]
    with pytest.raises(BadOption, match="the 50 before it have all values tried"):
        made(kind, 51, None)


def test_related_records_are_their_owners_or_shared() -> None:
    customer = Record("customer", name=fake("name"))
    item = Record("item", price=amount("0.50", "9.99"))
    order = Record(
        "order",
        customer=one(customer, among=2),
        items=several(item, 1, 4),
        total=computed(lambda order: sum(each["price"] for each in order["items"])),
    )
    orders = made(order, 30)
    assert len({each["customer"]["name"] for each in orders}) == 2
    assert {len(each["items"]) for each in orders} == {1, 2, 3, 4}
    assert all(Decimal("0.50") <= i["price"] <= Decimal("9.99") for o in orders for i in o["items"])
    first = orders[0]
    assert first["total"] == sum(each["price"] for each in first["items"])


def test_rule_sets_change_the_fields_they_name_and_no_other() -> None:
    ruled = ORDER.rules("rush", quantity=integer(7, 7))
    plain, rush = made(ORDER, 20), made(ruled, 20, 1, "rush")
    assert {each["quantity"] for each in rush} == {7}
    assert [each["email"] for each in rush] == [each["email"] for each in plain]
    with pytest.raises(BadOption, match="no rule set 'slow'; it has 'rush'"):
        made(ruled, 1, 1, "slow")
    with pytest.raises(BadOption, match="names no field of it: 'weight'"):
        ORDER.rules("rush", weight=integer(1, 2))


def test_a_record_is_made_into_a_class_of_the_programs_own() -> None:
    point = Record("p", real=integer(0, 0), imag=integer(2, 2)).into(complex)
    assert made(point, 1) == [2j]


def test_locales_and_strategies_and_nulls() -> None:
    kind = Record("k", city=fake("postcode"), none=one_of(1).nullable(0.5))
    assert all(len(each["city"]) == 5 for each in made(kind, 20, locale="de_DE"))
    assert 4 < sum(each["none"] is None for each in made(kind, 20)) < 16
    strange = Record("k", it=strategy(st.floats() | st.text() | st.binary(max_size=3)))
    assert {type(each["it"]) for each in made(strange, 30)} == {float, str, bytes}
    picky = Record("k", it=strategy(st.integers().filter(lambda n: n > 5)))
    assert min(each["it"] for each in made(picky, 20)) > 5
    never = Record("k", it=strategy(st.integers().filter(lambda _: False)))
    with pytest.raises(BadOption, match="refuses all 50 values tried"):
        made(never, 1)


def test_a_load_is_fed_with_records() -> None:
    asked: list[int] = []

    async def buy(request: Invocation) -> None:
        asked.append(request.data["quantity"])

    async def program(world: World) -> None:
        await Load(world, [inject(5, 1, 1)]).run(Scenario(buy, feed=feed(ORDER)))

    passed(program, Drawn(1))
    assert asked == [each["quantity"] for each in made(ORDER, 6)[1:]]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda: fake("emial", locale="en_US"), "no provider 'emial'"),
        (lambda: made(Record("r", mail=fake("emial")), 1), "no provider 'emial'"),
        (lambda: fake("email", locale="xx_XX"), "no locale 'xx_XX'"),
        (lambda: integer(3, 2), "from 3 to 2 there is no number"),
        (one_of, "at least one item"),
        (lambda: text(4, 2), "no text has 4 to 2 letters"),
        (lambda: integer(1, 2).nullable(2), "a chance is from 0 to 1, not 2"),
        (lambda: integer(1, 2).contended(keys=0), "at least one key"),
        (lambda: Record("r", a=3), "r.a is no field but 3"),  # type: ignore[arg-type]
        (lambda: several(ORDER, 3, 1), "from 3 to 1 there is no number of records"),
    ],
)
def test_what_makes_no_sense_is_told_in_a_line(wrong: Any, told: str) -> None:
    with pytest.raises(BadOption, match=told):
        wrong()


def test_two_kinds_of_record_of_one_name_are_refused() -> None:
    async def program(world: World) -> None:
        Data(world).draw(ORDER, 0)
        Data(world).draw(Record("order", other=text()), 0)

    with pytest.raises(BadOption, match="two kinds of record are called 'order'"):
        passed(program)
