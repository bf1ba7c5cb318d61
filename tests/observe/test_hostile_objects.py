"""Objects that lie about what they are, or raise: what they do is all that is observed."""

from __future__ import annotations

from pathlib import Path

import pytest

from forked_command import forked

MEMBERS = {
    "class": "__class__ = property(lambda self: 1 / 0)",
    "mock_dict": "__class__ = property(lambda self: dict)",
    "mock_set": "__class__ = property(lambda self: set)",
    "mock_module": "__class__ = property(lambda self: type(sys))",
    "mock_type": "__class__ = property(lambda self: type)",
    "mock_event": "__class__ = property(lambda self: trio.Event)",
    "mock_str": "__class__ = property(lambda self: str)",
    "mock_exc": "__class__ = property(lambda self: ValueError)",
    "mock_list": "__class__ = property(lambda self: list)",
    "mock_tuple": "__class__ = property(lambda self: tuple)",
    "mock_lock": "__class__ = property(lambda self: trio.Lock)",
    "mock_func": "__class__ = property(lambda self: type(main))",
    "dict": "__dict__ = property(lambda self: 1 / 0)",
    "hash": "def __hash__(self): raise ValueError('h')",
    "eq": "def __eq__(self, o): raise ValueError('e')\n    __hash__ = object.__hash__",
    "repr": "def __repr__(self): raise ValueError('r')",
    "bool": "def __bool__(self): raise ValueError('b')",
    "len": "def __len__(self): raise ValueError('l')",
    "iter": "def __iter__(self): raise ValueError('i')",
}
PROGRAM = """
import sys, trio
class Odd:
    {}
    def __init__(self): object.__setattr__(self, "n", 0)
    def bump(self, by): self.n += by; return self
    def __getitem__(self, k): return self.n
    def __setitem__(self, k, v): object.__setattr__(self, "n", v)
    def __contains__(self, k): return True
    def __call__(self, x): return x
    def __enter__(self): return self
    def __exit__(self, *a): pass
    def __add__(self, o): return self
odd = None
held = None
table = None
async def w(name):
    global odd
    odd.bump(1)
    await trio.sleep(0)
    odd.n = odd.n + 1
    odd["k"] = odd["k"] + 1
    "k" in odd
    held.append(odd)
    table[name] = odd
    a, (b, c) = odd, (odd, 1)
    with odd as x: pass
    odd(odd)
    f"{{name}}"
    getattr(odd, "n"); setattr(odd, "n", 5)
    tuple([odd]); [o for o in held]; list(table.values())
    odd += 1
    held.index; len(held)
    del table[name]
    await trio.sleep(0)
    print(name, end="")
async def main():
    global odd, held, table
    odd = Odd(); held = [odd]; table = {{1: odd}}
    async with trio.open_nursery() as n:
        n.start_soon(w, "a"); n.start_soon(w, "b")
"""


@pytest.mark.parametrize("name", MEMBERS)
def test_an_object_that_lies_is_observed_as_what_it_is(tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.py").write_text(PROGRAM.format(MEMBERS[name]), encoding="utf-8")
    ended = forked(tmp_path, "run", "odd.py", "--scheduler", "dpor", "--budget", "60")
    assert (ended.status, ended.err) == (0, "")
    assert "6 trace classes" in ended.out


@pytest.mark.parametrize("name", ["class", "mock_module"])
def test_a_variable_that_lies_hides_no_runtime(tmp_path: Path, name: str) -> None:
    text = f"import sys, trio\nclass Odd:\n    {MEMBERS[name]}\nodd = Odd()\n"
    text += "async def main():\n    await trio.sleep(0)\n"
    (tmp_path / "odd.py").write_text(text, encoding="utf-8")
    assert forked(tmp_path, "run", "odd.py").status == 3  # there is nothing to explore


LIES = {
    "func": "__func__ = property(lambda self: 1 / 0)",
    "getattr": "def __getattr__(self, name): raise RuntimeError(name)",
    "module": "__module__ = 5",
    "class": "__class__ = property(lambda self: 1 / 0)",
}
IN_CLASSES = """
import functools, trio
class Odd:
    {}
    def __call__(self, *a): return 1
class Till:
    odd, n = Odd(), 0
    def __init__(self): self.own = Odd()
Till.__enter__ = Till.extra = Odd()
till = None
async def w(name):
    till.odd(1); Till.odd(1); Till.extra(1); till.own(1)
    functools.partial(Odd(), 1)()
    list(map(Odd(), [1])); sorted([2, 1], key=till.own)
    till.n += 1
    await trio.sleep(0)
    till.n += 1
async def main():
    global till
    till = Till()
    async with trio.open_nursery() as n:
        n.start_soon(w, "a"); n.start_soon(w, "b")
"""


@pytest.mark.parametrize("name", LIES)
def test_what_a_class_holds_is_not_asked(tmp_path: Path, name: str) -> None:
    (tmp_path / "odd.py").write_text(IN_CLASSES.format(LIES[name]), encoding="utf-8")
    ended = forked(tmp_path, "run", "odd.py", "--scheduler", "dpor", "--budget", "60")
    assert (ended.status, ended.err) == (0, "")


def test_a_class_without_a_hash_is_refused_by_name(tmp_path: Path) -> None:
    text = """
class Meta(type):
    def __eq__(self, other): return self is other
class Odd(metaclass=Meta):
    pass
odd = Odd()
async def main():
    odd.n = 1
"""
    (tmp_path / "odd.py").write_text(text, encoding="utf-8")
    ended = forked(tmp_path, "run", "odd.py", "--budget", "3")
    told = "odd.odd holds an object of Odd, a class whose metaclass gives it no hash"
    assert (ended.status, ended.out, ended.err) == (4, "", f"error: {told}\n")
