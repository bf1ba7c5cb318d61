"""Two tasks and one part of trio's or anyio's public interface each: what they see tells an order.

A program is what the tasks share, the tasks, and what is looked at in the end, between lines of
dashes. In each, `seen` is a list that says what came first.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

FOLDER = Path(__file__).parent / "api_programs"
HEAD = {
    "trio": "import trio, trio.testing, contextvars\nPOINT = trio.lowlevel.checkpoint\n",
    "anyio": "import anyio, anyio.lowlevel\nPOINT = anyio.lowlevel.checkpoint\n",
}
NURSERY = {"trio": "trio.open_nursery()", "anyio": "anyio.create_task_group()"}


def programs(library: str) -> dict[str, str]:
    """Return the source of each program for ``library``, by what of it the tasks use."""
    text = (FOLDER / f"{library}.txt").read_text()
    parts = re.split(r"^### (.+)\n", text, flags=re.MULTILINE)[1:]
    return {
        name: _source(library, *body.split("---\n"))
        for name, body in zip(parts[::2], parts[1::2], strict=True)
    }


def _source(library: str, shared: str, tasks: str, end: str = "") -> str:
    return (
        f"{HEAD[library]}\nasync def main(world):\n    seen = []\n"
        + textwrap.indent(shared + tasks, "    ")
        + f"    async with {NURSERY[library]} as nursery:\n"
        + "".join(f"        nursery.start_soon({name})\n" for name in ("ann", "bob"))
        + f"    world.event('end', seen=repr(seen), end=repr(({end.strip() or None})))\n"
    )
