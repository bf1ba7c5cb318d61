"""sweep: curves that equal their closed form, and the setting from which on a bug is seen."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from command import Rx
from raceexplore import BadOption, Settings, World, replay, run_once
from raceexplore.kernel.fence.chance import derive
from raceexplore.report.evidence.of_sweep import sweep_csv
from raceexplore.report.evidence.plots import svg_plot, terminal_plot
from raceexplore.search.evidence.grid import Axis, axis, points
from raceexplore.search.evidence.sample import Drawn, sample
from raceexplore.search.evidence.sweep import sweep
from raceexplore.search.programs.load import load_program
from raceexplore.sim import LogNormal, Uniform
from raceexplore.sim.hosts import Host

RUSH = Path(__file__).resolve().parents[3] / "models/ticketing/rush.py"
STORY = ("sigma=0", "sigma=1.89", "sigma=1.89,cpu=0.25,delay=0.002")
FIXED = "sigma=1.89,cpu=0.25,delay=0.002,fix=1"


async def late(world: World) -> None:
    """Fails as often as the knob says."""
    slow = 1 - world.knob("share", 0.1)
    assert Uniform(0.0, 1.0).draw(world, "call") <= slow


async def tail(world: World) -> None:
    assert LogNormal(1.0, 0.5).draw(world, "call") < 3.0


def test_a_sweep_reads_even_and_listed_values() -> None:
    assert axis("sigma=0:1.6:5") == Axis("sigma", (0.0, 0.4, 0.8, 1.2, 1.6))
    assert axis("cpu=1,0.5") == Axis("cpu", (1.0, 0.5))
    both = points([axis("a=1,2"), axis("b=3,4")], ["c=5"])
    assert both == ("a=1,b=3", "a=1,b=4", "a=2,b=3", "a=2,b=4", "c=5")


@pytest.mark.parametrize("text", ["sigma", "sigma=", "=1", "a=1:2", "a=1:2:1", "a=x", "a=inf"])
def test_what_is_no_axis_is_refused(text: str) -> None:
    with pytest.raises(BadOption, match="vary a knob as"):
        axis(text)


def test_the_curve_of_a_tail_is_its_closed_form() -> None:
    result = sweep(tail, [axis("sigma=0.4:1.6:4"), axis("latency=1,2")], runs=200, visible=False)
    assert list(result.curves()) == ["latency=1", "latency=2"]
    for point in result.points:
        knobs = dict(part.split("=") for part in point.knobs.split(","))
        z = math.log(3 / float(knobs["latency"])) / float(knobs["sigma"])
        truth = 1 - 0.5 * (1 + math.erf(z / math.sqrt(2)))
        assert point.interval.low < truth < point.interval.high
        assert point.against == 0  # the upper quantiles only grow with either


def test_the_smallest_setting_that_100_runs_show_is_confirmed_by_100_fresh_trials() -> None:
    (seen,) = sweep(late, [axis("share=0:0.2:5")], runs=600).visible
    assert seen.value is not None
    assert 0.0295 <= seen.value <= 0.06
    shown = 0
    for trial in range(100):
        entropy = derive(99, trial)
        shown += sample(late, runs=100, entropy=entropy, knobs=f"share={seen.value}").failed > 0
    assert shown >= 90


def test_where_no_setting_shows_it_the_sweep_says_so() -> None:
    (seen,) = sweep(late, [axis("share=0:0.004:2")], runs=500).visible
    assert seen.value is None
    assert "at no value is it seen in 100 runs" in seen.why


def test_the_knobs_are_part_of_a_seed() -> None:
    scheduler = Drawn(0)
    scheduler.begin()
    run = run_once(late, scheduler, settings=Settings(knobs="share=1"))
    assert run.outcome == "failed"
    again = replay(late, run.seed)
    assert (again.outcome, again.settings.knobs) == ("failed", "share=1")


def test_a_host_has_the_limit_that_a_sweep_sets() -> None:
    taken = []

    async def busy(world: World) -> None:
        await Host(world, "box").compute(0.1)
        taken.append(world.now())

    for knobs in ("", "cpu=0.25"):
        sample(busy, runs=1, knobs=knobs)
    assert taken[0] == pytest.approx(0.1)
    assert taken[1] > 0.2


def test_the_story_of_ticketing_follows_littles_law() -> None:
    per = ("oversold", "tickets")
    result = sweep(load_program(str(RUSH)), further=[*STORY, FIXED], runs=25, per=per)
    expected = [0.003, 0.0120, 0.0230, 0.0]
    assert [point.expected for point in result.points] == pytest.approx(expected, abs=5e-5)
    for point, truth in zip(result.points, expected, strict=True):
        assert point.interval.low <= truth <= point.interval.high
    assert result.points[-1].sample.failed == 0


@pytest.mark.parametrize("knobs", ["sigma", "sigma=x", "=1", "a=1,,b=2", "a=nan"])
def test_knobs_that_make_no_sense_are_refused(knobs: str) -> None:
    with pytest.raises(BadOption, match="a knob is like"):
        Settings(knobs=knobs)


def test_a_knob_that_nobody_asks_for_is_refused_by_name() -> None:
    with pytest.raises(BadOption, match="asks for the knob 'cpu'; it has latency, share"):
        sweep(late, [axis("cpu=1,0.5")], runs=5)


def test_pictures_and_tables_are_the_same_each_time() -> None:
    drawn = [sweep(late, [axis("share=0.1,0.2")], runs=50, visible=False) for _ in range(2)]
    pictures = [svg_plot(each) for each in drawn]
    assert pictures[0] == pictures[1]
    assert ET.fromstring(pictures[0]).tag.endswith("svg")
    plot = terminal_plot(drawn[0], 80)
    assert max(map(len, plot)) <= 80
    assert "share" in plot[-1]
    rows = list(csv.DictReader(io.StringIO(sweep_csv(drawn[0]))))
    assert [row["share"] for row in rows] == ["0.1", "0.2"]
    assert [int(row["runs"]) for row in rows] == [50, 50]


PROGRAM = """\
from raceexplore import World
from raceexplore.sim import Uniform

