"""Each thing that must be true of a story is broken by some change of its fix: oracle mutation."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import NamedTuple

import pytest

from raceexplore import explore
from raceexplore.search.programs.load import load_program

MODELS = Path(__file__).resolve().parents[2] / "models"
# the tools are in test_tool_mutants.py
ELSEWHERE = {"cli_config", "cli_lock"}
SLOW = {
    "bank_transfer",
    "box_office",
    "leader_lease",
    "redlock_update",
    "ticket_shop",
}  # a third of a second
RATES = {"crowd.py", "rush.py"}  # they have no fix: they measure how often the broken one fails


class Mutant(NamedTuple):
    """What is replaced in a story's fix, and what the failure then says. main: which function."""

    told: str
    story: str
    old: str
    new: str
    main: str = "main"


ASK = """        self.log.append(Asked(question))
        self.answered = trio.Event()

    def answer(self) -> None:
        \"\"\"Go on.\"\"\"
        self.log.append(Answered())
"""
FILL = '"price", "price lease")\n\n\nasync def main'
AGAIN = """            if await site.redis.get("page") is None:
                await"""
MUTANTS = [
    Mutant("not overdrawn", "bank_transfer", " FOR UPDATE", ""),
    Mutant("tickets sold of", "box_office", "left < 1", "left < -50"),
    Mutant("the cache keeps", "cache_aside", FILL, FILL.replace(', "price lease"', "")),
    Mutant(
        "the page was made",
        "cache_stampede",
        AGAIN,
        AGAIN.replace('await site.redis.get("page") is None', "True"),
    ),
    Mutant("the cart is", "cart", ", expected_version=version)", ", expected_version=None)"),
    Mutant("the projection of", "cart", "seen=entry.number", "seen=view.seen"),
    Mutant(
        "idle connections",
        "connection_pool",
        "                    await self.give_back(connection)\n",
        "                    pass\n",
    ),
    Mutant("charges", "double_charge", 'await checkout.post("order 1")', 'await checkout.post("")'),
    Mutant(
        "wrote the report",
        "failover_lock",
        "if not text and await night.report.compare_and_set(name, version)",
        "if not text",
    ),
    Mutant(
        "job 1 was done", "job_queue", " AND attempt = %s AND state = 'running'\"", ' AND %s > 0"'
    ),
    Mutant("were written in the order", "leader_lease", "fenced=True", "fenced=False"),
    Mutant("parcels", "outbox", "    if order not in outside.parcels:\n", "    if True:\n"),
    Mutant("requests let through", "rate_limiter", "redis.call('set', KEYS[1], left - 1)\n", ""),
    Mutant("the counter is", "redlock_update", '"read+write"', '"write"'),
    Mutant("declined", "saga", "        self.released.add(trip)\n", ""),
    Mutant(
        "no mapping is in",
        "stub_scenario",
        "        if now == state:",
        "        if await server.read() == state:",
    ),
    Mutant("sold twice", "ticket_shop", "if left < 1:", "if left < 0:"),
    Mutant("sold twice", "ticketing", "if left < 1:", "if left < 0:"),
    Mutant(
        "the cache says",
        "ticketing",
        "await self.cache.set(left - 1)",
        "await self.cache.set(left)",
    ),
    Mutant("balance is", "lost_update", "    async with account.lock:\n", "    if True:\n"),
    Mutant(
        "the balances are",
        "lock_order",
        "move(source, target, amount)",
        "move(first, second, amount)",
    ),
    Mutant(
        "seats are free or sold", "cancelled_checkout", "CancelScope(shield=True)", "CancelScope()"
    ),
    Mutant(
        "does not know",
        "broadcast",
        "while value in node.unacknowledged(neighbour):",
        "for _ in range(2):",
    ),
    Mutant("the nodes say", "g_counter", "max(self.sums[node], total)", "total"),
    Mutant("committed back", "consumer_group", ", generation=generation", ""),
    Mutant(
        "never done",
        "consumer_group",
        "    await broker.do(offset)\n",
        "    offset or await broker.do(offset)\n",
    ),
    Mutant("one leader a term", "election", "    await disk.sync()\n", ""),
    Mutant(
        "work was done by",
        "pipeline",
        "            started = self.log.append(Started(stage))\n",
        "            started = ()\n",
        "twice",
    ),
    Mutant(
        "a cancelled stage is completed",
        "pipeline",
        "            self.log.append(Cancelled(stage))\n",
        "            pass\n",
    ),
    Mutant(
        "while a question was open",
        "pipeline",
        ASK,
        ASK.replace("self.log.append(", "str("),
        "blocked",
    ),
    Mutant(
        "built on an old context", "pipeline", "Changed(stage)", 'Changed("validate")', "outdated"
    ),
    Mutant("has outdated", "pipeline", "Changed(stage)", 'Changed("slice")', "cascade"),
]


def _case(mutant: Mutant) -> object:
    marks = [pytest.mark.slow] if mutant.story in SLOW else []
    return pytest.param(mutant, id=f"{mutant.story}: {mutant.told}", marks=marks)


@pytest.mark.parametrize("mutant", [_case(mutant) for mutant in MUTANTS])
def test_each_invariant_is_broken_by_a_change_of_the_fix(mutant: Mutant, tmp_path: Path) -> None:
    text = (MODELS / mutant.story / "fixed.py").read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    changed = tmp_path / "mutant.py"
    changed.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    program = load_program(f"{changed}:{mutant.main}")
    campaign = explore(program, budget=1_000, shrink=False, explain=False)
    said = [f"{found.kind}: {found.message} {found.run.failure}" for found in campaign.failures]
    assert any(mutant.told in text for text in said), said


def test_each_invariant_of_each_story_has_its_mutant() -> None:
    told = {(mutant.story, mutant.told) for mutant in MUTANTS}
    stories = sorted(path.parent.name for path in MODELS.glob("*/fixed.py"))
    lost = [
        f"{story}: {invariant}"
        for story in stories
        if story not in ELSEWHERE
        for invariant in _invariants(MODELS / story)
        if not any(story == of and words in invariant for of, words in told)
    ]
    assert lost == []


def _invariants(story: Path) -> list[str]:
    """Return the texts of a story's assertions and invariants, as they are written."""
    found: list[str] = []
    for path in sorted(path for path in story.glob("*.py") if path.name not in RATES):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert) and node.msg is not None:
                found.append(ast.unparse(node.msg))
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".always"):
                found.append(ast.unparse(node.args[0]))
    return found
