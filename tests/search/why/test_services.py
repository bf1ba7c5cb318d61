"""Ten services of several modules: each bug is found and told by its cause, each fix is complete.

They were written with their causes before they were run.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from command import Rx

SERVICES = Path(__file__).parents[2] / "support" / "services"
CAUSES = {
    "pool": "Pool.connections",
    "cache": "Cache.rows",
    "jobs": "lines 7-12 of work (jobs/core.py) atomic",
    "chat": "Room.members",
    "breaker": "Breaker.probing",
    "saga": "order is cancelled at a checkpoint",
    "leader": "Lease.holder",
    "crawler": "Crawler.seen",
    "limiter": "Limiter.tokens",
    "shutdown": "Server.closing",
}


@pytest.fixture
def services(tmp_path: Path) -> None:
    shutil.copytree(SERVICES, tmp_path, dirs_exist_ok=True)


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("name", CAUSES)
def test_the_first_ten_lines_name_what_the_fix_changed(name: str, rx: Rx) -> None:
    ended = rx("run", f"{name}_buggy.py")
    assert ended.status == 1
    told = " ".join(" ".join(ended.out.split("\n")[:10]).split())
    assert CAUSES[name] in told


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("name", CAUSES)
def test_the_fix_is_complete_within_five_hundred_runs(name: str, rx: Rx) -> None:
    ended = rx("run", f"{name}_fixed.py", "--budget", "500")
    assert ended.status == 0
    assert "no schedule fails" in ended.out
    assert "complete: every trace class" in " ".join(ended.out.split())
