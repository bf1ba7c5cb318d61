"""WireMock's mapping files: what its documentation shows behaves, the rest is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from raceexplore import RaceExploreError, World, by_name
from raceexplore.sim.http import Request, Stub
from simulated import passed

FOLDER = Path(__file__).parent / "wiremock"


def client(stub: Stub, **options: object) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=stub.transport(), base_url="http://shop", **options)  # type: ignore[arg-type]


def test_the_stubbing_examples_answer_as_wiremock_does() -> None:
    async def program(world: World) -> None:
        stub = Stub.from_wiremock(world, FOLDER)
        async with client(stub) as http:
            answer = await http.get("/some/thing")
            assert (answer.text, answer.headers["content-type"]) == ("Hello, world!", "text/plain")
            assert (await http.get("/some/thing?a=1")).status_code == 404
            assert (await http.patch("/search?q=abc")).json() == {"hits": [1, 2]}
            assert (await http.get("/search?q=abc&page=2")).status_code == 404
            assert (await http.delete("/things/17")).status_code == 204
            assert (await http.delete("/things/x")).status_code == 404
            answer = await http.get("/contacts/12/addresses/99?lang=en")
            assert answer.text == "12 99 en"
            body = {"things": [{"name": "RequiredThing"}], "outer": {"inner": 42}}
            headers = {"x-kind": "NEW", "cookie": "session=a12345b"}
            auth = ("jeff@example.com", "jeffteenjefftyjeff")
            answer = await http.post("/things", json=body, headers=headers, auth=auth)
            assert (answer.status_code, answer.text) == (201, "WireMock")
            assert (await http.post("/things", json=body, headers=headers)).status_code == 404
            answer = await http.put("/things", json={"ids": [2, 1], "total": 4, "more": {}})
            assert (answer.status_code, answer.text) == (202, "from a file")
            for header, status in {"a": 200, "ab": 200, "bc": 404, "d": 404}.items():
                answer = await http.get("/logic", headers={"x-either": header})
                assert answer.status_code == status, header

    passed(program)


def test_the_to_do_list_scenario_behaves() -> None:
    async def program(world: World) -> None:
        stub = Stub.from_wiremock(world, FOLDER / "mappings" / "scenario.json")
        async with client(stub) as http:
            assert "newspaper" not in (await http.get("/todo/items")).text
            added = await http.post("/todo/items", content="Cancel newspaper subscription")
            assert added.status_code == 201
            assert "newspaper" in (await http.get("/todo/items")).text

    passed(program)


def test_delays_pass_at_their_medians_on_the_default_schedule_and_add_up() -> None:
    async def program(world: World) -> None:
        stub = Stub.from_wiremock(world, FOLDER)
        instants = {}
        for path in ("/fixed", "/lognormal", "/uniform", "/both"):
            begin = world.now()
            answer = await stub.answer(Request("GET", path))
            await world.sleep(answer.delay_s)
            instants[path] = round(world.now() - begin, 6)
        assert instants == {"/fixed": 2.0, "/lognormal": 0.08, "/uniform": 0.02, "/both": 0.19}
        async with client(stub) as http:
            async with http.stream("GET", "/dribble") as answer:
                sizes = [len(part) async for part in answer.aiter_raw()]
            assert sizes == [2, 2, 2, 2, 5]
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                await http.get("/fault")

    passed(program)


def test_uniform_delays_are_whole_milliseconds_and_both_ends_are_hit() -> None:
    delays: set[float] = set()

    async def program(world: World) -> None:
        stub = Stub.from_wiremock(world, FOLDER)
        for _ in range(400):
            delays.add((await stub.answer(Request("GET", "/uniform"))).delay_s)

    passed(program, by_name("random", entropy=1))
    assert sorted(delays) == [round(ms / 1000, 3) for ms in range(15, 26)]


REQUEST = {"request": {"url": "/"}, "response": {}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"colour": 1}, "unknown field 'colour'"),
        ({"request": {"urll": "/"}}, "request: unknown field 'urll'"),
        ({"request": {"url": "/", "urlPath": "/"}}, "url and urlPath exclude each other"),
        ({"request": {"url": 5}}, "url must be a text, not 5"),
        ({"request": {"urlPattern": "("}}, "no regular expression"),
        ({"request": {"headers": {"a": {}}}}, "headers: a: no condition in it"),
        ({"request": {"bodyPatterns": [{"equalToXml": "<a/>"}]}}, "equalToXml is not simulated"),
        ({"request": {"customMatcher": {"name": "x"}}}, "customMatcher is not simulated"),
        ({"response": {"proxyBaseUrl": "http://x"}}, "proxyBaseUrl is not simulated"),
        ({"response": {"fault": "BOOM"}}, "fault 'BOOM' is none of CONNECTION_RESET_BY_PEER"),
        ({"response": {"fixedDelayMilliseconds": -1}}, "milliseconds, 0 or more, not -1"),
        ({"response": {"delayDistribution": {"type": "normal"}}}, "'normal' is none of lognormal"),
        (
            {"response": {"delayDistribution": {"type": "lognormal", "median": -80, "sigma": 1}}},
            "median must be a number of milliseconds, 0 or more, not -80",
        ),
        (
            {"response": {"body": "{{now}}", "transformers": ["response-template"]}},
            r"the template \{\{now\}\} is not simulated",
        ),
        ({"response": {"transformers": ["mine"]}}, "transformers is not simulated"),
        ({"newScenarioState": "x"}, "no scenarioName"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_the_file_and_the_field(
    tmp_path: Path, change: dict[str, object], words: str
) -> None:
    file = tmp_path / "m.json"
    file.write_text(json.dumps({**REQUEST, **change}))

    async def program(world: World) -> None:
        with pytest.raises((ValueError, RaceExploreError), match=words) as caught:
            Stub.from_wiremock(world, file)
        assert str(file) in str(caught.value)

    passed(program)


def test_files_that_are_not_there_or_not_json_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")

    async def program(world: World) -> None:
        with pytest.raises(ValueError, match=r"bad\.json: not JSON"):
            Stub.from_wiremock(world, tmp_path)
        with pytest.raises(FileNotFoundError, match="no such file or folder"):
            Stub.from_wiremock(world, tmp_path / "nowhere")

    passed(program)
