"""Programs whose exceptions, names and objects lie, raise and loop; and all that misbehave."""

from __future__ import annotations

from misuse import (
    ENDS,
    HEAD,
    NAMES,
    PROCESSES,
    STUCKS,
    SWEEP,
    SWITCHES,
    TEXT,
    Misuse,
    main,
    raises,
    rare,
)  # fmt: skip
from misuse_more import MORE

GETS = "def __getattribute__(self, name): raise RuntimeError('hidden')"
TEXTS = [
    Misuse("str_raises", TEXT, raises("def __str__(self): return self.reason"), 1, "Odd"),
    Misuse("str_is_no_text", TEXT, raises("def __str__(self): return 5"), 1, "Odd"),
    Misuse("str_recurs", TEXT, raises("def __str__(self): return str(self)"), 1, "Odd"),
    Misuse("str_exits", TEXT, raises("def __str__(self): raise SystemExit(0)"), 1, "Odd"),
    Misuse("str_interrupts", TEXT, raises("def __str__(self): raise KeyboardInterrupt"), 1, "Odd"),
    Misuse("str_loops", TEXT, raises("def __str__(self):\n    while True: pass"), 1, "Odd"),
    Misuse(
        "str_loops_in_c",
        TEXT,
        raises("def __str__(self): return sum(itertools.repeat(0))"),
        1,
        "Odd",
    ),
    Misuse("str_dies", TEXT, raises("def __str__(self): ctypes.string_at(0)"), 1, "Odd"),
    Misuse(
        "str_is_another_text",
        TEXT,
        raises(
            "def __str__(self): return T('x')",
            "class T(str):\n    def strip(self): raise ValueError\n",
        ),
        1,
        "Odd",
    ),
    Misuse("str_is_long", TEXT, raises("def __str__(self): return 'x' * 10**8"), 1, "Odd: xxx"),
    Misuse(
        "str_has_many_lines", TEXT, raises("def __str__(self): return 'x\\n' * 10**7"), 1, "Odd"
    ),
    Misuse("str_has_half_a_letter", TEXT, raises("def __str__(self): return '\\ud800'"), 1, "Odd"),
    Misuse("notes_are_none", TEXT, raises("__notes__ = 5"), 1, "Odd"),
    Misuse(
        "notes_never_end",
        TEXT,
        raises("@property\ndef __notes__(self): return itertools.repeat('x')"),
        1,
        "Odd",
    ),
    Misuse("notes_raise", TEXT, raises("@property\ndef __notes__(self): 1 / 0"), 1, "Odd"),
    Misuse(
        "note_raises", TEXT, raises("__notes__ = [type('N', (), {'__str__': None})()]"), 1, "Odd"
    ),
    Misuse("class_lies", TEXT, raises("__class__ = property(lambda self: 1 / 0)"), 1, "Odd"),
    Misuse("hides_all", TEXT, raises(GETS), 1, "Odd"),
    Misuse(
        "equal_to_none", TEXT, raises("def __eq__(self, other): 1 / 0\n__hash__ = None"), 1, "Odd"
    ),
    Misuse(
        "cause_of_itself", TEXT, raises("@property\ndef __cause__(self): return self"), 1, "Odd"
    ),
    Misuse(
        "names_itself_badly",
        TEXT,
        rare("raise Odd('x')", "Odd = type('Odd\\x1b[31m\\n', (Exception,), {})\n"),
        1,
        "FAIL",
    ),
    Misuse("interrupts", TEXT, rare("raise KeyboardInterrupt"), 1, "KeyboardInterrupt"),
    Misuse(
        "str_raises_at_import",
        TEXT,
        HEAD + "class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd\n",
        2,
        "Odd",
    ),
    Misuse("ends_as_generators_do", TEXT, rare("raise GeneratorExit"), 1, "GeneratorExit"),
]
MODULE = "class Proxy:\n    {}\nproxy = Proxy()\n"
OBJECTS = [
    Misuse(
        "half_a_letter",
        NAMES,
        HEAD
        + """
async def w(): await trio.sleep(0)
async def main():
    async with trio.open_nursery() as n:
        n.start_soon(w, name="\\ud800")
        n.start_soon(w, name="b")
    raise ValueError("x")
""",
        1,
        "ValueError",
    ),
    Misuse(
        "task_named_by_a_subclass",
        NAMES,
        HEAD
        + """
class T(str):
    def __hash__(self): raise ValueError("no hash")
async def w(): await trio.sleep(0)
async def main():
    async with trio.open_nursery() as n:
        n.start_soon(w, name=T("a"))
    raise KeyError("x")
""",
        1,
        "FAIL",
    ),
    *[
        Misuse(
            f"global_{name}",
            "an object that lies",
            rare("raise ValueError(type(proxy))", MODULE.format(member)),
            1,
            "ValueError",
        )
        for name, member in {
            "class": "__class__ = property(lambda self: 1 / 0)",
            "dict": "__dict__ = property(lambda self: 1 / 0)",
            "attributes": GETS,
            "hash": "def __hash__(self): raise ValueError('h')",
            "equality": "def __eq__(self, other): raise ValueError('e')",
            "repr": "def __repr__(self):\n        while True: pass",
            "length": "def __len__(self): raise ValueError('l')",
            "truth": "def __bool__(self): raise ValueError('b')",
        }.items()
    ],
    Misuse(
        "signature_lies", "an object that lies", main("pass") + "main.__signature__ = 5\n", 0, "OK"
    ),
]
BROKEN = [
    Misuse("no_modules", SWEEP, rare("sys.modules.clear()"), 70, ""),
    Misuse("no_len", SWEEP, rare("import builtins; builtins.len = None"), 70, ""),
    Misuse("no_isinstance", SWEEP, rare("import builtins; builtins.isinstance = None"), 70, ""),
    Misuse("no_output", SWEEP, rare("sys.__stdout__.close()"), 70, ""),
]
MISUSES = [*ENDS, *PROCESSES, *SWITCHES, *STUCKS, *TEXTS, *OBJECTS, *BROKEN, *MORE]
