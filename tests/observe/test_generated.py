"""Generated programs behave as before when they are rewritten."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

PRELUDE = """
logged = []
def log(*x): logged.append(repr(x)); return x[0]
class O:
    x = 3
    def __repr__(self): return 'O'
"""
NAMES = st.sampled_from(["a", "d", "o", "s", "n"])
EXPRESSIONS = st.recursive(
    NAMES | st.sampled_from(["0", "1", "'x'", "None", "[]", "{}"]),
    lambda e: st.one_of(
        st.tuples(e, e).map("({0[0]})[{0[1]}]".format),
        st.tuples(e, e).map("({0[0]} in {0[1]})".format),
        st.tuples(e, st.sampled_from("+-|&*"), e).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(e, st.sampled_from(["==", "<", "is", "not in"]), e).map(
            "({0[0]} {0[1]} {0[2]})".format
        ),
        st.tuples(e, st.sampled_from(["and", "or"]), e).map("({0[0]} {0[1]} {0[2]})".format),
        st.tuples(e, e, e).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(e, st.sampled_from(["x", "real", "zz"])).map("({0[0]}).{0[1]}".format),
        st.tuples(e, st.sampled_from(["get", "pop", "append", "index", "update"]), e).map(
            "({0[0]}).{0[1]}({0[2]})".format
        ),
        st.tuples(e, e).map("log({0[0]}, *[{0[1]}])".format),
        e.map("[*{0}]".format),
        e.map("[v for v in {0}]".format),
        e.map("len({0})".format),
        e.map("(lambda: {0})()".format),
        e.map("f'{{{0}!r}}'".format),
        st.tuples(NAMES, e).map("({0[0]} := {0[1]})".format),
    ),
    max_leaves=12,
)
STATEMENTS = st.one_of(
    EXPRESSIONS,
    st.tuples(NAMES, EXPRESSIONS).map("{0[0]} = {0[1]}".format),
    st.tuples(NAMES, EXPRESSIONS).map("{0[0]} += {0[1]}".format),
    st.tuples(NAMES, EXPRESSIONS, EXPRESSIONS).map("{0[0]}[{0[1]}] = {0[2]}".format),
    st.tuples(NAMES, EXPRESSIONS, EXPRESSIONS).map("{0[0]}[{0[1]}] += {0[2]}".format),
    st.tuples(NAMES, EXPRESSIONS).map("{0[0]}.x = {0[1]}".format),
    st.tuples(NAMES, EXPRESSIONS).map("{0[0]}.x += {0[1]}".format),
    st.tuples(NAMES, EXPRESSIONS).map("del {0[0]}[{0[1]}]".format),
    st.tuples(NAMES, NAMES, EXPRESSIONS).map("{0[0]}, *{0[1]} = {0[2]}".format),
)


@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # `same` keeps nothing
)
@given(
    st.lists(STATEMENTS, min_size=1, max_size=4),
    st.sampled_from(["detached", "attached", "with values"]),
    st.booleans(),
)
def test_generated_programs_behave_as_before(
    same: Callable[[str, str], None], lines: list[str], mode: str, shared: bool
) -> None:
    start = ["a = [1, 2]", "d = {0: 1, 'x': a}", "o = O()", "s = {1}", "n = 1"]
    rebind = (
        ["def rebind():", "    nonlocal a, n", "    a, n = [n], 2", "rebind()"] if shared else []
    )
    body = [*start, *rebind, *lines, "return a, d, vars(o), s, n"]
    main = "".join(f"    {line}\n" for line in body)
    program = f"{PRELUDE}def main():\n{main}result = main()"
    try:
        compile(program, "program.py", "exec")
    except SyntaxError:
        return
    same(program, mode)
