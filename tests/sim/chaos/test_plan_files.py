"""Plans as TOML and LitmusChaos' engines: read whole, and refused with the place of what is odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from raceexplore import BadOption
from raceexplore.sim import Unmodelled
from raceexplore.sim.chaos import (
    BlastRadius,
    Comparator,
    Effect,
    FaultKind,
    Injection,
    Liveness,
    Mode,
    Moments,
    Times,
    Watching,
)
from raceexplore.sim.chaos.litmus import read_engine
from raceexplore.sim.chaos.plan_file import read_plan

PLAN = """
name = "evening"
swarm = true
steady = ["books"]
[[fault]]
kind = "pod-delete"
app = "web"
start = "500ms"
total = 15
interval = "5s"
percent = 50
active = 0.5
[[fault]]
name = "slow"
kind = "pod-network-latency"
latency = "2s"
jitter = "100ms"
to = ["cache"]
during = ["COMMIT", "lock: x held"]
nth = 3
strikes = 2
last = "10s"
weight = 5
probes = ["sold"]
[[probe]]
name = "sold"
mode = "AtEveryStep"
compare = "int <= 100"
[[probe]]
name = "health"
check = "status"
mode = "onchaos"
every = "2s"
retries = 2
stops = true
[guard]
keep = 1
most_down = 0.5
busy = true
strikes = 9
[liveness]
check = "sold"
after = "10s"
within = "1m"
core = ["web-0"]
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_a_plan_is_read_whole(tmp_path: Path) -> None:
    plan = read_plan(written(tmp_path / "plan.toml", PLAN))
    assert (plan.name, plan.swarm, plan.steady) == ("evening", True, ("books",))
    assert plan.faults == (
        Injection(
            "pod-delete",
            FaultKind.POD_DELETE,
            placing=Times(0.5, 15.0, 5.0),
            app="web",
            percent=50,
            active=0.5,
        ),
        Injection(
            "slow",
            FaultKind.NETWORK_LATENCY,
            Effect(delay_s=2.0, jitter_s=0.1, to=("cache",)),
            Moments(("COMMIT", "lock: x held"), nth=3, strikes=2, last_s=10.0),
            weight=5,
            probes=("sold",),
        ),
    )
    assert plan.probes == (
        Watching("sold", "sold", Mode.AT_EVERY_STEP, Comparator("int", "<=", "100")),
        Watching("health", "status", Mode.ON_CHAOS, every_s=2.0, retries=2, stops=True),
    )
    assert plan.guard == BlastRadius(keep=1, most_down=0.5, busy=True, strikes=9)
    assert plan.liveness == Liveness("sold", 10.0, 60.0, ("web-0",))
    assert plan.checks == ("books", "sold", "status")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("x", "not TOML"),
        ("", "at least one"),
        ('[[fault]]\nkind = "flood"', "'flood' is no kind; there are pod-delete"),
        ('[[fault]]\nkind = "pause"\nlenght = 3', "fault pause: 'lenght' is no setting"),
        ('[[fault]]\nkind = "pause"\ntotal = "soon"', "total is a duration"),
        ('[[fault]]\nkind = "pause"\nnth = 0\nduring = ["x"]', "nth is 1 or more, not 0"),
        ('[[fault]]\nkind = "pause"\nnth = 1', "placed by 'during' or by 'checkpoint'"),
        ('[[fault]]\nkind = "pause"\nchance = 2', "chance is above 0 and at most 1"),
        ('[[fault]]\nkind = "pause"\nprobes = ["p"]', "no probe is called 'p'"),
        (
            '[[fault]]\nkind = "pause"\n[[probe]]\nname = "p"\nmode = "Sometimes"',
            "a mode is one of SoT",
        ),
        (
            '[[fault]]\nkind = "pause"\n[[probe]]\nname = "p"\ncompare = "large"',
            "a comparison is like",
        ),
    ],
)
def test_what_is_odd_in_a_plan_is_told_with_its_place(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = written(tmp_path / "plan.toml", text)
    with pytest.raises(BadOption, match=complaint):
        read_plan(path)


ENGINE = """
apiVersion: litmuschaos.io/v1alpha1
kind: ChaosEngine
metadata: {name: web-chaos, namespace: shop}
spec:
  engineState: active
  annotationCheck: "false"
  appinfo: {appns: shop, applabel: "app=web", appkind: deployment}
  chaosServiceAccount: litmus-admin
  experiments:
    - name: pod-delete
      spec:
        components:
          env:
            - {name: TOTAL_CHAOS_DURATION, value: "30"}
            - {name: CHAOS_INTERVAL, value: "5-10"}
            - {name: RANDOMNESS, value: "true"}
            - {name: FORCE, value: "false"}
            - {name: PODS_AFFECTED_PERC, value: "50"}
            - {name: SEQUENCE, value: serial}
            - {name: LIB_IMAGE, value: "litmuschaos/go-runner:latest"}
        probe:
          - name: front
            type: httpProbe
            mode: Continuous
            httpProbe/inputs:
              url: http://web/health
              method: {get: {criteria: ==, responseCode: "200"}}
            runProperties: {probeTimeout: 5s, interval: 2s, retry: 1, probePollingInterval: 500ms}
    - name: pod-network-latency
      spec:
        components:
          env:
            - {name: NETWORK_LATENCY, value: "2000"}
            - {name: JITTER, value: "500"}
            - {name: RAMP_TIME, value: "5"}
            - {name: DESTINATION_HOSTS, value: "postgres, cache"}
"""


def test_an_engine_is_read_whole_and_its_experiments_follow_one_another(tmp_path: Path) -> None:
    plan = read_engine(written(tmp_path / "engine.yaml", ENGINE))
    assert plan.faults == (
        Injection(
            "pod-delete",
            FaultKind.POD_DELETE,
            Effect(force=False),
            Times(0.0, 30.0, 10.0, random_from_s=5.0),
            app="app=web",
            percent=50,
            sequence="serial",
            probes=("front",),
        ),
        Injection(
            "pod-network-latency",
            FaultKind.NETWORK_LATENCY,
            Effect(delay_s=2.0, jitter_s=0.5, to=("postgres", "cache")),
            Times(35.0, 60.0, 10.0),
            app="app=web",
        ),
    )
    assert plan.probes == (
        Watching(
            "front",
            "front",
            Mode.CONTINUOUS,
            Comparator("string", "==", "200"),
            every_s=0.5,
            retries=1,
            interval_s=2.0,
            timeout_s=5.0,
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("pod-network-latency", "node-drain", "node-drain"),
        ("RAMP_TIME", "DESTINATION_PORTS", "DESTINATION_PORTS"),
        ("httpProbe", "sloProbe", "sloProbe"),
        ("appkind: deployment", "appkind: statefulset", "statefulset"),
        ("FORCE", "NODE_LABEL", "NODE_LABEL"),
    ],
)
def test_what_cannot_be_honoured_in_an_engine_is_refused_by_name(
    tmp_path: Path, old: str, new: str, name: str
) -> None:
    path = written(tmp_path / "engine.yaml", ENGINE.replace(old, new))
    with pytest.raises(Unmodelled, match=name):
        read_engine(path)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not YAML"),
        ("kind: Deployment", "no ChaosEngine in it"),
        (ENGINE.replace("engineState: active", "engineState: stop"), "its engineState is 'stop'"),
    ],
)
def test_what_is_no_engine_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadOption, match=complaint):
        read_engine(written(tmp_path / "engine.yaml", text))
