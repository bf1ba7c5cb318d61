"""Door: a Hypothesis strategy whose values are schedules, drawn before the run they steer."""

from __future__ import annotations

from raceexplore.hypothesis.schedule import Schedule
from raceexplore.hypothesis.strategy import profile, schedules

__all__ = ["Schedule", "profile", "schedules"]
