"""What functions and classes of libraries do to what they are given: one table, read by all.

Whatever the table does not name may do anything: a call of it makes its event opaque. A name ends
with ``.*`` for all of a module, with ``.**`` for all of it and of what is inside.
"""

from __future__ import annotations

import sys
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

from raceexplore.kernel.fence.hostile import home_of


class Does(IntEnum):
    """What a call does to its arguments, and to what it can reach beside them.

    KEEPS: at most it keeps them, or hands them to the program's own code. ELEMENTS: it goes through
    them and compares what they hold. READS: all that is inside of them, in its order. FIRST:
    changes the first, reads the others. CHANGES: changes all. DRAWS: as READS, and takes a number
    out of the run's stream. LOGS: what logging does. HIDDEN: touches what no place stands for.
    """

    KEEPS = 0
    ELEMENTS = 1
    READS = 2
    FIRST = 3
    CHANGES = 4
    DRAWS = 5
    LOGS = 6
    HIDDEN = 7


def _rows(does: Does, *texts: str) -> dict[str, Does]:
    """Return rows of the table: each text is a module and names in it, or whole names."""
    found: dict[str, Does] = {}
    for text in texts:
        module, _, names = text.partition(": ")
        for name in names.split() if names else [""]:
            found[f"{module}.{name}" if name else module] = does
    return found


FUNCTIONS: Final[dict[str, Does]] = {
    **_rows(
        Does.KEEPS,
        "builtins: callable classmethod dict frozenset id isinstance issubclass iter list next "
        "object property range set slice staticmethod super tuple type zip map filter enumerate "
        "print reversed __build_class__ __import__ compile memoryview",
        "functools.**",
        "typing.**",
        "types.**",
        "enum.**",
        "contextlib.**",
        "contextvars.*",
        "dataclasses: dataclass field fields is_dataclass make_dataclass",
        "datetime.**",
        "time.*",
        "abc: abstractmethod",
        "raceexplore.**",
        "string: Template Formatter",
        "sys: exit exc_info exception getsizeof intern is_finalizing",
        "sys.stdout.*",
        "sys.stderr.*",
        "os: fspath getpid cpu_count",
        "pathlib.*",
        "inspect: isawaitable iscoroutine iscoroutinefunction isfunction isclass isasyncgen "
        "isasyncgenfunction isgenerator isgeneratorfunction ismethod isbuiltin",
        "threading: Lock RLock Event Condition Semaphore BoundedSemaphore Barrier local get_ident",
        "queue.*",
        "csv: writer reader DictWriter DictReader",
        "io: StringIO BytesIO TextIOWrapper BufferedReader BufferedWriter BufferedRandom",
        "argparse: Namespace",
        "logging: getLogger getLevelName Logger NullHandler StreamHandler Formatter Filter "
        "LoggerAdapter getLevelNamesMapping",
        "operator: attrgetter itemgetter methodcaller",
        "json: JSONEncoder JSONDecoder",
        "struct: Struct",
        "outcome.*",
        "asyncio: sleep gather create_task wait_for wait timeout timeout_at shield Lock Event "
        "Condition Semaphore BoundedSemaphore Barrier Queue LifoQueue PriorityQueue TaskGroup "
        "current_task iscoroutine iscoroutinefunction ensure_future as_completed Future Task "
        "Timeout to_thread isfuture wrap_future get_running_loop get_event_loop _get_running_loop "
        "future_add_to_awaited_by future_discard_from_awaited_by",
        # as they are observed where they run
        "asyncio.locks.**", "asyncio.queues.**", "asyncio.tasks.**", "asyncio.taskgroups.**",
        "asyncio.timeouts.**", "asyncio.futures.**", "asyncio.threads.**", "asyncio.mixins.**",
        "asyncio.coroutines.**", "asyncio.base_futures.**", "asyncio.exceptions.**",
        "asyncio.events: get_running_loop get_event_loop _get_running_loop Handle TimerHandle",
        "asyncio: _get_event_loop",
        "weakref.*",
    ),
    **_rows(
        Does.ELEMENTS,
        "bisect.*",
        "collections.**",
        "heapq.*",
        "itertools.**",
        "math.*",
        "cmath.*",
        "statistics.*",
        "operator.*",
        "functools: reduce",
        "builtins: all any max min sorted sum",
    ),
    **_rows(
        Does.READS,
        "builtins: abs ascii bin bool bytearray bytes chr complex dir divmod float format getattr "
        "hasattr hash hex int len oct ord pow repr round str vars",
        "copy.*",
        "dataclasses: asdict astuple replace",
        "json: dumps loads",
        "pickle: dumps loads",
        "marshal: dumps loads",
        "pprint.*",
        "textwrap.*",
        "reprlib: repr",
        "re.*",
        "difflib.*",
        "fnmatch: fnmatch fnmatchcase filter translate",
        "html: escape unescape",
        "base64.*",
        "binascii.*",
        "hashlib.*",
        "hmac.*",
        "zlib.*",
        "struct.*",
        "urllib.parse.*",
        "string: capwords",
        "shlex: split join quote",
        "unicodedata.*",
        "fractions: Fraction",
        "decimal: Decimal",
        "ipaddress.*",
        "uuid: UUID uuid3 uuid5",
        "random: Random",
        "array: array",
        "traceback.*",
        "os.path: join basename dirname split splitext normpath isabs commonprefix commonpath "
        "normcase relpath splitdrive",
        "keyword.*",
        "colorsys.*",
    ),
    **_rows(
        Does.FIRST,
        "heapq: heappush heappop heapify heapreplace heappushpop",
        "bisect: insort insort_left insort_right",
    ),
    **_rows(
        Does.CHANGES,
        "operator: setitem delitem iadd iand iconcat ifloordiv ilshift imatmul imod imul ior ipow "
        "irshift isub itruediv ixor",
        "json: dump load",
        "pickle: dump load",
        "marshal: dump load",
        "struct: pack_into",
        "itertools: tee",
        "contextlib: closing aclosing",
    ),
    **_rows(Does.DRAWS, "random.*", "secrets.*", "uuid: uuid1 uuid4", "os: urandom"),
    **_rows(
        Does.LOGS, "logging: debug info warning warn error critical exception log fatal"
    ),
    **_rows(
        Does.HIDDEN,
        "contextlib: redirect_stdout redirect_stderr chdir",
        "functools: update_wrapper",
        "typing: get_type_hints",
        "time: tzset",
        "operator: call",
        "decimal: getcontext setcontext localcontext",
        "builtins: breakpoint delattr eval exec globals input locals open setattr",
        "random: seed setstate getstate",
        "heapq: merge",
    ),
}  # fmt: skip
"""The table: the most particular row counts."""

