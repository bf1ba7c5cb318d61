"""What small programs touch, written down."""

from __future__ import annotations

import sys
from collections import Counter, OrderedDict, defaultdict, deque

import pytest

STOCK = """
class Stock:
    total = 0
    def __init__(self): self.count = 1
    def sell(self, n): self.count -= n
    @property
    def left(self): return self.count
    @left.setter
    def left(self, n): self.count = n
class Tight:
    __slots__ = ("a",)
"""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("x.get('a')", ["r dict#1['a']"]),
        ("x['a']", ["r dict#1['a']"]),
        ("x['a'] = 1", ["w dict#1['a']"]),
        ("x['a'] += 1", ["w dict#1['a']"]),
        ("del x['a']", ["w dict#1['a']"]),
        ("x.pop('a')", ["w dict#1['a']"]),
        ("x.setdefault('z', 1)", ["w dict#1['z']"]),
        ("x.get(str(0) + 'q')", ["r dict#1['0q']"]),
        ("'a' in x", ["r dict#1['a']"]),
        ("str(1) not in x", ["r dict#1['1']"]),
        ("len(x)", ["r dict#1"]),
        ("for _ in x: pass", ["r dict#1"]),
        ("for _ in x.items(): pass", ["r dict#1"]),
        ("[k for k in x]", ["r dict#1"]),
        ("list(x)", ["r dict#1"]),
        ("[*x]", ["r dict#1"]),
        ("{**x}", ["r dict#1"]),
        ("dict(**x)", ["r dict#1"]),
        ("a, = x", ["r dict#1"]),
        ("if x: pass", ["r dict#1"]),
        ("not x", ["r dict#1"]),
        ("x and 1", ["r dict#1"]),
        ("x == {}", ["r dict#1"]),
        ("f'{x}'", ["r dict#1"]),
        ("x | {}", ["r dict#1"]),
        ("x |= {}", ["w dict#1"]),
        ("x.update(b=1)", ["w dict#1"]),
        ("x.clear()", ["w dict#1"]),
        ("x[1, 'a'] = 1", ["w dict#1[(1, 'a')]"]),
        ("x[frozenset()] = 1", ["w dict#1"]),
        ("x is None", []),
        ("y = x", []),
        ("match x:\n        case {'a': 1}: pass", ["r dict#1"]),
    ],
)
def test_a_dict_is_touched_key_by_key(touched, line, expected) -> None:
    assert touched(f"def f(x):\n    {line}", {"a": 1}) == expected


@pytest.mark.parametrize(
    ("value", "line", "expected"),
    [
        ([1, 2], "x[-1]", ["r list#1[1]"]),
        ([1, 2], "x[0:1]", ["r list#1"]),
        ([1, 2], "x[0] = 1", ["w list#1[0]"]),
        ([1, 2], "del x[0]", ["w list#1"]),
        ([1, 2], "x[:] = []", ["w list#1"]),
        ([1, 2], "x.append(1)", ["w list#1"]),
        ([1, 2], "x.index(1)", ["r list#1"]),
        ([1, 2], "1 in x", ["r list#1"]),
        ([1, 2], "x += [1]", ["w list#1"]),
        ([1, 2], "import heapq; heapq.heappush(x, 3)", ["w list#1"]),
        ([1, 2], "from heapq import heappop as p; p(x)", ["w list#1"]),
        ([1, 2], "sum(i for i in x)", ["r list#1"]),
        ({1}, "x.add(2)", ["w set#1[2]"]),
        ({1}, "2 in x", ["r set#1[2]"]),
        ({1}, "x.update([2])", ["w set#1"]),
        (deque([1]), "x.popleft()", ["w deque#1"]),
        (deque([1]), "x[0]", ["r deque#1[0]"]),
        (bytearray(b"a"), "x[0] = 1", ["w bytearray#1[0]"]),
        (defaultdict(int), "x['a']", ["w defaultdict#1['a']"]),
        (defaultdict(int, a=1), "x['a']", ["r defaultdict#1['a']"]),
        (Counter(), "x['a']", ["r Counter#1['a']"]),
        (Counter(), "x['a'] += 1", ["w Counter#1['a']"]),
        (OrderedDict(a=1), "x.move_to_end('a')", ["w OrderedDict#1"]),
        (iter([1]), "next(x)", ["w list_iterator#1", "r list#2"]),
        ("text", "x[0]; x.upper(); len(x); x == x; [*x]", []),
        ((1, 2), "x[0]; len(x); a, b = x; 1 in x", []),
        (3, "x + x; x.real; bool(x)", []),
        (sys, "x.maxsize; x.modules", ["r sys.maxsize", "r sys.modules"]),
    ],
)
def test_each_kind_of_object_has_its_table(touched, value, line, expected) -> None:
    assert touched(f"def f(x):\n    {line}", value) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("s.count", ["r Stock#1.count"]),
        ("s.count = 2", ["w Stock#1.count"]),
        ("s.count += 2", ["w Stock#1.count"]),
        ("del s.count", ["w Stock#1.count"]),
        ("s.sell(1)", ["w Stock#1.count"]),
        ("s.sell", []),
        ("s.left", ["r Stock#1.count"]),
        ("s.left = 2", ["w Stock#1.count"]),
        ("s.__class__", []),
        ("s.total", ["r Stock#1.total", "r Stock.total"]),
        ("Stock.total += 1", ["w Stock.total"]),
        ("Stock.sell", []),
        ("getattr(s, 'count')", ["r Stock#1.count"]),
        ("getattr(s, str('count'))", ["r Stock#1"]),
        ("setattr(s, 'count', 1)", ["w Stock#1.count"]),
        ("setattr(s, str('count'), 1)", ["w Stock#1"]),
        ("s.sell = print; s.sell()", ["r Stock.sell", "w Stock#2.sell"]),
        ("t = Tight(); t.a = 1; t.a", ["w Tight#1.a"]),
        ("s.made, s.count = 1, 2", ["w Stock#1.made", "w Stock#1.count"]),
        ("for s.count in [1]: pass", ["w Stock#1.count"]),
    ],
)
def test_an_object_is_touched_attribute_by_attribute(touched, line, expected) -> None:
    source = f"{STOCK}\nstock = Stock()\ndef f():\n    s = stock\n    {line}"
    assert touched(source) == expected


