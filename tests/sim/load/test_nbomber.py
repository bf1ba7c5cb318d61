"""NBomber's JSON configuration: its load simulations are honoured, the rest is refused by name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from raceexplore import BadOption, World
from raceexplore.sim import Unmodelled
from raceexplore.sim.load import Invocation, Load, Scenario
from raceexplore.sim.load.nbomber import read_nbomber
from raceexplore.sim.load.phases import (
    inject,
    inject_random,
    iterations_for_constant,
    iterations_for_inject,
    keep_constant,
    pause,
    ramping_constant,
    ramping_inject,
)
from simulated import passed

FILE = Path(__file__).with_name("nbomber.json")


def written(path: Path, **settings: object) -> Path:
    one = {
        "ScenarioName": "buy",
        "LoadSimulationsSettings": [{"Inject": [1, "00:00:01", "00:00:01"]}],
    }
    document = {"GlobalSettings": {"ScenariosSettings": [one | settings]}}
    path.write_text(json.dumps(document))
    return path


def test_each_load_simulation_is_read() -> None:
    assert read_nbomber(FILE) == {
        "buy": [
            ramping_inject(10, 1.0, 4.0),
            inject(20, 0.5, 1.0),
            pause(2.0),
            inject_random(1, 3, 1.0, 2.0),
            iterations_for_inject(2, 1.0, 5),
        ],
        "look": [
            ramping_constant(4, 2.0),
            keep_constant(4, 60.0),
            iterations_for_constant(2, 10),
        ],
    }


def test_the_scenarios_of_a_file_go_on_side_by_side() -> None:
    async def program(world: World) -> None:
        async def look(request: Invocation) -> None:
            await world.sleep(1.0)

        async def purchase(request: Invocation) -> None:
            await world.sleep(0.1)

        load = Load.from_nbomber(world, FILE)
        report = await load.run(look, Scenario(purchase, name="buy"))
        # 0 + 2 + 5 + 8 by the ramp, 2 * 20, 2 * 1 (the least is neutral), and 5
        assert report.of("buy").count == 15 + 40 + 2 + 5
        assert report.of("look").ok.percentile(50) == 1.0

    passed(program)


def test_a_scenario_that_the_file_does_not_know_is_refused() -> None:
    async def program(world: World) -> None:
        async def purchase(request: Invocation) -> None:
            raise NotImplementedError

        with pytest.raises(BadOption, match="its scenarios are buy, look, not purchase"):
            await Load.from_nbomber(world, FILE).run(purchase)

    passed(program)


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"MaxFailCount": 500}, "MaxFailCount"),
        ({"WarmUpDuration": "00:00:30"}, "WarmUpDuration"),
        ({"ThresholdSettings": []}, "ThresholdSettings"),
        ({"LoadSimulationsSettings": [{"InjectBurst": [1]}]}, "InjectBurst"),
    ],
)
def test_a_setting_that_cannot_be_honoured_is_refused_by_name(
    tmp_path: Path, settings: dict[str, object], name: str
) -> None:
    with pytest.raises(Unmodelled, match=name):
        read_nbomber(written(tmp_path / "n.json", **settings))


@pytest.mark.parametrize(
    ("simulation", "complaint"),
    [
        ({"Inject": [1, "00:00:01"]}, "Inject has 3 values"),
        ({"Inject": ["x", "00:00:01", "00:00:01"]}, "expected a whole number, not 'x'"),
        ({"Inject": [1, "1s", "00:00:01"]}, "a time is like '00:00:30', not '1s'"),
        ({"Inject": [1, "00:00:09", "00:00:01"]}, "an interval is above 0 s"),
        ([], "a load simulation is an object"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(
    tmp_path: Path, simulation: object, complaint: str
) -> None:
    path = written(tmp_path / "n.json", LoadSimulationsSettings=[simulation])
    with pytest.raises(BadOption, match=complaint) as caught:
        read_nbomber(path)
    assert f"{path}: scenario buy" in str(caught.value)


def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.json"
    for text, complaint in [("{", "not JSON"), ("[]", "expected an object"), ("{}", "no load")]:
        path.write_text(text)
        with pytest.raises(BadOption, match=complaint):
            read_nbomber(path)
