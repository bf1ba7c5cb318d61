"""Python's own modules, rewritten, pass Python's own tests as they do when they are not."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from raceexplore.observe.rewrite.statements import compile_observed

pytest.importorskip("test.support", reason="this Python comes without its own tests")

MODULES = (
    *("bisect", "configparser", "csv", "dataclasses", "difflib", "fractions", "graphlib"),
    *("json", "pprint", "random", "reprlib", "shlex", "string", "textwrap"),
)
DRIVER = """
import importlib, io, sys, unittest, warnings
from contextlib import nullcontext
from raceexplore.observe.hooks import hook as hooks
from raceexplore.observe.ledger.ledger import Ledger
from raceexplore.observe.load import observing
module, rewritten = sys.argv[1], sys.argv[2] == "rewritten"
tests = "test.test_" + module
warnings.simplefilter("ignore")
with observing(module, tests) if rewritten else nullcontext():
    assert ("__rx_module__" in vars(importlib.import_module(module))) is rewritten
    hooks.attach(Ledger() if rewritten else None)
    suite = unittest.defaultTestLoader.loadTestsFromModule(importlib.import_module(tests))
    result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite)
    hooks.attach(None)
print(result.testsRun, sorted(str(test) for test, _ in (*result.failures, *result.errors)))
"""


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_a_library_module_passes_its_tests_rewritten(module: str) -> None:
    told = [
        subprocess.run(
            [sys.executable, "-c", DRIVER, module, how],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout
        for how in ("plain", "rewritten")
    ]
    assert told[1] == told[0]
    assert int(told[0].split()[0]) > 0


@pytest.mark.parametrize(
    "source",
    [
        "nonlocal x",
        "def f():\n  nonlocal x",
        "def f():\n  x\n  global x",
        "def f(a, a): pass",
        "return 1",
        "break",
        "match 1:\n  case x: pass\n  case y: pass",
        "x = [await z for z in y]",
        "x = [1 for y in (z := [])]",
        "from __future__ import nope",
        "*a = 1",
        "del f()",
    ],
)
def test_what_is_no_program_fails_as_before(source: str) -> None:
    found = []
    for make in (compile_observed, lambda *a: compile(*a, "exec", dont_inherit=True)):
        with pytest.raises(SyntaxError) as caught:
            make(source, "program.py")
        found.append((caught.value.msg, caught.value.lineno))
    assert found[0] == found[1]


def test_a_long_sum_is_rewritten() -> None:
    source = f"def f(a):\n  return {'+'.join(['a'] * 1_000)}\nresult = f(1)"
    compile_observed(textwrap.dedent(source), "program.py")
