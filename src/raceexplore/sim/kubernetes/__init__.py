"""Kubernetes, as far as it moves what runs: replicas, limits, probes, updates, endpoints."""

from raceexplore.sim.kubernetes.hosts import Hosts, Pod
from raceexplore.sim.kubernetes.manifest import Deployment, Manifest, Probe, read_manifest

__all__ = ["Deployment", "Hosts", "Manifest", "Pod", "Probe", "read_manifest"]
