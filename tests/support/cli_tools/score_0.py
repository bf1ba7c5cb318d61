"""A tool that keeps settings: a temporary file that all share, and no lock."""

import json
import os
import sys


def load() -> dict[str, str]:
    if not os.path.exists("settings.json"):
        return {}
    with open("settings.json") as file:
        settings: dict[str, str] = json.load(file)
        return settings


def save(settings: dict[str, str]) -> None:
    with open("settings.tmp", "w") as file:
        json.dump(settings, file)
    os.replace("settings.tmp", "settings.json")


def main(argv: list[str]) -> int:
    if argv == ["config", "list"]:
        for key, value in load().items():
            print(key, value)
        return 0
    settings = load()
    settings[argv[2]] = argv[3]
    save(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
