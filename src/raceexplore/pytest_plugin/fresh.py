"""Tests of other async plugins as programs: their fixtures are made anew in each run.

pytest-asyncio, pytest-trio and anyio's plugin make async fixtures on loops of their own, once for
a test. Here a run makes them on its own loop, and takes them down again, so that no run knows of
another. What is pytest's, a plugin's, or lives longer than a test stays as pytest has made it.
"""

from __future__ import annotations

import inspect
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.programs.project import is_project_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest


class Fixtures:
    """The fixtures of one test. kept: those that pytest has made, once for all runs."""

    def __init__(self, item: pytest.Function) -> None:
        self._definitions = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 as other plugins do
        self._names = item._fixtureinfo.argnames  # noqa: SLF001
        autouse = item._fixtureinfo.initialnames  # noqa: SLF001
        self._autouse = [name for name in autouse if name not in self._names and self._anew(name)]
        self.kept: dict[str, Any] = {}

    @property
    def has_async(self) -> bool:
        """Whether the test asks for an async fixture of the project's own."""
        definitions = [self._definitions[name][-1] for name in self._names if self._anew(name)]
        return any(_is_async(definition.func) for definition in definitions)

    def fill(self, request: Any) -> None:
        """Have pytest make what it makes, and keep that."""
        waiting, seen = [*self._autouse, *self._names], set[str]()
        while waiting:
            name = waiting.pop(0)
            if name in seen or name == "world":
                continue
            seen.add(name)
            if self._anew(name):
                waiting += self._definitions[name][-1].argnames
            else:
                self.kept[name] = request.getfixturevalue(name)

    def _anew(self, name: str) -> bool:
        """Return whether each run makes the fixture: it is the project's, and lasts for a test."""
        found = self._definitions.get(name)
        if not found:
            return False
        definition: Any = found[-1]
        function = inspect.unwrap(getattr(definition.func, "__func__", definition.func))
        file = getattr(getattr(function, "__code__", None), "co_filename", "")
        if definition.scope != "function" or not is_project_file(file):
            return False
        if definition.params is None and "request" not in definition.argnames:
            return True
        if _is_async(function):
            raise BadProgram(f"the async fixture {name!r} has params, or asks for `request`")
        return False

    async def made(self, stack: AsyncExitStack) -> Mapping[str, Any]:
        """Make the fixtures of a run; ``stack`` takes them down."""
        made = dict(self.kept)
        for name in (*self._autouse, *self._names):
            await self._make(name, made, stack)
        return {name: made[name] for name in self._names if name in made}

    async def _make(self, name: str, made: dict[str, Any], stack: AsyncExitStack) -> None:
        if name in made or name not in self._definitions:
            return
        definition: Any = self._definitions[name][-1]
        for needed in definition.argnames:
            await self._make(needed, made, stack)
        value = definition.func(**{needed: made[needed] for needed in definition.argnames})
        if inspect.isasyncgen(value):
            made[name] = await anext(value)
            stack.push_async_callback(anext, value, None)
        elif inspect.isgenerator(value):
            made[name] = next(value)
            stack.callback(next, value, None)
        else:
            made[name] = await value if inspect.isawaitable(value) else value


def _is_async(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def with_fixtures(function: Callable[..., Any], fixtures: Fixtures) -> Callable[..., Any]:
    """Return a program that makes the fixtures, calls the test, and takes them down."""

    async def program(*world: Any) -> None:
        async with AsyncExitStack() as stack:
            made = await fixtures.made(stack)
            await function(**made, **({"world": world[0]} if world else {}))

    program.__wrapped__ = function  # type: ignore[attr-defined]
    return program


def of_case(case: type[Any], name: str) -> Callable[[], Any]:
    """Return the method ``name`` of an `unittest.IsolatedAsyncioTestCase` as a program."""
    function = getattr(case, name)

    async def program() -> None:
        test = case(name)
        test.setUp()
        try:
            await test.asyncSetUp()
            try:
                await getattr(test, name)()
            finally:
                await test.asyncTearDown()
        finally:
            test.tearDown()
            while test._cleanups:  # noqa: SLF001 there is no other way to them
                clean, args, kwargs = test._cleanups.pop()  # noqa: SLF001
                result = clean(*args, **kwargs)
                if inspect.isawaitable(result):
                    await result

    program.__wrapped__ = function  # type: ignore[attr-defined]
    return program
