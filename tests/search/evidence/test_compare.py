"""compare: a fix holds, fails or is inconclusive, and each verdict says by what."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from command import Rx
from raceexplore import BadOption, World
from raceexplore.search.evidence.compare import Comparison, Conclusion, compare, sentence
from raceexplore.search.evidence.sequential import clean_runs, mcnemar
from raceexplore.search.programs.load import load_program
from raceexplore.sim import Uniform

MODELS = Path(__file__).resolve().parents[3] / "models"
SHOP = MODELS / "ticket_shop"


def compared(before: Path, after: Path, **options: float) -> Comparison:
    return compare(load_program(str(before)), load_program(str(after)), **options)  # type: ignore[arg-type]


async def late(world: World) -> None:
    """Fails in an eighth of all runs."""
    assert Uniform(0.0, 1.0).draw(world, "call") <= 0.875


async def mended(world: World) -> None:
    Uniform(0.0, 1.0).draw(world, "call")


async def rarer(world: World) -> None:
    assert Uniform(0.0, 1.0).draw(world, "call") <= 0.995


@pytest.mark.parametrize(("rate", "runs"), [(0.023, 141), (0.012, 271), (0.003, 1_089)])
def test_the_sequential_test_ends_after_the_known_numbers_of_clean_runs(
    rate: float, runs: int
) -> None:
    assert clean_runs(rate) == runs
    result = compare(late, mended, exclude=rate)
    assert (result.pairs.runs, result.verdict) == (runs, Conclusion.HOLDS)


def test_a_planted_rate_is_taken_for_mended_in_at_most_5_percent_of_campaigns() -> None:
    draw, held = random.Random(11), 0
    for _ in range(2_000):
        held += all(draw.random() >= 0.003 for _ in range(clean_runs(0.003)))
    assert held / 2_000 <= 0.05


def test_an_uneven_table_is_told_from_an_even_one() -> None:
    assert mcnemar(10, 0) == pytest.approx(2 / 1024)
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(0, 0) == 1.0


def test_pairs_meet_the_same_draws() -> None:
    result = compare(late, late, runs=200)
    pairs = result.pairs
    assert (pairs.only_before, pairs.only_after) == (0, 0)
    assert pairs.both > 10
    assert result.verdict is Conclusion.FAILS


def test_what_still_fails_now_and_then_fails_with_a_seed() -> None:
    result = compare(late, rarer)
    assert result.verdict is Conclusion.FAILS
    assert result.pairs.only_after == 0
    assert result.pairs.both > 0
    assert result.survivors[0].seed.startswith("rx1-")


def test_too_few_runs_are_inconclusive_and_say_how_many_are_missing() -> None:
    result = compare(late, mended, runs=300)
    assert result.verdict is Conclusion.INCONCLUSIVE
    assert sentence(result) == "missing: 789 more clean runs (--runs 1,089)"


def test_nothing_holds_where_nothing_failed() -> None:
    result = compare(mended, mended)
    assert result.verdict is Conclusion.INCONCLUSIVE
    assert "there is nothing to hold" in sentence(result)


def test_the_race_of_ticketing_was_attempted_on_its_fix() -> None:
    story = MODELS / "ticketing"
    result = compared(story / "buggy.py", story / "fixed.py", attempts=5, exclude=0.023)
    assert result.verdict is Conclusion.HOLDS
    failing = result.pairs.before_failed
    assert (failing, result.pairs.after_failed, result.pairs.runs) == (4, 0, 141)
    assert result.retried.tried == {"exact": failing, "aligned": failing, "guided": failing}
    (tried,) = result.attempts
    assert (tried.count, tried.missing) == (5, "")
    assert "reads Cache#1.left" in tried.orders[0]


def test_a_fix_of_an_order_alone_is_proved_since_it_has_no_rate() -> None:
    story = MODELS / "lost_update"
    result = compared(story / "buggy.py", story / "fixed.py", attempts=5)
    assert result.verdict is Conclusion.HOLDS
    assert "of its schedules that differ were run, and none fails" in sentence(result)
    assert compared(story / "buggy.py", story / "wrong_fix.py").verdict is Conclusion.FAILS


def test_redlock_alone_fails_under_a_pause() -> None:
    result = compared(SHOP / "buggy.py", SHOP / "wrong_fix_redlock.py", runs=40)
    assert result.verdict is Conclusion.FAILS
    assert result.pairs.only_after > 5


@pytest.mark.slow
@pytest.mark.parametrize("fix", ["fixed_row_lock", "fixed"])
def test_the_row_lock_holds_with_redlock_and_without(fix: str) -> None:
    result = compared(SHOP / "buggy.py", SHOP / f"{fix}.py")
    assert result.verdict is Conclusion.HOLDS
    assert result.pairs.runs == 1_089
    assert result.pairs.before_failed > 20
    assert all(tried.count == 20 for tried in result.attempts)


BUGGY = """\
from raceexplore import World
from raceexplore.sim import Uniform
from parts import LIMIT

