from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from bruteforce import SUBJECTS, accepted, by_definition, corrupt, generate, in_real_time
from raceexplore.kernel.errors import BadOption
from raceexplore.linearizability import models as sequential
from raceexplore.linearizability.history import UNKNOWN, History, Operation, Raised
from raceexplore.linearizability.linearize import linearizable, sequentially_consistent
from raceexplore.linearizability.models import Model


def history(*rows: str) -> History:
    """One row an operation: ``client call argument result``, at its columns of letters.

    A row is ``a: write(1)None  |---|``; the bar's ends are its moments; without a second end it is
    an info operation.
    """
    ops = []
    used: set[int] = set()
    for row in rows:
        text, bar = row.split("@")
        client, call, argument, result = text.split()
        begin = bar.index("|")
        end = bar.index("|", begin + 1) if bar.count("|") == 2 else None
        begin, end = begin * 100, None if end is None else end * 100
        while begin in used:
            begin += 1
        used.add(begin)
        while end in used and end is not None:
            end -= 1
        used |= {end} if end is not None else set()
        given = UNKNOWN if end is None else eval(result)
        ops.append(Operation(client, call, eval(argument), given, begin, end))
    return History(tuple(ops))


# What is written down: linearizable, sequentially consistent.
KNOWN = {
    "two overlapping writes may be ordered against their calls": (
        sequential.register(0), "yes", "yes",
        ("a write 1 None    @|--------|     ",
         "b write 2 None    @  |--|         ",
         "b read None 1     @       |--|    ",
         "c read None 1     @            |-|")),
    "a read may see a write that has not returned, and no later one may unsee it": (
        sequential.register(0), "no", "no",
        ("a write 1 None    @|-----------|",
         "b read None 1     @  |--|       ",
         "b read None 0     @       |--|  ")),
    "two clients see one write in different order of time only": (
        sequential.register(0), "no", "yes",
        ("a write 1 None    @|-----------|",
         "b read None 1     @  |--|       ",
         "c read None 0     @       |--|  ")),
    "a stale read is sequentially consistent but not linearizable": (
        sequential.register(0), "no", "yes",
        ("a write 1 None    @|--|        ",
         "b read None 0     @      |--|  ",)),
    "a client must read its own write": (
        sequential.register(0), "no", "no",
        ("a write 1 None    @|--|        ",
         "a read None 0     @      |--|  ",)),
    "two processes that each miss the other's write": (
        sequential.kv(0), "no", "no",
        ("a put ('x',1) None  @|--|          ",
         "a get 'y' 0         @      |---|   ",
         "b put ('y',1) None  @ |--|         ",
         "b get 'x' 0         @       |---|  ")),
    "herlihy and wing's queue: both take what the other put": (
        sequential.queue(), "yes", "yes",
        ("a put 'x' None      @|------|       ",
         "b put 'y' None      @  |--|          ",
         "b get None 'x'      @        |--|   ",
         "a get None 'y'      @          |--| ",)),
    "a queue that gives the second item first": (
        sequential.queue(), "no", "yes",
        ("a put 'x' None      @|--|            ",
         "b put 'y' None      @     |--|       ",
         "a get None 'y'      @          |--|  ",)),
    "each key alone is sequentially consistent, both together are not": (
        sequential.kv(0), "no", "no",
        ("a put ('x',1) None  @|-|                ",
         "a put ('y',1) None  @    |-|            ",
         "b get 'y' 1         @        |-|        ",
         "b get 'x' 0         @            |-|    ")),
    "an unanswered write may have taken effect": (
        sequential.register(0), "yes", "yes",
        ("a write 1 ?         @|             ",
         "b read None 1       @     |--|     ")),
    "an unanswered write may not have taken effect": (
        sequential.register(0), "yes", "yes",
        ("a write 1 ?         @|             ",
         "b read None 0       @     |--|     ")),
    "an unanswered write may take effect late, even after its client went on": (
        sequential.register(0), "yes", "yes",
        ("a write 1 ?         @|                  ",
         "a read None 0       @     |--|          ",
         "b read None 1       @            |--|   ")),
    "an unanswered write takes effect once": (
        sequential.register(0), "no", "no",
        ("a write 1 ?         @|                       ",
         "b read None 1       @     |--|               ",
         "b write 2 None      @          |--|          ",
         "b read None 1       @                |--|    ")),
    "an unanswered write does not take effect before its call": (
        sequential.register(0), "no", "yes",
        ("a write 1 ?         @            |     ",
         "b read None 1       @     |--|         ")),
    "an unanswered get takes one item": (
        sequential.queue(), "yes", "yes",
        ("a put 'x' None      @|--|            ",
         "b get None ?        @     |          ",
         "c get None None     @        |--|    ")),
    "two gets of one item": (
        sequential.queue(), "no", "no",
        ("a put 'x' None      @|--|            ",
         "b get None 'x'      @     |----|     ",
         "c get None 'x'      @       |--|     ")),
    "a lost update": (
        sequential.counter(), "no", "yes",
        ("a add 1 None        @|--|            ",
         "b add 1 None        @ |--|           ",
         "a read None 1       @       |--|     ")),
    "an item of the pool in two hands": (
        sequential.pool((1, 2)), "no", "no",
        ("a acquire None 1    @|--|            ",
         "b acquire None 1    @   |---|        ")),
    "an item of the pool in two hands, one after the other": (
        sequential.pool((1,)), "yes", "yes",
        ("a acquire None 1    @|--|            ",
         "b acquire None 1    @   |---------|  ",
         "a release 1 None    @      |--|      ")),
    "a lock released by another": (
        sequential.lock(), "no", "no",
        ("a acquire 'a' None  @|--|            ",
         "b release 'b' None  @     |--|       ")),
    "an entry outlives its time": (
        sequential.ttl_map(), "no", "no",
        ("a put ('x',1,0,5) None  @|--|            ",
         "b get ('x',5) 1         @     |--|       ")),
}  # fmt: skip


