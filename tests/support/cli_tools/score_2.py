"""A tool that keeps settings: a lock that the system gives back, and writing in place."""

import fcntl
import json
import os
import sys
import time
from typing import TextIO

WAIT_S = 0.5


def load() -> dict[str, str]:
    if not os.path.exists("settings.json"):
        return {}
    with open("settings.json") as file:
        settings: dict[str, str] = json.load(file)
        return settings


def is_locked(file: TextIO) -> bool:
    end_s = time.monotonic() + WAIT_S
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end_s:
                return False
            time.sleep(0.05)
        else:
            return True


def main(argv: list[str]) -> int:
    if argv == ["config", "list"]:
        for key, value in load().items():
            print(key, value)
        return 0
    with open("settings.lock", "a") as lock:
        if not is_locked(lock):
            error = {
                "code": "LOCK_HELD",
                "message": "another command changes the settings",
                "retry_after_ms": 500,
            }
            print(json.dumps({"error": error}))
            return 5
        settings = load()
        settings[argv[2]] = argv[3]
        with open("settings.json", "w") as file:
            json.dump(settings, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