async def main(world: World):
    assert Uniform(0.0, 1.0).draw(world, "call") <= LIMIT
"""


def test_a_revision_of_a_file_is_compared_with_what_it_is_now(rx: Rx, tmp_path: Path) -> None:
    git = shutil.which("git")
    assert git is not None

    def commit(limit: float) -> None:
        (tmp_path / "parts.py").write_text(f"LIMIT = {limit}\n", encoding="utf-8")
        (tmp_path / "shop.py").write_text(BUGGY, encoding="utf-8")
        who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "x"]):
            subprocess.run([git, *words], cwd=tmp_path, check=True)

    commit(0.875)
    commit(1.0)
    ended = rx("compare", "shop.py", "--rev", "HEAD~1", "--exclude", "2.3%")
    assert ended.out.splitlines()[:2] == [
        "HOLDS  shop.py@HEAD~1:main -> shop.py:main",
        "       none of 141 drawn runs fails: a rate above 2.1 % is excluded with 95 % confidence",
    ]
    assert rx("compare", "shop.py", "--rev", "nowhere").status == 2
    assert rx("compare", "shop.py", "shop.py", "--rev", "HEAD~1", "--exclude", "2%").status == 0


def test_the_command_tells_the_verdict_in_each_form(rx: Rx) -> None:
    after = BUGGY.replace("from parts import LIMIT\n", "LIMIT = 1.0\n")
    before = after.replace("1.0\n", "0.875\n", 1)
    told = ("compare", "before.py", "after.py", "--exclude", "2.3%")
    ended = rx(*told, "--format", "json", before=before, after=after)
    value = json.loads(ended.out)
    assert (ended.status, value["verdict"], value["pairs"]["runs"]) == (0, "holds", 141)
    assert rx(*told, "--format", "markdown").out.startswith("### HOLDS: before.py:main -")
    ended = rx("compare", "before.py", "before.py", "--runs", "50")
    assert (ended.status, ended.out.splitlines()[0]) == (
        1, "FAILS  before.py:main -> before.py:main",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["before.py"], "name AFTER too, or --rev REVISION"),
        (["before.py", "before.py", "--exclude", "0"], "a rate is like 0.3% or 0.003"),
        (["before.py", "before.py", "--runs", "0"], "0 is not in the range"),
        (["before.py", "--rev", "HEAD"], "git rev-parse"),
        (["gone.py", "before.py"], "gone.py"),
    ],
)
def test_wrong_words_are_one_line(rx: Rx, arguments: list[str], words: str) -> None:
    ended = rx("compare", *arguments, before="async def main():\n    pass\n")
    assert ended.status == 2
    assert words in ended.err
    assert len(ended.err.splitlines()) == 1


def test_impossible_options_are_refused() -> None:
    with pytest.raises(BadOption, match="between 0 and 1"):
        compare(late, mended, exclude=2.0)
    with pytest.raises(BadOption, match="at least 1"):
        compare(late, mended, runs=0)