@pytest.mark.parametrize("name", KNOWN)
def test_known_histories_get_the_verdict_that_is_written_down(name: str) -> None:
    model, linear, sequentially, rows = KNOWN[name]
    assert linearizable(history(*rows), model).answer == linear
    assert sequentially_consistent(history(*rows), model).answer == sequentially


@pytest.mark.parametrize("name", SUBJECTS)
def test_verdicts_are_those_of_trying_every_order(name: str) -> None:
    subject, random = SUBJECTS[name], Random(name)
    whole = replace(subject.model, partition=None)
    answers = {"yes": 0, "no": 0}
    for number in range(320):
        made = generate(random, subject, size=random.randrange(2, 6))
        if number % 4:
            made = corrupt(random, made, subject)
        truth = by_definition(made, subject.model)
        assert truth or number % 4, "what a correct object did is linearizable"
        found = linearizable(made, subject.model)
        assert found.answer == ("yes" if truth else "no"), made
        assert linearizable(made, whole).answer == found.answer, made
        consistent = by_definition(made, subject.model, real_time=False)
        assert sequentially_consistent(made, subject.model).answer == (
            "yes" if consistent else "no"
        ), made
        answers[found.answer] += 1
        if truth:
            assert accepted(found.order, subject.model)
            assert in_real_time(found.order)
            assert {op for op in made if not op.info} <= set(found.order)
    assert min(answers.values()) > 20, answers


@pytest.mark.parametrize("name", SUBJECTS)
def test_the_refused_operation_is_the_first_that_no_order_gets_past(name: str) -> None:
    subject, random = SUBJECTS[name], Random(f"{name} prefix")
    refusals = 0
    for _ in range(100):
        made = corrupt(random, generate(random, subject, size=5), subject)
        found = linearizable(made, subject.model)
        if found.answer != "no":
            continue
        refusals += 1
        keyed = subject.model.partition
        part = [op for op in made if keyed is None or keyed(op.call, op.argument) == found.part]
        end = found.refused[0].operation.returned
        assert end is not None
        assert by_definition(until(part, end - 1), subject.model)
        assert not by_definition(until(part, end), subject.model)
    assert refusals > 5


def until(operations: list[Operation], moment: int) -> History:
    """What there was at ``moment``: what returned later may or may not have taken effect yet."""
    seen = [op for op in operations if op.invoked <= moment]
    return History(tuple(
        op if op.returned is not None and op.returned <= moment
        else op._replace(returned=None)
        for op in seen
    ))  # fmt: skip


