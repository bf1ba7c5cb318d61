"""A tool that keeps settings: a lock file, and an error that says little."""

import json
import os
import sys


def load() -> dict[str, str]:
    if not os.path.exists("settings.json"):
        return {}
    with open("settings.json") as file:
        settings: dict[str, str] = json.load(file)
        return settings


def main(argv: list[str]) -> int:
    if argv == ["config", "list"]:
        for key, value in load().items():
            print(key, value)
        return 0
    try:
        os.close(os.open("settings.lock", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    except FileExistsError:
        print("Error: lock file exists", file=sys.stderr)
        return 1
    try:
        settings = load()
        settings[argv[2]] = argv[3]
        with open("settings.tmp", "w") as file:
            json.dump(settings, file)
        os.replace("settings.tmp", "settings.json")
    finally:
        os.unlink("settings.lock")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
