"""What a program prints: of its failing run, in the report; of all others, nothing."""

from __future__ import annotations

import json

from command import Rx

CHATTY = """
import logging
import trio

logging.basicConfig(level=logging.INFO, force=True)
log = logging.getLogger("chatty")
log.info("loaded")

async def add(box):
    seen = box[0]
    log.info("saw %s", seen)
    print("read", seen)
    await trio.sleep(0)
    box[0] = seen + 1

async def main():
    box = [0]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(add, box)
        nursery.start_soon(add, box)
    assert box[0] == 2
"""


def test_the_failing_run_s_output_is_in_the_report_and_logging_floods_nothing(rx: Rx) -> None:
    ended = rx("run", "chatty.py", chatty=CHATTY)
    assert ended.err == "INFO:chatty:loaded\n"
    told = "printed by this run:\n  INFO:chatty:saw 0\n  read 0\n  INFO:chatty:saw 0\n  read 0\n\n"
    assert told in ended.out
    value = json.loads(rx("run", "chatty.py", "--format", "json").out)
    assert value["failures"][0]["printed"].count("read 0\n") == 2


def test_of_much_output_the_last_lines_are_shown(rx: Rx) -> None:
    text = CHATTY.replace('print("read", seen)', 'print("\\n".join(map(str, range(100))))')
    out = rx("run", "chatty.py", chatty=text).out
    assert "printed by this run, the last 10 of 202 lines:\n  90\n  91\n" in out
