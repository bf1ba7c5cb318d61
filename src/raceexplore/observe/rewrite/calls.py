"""How a call is rewritten: a method's object, or a library function's arguments, get a hook."""

from __future__ import annotations

import ast
import sys
from copy import deepcopy
from typing import Final

from raceexplore.observe.effects.by_class_of_object import CODE
from raceexplore.observe.effects.codes import ATTRIBUTES, WITH_KEY
from raceexplore.observe.effects.library import Does, does
from raceexplore.observe.effects.locations import SCALARS
from raceexplore.observe.effects.stored_names import expected
from raceexplore.observe.rewrite.arguments import (
    LATER,
    LOUD,
    QUIET,
    lend,
    lend_to_method,
    unknown_call,
)
from raceexplore.observe.rewrite.syntax import (
    FRESH,
    PLAIN,
    Context,
    again,
    bare,
    contents,
    hook,
    is_plain,
    load,
    named,
    operands,
    suspends,
    whole,
)

READERS: Final = {
    **dict.fromkeys(("list", "tuple", "set", "frozenset", "dict", "sorted", "sum"), "__iter__"),
    **dict.fromkeys(("min", "max", "any", "all", "iter", "bytes", "bytearray"), "__iter__"),
    **dict.fromkeys(("str", "repr", "print", "format", "ascii", "hash"), "__repr__"),
    **dict.fromkeys(("int", "float", "complex", "abs", "round", "divmod", "pow"), "__eq__"),
    "len": "__len__",
    "bool": "__bool__",
    "reversed": "__reversed__",
    "next": "__next__",
    "anext": "__anext__",
    "dir": "__match__",
}
"""Builtins that read their arguments, and the method that stands for it."""

INNER: Final = {
    **dict.fromkeys(("str", "repr", "print", "format", "ascii", "hash"), "__repr__"),
    **dict.fromkeys(("min", "max", "sorted"), "__lt__"),
    **dict.fromkeys(("any", "all"), "__bool__"),
    "sum": "__add__",
    "dict": "__iter__",
}
"""Builtins that also read what is inside of their arguments, and the method for that."""

LAZY: Final = frozenset({"enumerate", "zip", "map", "filter"})
CALLING: Final = frozenset({"min", "max", "sorted"})
READING_METHODS: Final = {
    **dict.fromkeys(("extend", "extendleft", "update", "subtract", "writelines"), "__iter__"),
    **dict.fromkeys(("union", "intersection", "difference", "symmetric_difference"), "__iter__"),
    **dict.fromkeys(("intersection_update", "difference_update"), "__iter__"),
    **dict.fromkeys(("symmetric_difference_update", "issubset", "issuperset"), "__iter__"),
    **dict.fromkeys(("translate", "maketrans"), "__iter__"),
    **dict.fromkeys(("isdisjoint", "join", "fromkeys", "fromlist"), "__iter__"),
    **dict.fromkeys(("event", "format", "format_map"), "__repr__"),  # `World.event` shows values
}
"""Methods of Python's own classes that read what they are given, and what they do inside of it."""

SEARCHING_METHODS: Final = frozenset({"index", "count", "remove", "sort"})
"""Methods that compare what their object holds."""

REFLECTION: Final = {
    "getattr": ("attr", "__match__"),
    "hasattr": ("attr", "__match__"),
    "setattr": ("set_attr", "__setattr__"),
    "delattr": ("set_attr", "__setattr__"),
    "vars": ("", "__dict__"),
}


def is_library(origin: str) -> bool:
    """Tell whether a dotted name belongs to Python, trio or us: known, and not rewritten."""
    root = origin.partition(".")[0]
    return root in sys.stdlib_module_names or root in {"trio", "raceexplore", "builtins"}


def is_fixed(module: str, name: str) -> bool:
    """Tell whether a library module's attribute is code, or a constant that no program sets."""
    value = vars(sys.modules[module]).get(name) if module in sys.modules else None
    return name not in expected.stores.anywhere and (
        type(value) in SCALARS or isinstance(value, CODE)
    )


def rewrite_call(node: ast.Call, context: Context) -> ast.expr:
    """Return the call with its accesses noted. All of it but ``node.func`` is rewritten already."""
    origin = context.origin(node.func)
    if is_library(origin) and not origin.startswith("raceexplore.models"):
        library_call(node, origin, context)
    elif isinstance(node.func, ast.Attribute):
        return method_call(node, node.func, context)
    elif not context.is_own(node.func):
        unknown_call(node, context)
    return node


