"""Find out which attributes a module stores, before any of it is rewritten."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Final

from raceexplore.kernel.fence.hostile import UNREADABLE
from raceexplore.observe.effects.by_class_of_object import effects
from raceexplore.observe.effects.stored_names import Stores, everything, expected
from raceexplore.observe.rewrite.position import Place

RECURSION: Final = 20_000


def stores_of(tree: ast.Module, place: Place) -> Stores:
    """Return what a module stores."""
    found = Stores()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            _store_one(found, node.attr, node.value, place)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id not in {"setattr", "delattr"} or len(node.args) < 2:
                continue
            name = node.args[1]
            if isinstance(name, ast.Constant):
                _store_one(found, str(name.value), node.args[0], place)
            else:
                found.unnamed = True
    return found


def _store_one(found: Stores, name: str, owner: ast.expr, place: Place) -> None:
    found.anywhere.add(name)
    if place.is_imported(owner):
        found.modules.add(name)
    named = isinstance(owner, ast.Name) and (owner.id == "cls" or place.is_class(owner.id))
    made = isinstance(owner, ast.Call) and isinstance(owner.func, ast.Name)
    asked = made and owner.func.id == "type"  # type: ignore[attr-defined]
    asked = asked or (isinstance(owner, ast.Attribute) and owner.attr == "__class__")
    if named or asked or place.is_imported(owner):
        found.classes.add(name)


def expect(found: Stores) -> None:
    """Take what a module stores into what is expected of the program."""
    if expected.stores.learn(found):
        effects.clear()
    everything.learn(found)  # last: it may be the one that has just learnt it


def know_stores(stores: Stores) -> None:
    """Go by what one program stores; what was found of classes with another's is forgotten."""
    if expected.stores is not stores:
        expected.stores = stores
        effects.clear()


def read_ahead(sources: Iterable[tuple[str, str]]) -> None:
    """Expect what modules store, each a source and its file, before the first is rewritten.

    A module that is rewritten without knowing what a later one stores in it does not note its reads
    of that.
    """
    for source, file in sources:
        expect(_stores_in(source, file))


@lru_cache(maxsize=512)
def _stores_in(source: str, file: str) -> Stores:
    try:
        with deep_trees():
            tree = ast.parse(source, file)
            return stores_of(tree, Place(tree))
    except UNREADABLE:
        return Stores()  # its import will say so


@contextmanager
def deep_trees() -> Iterator[None]:
    """Let trees be as deep as Python's parser takes them: a sum of a thousand terms, say."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
