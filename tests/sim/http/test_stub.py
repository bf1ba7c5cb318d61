"""A stub answers an unmodified httpx client: matching, replies, scenarios, verification, time."""

from __future__ import annotations

import httpx
import pytest
import trio

from raceexplore import World, explore
from raceexplore.sim import Fixed
from raceexplore.sim.http import (
    Dribble,
    Fault,
    Request,
    Stub,
    absent,
    contains,
    equal,
    equal_json,
    json_path,
    negated,
    regex,
)
from simulated import passed, run


def client(stub: Stub, **options: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=stub.transport(), base_url="http://shop", **options)  # type: ignore[arg-type]


def test_each_part_of_a_request_can_be_asked_for() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "pricing")
        stub.on("GET", "/price", query={"sku": "1"}, headers={"X-Kind": regex("a+")}).reply(201)
        stub.on("POST", "/orders/{id}", body=json_path("$.items[?(@.qty > 2)]")).reply(202)
        stub.on("POST", "/exact", body=equal_json({"a": [1, 2]}, any_array_order=True)).reply(203)
        stub.on("DELETE", url=contains("draft"), cookies={"sid": absent()}).reply(204)
        stub.on("PUT", body=[negated(contains("x")), equal("y")]).reply(205)
        async with client(stub) as http:
            assert (await http.get("/price?sku=1", headers={"x-kind": "aaa"})).status_code == 201
            assert (await http.get("/price?sku=2", headers={"x-kind": "aaa"})).status_code == 404
            assert (await http.get("/price?sku=1", headers={"x-kind": "ab"})).status_code == 404
            many = {"items": [{"qty": 1}, {"qty": 3}]}
            assert (await http.post("/orders/7", json=many)).status_code == 202
            assert (await http.post("/orders/7/x", json=many)).status_code == 404
            assert (await http.post("/exact", json={"a": [2, 1]})).status_code == 203
            assert (await http.post("/exact", json={"a": [2, 1], "b": 0})).status_code == 404
            assert (await http.delete("/draft/1")).status_code == 204
            assert (await http.delete("/draft/1", headers={"cookie": "sid=1"})).status_code == 404
            assert (await http.put("/", content="y")).status_code == 205

    passed(program)


def test_a_request_that_nothing_is_for_gets_a_404_that_names_the_nearest_mappings() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "pricing")
        stub.on("GET", "/price", query={"sku": "1"}).named("price").reply()
        stub.on("POST", "/order").named("order").reply()
        async with client(stub) as http:
            answer = await http.get("/price?sku=2")
        assert answer.status_code == 404
        assert answer.text.splitlines() == [
            (
                "pricing: no mapping is for GET /price?sku=2; "
                "nearest mappings, with what they ask for and did not get:"
            ),
            "  price: query 'sku' is '1'",
            "  order: the method is POST; the path is '/order'",
        ]
        assert [str(request) for request in stub.unmatched] == ["GET /price?sku=2"]

    passed(program)


def test_the_smallest_priority_answers_and_of_two_equals_the_last_one() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on("GET", "/a").named("first", priority=1).reply(body="first")
        stub.on("GET", "/a").reply(body="second")
        stub.on("GET").reply(body="third")
        stub.on("GET").reply(body="fourth")
        async with client(stub) as http:
            assert [(await http.get(path)).text for path in ("/a", "/b")] == ["first", "fourth"]

    passed(program)


def test_a_reply_has_headers_and_a_body_that_may_be_made_from_the_request() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on("GET", "/echo").reply(body=lambda request: request.path.encode() + b"!")
        stub.on("GET", "/json").reply(json={"a": 1}, headers={"X-Id": "7"})
        async with client(stub) as http:
            assert (await http.get("/echo")).text == "/echo!"
            answer = await http.get("/json")
        assert (answer.json(), answer.headers["x-id"]) == ({"a": 1}, "7")

    passed(program)


def test_a_scenario_moves_as_its_replies_say() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "cart")
        stub.on("POST", "/items").when("cart", then="full").reply(201)
        stub.on("GET", "/items").when("cart").reply(body="empty")
        stub.on("GET", "/items").when("cart", "full").reply(body="one")
        async with client(stub) as http:
            assert (await http.get("/items")).text == "empty"
            await http.post("/items")
            assert (await http.get("/items")).text == "one"
            assert (await http.post("/items")).status_code == 404  # only from the first state
            stub.reset()
            assert (await http.get("/items")).text == "empty"

    passed(program)


def test_two_concurrent_requests_never_both_move_a_scenario() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "coupon")
        stub.on("POST", "/redeem").when("coupon", then="used").reply(200)
        stub.on("POST", "/redeem").when("coupon", "used").reply(409)
        codes: list[int] = []

        async def redeem() -> None:
            answer = await stub.answer(Request("POST", "/redeem"))
            codes.append(answer.status)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(redeem)
            nursery.start_soon(redeem)
        assert sorted(codes) == [200, 409]

    campaign = explore(program, scheduler="dfs", budget=2_000, stop="never")
    assert campaign.complete
    assert not campaign.failures


