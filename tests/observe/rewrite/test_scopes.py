"""Which variables are shared."""

from __future__ import annotations

import ast

import pytest

from raceexplore.observe.rewrite.scopes import scopes_of


def shared(source: str) -> set[str]:
    scopes = scopes_of(ast.parse(source))
    return {name for scope in scopes.values() for name in scope.bindings if scope.shares(name)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = 1\nx = 2", set()),
        ("x = 1\ndef f():\n  global x\n  x = 2", {"x"}),
        ("def f():\n  x = 1\n  x = 2", set()),
        ("def f():\n  x = 1\n  def g(): return x", set()),
        ("def f():\n  x = 1\n  x = 2\n  def g(): return x", {"x"}),
        ("def f():\n  def g(): return x\n  x = 1", {"x"}),
        ("def f():\n  def g(): return h()\n  def h(): return g()", set()),
        ("def f():\n  x = 1\n  def g():\n    nonlocal x\n    x = 2", {"x"}),
        ("def f(x):\n  return lambda: x", set()),
        ("def f(x):\n  x = 1\n  return lambda: x", {"x"}),
        ("def f():\n  for x in y:\n    g(lambda: x)", {"x"}),
        ("def f():\n  x = 1\n  x = 2\n  return [x for _ in y]", set()),
        ("def f():\n  x = 1\n  x += 2\n  class A:\n    def g(s): return x", {"x"}),
        ("class A:\n  x = 1\n  x = 2\n  def g(s): return x", set()),
        ("class A:\n  def f(s):\n    __x = 1\n    __x = 2\n    return lambda: __x", {"_A__x"}),
        ("def f():\n  x = 1\n  def g():\n    def h():\n      nonlocal x\n      x = 1", {"x"}),
        ("def f(a=lambda b: b):\n  b = 1\n  return lambda: b", set()),
    ],
)
def test_a_variable_is_shared_if_inner_functions_can_see_it_change(
    source: str, expected: set[str]
) -> None:
    assert shared(source) == expected