def library_call(node: ast.Call, origin: str, context: Context) -> None:
    """Note what a function of Python's library, or of trio, does to its arguments."""
    root, _, name = origin.rpartition(".")
    function, done = deepcopy(node.func), does(origin)
    if root == "builtins":
        builtin_call(node, name, context)
    elif done is Does.FIRST or origin == "random.shuffle":
        node.args[:1] = [whole(part, "__iadd__") for part in node.args[:1]]
        for keyword in node.keywords:
            keyword.value = whole(keyword.value, "__iadd__")
    elif origin in LATER:
        node.args[:1] = [hook("later", part) for part in node.args[:1]]
    elif done is Does.ELEMENTS:
        read_arguments(node, "__iter__", "__eq__", context)
    elif done in {Does.READS, Does.DRAWS}:
        read_arguments(node, "__order__", "__order__", context)
    elif done is not Does.KEEPS:
        lend(node, "lent", function)
    if root != "builtins" and done in {Does.DRAWS, Does.LOGS, Does.HIDDEN}:
        node.func = hook("used", node.func, origin)


def builtin_call(node: ast.Call, name: str, context: Context) -> None:
    """Note what a builtin function reads of its arguments."""
    if name in REFLECTION and node.args:
        precise, coarse = REFLECTION[name]
        key = node.args[1] if len(node.args) > 1 else None
        if precise and isinstance(key, ast.Constant) and isinstance(key.value, str):
            node.args[0] = hook(precise, node.args[0], key.value)
        else:
            node.args[0] = whole(node.args[0], coarse)
    elif name in LAZY:
        skipped = 1 if name in {"map", "filter"} else 0
        by_builtin = bool(skipped and node.args) and not isinstance(node.args[0], ast.Lambda)
        rest = [lazily(part, by_builtin=by_builtin) for part in node.args[skipped:]]
        node.args = [*node.args[:skipped], *rest]
        if by_builtin and not isinstance(node.args[0], ast.Starred):
            node.args[0] = hook("mapped", node.args[0])
    elif name == "iter" and len(node.args) > 1:
        node.args[:1] = [hook("called", node.args[0])]
    elif name in CALLING:
        read_by_builtin(node, name, context)
        note_key_function(node)
    elif name in {"isinstance", "issubclass"} and len(node.args) == 2:
        ask(node, context)
    else:
        read_by_builtin(node, name, context)
    if does(f"builtins.{name}") is Does.HIDDEN and name not in REFLECTION:
        node.func = hook("used", node.func, f"builtins.{name}")


def ask(node: ast.Call, context: Context) -> None:
    """Note that abstract classes among ``isinstance(value, classes)`` are asked."""
    classes = node.args[1]
    names = classes.elts if isinstance(classes, ast.Tuple) else [classes]
    if all(context.origin(name).startswith("builtins.") for name in names):
        return
    if is_plain(node.args[0]):
        node.args[1] = hook("asked", classes, again(node.args[0]))
    elif not isinstance(node.args[0], ast.Starred) and (holder := context.temporary()):
        node.args[0] = named(holder, node.args[0])
        node.args[1] = hook("asked", classes, load(holder))
    else:
        node.args[1] = hook("asked", classes, ast.Constant(None))


def note_key_function(node: ast.Call) -> None:
    """Note the calls of a function that a builtin calls for each element."""
    for keyword in node.keywords:
        if keyword.arg == "key" and not isinstance(keyword.value, PLAIN):
            keyword.value = hook("mapped", keyword.value)


def read_by_builtin(node: ast.Call, name: str, context: Context) -> None:
    """Note that a builtin reads its arguments, and perhaps what is inside of them."""
    if name in INNER and not has_lambda(node):
        for keyword in node.keywords:
            if keyword.arg == "file":
                keyword.value = hook("method", keyword.value, "write")
        inner = "__order__" if has_strange_key(node, context) else INNER[name]
        parts = [(part, READERS[name], inner) for part in node.args]
        node.args = operands(parts, context)
    elif name in READERS:
        node.args = [whole(part, READERS[name]) for part in node.args]