async def main(world: World):
    assert Uniform(0.0, 1.0).draw(world, "call") <= 1 - world.knob("share", 0.1)

def expected(knobs):
    return knobs["share"]
"""


def test_the_command_draws_prints_and_writes(rx: Rx, tmp_path: Path) -> None:
    told = ("sweep", "late.py", "--vary", "share=0.1,0.4", "--runs", "200")
    ended = rx(*told, "--svg", "a.svg", "--csv", "a.csv", "--html", "a.html", late=PROGRAM)
    assert ended.status == 0
    assert "share=0.4  200   " in ended.out
    assert "closed form" in ended.out
    assert "100 runs show it with 95 % from share=0.1 on" in ended.out
    assert (tmp_path / "a.csv").read_text(encoding="utf-8").count("\n") == 3
    assert "<svg" in (tmp_path / "a.html").read_text(encoding="utf-8")
    value = json.loads(rx(*told, "--format", "json").out)
    assert [point["expected"] for point in value["points"]] == [0.1, 0.4]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "a sweep needs something to vary"),
        (["--vary", "cpu=1"], "asks for the knob 'cpu'"),
        (["--vary", "cpu"], "vary a knob as"),
        (["--at", "share"], "a knob is like"),
        (["--vary", "share=0:1:2000"], "vary a knob as"),
        (["--vary", "share=0.1", "--svg", "no/a.svg"], "there is no folder"),
    ],
)
def test_wrong_words_of_a_sweep_are_one_line(rx: Rx, arguments: list[str], words: str) -> None:
    ended = rx("sweep", "late.py", "--runs", "5", *arguments, late=PROGRAM)
    assert ended.status == 2
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1
