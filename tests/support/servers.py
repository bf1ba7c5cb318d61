"""Real servers for tests, on free loopback ports; what is missing is skipped, but not in CI."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


def command(name: str) -> str:
    """Return the path of a server's program; skip the test without it, or fail in CI."""
    found = shutil.which(name)
    if found is None:
        words = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    return found


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def redis_server(folder: Path) -> Iterator[int]:
    """Run a real Redis that writes nothing, for as long as the block lasts; yield its port."""
    port = free_port()
    process = subprocess.Popen(
        [command("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
         "--appendonly", "no", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        retry = Retry(ConstantBackoff(0.05), 200, (redis.ConnectionError,))
        with redis.Redis(port=port, retry=retry) as probe:
            probe.ping()
        yield port
    finally:
        process.terminate()
        process.wait()
