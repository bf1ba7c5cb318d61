"""The JSON of ``--format json``: plain values, the same for a campaign and for a replay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from raceexplore.report.story.race_words import told
from raceexplore.report.story.what_if_words import atomicity_value
from raceexplore.search.race_kinds.race_of import race_of
from raceexplore.search.why.wording import Words

if TYPE_CHECKING:
    from raceexplore.kernel.outcome import Run
    from raceexplore.search.campaign.found import Campaign, Found
    from raceexplore.search.corpus.replay import Replayed

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
            {
                **failure_value(f.run, f, first_run=f.first_run, one_minimal=f.one_minimal),
                "printed": f.printed,
            }
            for f in campaign.failures
        ],
    }


def replay_value(replayed: Replayed, seconds: float) -> dict[str, Any]:
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
        "failures": [failure_value(run, replayed)] if run.failure else [],
        "reproduced": replayed.reproduced,
        "digest": run.digest,
    }


def failure_value(
    run: Run,
    known: Found | Replayed,
    *,
    first_run: int = 0,
    one_minimal: bool | None = None,
) -> dict[str, Any]:
    """Return the failure of ``run``, with what is ``known``; one_minimal: None if nobody has tried.

    race: the kind of race that it shows, or None; race_told: a sentence on it, or nothing.
    """
    assert run.failure is not None
    race = race_of(run, known.why)
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
        "atomic": atomicity_value(known.atomic),
        "why": Words(known.why).value() if known.why else None,
        "race": race and race.kind,
        "race_told": told(run, race),
    }
