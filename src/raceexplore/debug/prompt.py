"""The prompts: pdb with the commands of raceexplore, and the one after the end of the run."""

from __future__ import annotations

import cmd
import re
from types import ModuleType
from typing import TYPE_CHECKING, Any

from raceexplore.debug import tell
from raceexplore.debug.commands import Look, Stopped, Travel, Travelled
from raceexplore.debug.tracing import TaskPdb
from raceexplore.kernel.standing.still import still
from raceexplore.search.observed.outline import outline

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType

    from raceexplore.kernel.standing.moment import Standing

INTRODUCTION = """\
Ours: tasks, where TASK, event, domain, why; next-event (ne), back [N], goto N, until, bisect EXPR.
Pdb's: n, s, c, r, p, w, u, d, l, b, ... An event is what a task does between two awaits."""


class Prompt(Look, TaskPdb):
    """Pdb at an event of a run, which stands still meanwhile."""

    def __init__(self, session: Stopped, stdin: Any, stdout: Any) -> None:
        TaskPdb.__init__(self, stdin, stdout)
        self.prompt = Travel.prompt
        self.use_rawinput = stdin is None
        self.session, self.left = session, session.follow
        self._shown = -1
        self._views: list[Mapping[str, Any]] = []

    def message(self, text: str) -> None:
        """Print a line."""
        TaskPdb.message(self, text)

    def interaction(self, frame: Any, traceback: Any) -> None:
        """Say which event this is, if it is another one than before; then prompt."""
        session = self.session
        session.arrive()
        if self._shown != session.number:
            self._shown = session.number
            self.message(tell.heading(session.moment, len(session.recording.events)))
        if session.diverged:
            self.message(f"   diverged: {session.diverged}")
        with still():
            super().interaction(frame, traceback)

    def setup(self, f: Any, tb: Any) -> Any:
        """Remember the variables of the frames: to ask a frame again would undo changes."""
        ended = super().setup(f, tb)
        self._views = [frame.f_locals for frame, _ in self.stack if frame is not self.curframe]
        self._views += [self.curframe_locals, *_globals(self.stack)]
        return ended

    def onecmd(self, line: str) -> bool:
        """Run one command; note it, for the history of later executions."""
        if line.strip():
            self.session.lines.append(line)
        return bool(super().onecmd(self.respell(line)))

    def default(self, line: str) -> None:
        """Evaluate Python; say so if that has changed the state of the program."""
        if re.search(r"\bawait\b", line):
            self.error("no await here: the program stands still; n, s and ne let it go on")
            return
        before = self._picture()
        super().default(line)
        if not self.session.diverged and self._picture() != before:
            self.session.diverged = "the program's state was changed by hand"
            self.message(
                "-- you have changed the program's state: from here on this execution has diverged"
                " from the recording; back and goto start a true one"
            )

    def do_where(self, arg: str) -> None:
        """Print the stack of this task, or where a task stands: w(here) [TASK]."""
        if not arg.strip():
            super().do_where("")
            return
        tasks = self.session.moment.tasks()
        found = [t for t in tasks if t.path == arg.strip()]
        found = found or [t for t in tasks if t.path.endswith(arg.strip())]
        if len(found) != 1:
            which = found or tasks
            self.error(f"which task? one of {', '.join(task.path for task in which)}")
        elif found[0].path == self.session.moment.path:
            super().do_where("")
        else:
            self._where(found[0])

    do_w = do_bt = do_where

    def do_until(self, arg: str) -> Any:
        """Go to the first event before which EXPR holds; until [LINE] is unt [LINE]."""
        if not arg.strip() or arg.strip().isdecimal():
            return TaskPdb.do_until(self, arg)
        return Look.do_until(self, arg)

    do_until.__doc__ = Travel.do_until.__doc__

    def do_unt(self, arg: str) -> Any:
        """Continue to a line further down, as until in pdb: unt [LINE]."""
        return TaskPdb.do_until(self, arg)

    def do_run(self, arg: str) -> None:
        """Run again is ``goto 0``."""
        self.error("goto 0 goes back to the start of the run")

    do_restart = do_run

    def do_continue(self, arg: str) -> Any:
        """Go on to the next breakpoint, or to the end of the run: c(ontinue)."""
        return TaskPdb.do_continue(self, arg)

    do_c = do_cont = do_continue
    do_ne = Look.do_next_event

    def _where(self, task: Standing) -> None:
        if task.state == "ended":
            self.message(f"{task.path} has ended")
        for frame, line in tell.user_frames(task.coroutine):
            self.message("  " + self.format_stack_entry((frame, line), "\n  -> "))

    def _picture(self) -> list[str]:
        """Return the variables of all tasks as texts; no code of the program runs for it."""
        own = {id(frame) for frame, _ in self.stack}
        views = list(self._views)
        for task in self.session.moment.tasks():
            frames = tell.user_frames(task.coroutine)
            views += [frame.f_locals for frame, _ in frames if id(frame) not in own]
        return [
            f"{name}={outline(value, 4)}"
            for view in views
            for name, value in list(view.items())
            if not (name.startswith("__") or isinstance(value, ModuleType))
        ]


def _globals(stack: list[tuple[FrameType, int]]) -> list[dict[str, Any]]:
    """Return the globals of each module on the stack, once."""
    return list({frame.f_code.co_filename: frame.f_globals for frame, _ in stack}.values())


class EndPrompt(Travel, cmd.Cmd):
    """The prompt after the end of the run: there is no way but back."""

    def __init__(self, session: Travelled, stdin: Any, stdout: Any) -> None:
        cmd.Cmd.__init__(self, stdin=stdin, stdout=stdout)
        self.use_rawinput = stdin is None
        self.prompt = Travel.prompt
        self.session = session

    def message(self, text: str) -> None:
        """Print a line."""
        print(text, file=self.stdout)

    def onecmd(self, line: str) -> bool:
        """Run one command."""
        if line.strip():
            self.session.lines.append(line)
        return bool(cmd.Cmd.onecmd(self, self.respell(line)))

    def emptyline(self) -> bool:
        """Do nothing."""
        return False

    def default(self, line: str) -> None:
        """Say what can be done."""
        self.message("*** the run has ended: back, goto N, until EXPR, bisect EXPR or q")

    def cmdloop(self, intro: Any = None) -> None:
        """Prompt; Ctrl-C gives a new prompt."""
        while True:
            try:
                cmd.Cmd.cmdloop(self, intro)
            except KeyboardInterrupt:
                self.message("--KeyboardInterrupt--")
