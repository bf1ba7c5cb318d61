"""The section that would cure a bug is the one that a fixed version protects."""

from __future__ import annotations

from pathlib import Path

import pytest

from critical_sections import (
    CURED_AFTER_ALL,
    MODELS,
    MODELS_WITHOUT,
    POWER,
    POWER_WITHOUT,
    SHORTER,
)
from what_if import answer, cure, found_in, named, power, section

SLOW = "two_stage100"


@pytest.mark.parametrize("name", MODELS)
def test_a_models_section_is_the_one_that_its_fixed_version_protects(name: str) -> None:
    assert named(cure(found_in(f"models/{name}"))) == set(MODELS[name])


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.slow] if name.endswith(SLOW) else []) for name in POWER],
)
def test_a_classic_bugs_section_is_the_one_that_a_fixed_version_protects(name: str) -> None:
    assert named(cure(found_in(power(name)))) == set({**POWER, **SHORTER}[name])


def test_of_the_classic_bugs_that_a_section_cures_nine_of_ten_are_named_as_expected() -> None:
    as_expected = [name for name in POWER if name not in SHORTER]
    assert len(as_expected) >= 0.9 * len(POWER)


@pytest.mark.parametrize(
    "name", [*map("models/{}".format, MODELS_WITHOUT), *map(power, POWER_WITHOUT)]
)
def test_where_no_section_is_the_cure_none_is_named(name: str) -> None:
    found = answer(found_in(name)).cure
    expected = CURED_AFTER_ALL.get(Path(name).name)
    assert (named(found) if found else None) == (set(expected) if expected else None)


# (function, line) of what touches the same data outside of the section
RIVALS = {
    "values.py:lost_update": [],  # main reads the sum when all have ended
    "locks.py:carter": [],  # the bystanders use the same lock, but it is a lock
    "locks.py:wrong_lock": [("adds", "data += 1")],
    "values.py:time_of_check": [
        ("swaps", 'files["report"] = "yours"'),
        ("swaps", 'files["report"] = "mine"'),
    ],
    "values.py:double_checked": [
        ("uses", "if instance is None:"),
        ("uses", 'assert instance["port"] == 80'),
    ],
}


@pytest.mark.parametrize("name", RIVALS)
def test_whoever_else_has_to_take_the_lock_is_named(name: str) -> None:
    rivals = [section(one) for one in cure(found_in(power(name))).rivals]
    assert rivals == [(function, line, line) for function, line in RIVALS[name]]