def test_a_method_that_data_may_hide_is_a_location_from_the_start(touched) -> None:
    source = """
        class Hook:
            def call(self): pass
            def other(self): pass
        def f():
            hook = Hook()
            hook.call()
            hook.other()
        def g(hook):
            hook.call = print
    """
    assert touched(source) == ["r Hook#1.call", "r Hook.call"]


def test_a_global_that_no_function_rebinds_is_no_location(touched) -> None:
    source = """
        import math
        LIMIT, count = 3, 0
        def g(): return LIMIT
        def f():
            global count
            count = g() + math.floor(count)
    """
    assert touched(source) == ["w program.count"]


def test_a_variable_that_tasks_share_is_a_location(touched) -> None:
    source = """
        def f():
            fixed, count = 1, 0
            count = 0
            def g():
                nonlocal count
                count += fixed
            g()
            local = 1
            local += 1
    """
    assert touched(source) == ["w variable#1.count"]


def test_reads_before_an_await_and_writes_after_it_are_of_two_events(touched) -> None:
    source = """
        import trio
        count = 0
        class Stock: pass
        async def one():
            await trio.lowlevel.checkpoint()
            return 1
        async def f():
            global count
            s = Stock()
            s.n = 0
            d = {"a": 0}
            await trio.lowlevel.checkpoint()
            count += await one()
            s.n += await one()
            d["a"] += await one()
            d.update(b=await one())
    """
    assert touched(source) == [
        ["w Stock#1.n"],
        ["r program.count"],
        ["w program.count", "r Stock#1.n"],
        ["w Stock#1.n", "r dict#3['a']"],
        ["w dict#3['a']"],
        ["w dict#3"],
    ]


def test_a_loop_that_awaits_reads_its_container_at_each_step(touched) -> None:
    source = """
        import trio
        async def f():
            d = {1: 2}
            for k, v in d.items():
                await trio.lowlevel.checkpoint()
    """
    assert touched(source) == [["r dict#1"], ["r dict#1"]]


def test_insertion_order_is_a_location_where_wanted(touched) -> None:
    source = "def f(d):\n    d['a'] = 1\n    d['a'] = 2"
    assert touched(source, {}) == ["w dict#1['a']"]
    assert touched(source, {}, insertion_order=True) == ["w dict#1['a']", "w dict#1.(order)"]
    assert touched(source, {"a": 0}, insertion_order=True) == ["w dict#1['a']"]


def test_code_that_nobody_observes_is_opaque(touched) -> None:
    source = "import networkx\ndef f(g):\n    g.add_node(1)\n    networkx.number_of_nodes(g)"
    networkx = pytest.importorskip("networkx")
    assert touched(source, networkx.Graph()) == ["w code that nobody observes"]
