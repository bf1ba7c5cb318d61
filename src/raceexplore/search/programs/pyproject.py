"""What a project has decided once, in ``pyproject.toml`` under ``[tool.raceexplore]``."""

from __future__ import annotations

import os
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from raceexplore.kernel.errors import BadOption

FILE: Final = "pyproject.toml"
TABLE: Final = "[tool.raceexplore]"
CHOICES: Final = {"time": ("strict", "elastic"), "order": ("any", "passes")}
KEYS: Final = ("budget", "corpus", "entropy", "jobs", "observe", "order", "scheduler", "time")


def project_settings(start: Path) -> dict[str, Any]:
    """Return what the nearest ``pyproject.toml``, from ``start`` upwards, sets; checked.

    The folder of the corpus is given as it is named from the working directory. Empty where there
    is no such file, or no such table in it. Raises `BadOption`, in one line, for what it cannot
    mean.
    """
    here = start.resolve()
    file = next((f / FILE for f in (here, *here.parents) if (f / FILE).is_file()), None)
    if file is None:
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadOption(f"{file} cannot be read: {error}") from None
    own = table.get("raceexplore", {}) if isinstance(table, dict) else {}
    if not isinstance(own, dict):
        raise BadOption(f"{file}: {TABLE} is a table, not {own!r}")
    for key, value in own.items():
        if wrong := _wrong(key, value):
            raise BadOption(f"{file}, {TABLE}: {wrong}")
    if "corpus" in own:
        own["corpus"] = os.path.relpath(file.parent / own["corpus"])
    return own


def _wrong(key: str, value: object) -> str:
    """Return what is wrong with a line of the table; empty if nothing is."""
    if key not in KEYS:
        near = get_close_matches(key, KEYS, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(KEYS)}"
        return f"there is no key {key!r}{hint}"
    if key in CHOICES and value not in CHOICES[key]:
        first, second = CHOICES[key]
        return f"{key} is {first!r} or {second!r}, not {value!r}"
    whole = isinstance(value, int) and not isinstance(value, bool)
    positive = whole and int(value) > 0  # type: ignore[call-overload]
    text = isinstance(value, str) and bool(value)
    words = isinstance(value, list) and all(isinstance(word, str) and word for word in value)
    right, what = {
        "budget": (positive, "a whole number from 1"),
        "entropy": (whole, "a whole number"),
        "jobs": (positive or value == "auto", "a whole number from 1, or 'auto'"),
        "observe": (words, 'a list of packages, as ["anyio"]'),
        "corpus": (text, "a text"),
        "scheduler": (text, "a text"),
    }.get(key, (True, ""))
    return "" if right else f"{key} is {what}, not {value!r}"
