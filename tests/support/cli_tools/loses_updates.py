"""A tool that keeps settings: meets the table, but reads before it has the lock."""

import fcntl
import json
import os
import sys
import time
import uuid
from typing import TextIO

WAIT_S = 0.5


def load() -> dict[str, str]:
    if not os.path.exists("settings.json"):
        return {}
    with open("settings.json") as file:
        settings: dict[str, str] = json.load(file)
        return settings


def save(settings: dict[str, str], session: str) -> None:
    draft = f".settings-{session}.draft"
    with open(draft, "w") as file:
        json.dump(settings, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(draft, "settings.json")


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


def held() -> int:
    error = {
        "code": "LOCK_HELD",
        "message": "another command changes the settings",
        "suggestion": "wait until it has ended",
        "retry_after_ms": 500,
    }
    print(json.dumps({"error": error}))
    return 5


def main(argv: list[str]) -> int:
    if argv == ["config", "list"]:
        for key, value in load().items():
            print(key, value)
        return 0
    session = argv[argv.index("--session-id") + 1] if "--session-id" in argv else uuid.uuid4().hex
    settings = load()
    settings[argv[2]] = argv[3]
    with open("settings.lock", "a") as lock:
        if not is_locked(lock):
            return held()
        save(settings, session)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