def has_strange_key(node: ast.Call, context: Context) -> bool:
    """Tell whether a builtin looks at its elements through what may be a library's code."""
    keys = [part.value for part in node.keywords if part.arg == "key"]
    return any(not isinstance(key, ast.Lambda) and not context.is_own(key) for key in keys)


def has_lambda(node: ast.Call) -> bool:
    """Tell whether a builtin looks at its elements through the program's own code alone."""
    return any(isinstance(part.value, ast.Lambda) for part in node.keywords)


def read_arguments(node: ast.Call, outer: str, inner: str, context: Context) -> None:
    """Note that a function does ``outer`` to what it is given, ``inner`` to what that holds."""
    values = [*node.args, *[bare(keyword.value) for keyword in node.keywords]]
    noted = operands([(part, outer, inner) for part in values], context)
    node.args = noted[: len(node.args)]
    for keyword, value in zip(node.keywords, noted[len(node.args) :], strict=True):
        keyword.value = value


def lazily(node: ast.expr, *, by_builtin: bool) -> ast.expr:
    """Return an iterable that a builtin will read step by step, perhaps in later events.

    by_builtin: it gives each element to a function that may be a builtin: to ``len``, say.
    """
    if isinstance(node, ast.Starred):
        return contents(node, "__iter__", "__iter__")
    if by_builtin:
        return hook("elements", node, "__order__", "__order__")
    return node if isinstance(node, FRESH) else hook("each", node)


def method_call(node: ast.Call, func: ast.Attribute, context: Context) -> ast.Call:
    """Return ``obj.name(...)`` with what it touches noted, after its arguments if they await."""
    name = context.stored(func.attr)
    owner = context.origin(func.value)
    if owner.startswith("builtins.") and owner != "builtins.str":
        unbound_call(node, func, name)
        return node
    if name in LOUD or not (name in QUIET or context.defines(name)):
        lend_to_method(node, func, name, context)
    if name in READING_METHODS:
        read_arguments(node, "__iter__", READING_METHODS[name], context)
    elif name in SEARCHING_METHODS and not has_lambda(node):
        search(node, func, name, context)
    arguments = [*node.args, *(part.value for part in node.keywords)]
    key = node.args[0] if node.args and name in WITH_KEY else None
    if isinstance(key, ast.Starred):
        key = None
    waits = suspends(*arguments)
    if not waits and key is None:
        func.value = hook("method", func.value, name)
    elif not waits and key is not None and is_plain(key):
        func.value = hook("method_at", func.value, name, again(key))
    else:
        holder = context.temporary()
        if not holder:
            func.value = hook("method", func.value, name)
            if waits and node.args and not isinstance(node.args[0], ast.Starred):
                node.args[0] = hook("unseen", node.args[0])  # in the event after the wait
            return node
        func.value = hook("data", named(holder, func.value), name)
        note_last(node, (holder, name), key, context)
    return node


def search(node: ast.Call, func: ast.Attribute, name: str, context: Context) -> None:
    """Note that a method compares what its object holds, perhaps by a key function."""
    inner = "__order__" if has_strange_key(node, context) else "__eq__"
    func.value = contents(func.value, name, inner)
    note_key_function(node)
    node.args = [contents(part, "__eq__") for part in node.args]


def unbound_call(node: ast.Call, func: ast.Attribute, name: str) -> None:
    """Note ``list.append(obj, ...)``: a method that is called with its object."""
    if name not in ATTRIBUTES or not node.args or isinstance(node.args[0], ast.Starred):
        lend(node, "lent_to", deepcopy(func.value), name)
    elif len(node.args) > 1 and is_plain(node.args[1]):
        node.args[0] = hook("method_at", node.args[0], name, again(node.args[1]))
    else:
        node.args[0] = hook("method", node.args[0], name)


def note_last(
    node: ast.Call, call: tuple[str, str], key: ast.expr | None, context: Context
) -> None:
    """Note a method call when its last argument is evaluated."""
    holder, name = call
    where: list[ast.expr | str] = [load(holder), name]
    if key is not None:
        keeper = context.temporary()
        node.args[0] = named(keeper, key)
        where.append(load(keeper))
    kind = "late" if key is None else "late_at"
    if node.keywords:
        node.keywords[-1].value = hook(kind, node.keywords[-1].value, *where)
    elif isinstance(node.args[-1], ast.Starred):
        node.args[-1].value = hook(kind, node.args[-1].value, *where)
    else:
        node.args[-1] = hook(kind, node.args[-1], *where)
