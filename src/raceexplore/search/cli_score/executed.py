"""Score a tool that is a real executable: run it in a scratch folder, stop it, kill it, and look.

Nothing is controlled here but where a process is stopped: after a call that has changed the folder.
So what is found is real, and what is not found may be there all the same.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from raceexplore.kernel.errors import BadProgram
from raceexplore.search.cli_score.lock_held import lock_held
from raceexplore.search.cli_score.running import Changes, Ended, Running, names
from raceexplore.search.cli_score.subject import FIRST, ToolUnderTest
from raceexplore.search.cli_score.verdict import Observations, Symptom

TOGETHER = 4  # commands of one round in parallel
TRIES = 6  # of a command after another was killed
RETRY_MAX_S = 5.0
ENDLESS = 1 << 30
CHANGES_MAX = 12  # of the folder, by one command, at which it is stopped


@dataclass
class Execution:
    """A tool whose two commands are whole command lines.

    rounds: how often each question is asked. patience_s: how long a command may take or wait.
    copied: files that are in its folder from the begin.
    """

    subject: ToolUnderTest
    rounds: int = 3
    patience_s: float = 20.0
    copied: tuple[Path, ...] = ()
    runs: int = 0
    alone_s: float = 0.0
    ready: Path = field(default_factory=Path)

    def observe(self) -> Observations:
        """Return what the tool does. Raises `BadProgram` if it cannot do one change alone."""
        seen = Observations()
        with tempfile.TemporaryDirectory(prefix="raceexplore-") as place:
            self.ready = Path(place) / "ready"
            self.ready.mkdir()
            for file in self.copied:
                shutil.copy(file, self.ready)
            count = self._alone(seen)
            for _ in range(self.rounds):
                for change in range(1, min(count, CHANGES_MAX) + 1):
                    self._stopped(seen, change)
                    self._overtaken(seen, change)
                    self._killed(seen, change)
                    self._read_meanwhile(seen, change)
            self._parallel(seen)
        seen.effort = (
            f"{self.runs:,} commands run; each question asked {self.rounds} times at each of "
            f"{count} changes of the folder"
        )
        return seen

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a folder in which the first change has been made; nothing runs in it afterwards."""
        place = Path(tempfile.mkdtemp(dir=self.ready.parent))
        started: list[Running] = []
        self._started = started
        shutil.copytree(self.ready, place, dirs_exist_ok=True)
        try:
            yield place
        finally:
            for running in started:
                running.send(signal.SIGKILL)
                running.process.communicate()
            shutil.rmtree(place, ignore_errors=True)

    def start(self, words: Sequence[str], folder: Path) -> Running:
        """Start a command in a folder."""
        self.runs += 1
        running = Running(words, folder)
        self._started.append(running)
        return running

    def change(self, number: int, folder: Path) -> Running:
        """Start the change ``number``."""
        return self.start(self.subject.change(number), folder)

    def wrong(self, numbers: list[int], folder: Path) -> str:
        """Return what is wrong with what the check shows; empty if these changes are there."""
        check = self.start(self.subject.check, folder).ended(self.patience_s)
        shown = (check.output + check.error).strip()
        if check.code != 0:
            last = (shown.splitlines() or [""])[-1]
            return f"corrupted: the check ends with {check.code} {last[:120]!r}"
        if self.subject.missing(check.output, [FIRST]):
            return f"corrupted: the change made before is gone from {shown[:120]!r}"
        gone = self.subject.missing(check.output, numbers)
        return (
            f"lost: change {gone[0]} has succeeded, and is not in {shown[:120]!r}" if gone else ""
        )

    # --- questions

    def _alone(self, seen: Observations) -> int:
        """Make the first change, and see what one more does to the folder."""
        self._started = []
        first = self.change(FIRST, self.ready).ended(self.patience_s)
        if first.code is None:
            raise BadProgram(f"one change alone has not ended after {self.patience_s:g} s")
        if first.code != 0:
            told = (first.error or first.output).strip()
            raise BadProgram(f"one change alone ends with status {first.code}: {told[:300]}")
        counts, transient = [], []
        for number in (FIRST + 1, FIRST + 2):
            with self.scratch() as folder:
                begin_s = time.monotonic()
                running, changes = self.change(number, folder), Changes(folder, ENDLESS)
                running.look(changes)
                self.alone_s = max(self.alone_s, time.monotonic() - begin_s)
                if running.ended(self.patience_s).code != 0 or self.wrong([number], folder):
                    raise BadProgram("the check does not show a change made alone")
                counts.append(changes.count)
                transient.append(changes.seen - names(folder).keys())
        for name in sorted(transient[0] & transient[1]):
            self._probe(seen, name)
        return max(counts)

    def _probe(self, seen: Observations, name: str) -> None:
        """See whether a temporary file that both have used is a lock, or is written over."""
        with self.scratch() as folder:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{os.getpid()}\n", encoding="utf-8")
            ended = self.change(FIRST + 1, folder).ended(self.patience_s)
            if ended.code == 0:
                told = f"two commands write to the same temporary file, {name}"
                seen.shared = seen.shared or Symptom("shared-temporary-file", told)

    def _stopped(self, seen: Observations, place: int) -> None:
        """Let a command meet one that is stopped, until it ends or patience does."""
        with self.scratch() as folder:
            one = self.change(FIRST + 1, folder)
            if not one.stop_after(place):
                return
            other = self.change(FIRST + 2, folder).ended(self.patience_s)
            how = (f"the first command is stopped after change {place} of the folder", *told(other))
            if other.code is None:
                seen.waited = seen.waited or Symptom("waits", "a command waits for another", how)
                what = f"a command waits for {self.patience_s:g} s behind one that is stopped"
                seen.endless = seen.endless or Symptom("waits-for-ever", what, how)
            elif other.code != 0:
                seen.note_error(other.output, other.error, how)
            one.go_on()
            ends = [one.ended(self.patience_s).code, other.code]
            self._note_wrong(seen, self._done(ends), folder, how)

    def _overtaken(self, seen: Observations, place: int) -> None:
        """Stop a command until another has begun, and let both end."""
        with self.scratch() as folder:
            one = self.change(FIRST + 1, folder)
            if not one.stop_after(place):
                return
            other = self.change(FIRST + 2, folder)
            pause = other.ended(3 * self.alone_s)
            one.go_on()
            last = pause if pause.code is not None else other.ended(self.patience_s)
            if pause.code is None and last.code == 0:
                seen.waited = seen.waited or Symptom("waits", "a command waits for another")
            how = (f"one command is stopped after change {place}, until another waits", *told(last))
            ends = [one.ended(self.patience_s).code, last.code]
            self._note_wrong(seen, self._done(ends), folder, how)

    @staticmethod
    def _done(codes: list[int | None]) -> list[int]:
        return [FIRST + nth for nth, code in enumerate(codes, 1) if code == 0]

    def _note_wrong(
        self, seen: Observations, done: list[int], folder: Path, how: tuple[str, ...]
    ) -> None:
        wrong = self.wrong(done, folder) if done else ""
        if wrong.startswith("lost"):
            seen.lost = seen.lost or Symptom(
                "lost-update", "a change that has succeeded is gone", (*how, wrong)
            )
        elif wrong:
            seen.corrupted = seen.corrupted or Symptom(
                "corruption", "what was there before is gone", (*how, wrong)
            )

    def _killed(self, seen: Observations, place: int) -> None:
        """Kill a command, and see whether the next one can work."""
        with self.scratch() as folder:
            one = self.change(FIRST + 1, folder)
            if not one.stop_after(place):
                return
            one.send(signal.SIGKILL)
            one.go_on()
            one.ended(self.patience_s)
            how = (f"a command is killed after change {place} of the folder",)
            if wrong := self.wrong([], folder):
                what = "a command that is killed leaves a file that nobody can read"
                seen.torn = seen.torn or Symptom("torn-file", what, (*how, wrong))
                return
            if seen.kept is not None:
                return  # it takes long to find out once more
            for _ in range(TRIES):
                other = self.change(FIRST + 2, folder).ended(self.patience_s)
                if other.code in (0, None):
                    break
                error = lock_held(other.output, other.error)
                after_s = 1.0 if error is None else error.retry_after_ms / 1000
                time.sleep(min(after_s, RETRY_MAX_S))
            if other.code != 0:
                what = "the lock of a command that was killed is never free again"
                seen.kept = Symptom("lock-not-released", what, (*how, *told(other)))

    def _read_meanwhile(self, seen: Observations, place: int) -> None:
        """Look at the changes while a command is stopped."""
        with self.scratch() as folder:
            one = self.change(FIRST + 1, folder)
            if not one.stop_after(place):
                return
            check = self.start(self.subject.check, folder).ended(self.patience_s)
            if check.code is None or lock_held(check.output, check.error):
                return
            if check.code != 0 or self.subject.missing(check.output, [FIRST]):
                how = (f"a command is stopped after change {place} of the folder", *told(check))
                seen.torn = seen.torn or Symptom(
                    "torn-file", "who reads meanwhile sees half a change", how
                )

    def _side_by_side(self, seen: Observations) -> str:
        """Run commands side by side, with nothing stopped; return what is wrong afterwards."""
        with self.scratch() as folder:
            all_of_them = [self.change(FIRST + 1 + n, folder) for n in range(TOGETHER)]
            ends = [one.ended(self.patience_s) for one in all_of_them]
            for end in (end for end in ends if end.code):
                seen.note_error(
                    end.output, end.error, (f"{TOGETHER} commands in parallel", *told(end))
                )
            done = self._done([end.code for end in ends])
            return self.wrong(done, folder) if done else ""

    def _parallel(self, seen: Observations) -> None:
        """Run commands side by side, with nothing stopped, and count what goes wrong."""
        counts = {"lost": 0, "corrupted": 0}
        example = dict.fromkeys(counts, "")
        rounds = 5 * self.rounds
        for _ in range(rounds):
            wrong = self._side_by_side(seen)
            kind = wrong.partition(":")[0]
            if kind:
                counts[kind] += 1
                example[kind] = example[kind] or wrong
        rates = {
            kind: f"{count} of {rounds} rounds of {TOGETHER}" for kind, count in counts.items()
        }
        if seen.lost or counts["lost"]:
            how = seen.lost.how if seen.lost else (example["lost"],)
            what = "a change that has succeeded is gone"
            seen.lost = Symptom("lost-update", what, how, rates["lost"])
        if seen.corrupted or counts["corrupted"]:
            how = seen.corrupted.how if seen.corrupted else (example["corrupted"],)
            what = "what was there before is gone"
            seen.corrupted = Symptom("corruption", what, how, rates["corrupted"])


def told(ended: Ended) -> tuple[str, ...]:
    """Return how a command has ended, in lines."""
    if ended.code is None:
        return ("the other still waits",)
    lines = (ended.output + ended.error).strip().splitlines()
    return (f"the other ends with {ended.code}", *[line[:160] for line in lines[-3:]])
