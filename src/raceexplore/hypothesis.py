"""Door: a Hypothesis strategy whose values are schedules, drawn before the run they steer."""

from __future__ import annotations

from raceexplore.search.schedules import Schedule, profile, schedules

__all__ = ["Schedule", "profile", "schedules"]
