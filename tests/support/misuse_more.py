"""More programs that misbehave, written by somebody who looked for what the first had left out."""

from __future__ import annotations

from misuse import END, HEAD, NAMES, REFUSED, SIGNALS, STUCK, TEXT, Misuse, main

IMPORTS = "import threading, time, re, json, math, queue, gc, resource, contextlib\n"
STRANGE = "it fails in a strange way"
LIE = "an object that lies"
CUT = "has not reached an await"


def stuck(name: str, body: str, before: str = "") -> Misuse:
    """Return a program that never comes back from ``body``."""
    return Misuse(name, STUCK, main(body, IMPORTS + before), 3, CUT)


def told(name: str, kind: str, body: str, text: str, before: str = "") -> Misuse:
    """Return a program that fails in ``body``, and is told with ``text``."""
    return Misuse(name, kind, main(body, IMPORTS + before), 1, text)


def refused(name: str, kind: str, body: str, text: str) -> Misuse:
    """Return a program whose ``body`` is refused."""
    return Misuse(name, kind, main(body, IMPORTS), 4, text)


MORE = [
    stuck("smallest_of_all", "min(itertools.count(), key=lambda x: 0)"),
    stuck("any_of_all", "any(x < 0 for x in itertools.count())"),
    stuck("all_of_all", "all(map(lambda x: True, itertools.count()))"),
    stuck("in_repeat", "1 in itertools.repeat(0)"),
    stuck("great_power", "pow(7, 10**9)"),
    stuck("great_factorial", "math.factorial(10**8)"),
    stuck("great_text", "sys.set_int_max_str_digits(0); str(7**(10**7))"),
    stuck("backtracks", "re.match('(a+)+b', 'a' * 60)"),
    stuck("sleeps_in_c", "ctypes.CDLL(None).usleep(2 * 10**9)"),
    stuck("pauses_in_c", "ctypes.CDLL(None).pause()"),
    stuck("stops_the_timer_in_c", "ctypes.CDLL(None).alarm(0)\nwhile True: pass"),
    stuck("locks_twice", "lock = threading.Lock(); lock.acquire(); lock.acquire()"),
    stuck("waits_for_a_thread", "threading.Event().wait()"),
    stuck("waits_an_hour", "threading.Event().wait(3600)"),
    stuck("waits_at_a_barrier", "threading.Barrier(2).wait()"),
    stuck("waits_for_a_condition", "c = threading.Condition(); c.acquire(); c.wait()"),
    stuck("waits_for_a_queue", "queue.Queue().get()"),
    stuck("heeds_no_ctrl_c", "while True: pass", "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"),
    Misuse(
        "looks_for_ever",
        STUCK,
        HEAD + "async def main(world):\n    def look():\n        while True: pass\n"
        "    world.always('x', look)\n    await trio.sleep(0)\n",
        3,
        CUT,
    ),
    told("falls_for_ever", STRANGE, "async def f(): await f()\nawait f()", "RecursionError"),
    told("yields_for_ever", STRANGE, "def g(): yield from g()\nlist(g())", "RecursionError"),
    told("falls_far", STRANGE, "def f(n): f(n - 1) if n else 1 / 0\nf(900)", "ZeroDivisionError"),
    told("is_its_own_text", TEXT, "class A(Exception):\n    def __str__(self): return str(self)\n"
         "raise A()", "its text cannot be had: RecursionError"),
    told("nests_groups", STRANGE, "e = ValueError('x')\nfor _ in range(5000):"
         " e = ExceptionGroup('g', [e])\nraise e", "FAIL"),
    told("nests_causes", STRANGE, "e = None\nfor i in range(20000):\n    n = ValueError(i)\n"
         "    n.__cause__, e = e, n\nraise e", "ValueError: 19999"),
    told("many_lines", TEXT, "raise ValueError('\\n' * 10**7)", "more lines"),
    told("much_text", TEXT, "raise ValueError('ab c' * 50_000_000)", "ValueError: ab cab c"),
    told("wild_text", NAMES, r"raise ValueError('\x00\x1b[31m\u202e\ud800\n::error::x')",
         r"\x00\x1b[31m\u202e\ud800"),
    told("long_name", NAMES, "async def t(): raise ValueError('n')\nasync with"
         " trio.open_nursery() as n: n.start_soon(t, name='x' * 10**6)", "ValueError: n"),
    told("circular", STRANGE, "a = []; a.append(a); json.dumps(a)", "Circular reference"),
    told("compares_itself", STRANGE, "a = []; a.append(a); b = []; b.append(b); a == b",
         "RecursionError"),
    told("asks_itself", LIE, "class A:\n    def __getattr__(self, n):"
         " return getattr(self, n + 'x')\nA().y", "RecursionError"),
    told("no_memory", STRANGE, "[0] * 10**12", "MemoryError"),
    told("leaves", STRANGE, "raise SystemExit(0)", "SystemExit"),
    told("says_ctrl_c", STRANGE, "raise KeyboardInterrupt", "KeyboardInterrupt"),
    told("leaves_in_a_group", STRANGE, "raise BaseExceptionGroup('g', [SystemExit(0)])", "FAIL"),
    told("prints_nowhere", STRANGE, "class W:\n    def write(self, s): raise ValueError('no')\n"
         "    flush = write\nsys.stdout = sys.stderr = W()\nprint('x')", "ValueError: no"),
    told("dies_in_del", STRANGE, "class D:\n    def __del__(self): raise ValueError('d')\nD()",
         "unraisable error"),
    told("nests_runs", STRANGE, "trio.run(main)", "RuntimeError"),
    told("no_time", STRANGE, "await trio.sleep(float('nan'))", "NaN"),
    told("leaves_in_c", END, "ctypes.CDLL(None).exit(0)", "exit status 0"),
    told("writes_where_nothing_is", END, "ctypes.memset(1, 0, 10)", "SIGSEGV"),
    told("stops_itself", END, "os.kill(os.getpid(), signal.SIGSTOP)", "SIGSTOP"),
    told("kills_its_parent", END, "os.kill(os.getppid(), signal.SIGTERM)", "SIGTERM"),
    told("kills_all", END, "os.killpg(0, signal.SIGKILL)", "SIGKILL"),
    told("kills_by_descriptor", END, "signal.pidfd_send_signal(os.pidfd_open(os.getpid()), 15)",
         "SIGTERM"),
    refused("starts_a_thread", REFUSED, "threading.Thread(target=print).start()", "a thread"),
    refused("starts_a_timer", REFUSED, "threading.Timer(1, print).start()", "a thread"),
    refused("rings", SIGNALS, "signal.alarm(1)", "signal.alarm()"),
    refused("wakes", SIGNALS, "signal.set_wakeup_fd(-1)", "signal.set_wakeup_fd()"),
    Misuse("forks_at_import", REFUSED, "import os\nos.fork()\n" + main("pass"), 2, "os.fork()"),
    Misuse("forks_in_c", REFUSED, main("ctypes.CDLL(None).fork()"), 3, "INCONCLUSIVE"),
    Misuse("leaves_at_import_in_c", "it ends its process while it is imported",
           "import ctypes\nctypes.CDLL(None)._exit(0)\n", 4, "exit status 0"),
    Misuse("falls_at_import", STRANGE, "def f(): f()\nf()\n", 2, "RecursionError"),
    Misuse("much_at_import", STRANGE, "x = [0] * 10**12\n", 2, "MemoryError"),
    Misuse("deep_source", STRANGE, "x = " + "-" * 100_000 + "1\nasync def main(): pass\n", 2,
           "MemoryError"),
    Misuse("many_parentheses", STRANGE, "x = " + "(" * 2000 + "1" + ")" * 2000 + "\n", 2,
           "too many nested parentheses"),
    Misuse("no_text_at_all", STRANGE, "\0", 2, "null bytes"),
    Misuse("unknown_letters", STRANGE, "# coding: nosuch\n", 2, "unknown encoding"),
    Misuse("strange_tabs", STRANGE, "if 1:\n\tif 1:\n        pass\n", 2, "use of tabs"),
    Misuse("one_long_line", STRANGE, f"x = '{'a' * 5_000_000}'\n" + main("raise ValueError('x')"),
           1, "ValueError: x"),
    Misuse("many_programs", STRANGE, "\n".join(f"async def f{i}(): pass" for i in range(3000)), 2,
           "more letters"),
]  # fmt: skip
