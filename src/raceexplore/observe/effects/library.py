"""Functions of Python's library by what they do to what they are given: tables of names."""

from __future__ import annotations

from typing import Final

READING: Final = frozenset(
    {"_bisect", "bisect", "collections", "_collections", "copy", "dataclasses", "_heapq", "heapq"}
    | {"itertools", "json", "math", "pickle", "_pickle", "pprint", "statistics", "string"}
    | {"builtins", "re", "textwrap", "_operator", "operator", "posixpath", "_statistics"}
)
"""Modules whose functions only read what they are given, but for those of `CHANGING`."""

CHANGING: Final = frozenset(
    {"setitem", "delitem", "iadd", "iand", "iconcat", "ifloordiv", "ilshift", "imatmul", "imod"}
    | {"imul", "ior", "ipow", "irshift", "isub", "itruediv", "ixor", "heappush", "heappop"}
    | {"heapify", "heapreplace", "heappushpop", "insort", "insort_left", "insort_right", "next"}
    | {"setattr", "delattr", "dump", "exec", "eval", "anext"}
)
HARMLESS: Final = frozenset({"trio", "raceexplore", "typing", "types", "enum", "abc", "functools"})
"""Modules whose functions only keep what they are given, or hand it to the program's own code."""

RANDOM: Final = frozenset({"random", "secrets", "uuid"})
OUT_OF_SIGHT: Final = frozenset(
    {"builtins.exec", "builtins.eval", "builtins.globals", "contextlib.redirect_stdout"}
    | {"contextlib.redirect_stderr", "decimal.getcontext", "decimal.setcontext"}
    | {"decimal.localcontext", "locale.setlocale", "os.chdir", "os.putenv", "os.unsetenv"}
    | {"os.getenv", "sys.setrecursionlimit", "warnings.catch_warnings", "warnings.simplefilter"}
    | {"warnings.filterwarnings", "warnings.resetwarnings", "warnings.warn", "gc.collect"}
)
"""Functions that change, or show, what no place in the program stands for."""
