"""The JSON of ``--format json``: plain values, the same for a campaign and for a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.report.atomicity import atomicity_value
from raceexplore.report.race import race_told
from raceexplore.search.races import race_of
from raceexplore.search.why import explained
from raceexplore.search.wording import Words

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.atomic import Atomicity
    from raceexplore.search.campaign import Campaign
    from raceexplore.search.replay import Replayed
    from raceexplore.search.why import Why

VERSION = 1


def campaign_value(campaign: Campaign) -> dict[str, Any]:
    """Return ``campaign`` as the object that ``run --format json`` prints."""
    return {
        "version": VERSION,
        "program": campaign.program.name,
        "scheduler": campaign.scheduler,
        "entropy": campaign.entropy,
        "runs": campaign.runs,
        "complete": campaign.complete,
        "classes": campaign.classes,
        "seconds": round(campaign.seconds, 3),
        "failures": [
            failure_value(
                f.run,
                f.why,
                first_run=f.first_run,
                one_minimal=f.one_minimal,
                atomic=f.atomic,
            )
            for f in campaign.failures
        ],
    }


def replay_value(
    replayed: Replayed, seconds: float, atomic: Atomicity | None = None
) -> dict[str, Any]:
    """Return ``replayed`` as the object that ``replay --format json`` prints."""
    run = replayed.run
    return {
        "version": VERSION,
        "program": run.program.name,
        "scheduler": "replay",
        "entropy": run.settings.entropy,
        "runs": 1,
        "complete": False,
        "classes": None,
        "seconds": round(seconds, 3),
        "failures": [failure_value(run, explained(run), atomic=atomic)] if run.failure else [],
        "reproduced": replayed.reproduced,
        "digest": run.digest,
    }


def failure_value(
    run: Run,
    why: Why | None,
    *,
    first_run: int = 0,
    one_minimal: bool | None = None,
    atomic: Atomicity | None = None,
) -> dict[str, Any]:
    """Return the failure of ``run``; why, one_minimal and atomic: None where nobody has tried.

    race: the kind of race that it shows, or None; race_told: a sentence on it, or nothing.
    """
    assert run.failure is not None
    race = race_of(run)
    return {
        "fingerprint": run.failure.fingerprint,
        "kind": run.failure.kind,
        "message": run.failure.message,
        "first_run": first_run,
        "seed": run.seed,
        "preemptions": run.preemptions,
        "deviations": run.schedule.size,
        "steps": run.steps,
        "one_minimal": one_minimal,
        "atomic": atomicity_value(atomic),
        "why": Words(why).value() if why is not None else None,
        "race": race and race.kind,
        "race_told": race_told(run),
    }
