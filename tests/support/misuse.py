"""Programs that misbehave: what each does, and what a user must be told, with which exit status."""

from __future__ import annotations

from typing import NamedTuple

HEAD = "import trio, os, sys, signal, ctypes, itertools, collections\n"
# the bug of the kind strikes in the one order that the default schedule does not take
RARE = """
async def w(seen, name):
    await trio.sleep(0)
    seen.append(name)

async def main():
    seen = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(w, seen, "a")
        nursery.start_soon(w, seen, "b")
    if seen == ["b", "a"]:
        {strike}
"""


class Misuse(NamedTuple):
    """A program, and how ``raceexplore run`` must end with it.

    kind: the row of docs/robustness.md. told: what the output must hold.
    """

    name: str
    kind: str
    text: str
    status: int
    told: str


def rare(strike: str, before: str = "") -> str:
    """Return a program that strikes in one order of two tasks only."""
    return HEAD + before + RARE.format(strike=strike)


def main(body: str, before: str = "") -> str:
    """Return a program whose main task does ``body`` after its first await."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{HEAD}{before}\nasync def main():\n    await trio.sleep(0)\n{lines}\n"


def raises(members: str, more: str = "") -> str:
    """Return a program that fails with an exception whose class has ``members``."""
    own = "\n".join(f"    {line}" for line in members.splitlines())
    return rare("raise Odd('card')", f"class Odd(Exception):\n{own}\n{more}")


DEEP = "sys.setrecursionlimit(10**9)\nclass Deep:\n    def __repr__(self): return repr(self)\n"
SELF = "os.kill(os.getpid(), signal."
END, REFUSED, STUCK = "it ends its process", "a real process or thread", "it is stuck"
TEXT, NAMES, SIGNALS = "an exception without a text", "names of no alphabet", "signals"
SWEEP = "what is Python's own is broken"

ENDS = [
    Misuse("exit0", END, rare("os._exit(0)"), 1, "os._exit()"),
    Misuse("exit1", END, main("os._exit(1)"), 1, "os._exit()"),
    Misuse("aborts", END, rare("os.abort()"), 1, "os.abort()"),
    Misuse("execs", END, rare("os.execv('/bin/true', ['true'])"), 1, "os.execv()"),
    Misuse("execs_with_env", END, main("os.execve('/bin/true', ['true'], {})"), 1, "os.execve()"),
    Misuse("execs_by_path", END, main("os.execlp('true', 'true')"), 1, "os.execv"),
    Misuse("segfaults", END, rare("ctypes.string_at(0)"), 1, "SIGSEGV"),
    Misuse("segfaults_always", END, main("ctypes.string_at(0)"), 1, "SIGSEGV"),
    Misuse("aborts_in_c", END, rare("ctypes.CDLL(None).abort()"), 1, "SIGABRT"),
    Misuse("exits_in_c", END, rare("ctypes.CDLL(None)._exit(0)"), 1, "exit status 0"),
    Misuse("exits_in_c_with_3", END, rare("ctypes.CDLL(None)._exit(3)"), 1, "exit status 3"),
    Misuse("exits_in_c_with_1", END, rare("ctypes.CDLL(None)._exit(1)"), 1, "exit status 1"),
    Misuse("kills_itself", END, rare(SELF + "SIGKILL)"), 1, "SIGKILL"),
    Misuse("terminates_itself", END, rare(SELF + "SIGTERM)"), 1, "SIGTERM"),
    Misuse("hangs_itself_up", END, main(SELF + "SIGHUP)"), 1, "SIGHUP"),
    Misuse("raises_a_signal", END, rare("signal.raise_signal(signal.SIGUSR1)"), 1, "SIGUSR1"),
    Misuse("kills_its_group", END, main("os.killpg(0, signal.SIGTERM)"), 1, "SIGTERM"),
    Misuse("kills_in_c", END, rare("ctypes.CDLL(None).kill(os.getpid(), 9)"), 1, "SIGKILL"),
    Misuse("overflows_the_c_stack", END, rare("repr(Deep())", DEEP), 1, "SIGSEGV"),
]
PROCESSES = [
    Misuse("forks", REFUSED, main("os.fork()"), 4, "os.fork()"),
    Misuse("forked_early", REFUSED, main("fork()", "from os import fork"), 4, "os.fork()"),
    Misuse("forks_a_terminal", REFUSED, main("import pty; pty.fork()"), 4, "fork"),
    Misuse("spawns", REFUSED, main("os.posix_spawn('/bin/true', ['true'], {})"), 4, "posix_spawn"),
    Misuse("spawns_by_path", REFUSED, main("os.spawnlp(os.P_WAIT, 'true', 'true')"), 4, "spawn"),
    Misuse("shells", REFUSED, main("os.system('true')"), 4, "os.system()"),
    Misuse("shelled_early", REFUSED, main("system('true')", "from os import system"), 4, "system"),
    Misuse("pipes", REFUSED, main("os.popen('true').read()"), 4, "subprocess"),
    Misuse(
        "many",
        REFUSED,
        main("multiprocessing.Process(target=print).start()", "import multiprocessing"),
        4,
        "multiprocessing",
    ),
    Misuse(
        "many_anew",
        REFUSED,
        main(
            "multiprocessing.get_context('spawn').Process(target=print).start()",
            "import multiprocessing",
        ),
        4,
        "multiprocessing",
    ),
    Misuse(
        "pools",
        REFUSED,
        main(
            "with ProcessPoolExecutor(2) as pool: pool.submit(abs, -1).result()",
            "from concurrent.futures import ProcessPoolExecutor",
        ),
        4,
        "process pool",
    ),
    Misuse(
        "old_pools",
        REFUSED,
        main("multiprocessing.Pool(2)", "import multiprocessing"),
        4,
        "multiprocessing",
    ),
    Misuse(
        "threads_below",
        REFUSED,
        main("_thread.start_new_thread(print, ())", "import _thread"),
        4,
        "thread",
    ),
    Misuse(
        "threads_early",
        REFUSED,
        main("start(print, ())", "from _thread import start_new_thread as start"),
        4,
        "thread",
    ),
    Misuse(
        "threads_in_a_pool",
        REFUSED,
        main(
            "with ThreadPoolExecutor(2) as pool: pool.submit(abs, -1).result()",
            "from concurrent.futures import ThreadPoolExecutor",
        ),
        4,
        "thread",
    ),
    Misuse(
        "timers",
        REFUSED,
        main("threading.Timer(1, print).start()", "import threading"),
        4,
        "thread",
    ),
]
LOOP = "\nwhile True: pass"
SWITCHES = [
    Misuse(
        "timer_off",
        SIGNALS,
        main("signal.setitimer(signal.ITIMER_REAL, 0)" + LOOP),
        4,
        "signal.setitimer()",
    ),
    Misuse("alarm", SIGNALS, main("signal.alarm(1)" + LOOP), 4, "signal.alarm()"),
    Misuse(
        "mask",
        SIGNALS,
        main("signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})" + LOOP),
        4,
        "signal.pthread_sigmask()",
    ),
    Misuse(
        "handler",
        SIGNALS,
        main("signal.signal(signal.SIGALRM, print)" + LOOP),
        4,
        "signal.signal()",
    ),
    Misuse(
        "handler_at_import",
        STUCK,
        main("while True: pass", "signal.signal(signal.SIGALRM, lambda *a: None)"),
        3,
        "INCONCLUSIVE",
    ),
    Misuse(
        "timer_at_import",
        STUCK,
        main("while True: pass", "signal.setitimer(signal.ITIMER_REAL, 0)"),
        3,
        "INCONCLUSIVE",
    ),
    Misuse(
        "waits_for_a_signal",
        SIGNALS,
        main("signal.sigwait({signal.SIGUSR2})"),
        4,
        "signal.sigwait()",
    ),
    Misuse("pauses", SIGNALS, main("signal.pause()"), 4, "signal.pause()"),
]
STUCKS = [
    Misuse("sums", STUCK, rare("sum(itertools.repeat(0))"), 3, "rx1-"),
    Misuse("sums_always", STUCK, main("sum(itertools.repeat(0))"), 3, "INCONCLUSIVE"),
    Misuse("counts", STUCK, main("collections.deque(itertools.count(), maxlen=0)"), 3, "rx1-"),
    Misuse("spins", STUCK, rare("while True: pass"), 3, "rx1-"),
    Misuse(
        "holds_on",
        STUCK,
        main("while True:\n    try:\n        while True: pass\n    except BaseException: pass"),
        3,
        "rx1-",
    ),
    Misuse(
        "imports_for_ever", STUCK, HEAD + "while True: pass\nasync def main(): pass\n", 2, "import"
    ),
    Misuse(
        "imports_c_for_ever",
        STUCK,
        HEAD + "sum(itertools.repeat(0))\nasync def main(): 1\n",
        2,
        "import",
    ),
    Misuse(
        "dies_at_import", END, HEAD + "ctypes.string_at(0)\nasync def main(): pass\n", 4, "SIGSEGV"
    ),
    Misuse("exits_at_import", END, HEAD + "os._exit(0)\nasync def main(): pass\n", 2, "os._exit()"),
    Misuse("reads_the_terminal", "it asks a person", main("input()"), 1, "EOFError"),
    Misuse("reads_all_of_it", "it asks a person", main("assert sys.stdin.read() == ''"), 0, "OK"),
]