TRIO: Final = frozenset(
    {"open_nursery", "sleep", "sleep_until", "sleep_forever", "move_on_after", "move_on_at"}
    | {"fail_after", "fail_at", "current_time", "current_effective_deadline", "CancelScope"}
    | {"open_memory_channel", "Event", "Lock", "StrictFIFOLock", "Semaphore", "Condition"}
    | {"CapacityLimiter", "checkpoint", "checkpoint_if_cancelled", "cancel_shielded_checkpoint"}
    | {
        "current_task",
        "current_trio_token",
        "spawn_system_task",
        "reschedule",
        "wait_task_rescheduled",
        "ParkingLot",
        "RunVar",
    }
    | {"wait_all_tasks_blocked", "in_trio_run", "in_trio_task", "run_sync_in_context"}
    | {"enable_ki_protection", "disable_ki_protection", "currently_ki_protected"}
    | {"temporarily_detach_coroutine_object", "permanently_detach_coroutine_object"}
    | {
        "assert_checkpoints",
        "assert_no_checkpoints",
        "_core_checkpoint",
        "Cancelled",
        "TooSlowError",
    }
    | {"BrokenResourceError", "BusyResourceError", "ClosedResourceError", "EndOfChannel"}
    | {"WouldBlock", "RunFinishedError", "NeedHandshakeError", "TrioInternalError"}
)
"""The functions and classes of trio whose calls are events of the kernel, or make a new object."""

CLASSES: Final = frozenset(
    {"queue", "_queue", "threading", "_thread", "_io", "io", "csv", "_csv", "collections.abc"}
    | {"_collections_abc", "string", "_struct", "struct", "hashlib", "_hashlib", "_sha1", "_md5"}
    | {"_sha256", "_sha512", "_sha3", "_blake2", "hmac", "zlib", "random", "_random", "types"}
    | {"typing", "contextlib", "functools", "_functools", "operator", "_operator", "itertools"}
    | {"numbers", "fractions", "json.encoder", "json.decoder", "_json", "copy", "builtins", "array"}
    | {"contextvars", "_contextvars", "enum", "abc", "_abc", "datetime", "re", "uuid", "ipaddress"}
    | {"collections", "_collections", "_asyncio", "trio.abc", "dataclasses", "outcome"}
    | {"outcome._impl", "pathlib", "asyncio.locks", "asyncio.queues", "asyncio.taskgroups"}
    | {"asyncio.timeouts", "asyncio.mixins", "asyncio.events", "asyncio.base_events"}
)
"""Modules whose classes work on themselves and on what they were given, and on nothing else."""

NOT_KNOWN: Final = frozenset({"threading.Thread", "threading.Timer", "io.FileIO", "_io.FileIO"})
"""Classes of these modules that do more."""

OF_C: Final = {"posix": "os", "posixpath": "os.path", "genericpath": "os.path", "nt": "os"}


def is_pythons(module: str) -> bool:
    """Tell whether a module is of Python's library."""
    return module.partition(".")[0] in sys.stdlib_module_names


@lru_cache(maxsize=4096)
def does(name: str) -> Does:
    """Return what a call of the function, or class, of that dotted name does."""
    parts = name.split(".")
    if parts[0] == "builtins":
        return FUNCTIONS.get(name, Does.KEEPS)
    if parts[0] == "trio":
        is_method = len(parts) > 2 and parts[-2][:1].isupper()
        return Does.KEEPS if parts[-1] in TRIO and not is_method else Does.HIDDEN
    known = FUNCTIONS.get(name, FUNCTIONS.get(f"{name.rpartition('.')[0]}.*"))
    while known is None and len(parts) > 1:
        parts.pop()
        known = FUNCTIONS.get(".".join([*parts, "**"]))
    return Does.HIDDEN if known is None else known


def full_name(function: Any) -> str:
    """Return the dotted name of a function or a class, with the module that programs import."""
    module = str(getattr(function, "__module__", None) or "builtins")
    module = OF_C.get(module, module)
    if module.startswith("_") and not module.startswith("__"):
        module = module.lstrip("_")
    return f"{module}.{getattr(function, '__qualname__', type(function).__qualname__)}"


def is_known_class(base: type) -> bool:
    """Tell whether instances of a library's class touch nothing but what they were given."""
    module = home_of(base)
    return module in CLASSES and f"{module}.{base.__qualname__}" not in NOT_KNOWN
