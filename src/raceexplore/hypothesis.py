"""Door: a Hypothesis strategy whose values are schedules, drawn before the run they steer."""

from __future__ import annotations

from raceexplore.search.drawing import profile, schedules
from raceexplore.search.schedules import Schedule

__all__ = ["Schedule", "profile", "schedules"]