def test_requests_are_counted_and_their_order_is_asserted() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on().reply()
        async with client(stub) as http:
            await http.get("/a")
            await http.post("/b")
            await http.get("/a")
        stub.verify("GET", "/a", exactly=2)
        stub.verify("POST", "/b")
        stub.verify("GET", "/c", at_most=0)
        stub.verify_order(("GET", "/a"), ("POST", "/b"), ("GET", "/a"))
        with pytest.raises(AssertionError, match=r"POST /b did not come in this order; what came:"):
            stub.verify_order(("POST", "/b"), ("POST", "/b"))
        with pytest.raises(AssertionError, match=r"GET /a: expected exactly 1, got 2"):
            stub.verify("GET", "/a", exactly=1)

    passed(program)


def test_latency_passes_in_virtual_time_after_the_effect() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "slow", latency=Fixed(2.0))
        effects: list[float] = []
        stub.on("POST", "/pay").calling(lambda _: effects.append(world.now())).reply()
        stub.on("GET", "/quick").reply(latency=Fixed(0.5))
        async with client(stub, timeout=5) as http:
            await http.post("/pay")
            assert (effects, world.now()) == ([0.0], 2.0)
            await http.get("/quick")
            assert world.now() == 2.5

    passed(program)


def test_a_client_that_gives_up_has_had_its_effect_all_the_same() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "slow", latency=Fixed(9.0))
        effects: list[float] = []
        stub.on("POST", "/pay").calling(lambda _: effects.append(world.now())).reply()
        async with client(stub, timeout=3) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.post("/pay")
        assert (effects, world.now()) == ([0.0], 3.0)

    passed(program)


def test_w3_dribble_delivers_byte_counts_and_instants_exactly() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on().reply(body="0123456789ab", latency=Fixed(1.0), dribble=Dribble(5, over_s=2.0))
        got: list[tuple[float, int]] = []
        async with client(stub) as http, http.stream("GET", "/") as answer:
            got += [(round(world.now(), 9), len(part)) async for part in answer.aiter_raw()]
        assert got == [(1.4, 2), (1.8, 2), (2.2, 2), (2.6, 2), (3.0, 4)]

    passed(program)


def test_a_dribble_slower_than_the_read_time_out_ends_the_body() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on().reply(body="0123", dribble=Dribble(2, over_s=20.0))
        async with client(stub, timeout=5) as http:
            with pytest.raises(httpx.ReadTimeout):
                await http.get("/")
        assert world.now() == 5.0

    passed(program)


def test_a_fault_comes_as_often_as_its_probability_and_never_on_the_default_schedule() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s", journal=False)
        stub.on().reply(faults={Fault.RESET: 0.25})
        counts[0] += 1
        answer = await stub.answer(Request("GET", "/"))
        counts[1] += answer.fault is Fault.RESET

    counts = [0, 0]
    passed(program)
    assert counts == [1, 0]
    explore(program, scheduler="random", budget=2_000, stop="never", entropy=5)
    assert counts[1] / counts[0] == pytest.approx(0.25, abs=0.03)


def test_the_explorer_places_a_fault_that_has_no_probability() -> None:
    async def program(world: World) -> None:
        stub = Stub(world, "s")
        stub.on().reply(faults=[Fault.RESET, Fault.EMPTY])
        faults.add((await stub.answer(Request("GET", "/"))).fault)

    faults: set[Fault | None] = set()
    campaign = explore(program, scheduler="dfs", budget=100, stop="never")
    assert campaign.complete
    assert faults == {None, Fault.RESET, Fault.EMPTY}


def test_a_retry_after_a_time_out_charges_twice_and_the_race_is_found() -> None:
    """The client: written with httpx alone, as anybody would."""

    async def pay(http: httpx.AsyncClient) -> None:
        for _ in range(3):
            try:
                answer = await http.post("/charge", json={"order": 1})
                answer.raise_for_status()
            except httpx.TransportError:
                continue
            return

    async def program(world: World) -> None:
        charges: list[Request] = []
        stub = Stub(world, "payments")
        stub.on("POST", "/charge").calling(charges.append).reply(201, faults=[Fault.RESET])
        async with client(stub) as http:
            await pay(http)
        assert len(charges) == 1, f"charged {len(charges)} times"

    campaign = explore(program, budget=200)
    assert campaign.failures[0].message.startswith("charged 2 times")
    assert campaign.failures[0].run.schedule.size == 1


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda stub: Dribble(0, 1.0), "chunks must be at least 1, not 0"),
        (lambda stub: Dribble(2, -1.0), "over_s must be 0 or more, not -1.0"),
        (lambda stub: stub.on().reply(faults={Fault.EMPTY: 1.5}), r"above 0 and at most 1"),
        (lambda stub: regex("("), "is no regular expression"),
        (lambda stub: json_path("$["), "is no JSON path"),
    ],
)
def test_wrong_input_is_refused_in_a_line(make: object, words: str) -> None:
    async def program(world: World) -> None:
        with pytest.raises(ValueError, match=words):
            make(Stub(world, "s"))  # type: ignore[operator]

    assert run(program).outcome == "passed"
