"""Score a tool on a simulated machine: parallel commands explored, kills at every call."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from raceexplore.kernel.errors import BadProgram
from raceexplore.kernel.fence.guard import guarded
from raceexplore.kernel.fence.watchdog import watchdog
from raceexplore.kernel.program import Program
from raceexplore.kernel.run import run_once
from raceexplore.kernel.scheduler import Replay
from raceexplore.kernel.world import World
from raceexplore.search.campaign.found import Found
from raceexplore.search.cli_score.causes import causes_in
from raceexplore.search.cli_score.lock_held import lock_held
from raceexplore.search.cli_score.subject import FIRST, ToolUnderTest
from raceexplore.search.cli_score.verdict import Observations, Symptom
from raceexplore.search.explore import explore
from raceexplore.sim.files import Did
from raceexplore.sim.processes import Command, Process, Processes

PATIENCE_S = 600.0  # for which a command may wait for another that is stopped
TRIES = 6  # of a command after another was killed
STOP, CONTINUE, KILL = 19, 18, 9
LOST, CORRUPT = "lost", "corrupt"
Trial = Callable[[World], Coroutine[Any, Any, object]]


class Seen(Exception):
    """Ends a run in which what was looked for has happened."""


@dataclass
class Simulation:
    """One tool on simulated machines, a new one for each run.

    budget: schedules to explore for each question. calls: how many system calls a change makes.
    """

    command: Command
    subject: ToolUnderTest
    budget: int = 500
    calls: int = 0
    runs: int = 0
    machine: Processes | None = None
    causes: dict[str, None] = field(default_factory=dict)

    def observe(self) -> Observations:
        """Return what the tool does. Raises `BadProgram` if it cannot do one change alone."""
        seen = Observations()
        with guarded():  # once for all runs
            self._alone(seen)
            for place in range(1, self.calls + 1):
                self._stopped(seen, place)
                self._killed(seen, place)
                self._read_meanwhile(seen, place)
            for count in (2, 3):  # a lock on a file that is replaced takes three
                self._parallel(seen, count)
        seen.causes = tuple(self.causes)
        seen.effort = (
            f"{self.runs:,} runs: a stop, a kill and a reader at each of {self.calls} calls, and "
            f"up to {self.budget:,} schedules of two and three commands for each question"
        )
        return seen

    # --- one machine

    async def ready(self, world: World) -> Processes:
        """Return a machine on which the first change has been made."""
        self.machine = machine = Processes(world)
        first = await machine.run(self.command, self.subject.change(FIRST))
        if first.exit != 0:
            what = (first.stderr or first.stdout).strip()
            raise BadProgram(f"one change alone ends with status {first.exit}: {what[:300]}")
        machine.calls.clear()
        return machine

    def start(self, number: int) -> Process:
        """Start the change ``number``."""
        assert self.machine is not None
        return self.machine.start(self.command, self.subject.change(number))

    async def wrong(self, numbers: list[int]) -> str:
        """Return `LOST` or `CORRUPT` if these changes are not shown; empty if they are."""
        assert self.machine is not None
        check = await self.machine.run(self.command, self.subject.check)
        if check.exit != 0 or self.subject.missing(check.stdout, [FIRST]):
            return CORRUPT
        return LOST if self.subject.missing(check.stdout, numbers) else ""

    def once(self, trial: Trial) -> None:
        """Run ``trial`` once, on the default schedule. Raises what went wrong with it."""
        self.runs += 1
        if watchdog.heed():
            raise KeyboardInterrupt
        run = run_once(Program(trial, "cli-score", wants_world=True), Replay())
        if run.failure is not None:
            raise BadProgram(run.failure.message)

    # --- questions

    def _alone(self, seen: Observations) -> None:
        transient: list[set[str]] = []

        async def trial(world: World) -> None:
            machine = await self.ready(world)
            for number in (FIRST + 1, FIRST + 2):
                machine.calls.clear()
                process = self.start(number)
                await process.wait()
                self.calls = process.calls
                opened = {c.paths[0] for c in machine.calls if c.did in (Did.OPENS, Did.EMPTIES)}
                transient.append({path for path in opened if not machine.files.exists(path)})
            if await self.wrong([FIRST + 1, FIRST + 2]):
                raise BadProgram("the check does not show changes made one after the other")

        self.once(trial)
        both = sorted(transient[0] & transient[1])
        if both:
            seen.shared = Symptom(
                "shared-temporary-file", f"two commands write to the same temporary file, {both[0]}"
            )

    def _stopped(self, seen: Observations, place: int) -> None:
        """Let a second command meet one that is stopped, and then goes on."""

        async def trial(world: World) -> None:
            await self.ready(world)
            one = await struck(world, self.start(FIRST + 1), place, STOP)
            begin_s, other = world.now(), self.start(FIRST + 2)
            async with world.timeout(PATIENCE_S):
                await other.wait()
            how = self.story(f"process {one.pid} is stopped before call {place}", other)
            self._note_conflict(seen, other, how, waited_s=world.now() - begin_s)
            one.signal(CONTINUE)
            async with world.timeout(PATIENCE_S):
                await one.wait()
                await other.wait()
            done = [n for n, p in ((FIRST + 1, one), (FIRST + 2, other)) if p.exit == 0]
            await self._note_wrong(seen, done)

        self.once(trial)

    def _note_conflict(
        self, seen: Observations, other: Process, how: tuple[str, ...], *, waited_s: float
    ) -> None:
        if other.exit is None:
            seen.waited = seen.waited or Symptom("waits", "a command waits for another", how)
            told = (
                f"a command waits for {PATIENCE_S:.0f} s behind one that is stopped, and is silent"
            )
            seen.endless = seen.endless or Symptom("waits-for-ever", told, how)
        elif other.exit == 0:
            if waited_s > 0:
                seen.waited = seen.waited or Symptom("waits", "a command waits for another", how)
        else:
            seen.note_error(other.stdout, other.stderr, how)

    async def _note_wrong(self, seen: Observations, numbers: list[int]) -> None:
        kind = await self.wrong(numbers)
        if kind and numbers:
            how = self.story("one command is stopped while another runs")
            self._name_causes()
            if kind == CORRUPT:
                seen.corrupted = seen.corrupted or Symptom(
                    "corruption", "what was there before is gone", how
                )
            else:
                seen.lost = seen.lost or Symptom(
                    "lost-update", "a change that has succeeded is gone", how
                )

    def _killed(self, seen: Observations, place: int) -> None:
        """Kill a command before one of its calls, and see whether the next one can work."""

        async def trial(world: World) -> None:
            await self.ready(world)
            one = await struck(world, self.start(FIRST + 1), place, KILL)
            how = self.story(f"process {one.pid} is killed before call {place}", one)
            if await self.wrong([]):
                told = "a command that is killed leaves a file that nobody can read"
                seen.torn = seen.torn or Symptom("torn-file", told, how)
                return
            for _ in range(TRIES):
                other = self.start(FIRST + 2)
                async with world.timeout(PATIENCE_S) as time:
                    await other.wait()
                if time.expired or other.exit == 0:
                    break
                told_error = lock_held(other.stdout, other.stderr)
                await world.sleep(60 if told_error is None else told_error.retry_after_ms / 1000)
            if other.exit != 0:
                told = "the lock of a command that was killed is never free again"
                seen.kept = seen.kept or Symptom("lock-not-released", told, how)
            elif await self.wrong([FIRST + 2]):
                told = "after a command was killed, the next one's change is not there"
                seen.torn = seen.torn or Symptom("torn-file", told, how)

        self.once(trial)

    def _read_meanwhile(self, seen: Observations, place: int) -> None:
        """Look at the changes while a command is stopped before one of its calls."""

        async def trial(world: World) -> None:
            machine = await self.ready(world)
            one = await struck(world, self.start(FIRST + 1), place, STOP)
            check = machine.start(self.command, self.subject.check)
            async with world.timeout(PATIENCE_S):
                await check.wait()
            told = lock_held(check.stdout, check.stderr) is not None or check.exit is None
            if not told and (check.exit != 0 or self.subject.missing(check.stdout, [FIRST])):
                how = self.story(f"process {one.pid} is stopped before call {place}", one, check)
                seen.torn = seen.torn or Symptom(
                    "torn-file", "who reads meanwhile sees half a change", how
                )

        self.once(trial)

    def _parallel(self, seen: Observations, count: int) -> None:
        """Explore commands in parallel, until one that has succeeded did so for nothing."""
        if seen.corrupted is not None or seen.lost is not None:
            return

        async def trial(world: World) -> None:
            await self.ready(world)
            self.runs += 1
            numbers = [FIRST + 1 + nth for nth in range(count)]
            started = [self.start(number) for number in numbers]
            ended = [await process.wait() for process in started]
            for process in started:
                if process.exit:
                    how = self.story(f"{count} commands in parallel", process)
                    seen.note_error(process.stdout, process.stderr, how)
            done = [n for n, code in zip(numbers, ended, strict=True) if code == 0]
            wrong = await self.wrong(done) if done else ""
            if wrong:
                self._name_causes()
                raise Seen(wrong)

        program = Program(trial, "cli-score", wants_world=True)
        campaign = explore(program, budget=self.budget, explain=False)
        if campaign.stopped == "interrupted":
            raise KeyboardInterrupt
        for found in campaign.failures:
            self._note_found(seen, found, count)

    def _note_found(self, seen: Observations, found: Found, count: int) -> None:
        """Note what the exploration of ``count`` commands has found."""
        if found.kind == "deadlock":
            what = f"{count} commands in parallel wait for each other for ever"
            seen.endless = seen.endless or Symptom("waits-for-ever", what)
            return
        if found.kind != Seen.__name__:
            raise BadProgram(f"{found.kind}: {found.message}")
        before = self.runs
        run_once(found.run.program, Replay(found.run.schedule))  # for the calls of the shrunk run
        self.runs = before
        how = self.story(f"{found.run.schedule.size} deviations from the default schedule")
        after = f"after {count} commands in parallel,"
        if found.message == CORRUPT:
            what = f"{after} what was there before is gone"
            seen.corrupted = Symptom("corruption", what, how)
        else:
            what = f"{after} a change that has succeeded is gone"
            seen.lost = Symptom("lost-update", what, how)

    # --- what happened

    def story(self, title: str, *ended: Process) -> tuple[str, ...]:
        """Return the calls of the run so far, and how these processes have ended."""
        assert self.machine is not None
        lines = [f"{call.pid}  {call.told}" for call in self.machine.calls]
        ends = [
            f"{p.pid}  {'still waits' if p.exit is None else f'ends with {p.exit}'}" for p in ended
        ]
        return (title, *lines, *ends)

    def _name_causes(self) -> None:
        assert self.machine is not None
        self.causes.update(dict.fromkeys(causes_in(self.machine.calls)))


async def struck(world: World, process: Process, place: int, number: int) -> Process:
    """Return ``process`` once it has been sent a signal before its call ``place``, or has ended."""
    reached = world.lot(f"call {place}")

    def strike() -> None:
        process.signal(number)
        reached.wake()

    process.at_call(place, strike)
    async with world.timeout(PATIENCE_S):
        await reached.park()
    return process
