"""Hermitage's ten anomalies at three levels: which of them the server lets happen."""

from __future__ import annotations

import pytest

from anomalies import ANOMALIES, LEVELS, SCHEMA, steps_of
from sessions import scripted, simulate


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("anomaly", ANOMALIES)
def test_g1_an_anomaly_happens_where_the_level_allows_it(anomaly: str, level: str) -> None:
    _, happens, prevented = ANOMALIES[anomaly]
    outcome = simulate(SCHEMA, *scripted(steps_of(anomaly, level)), ["test"])
    assert happens(outcome.log, outcome.rows[0]) == (level not in prevented.split())
