"""Kubernetes' manifests: what is read of them, and what pods do by it."""

from __future__ import annotations

from pathlib import Path

import pytest
import trio

from raceexplore import BadOption, World
from raceexplore.sim import Fixed
from raceexplore.sim.kubernetes import Deployment, Hosts, Pod, Probe, read_manifest
from simulated import passed

FILE = Path(__file__).with_name("deploy.yaml")


async def serve(_: Pod) -> None:
    await trio.sleep_forever()


def test_a_deployment_and_its_service_are_read() -> None:
    manifest = read_manifest(FILE)
    assert manifest.deployments == (
        Deployment(
            name="inventory",
            replicas=3,
            cpu=0.25,
            memory=128 * 2**20,
            grace_s=5.0,
            surge=1,
            unavailable=0,
            recreate=False,
            readiness=Probe(2.0, 1.0, 2),
            liveness=Probe(0.0, 10.0, 3),
            labels=(("app", "inventory"), ("tier", "backend")),
        ),
    )
    assert manifest.services == (("inventory", "inventory"),)
    assert manifest.warnings == ()


def test_pods_are_ready_when_their_probe_says_so_and_the_service_knows_later() -> None:
    async def program(world: World) -> None:
        hosts = Hosts.from_kubernetes(world, FILE, staleness=Fixed(0.5))
        hosts.start(serve)
        await world.sleep(2.25)
        assert [pod.ready for pod in hosts.pods] == [True] * 3
        assert hosts.endpoints() == ()
        await world.sleep(0.5)
        assert [pod.name for pod in hosts.endpoints()] == [f"inventory-{n}" for n in range(3)]
        hosts.pods[1].healthy = False
        await world.sleep(4)
        assert [pod.name for pod in hosts.endpoints()] == ["inventory-0", "inventory-2"]

    passed(program)


def test_a_pod_has_the_limits_of_its_deployment() -> None:
    async def program(world: World) -> None:
        hosts = Hosts.from_kubernetes(world, FILE)
        hosts.start(serve)
        host = hosts.pods[0].host
        assert (host.cpu.share, host.memory) == (0.25, 134_217_728)
        await host.compute(0.030)
        assert world.now() == pytest.approx(0.105)
        host.allocate(200 * 2**20)
        assert not host.up
        await world.sleep(1)
        assert (host.up, host.restarts) == (True, 1)  # in the same pod

    passed(program)


def test_a_rolling_update_has_two_versions_at_once_and_never_too_few_pods() -> None:
    async def program(world: World) -> None:
        hosts = Hosts.from_kubernetes(world, FILE)
        hosts.start(serve)
        await world.sleep(3)
        seen: list[tuple[int, ...]] = []

        async def watch() -> None:
            while True:
                seen.append(tuple(sorted(pod.version for pod in hosts.pods if pod.ready)))
                await world.sleep(0.25)

        world.spawn(watch)
        await hosts.rolling_update(serve)
        await world.sleep(1)
        versions = list(dict.fromkeys(seen))
        assert versions[0] == (1, 1, 1)
        assert versions[-1] == (2, 2, 2)
        assert (1, 1, 2) in versions
        assert min(map(len, versions)) == 3
        assert max(map(len, versions)) <= 4

    passed(program)


def test_a_pod_that_is_told_to_stop_may_end_its_work_within_the_grace_period() -> None:
    async def program(world: World) -> None:
        ended: list[str] = []

        async def careful(pod: Pod) -> None:
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(4 if pod.name.endswith("0") else 6)
                    ended.append(pod.name)

        hosts = Hosts.from_kubernetes(world, FILE)
        hosts.start(careful)
        await world.sleep(3)
        await hosts.rolling_update(serve)
        assert ended == ["inventory-0"]

    passed(program)


def test_a_pod_that_is_killed_is_replaced_and_requests_still_go_to_it_for_a_while() -> None:
    async def program(world: World) -> None:
        hosts = Hosts.from_kubernetes(world, FILE, staleness=Fixed(1.0))
        hosts.start(serve)
        await world.sleep(4)
        victim = hosts.pods[0]
        hosts.kill(victim)
        assert victim in hosts.endpoints()
        assert not victim.host.up
        await world.sleep(4)
        names = [pod.name for pod in hosts.endpoints()]
        assert names == ["inventory-1", "inventory-2", "inventory-3"]

    passed(program)


def test_a_pod_that_is_not_alive_is_started_again() -> None:
    async def program(world: World) -> None:
        hosts = Hosts.from_kubernetes(world, FILE)
        hosts.start(serve)
        pod = hosts.pods[0]
        pod.healthy = False
        await world.sleep(25)
        assert (pod.host.restarts, pod.healthy, pod.host.up) == (1, True, True)

    passed(program)


DEPLOYMENT = "kind: Deployment\nmetadata: {name: shop}\nspec:\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: [", "not YAML: while parsing"),
        ("- 1", "a manifest is a mapping, not"),
        ("kind: Pod", "no Deployment in it"),
        (DEPLOYMENT + "  replicas: many", "spec.replicas must be a whole number, 0 or more"),
        (
            DEPLOYMENT + "  template: {spec: {containers: [{resources: {limits: {cpu: much}}}]}}",
            "a processor limit is like '250m' or 0.5, not 'much'",
        ),
        (
            DEPLOYMENT + "  template: {spec: {containers: [{resources: {limits: {memory: 1X}}}]}}",
            "a memory limit is like '128Mi', not '1X'",
        ),
    ],
)
def test_what_is_wrong_in_a_manifest_is_told_with_the_file(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text(text)
    with pytest.raises(BadOption, match=words) as caught:
        read_manifest(file)
    assert str(caught.value).startswith(f"{file}: ")


def test_a_manifest_without_limits_says_that_nothing_is_throttled(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text(DEPLOYMENT + "  replicas: 1\n")
    manifest = read_manifest(file)
    assert manifest.warnings == (f"{file}: shop has no CPU limit: it is not throttled",)
    assert (manifest.deployments[0].surge, manifest.deployments[0].unavailable) == (1, 0)


def test_a_file_with_two_deployments_asks_which(tmp_path: Path) -> None:
    file = tmp_path / "deploy.yaml"
    file.write_text(
        "kind: Deployment\nmetadata: {name: a}\n---\nkind: Deployment\nmetadata: {name: b}"
    )

    async def program(world: World) -> None:
        with pytest.raises(BadOption, match=r"which Deployment\? It has a, b"):
            Hosts.from_kubernetes(world, file)
        assert Hosts.from_kubernetes(world, file, "b").name == "b"

    passed(program)