def test_the_answer_is_unknown_when_the_steps_run_out() -> None:
    # Twelve overlapping writes and a read of what was never written: every subset must be tried.
    writes = [Operation(str(i), "write", i, None, i + 1, 101 + i) for i in range(12)]
    read = Operation("reader", "read", None, 99, 200, 201)
    hopeless = History((*writes, read))
    assert linearizable(hopeless, sequential.register(), steps=100).answer == "unknown"
    assert sequentially_consistent(hopeless, sequential.register(), steps=100).answer == "unknown"
    done = linearizable(hopeless, sequential.register())
    assert done.answer == "no"
    # 12 * 2**11 pairs of (done, last written), each entered once, and each asks for 11 at most
    assert done.steps < 12 * 2**11 * 12


def test_ten_thousand_operations_need_no_recursion() -> None:
    adds = [Operation("a", "increment", None, n + 1, 2 * n + 1, 2 * n + 2) for n in range(10_000)]
    assert linearizable(History(tuple(adds)), sequential.counter()).answer == "yes"


def test_a_hopeless_part_answers_before_an_endless_one() -> None:
    endless = [Operation(f"w{i}", "put", ("x", i), None, i + 1, 101 + i) for i in range(20)]
    endless.append(Operation("r", "get", "x", 99, 200, 201))
    hopeless = Operation("s", "get", "y", 1, 300, 301)
    verdict = linearizable(History((*endless, hopeless)), sequential.kv(), steps=50_000)
    assert (verdict.answer, verdict.part) == ("no", "y")


def test_a_call_about_all_parts_keeps_the_history_whole() -> None:
    """``clear()`` empties all keys: after it neither is there, and it is about both."""
    put = {"put": lambda held, key: (held | {key}, None)}
    has = {"has": lambda held, key: (held, key in held)}
    clear = {"clear": lambda _, __: (frozenset(), None)}
    model = sequential.sequential(
        "keys",
        frozenset(),
        put | has | clear,
        partition=lambda call, key: None if call == "clear" else key,
    )
    cleared = (
        "a put 'x' None      @|-|              ",
        "a clear None None   @    |-|          ",
        "a has 'x' False     @        |-|      ",
    )
    assert linearizable(history(*cleared), model).answer == "yes"
    kept = (*cleared[:2], cleared[2].replace("False", "True "))
    assert linearizable(history(*kept), model).answer == "no"


def test_a_model_may_have_several_next_states() -> None:
    """A coin: ``toss()`` tells nothing, ``look()`` tells what it was."""
    coin = Model(
        "coin",
        "none",
        lambda state, call, _, result: (
            ["heads", "tails"] if call == "toss" else state if result == state else None
        ),
    )
    tails = history("a toss None None  @|-|", "a look None 'tails' @    |-|")
    both = history(
        "a toss None None    @|-|        ",
        "a look None 'tails' @    |-|    ",
        "a look None 'heads' @        |-|",
    )
    assert linearizable(tails, coin).answer == "yes"
    assert linearizable(both, coin).answer == "no"
    assert linearizable(both, coin).refused[0].gives is None


def test_a_result_may_be_an_exception() -> None:
    model = sequential.queue(empty=Raised("WouldBlock"))
    empty = history("a get None Raised('WouldBlock') @|-|")
    full = history("a put 1 None @|-|", "a get None Raised('WouldBlock') @    |-|")
    assert linearizable(empty, model).answer == "yes"
    assert linearizable(full, model).answer == "no"


def test_wrong_use_is_refused_in_words() -> None:
    with pytest.raises(BadOption, match=r"'counter' has no call 'frob'; it has read, add, incr"):
        linearizable(history("a frob None None @|-|"), sequential.counter())
    with pytest.raises(BadOption, match=r"'register' is not hashable: \(\[1\],\)"):
        linearizable(history("a write [1] None @|-|"), sequential.register())
    with pytest.raises(BadOption, match="each must be new, and in order"):
        History((Operation("a", "read", None, 0, 2, 1),))
    overlap = history("a read None 0 @|---|", "a read None 0 @  |---|")
    with pytest.raises(BadOption, match="one client, one call at a time"):
        sequentially_consistent(overlap, sequential.register(0))
