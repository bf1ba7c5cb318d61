"""What the operations of Python's mutable containers read and write: tables by method name.

An operator goes by its method: ``x[k]`` is ``__getitem__``, a ``for`` loop is ``__iter__``.
"""

from __future__ import annotations

from array import array
from collections import ChainMap, Counter, OrderedDict, UserDict, UserList, defaultdict, deque
from collections.abc import Callable
from types import MappingProxyType
from typing import Final, TypeAlias

SKIP: Final = 0  # touches nothing shared
DATA: Final = 1  # one attribute of the object
READ: Final = 2  # the whole object
WRITE: Final = 3  # the whole object
READ_KEY: Final = 4  # the element that the first argument names
WRITE_KEY: Final = 5  # the same
READ_OR_FILL: Final = 6  # as READ_KEY; a missing key is written (defaultdict)
CLASS_DATA: Final = 7  # data on the class, unless the instance has its own
CLASS_ATTRIBUTE: Final = 8  # the object is a class
MODULE_ATTRIBUTE: Final = 9  # the object is a module
VIEW: Final = 10  # reads the dict behind dict.keys() and its like
SUPER: Final = 11  # the object is a super(): what it stands for decides
FOREIGN: Final = 12  # code that nobody observes: anything may happen
REQUEST: Final = 13  # the queue of those who want a lock: the order of requests decides
RELEASE: Final = 14  # the other end of it: commutes with the requests of others
ITERATOR: Final = 15  # moves an iterator on, and reads the containers behind it
STORE: Final = 16  # sets one attribute of the object, which had none
NAMESPACE: Final = 21  # gives the dict of the object's attributes
CACHED: Final = 17  # a method that remembers its results on the class
CHAINED: Final = 18  # reads all maps of a ChainMap
CHAIN: Final = 19  # also writes the first of them
REACH: Final = 20  # an object of Python's library, and what it works on: a file, a queue
UPDATE: Final = 23  # writes the whole dict; as the dict of an object's own it may hide methods
STANDS: Final = 24  # looks where a task stands, which any of its events may change
POP: Final = 22  # writes the whole object, and gives what comes first in its order

Effect: TypeAlias = int | Callable[[object], int]
"""One of the numbers above, or a function that tells it from the object's present state."""

Table: TypeAlias = dict[str, Effect]


def table(base: dict[str, Effect] | None = None, /, **names: str) -> Table:
    """Return a table from lists of method names, e.g. ``writes="append pop"``, upon ``base``."""
    codes = {"reads": READ, "writes": WRITE, "reads_key": READ_KEY, "writes_key": WRITE_KEY}
    found: Table = dict(base or {})
    for code, methods in names.items():
        found.update(dict.fromkeys(methods.split(), codes[code]))
    return found


WHOLE: Final = table(
    reads="__iter__ __len__ __bool__ __eq__ __lt__ __add__ __repr__ __reversed__ __contains__ "
    "__copy__ __deepcopy__ __or__ __and__ __sub__ __xor__ __mul__ __match__ __order__",
    writes="__iadd__ clear pop remove",
)
KEYED: Final = table(WHOLE, reads_key="__getitem__", writes_key="__setitem__")

SEQUENCE: Final = table(
    KEYED,
    reads="count index copy",
    writes="append extend insert reverse sort __delitem__ appendleft extendleft popleft rotate "
    "frombytes fromlist fromfile fromunicode byteswap __imul__",
)
SET: Final = table(
    {**WHOLE, "pop": POP},
    writes="update intersection_update difference_update symmetric_difference_update __ior__ "
    "__iand__ __isub__ __ixor__",
    reads_key="__contains__",
    writes_key="add discard remove",
)
DICT: Final = table(
    {**KEYED, "popitem": POP, "update": UPDATE, "__ior__": UPDATE},
    reads="keys values items copy",
    reads_key="get __contains__",
    writes_key="pop setdefault __delitem__",
)
WEAK_KEYS: Final = table(
    reads_key="get __getitem__ __contains__", writes_key="__setitem__ __delitem__ pop setdefault"
)
"""Of a WeakKeyDictionary: whoever names a key holds it, so that its entry stays meanwhile."""
VIEWS: Final[Table] = dict.fromkeys([*WHOLE, "__getitem__", "isdisjoint"], VIEW)

CHANGES: Final = frozenset(name for name in DICT if DICT[name] in {WRITE, WRITE_KEY, POP, UPDATE})
CHAINS: Final[Table] = {name: CHAIN if name in CHANGES else CHAINED for name in DICT}

TABLES: Final[dict[type, Table]] = {
    list: SEQUENCE,
    UserList: SEQUENCE,
    bytearray: SEQUENCE,
    array: SEQUENCE,
    deque: {**SEQUENCE, "maxlen": SKIP},
    set: SET,
    dict: DICT,
    UserDict: DICT,
    MappingProxyType: VIEWS | dict.fromkeys(("get", "copy", "keys", "values", "items"), VIEW),
    ChainMap: CHAINS,
    OrderedDict: table(DICT, writes="move_to_end"),
    defaultdict: {**DICT, "__getitem__": READ_OR_FILL, "default_factory": WRITE},
    Counter: table(DICT, reads="elements most_common total", writes="subtract"),
    type({}.keys()): VIEWS,
    type({}.values()): VIEWS,
    type({}.items()): VIEWS,
}
"""What a table does not name, it reads."""

SENDS: Final = frozenset({"send", "send_nowait", "started", "set_result", "set_exception"}) | {
    "add_done_callback"
}
"""The methods of trio's objects, and of futures, whose first argument is handed to another task."""

ATTRIBUTES: Final = {
    "__getattribute__": READ_KEY,
    "__setattr__": WRITE_KEY,
    "__delattr__": WRITE_KEY,
}
"""The methods of ``object`` that work on an attribute, which their first argument names."""

WITH_KEY: Final = (
    SENDS
    | frozenset(ATTRIBUTES)
    | frozenset(
        name
        for methods in TABLES.values()
        for name, effect in methods.items()
        if effect in {READ_KEY, WRITE_KEY}
    )
)
"""The methods whose first argument may be a key, or is handed over: the hook gets it."""
