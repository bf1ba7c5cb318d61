"""The pods of one deployment: started, asked, updated one by one, and found by a service."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.hosts import Gone, Host, ask
from raceexplore.sim.hosts.wire import announce
from raceexplore.sim.kubernetes.manifest import Deployment, Probe, read_manifest
from raceexplore.sim.latency.quantiles import Latency

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

App = Callable[["Pod"], Coroutine[Any, Any, object]]


class Pod:
    """One pod: a host and what runs on it.

    app: what runs on it. version: of the application, from 1.
    ready: a service sends it requests, once it has noticed.
    healthy: what a readiness probe is told; the application may set it to False.
    """

    def __init__(self, host: Host, app: App, version: int) -> None:
        self.host = host
        self.app = app
        self.name = host.name
        self.version = version
        self.healthy = True
        self.ready = False
        self.stopping = False


class Hosts:
    """A Deployment and its Service.

    deployment: what the manifest says. staleness: what passes between a pod's being ready, or not,
    and the service's knowing (endpoints are a cache); None: a schedule point.
    """

    def __init__(
        self, world: World, deployment: Deployment, *, staleness: Latency | None = None
    ) -> None:
        self.world = world
        self.deployment = deployment
        self.name = deployment.name
        self.pods: list[Pod] = []
        self._staleness = staleness
        self._endpoints: dict[Pod, None] = {}
        self._version = 0
        self._count = 0
        self._changed = world.lot(f"{self.name} pods to change")
        announce(world, self)

    @classmethod
    def from_kubernetes(
        cls, world: World, path: str | Path, name: str = "", *, staleness: Latency | None = None
    ) -> Self:
        """Return the pods of the Deployment ``name`` of a manifest file, or of its only one.

        Raises `BadOption` if the file is no manifest, or has several or no such Deployment.
        """
        manifest = read_manifest(path)
        found = [each for each in manifest.deployments if name in ("", each.name)]
        if len(found) != 1:
            names = ", ".join(each.name for each in manifest.deployments)
            raise BadOption(f"{path}: which Deployment? It has {names}")
        for text in manifest.warnings:
            world.event(text)
        return cls(world, found[0], staleness=staleness)

    def start(self, app: App) -> None:
        """Start all replicas with ``app``, which is called with its pod on each of them."""
        self._version += 1
        for _ in range(self.deployment.replicas):
            self._new_pod(app)

    def endpoints(self) -> tuple[Pod, ...]:
        """Return the pods that the service believes to be ready: it may be late to know."""
        self.world.used(self.name, ".endpoints", write=False)
        return tuple(self._endpoints)

    async def ask(self, function: Callable[..., Coroutine[Any, Any, object]], *args: Any) -> Any:
        """Send a request to one of the endpoints, whichever: run ``function(pod, *args)`` there.

        Returns what it returns. Raises `Gone` if there is no endpoint, or its pod is down (the
        service may be late to know), crashes or stops meanwhile.
        """
        endpoints = self.endpoints()
        if not endpoints:
            raise Gone(f"{self.name} has no endpoint")
        pod = self.world.pick(f"{self.name} endpoint", endpoints)
        return await ask(pod.host, function, pod, *args)

    async def rolling_update(self, app: App) -> None:
        """Replace each pod by one of a new version, as ``maxSurge`` and ``maxUnavailable`` allow.

        Both versions run at once meanwhile, unless the strategy is Recreate.
        """
        self._version += 1
        old = [pod for pod in self.pods if not pod.stopping]
        most = len(old) if self.deployment.recreate else self.deployment.unavailable
        if not most and not self.deployment.surge:
            raise BadOption(f"{self.name}: maxSurge and maxUnavailable may not both be 0")
        if self.deployment.recreate:
            for pod in old:
                await self._retire(pod)
            for _ in range(self.deployment.replicas):
                self._new_pod(app)
            return
        for pod in old:
            if self.deployment.surge:
                new = self._new_pod(app)
                await self._until_ready(new)
                await self._retire(pod)
            else:
                await self._retire(pod)
                await self._until_ready(self._new_pod(app))

    def kill(self, pod: Pod) -> None:
        """Crash a pod, as ``kubectl delete pod --force`` does; its replacement starts at once.

        A crash of its host alone is a crash of the container, which starts again in its pod.
        """
        if not pod.stopping:
            self._gone(pod)
            pod.host.crash()
            self._new_pod(pod.app)

    async def delete(self, pod: Pod) -> None:
        """Delete a pod with its grace period; its replacement starts at once."""
        if not pod.stopping:
            self._new_pod(pod.app)
            await self._retire(pod)

    def _new_pod(self, app: App) -> Pod:
        deployment = self.deployment
        cpu, memory = deployment.cpu, deployment.memory
        host = Host(self.world, f"{self.name}-{self._count}", cpu=cpu, memory=memory)
        host.managed = True
        self._count += 1
        pod = Pod(host, app, self._version)
        self.world.used(self.name, ".pods", write=True)
        self.pods.append(pod)
        host.run(app, pod, name="app")
        host.at_crash(lambda: self._crashed(pod))
        host.start(self._probe, pod, deployment.readiness, name="readiness")
        if deployment.liveness is not None:
            self.world.spawn(
                self._keep_alive, pod, deployment.liveness, name=f"{pod.name} liveness"
            )
        return pod

    async def _probe(self, pod: Pod, probe: Probe | None) -> None:
        """Ask whether the pod is ready, for as long as it runs."""
        if probe is None:
            self._tell(pod, ready=True)
            return
        await self.world.sleep(probe.delay_s)
        failed = 0
        while not pod.stopping:
            self.world.used(pod.name, ".healthy", write=False)
            failed = 0 if pod.healthy else failed + 1
            if pod.healthy != pod.ready and failed in (0, probe.failures):
                self._tell(pod, ready=pod.healthy)
            await self.world.sleep(probe.period_s)

    async def _keep_alive(self, pod: Pod, probe: Probe) -> None:
        """Crash a pod that is not healthy so often as its liveness probe says."""
        await self.world.sleep(probe.delay_s)
        failed = 0
        while not pod.stopping:
            self.world.used(pod.name, ".healthy", write=False)
            failed = 0 if pod.healthy else failed + 1
            if failed == probe.failures:
                failed = 0
                pod.host.crash()
            await self.world.sleep(probe.period_s)

    def _tell(self, pod: Pod, *, ready: bool) -> None:
        """Note whether the pod is ready; the service gets to know some time later."""
        self.world.used(self.name, ".pods", write=True)
        pod.ready = ready
        self._changed.wake(len(self._changed))
        self.world.spawn(self._publish, pod, name=f"{pod.name} endpoint")

    async def _publish(self, pod: Pod) -> None:
        if self._staleness is None:
            await self.world.checkpoint()
        else:
            await self._staleness.sleep(self.world, f"{self.name} endpoints")
        self.world.used(self.name, ".endpoints", write=True)
        if pod.ready:
            self._endpoints[pod] = None
        else:
            self._endpoints.pop(pod, None)

    async def _until_ready(self, pod: Pod) -> None:
        while not pod.ready:
            self.world.used(self.name, ".pods", write=False)
            await self._changed.park(f"{pod.name} to be ready")

    async def _retire(self, pod: Pod) -> None:
        """Stop a pod; the service may go on sending to it until it knows."""
        self._gone(pod)
        await pod.host.stop(self.deployment.grace_s)

    def _gone(self, pod: Pod) -> None:
        pod.stopping = True
        self.pods = [each for each in self.pods if each is not pod]
        self._tell(pod, ready=False)

    def _crashed(self, pod: Pod) -> None:
        """Start the container of a pod that has crashed again, as its node does."""
        if not pod.stopping:
            self._tell(pod, ready=False)
            self.world.spawn(self._restart, pod, name=f"{pod.name} restart")

    async def _restart(self, pod: Pod) -> None:
        await self.world.checkpoint()
        if not pod.stopping:
            pod.healthy = True
            pod.host.restart()
            pod.host.start(self._probe, pod, self.deployment.readiness, name="readiness")
