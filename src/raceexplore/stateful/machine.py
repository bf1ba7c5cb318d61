"""A machine: rules that several clients call at once, and one play of them."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

import trio

from raceexplore.kernel.outcome import leaves
from raceexplore.linearizability.explain import (
    NotLinearizable,
    NotSequentiallyConsistent,
    check_linearizable,
)
from raceexplore.linearizability.history import Recording, as_argument
from raceexplore.linearizability.lanes import lanes
from raceexplore.stateful.rules import Pick, invariants_of, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from raceexplore.kernel.world import World
    from raceexplore.linearizability.history import History
    from raceexplore.linearizability.models import Model
    from raceexplore.stateful.rules import Call, Plan, Rule

NAMES = "abcd"


class Machine:
    """An object under test, and the calls that clients may make of it.

    model: what the history of calls must agree with (None: only the invariants count).
    clients_max: from 2 to 4. calls_max: of one client. prefix_max, suffix_max: calls before the
        clients start, and after they have ended.
    depth: decisions against the default schedule, at most. patience_s: virtual seconds after
        which calls that still wait are given up as info operations (None: they are a deadlock).
    """

    model: ClassVar[Model | None] = None
    clients_max: ClassVar[int] = 3
    calls_max: ClassVar[int] = 4
    prefix_max: ClassVar[int] = 3
    suffix_max: ClassVar[int] = 2
    depth: ClassVar[int] = 3
    patience_s: ClassVar[float | None] = None

    async def setup(self) -> None:
        """Make the object under test, inside the run."""

    async def teardown(self) -> None:
        """Clean up after the last client has ended."""

    def check(self, history: History) -> None:
        """Raise an error if ``history`` is wrong; by default, if it is not linearizable.

        Override it to check sequential consistency, or anything else.
        """
        __tracebackhide__ = True
        if self.model is not None:
            check_linearizable(history, self.model)

    @classmethod
    def rules(cls) -> dict[str, Rule]:
        """Return the rules by name, in the order of their definition. Raises `BadOption`."""
        return rules_of(cls)

    @classmethod
    async def play(cls, plan: Plan, recording: Recording | None = None, *, world: World) -> None:
        """Play ``plan`` once: the program that a run runs. Raises what goes wrong."""
        __tracebackhide__ = True
        recording = Recording() if recording is None else recording
        try:
            await _Play(cls(), recording, world).run(plan)
        except Exception as error:
            _add_lanes(error, recording)
            raise


Machine.play.__func__.recording = Recording  # type: ignore[attr-defined]  # see `Schedule.run`


def _add_lanes(error: BaseException, recording: Recording) -> None:
    """Note on ``error``, unless it says so itself, what had been called when it was raised."""
    for leaf in leaves(error):
        if not isinstance(leaf, (NotLinearizable, NotSequentiallyConsistent)):
            leaf.add_note("\n".join(["the calls:", *lanes(recording.history())]))


class _Play:
    """One play of a machine."""

    def __init__(self, machine: Machine, recording: Recording, world: World) -> None:
        self.machine, self.recording, self.world = machine, recording, world
        self.rules = type(machine).rules()
        self.bundles: dict[tuple[str, str], list[object]] = defaultdict(list)
        self.going = 0
        self.quiet = invariants_of(type(machine), always=False)
        self.always = invariants_of(type(machine), always=True)

    async def run(self, plan: Plan) -> None:
        """Play the prefix, then the clients at once; then check what they saw."""
        __tracebackhide__ = True
        await self.machine.setup()
        for method in self.always:
            self.world.always(
                getattr(method, "__name__", "invariant"), partial(_holds, method, self.machine)
            )
        self._check_invariants()
        for call in plan.prefix:
            with self._patience():
                await self._step("first", call)
        with self._patience():
            async with trio.open_nursery() as nursery:
                for name, calls in zip(NAMES, plan.clients, strict=False):
                    nursery.start_soon(self._client, name, calls, name=name)
        for call in plan.suffix:
            with self._patience():
                await self._step("last", call)
        await self.machine.teardown()
        self.machine.check(self.recording.history())

    def _patience(self) -> trio.CancelScope:
        seconds = self.machine.patience_s
        return trio.CancelScope() if seconds is None else trio.move_on_after(seconds)

    async def _client(self, name: str, calls: Sequence[Call]) -> None:
        __tracebackhide__ = True
        for call in calls:
            await self._step(name, call)

    async def _step(self, client: str, call: Call) -> None:
        """Make one call, unless its condition or an argument is missing."""
        __tracebackhide__ = True
        rule = self.rules[call.rule]
        if rule.precondition is not None and not rule.precondition(self.machine):
            return
        found = [self._argument(client, value) for value in call.arguments]
        if None in found:
            return
        arguments = [value for some in found if some for value in some]
        self.world.event(f"{client} calls {rule.name}", argument=as_argument(arguments))
        expected: tuple[type[Exception], ...] = (trio.TooSlowError, *rule.raises)
        self.going += 1
        try:
            result = await self.recording.call(
                client,
                partial(rule.function, self.machine),
                *arguments,
                name=rule.name,
                raises=rule.raises,
            )
        except expected:
            pass
        else:
            self.bundles[client, rule.target].append(result)
        finally:
            self.going -= 1
        if self.going == 0:
            self._check_invariants()

    def _argument(self, client: str, value: object) -> tuple[object] | None:
        """Return the argument in a tuple; None if it is to come from a bundle that is empty."""
        if not isinstance(value, Pick):
            return (value,)
        own = self.bundles[client, value.bundle] or self.bundles["first", value.bundle]
        if not own:
            return None
        index = value.number % len(own)
        return (own.pop(index) if value.consume else own[index],)

    def _check_invariants(self) -> None:
        __tracebackhide__ = True
        for method in self.quiet:
            method(self.machine)


def _holds(method: Callable[[Any], object], machine: Machine) -> bool:
    method(machine)
    return True
