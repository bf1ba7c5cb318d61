"""A client of the Debug Adapter Protocol, as small as a test needs."""

from __future__ import annotations

import json
import socket
from itertools import count
from typing import Any


class Client:
    """Sends requests, and keeps the events that come in between."""

    def __init__(self, host: str, port: int) -> None:
        self._socket = socket.create_connection((host, port), timeout=30)
        self._stream = self._socket.makefile("rb")
        self._numbers = count(1)
        self._events: list[dict[str, Any]] = []

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; return its number."""
        number = next(self._numbers)
        message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self._socket.sendall(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        return number

    def request(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a request; return the body of the answer."""
        return self.answer(self.send(command, **arguments))

    def answer(self, number: int) -> dict[str, Any]:
        """Return the body of the answer to a request."""
        while True:
            message = self._receive()
            if message["type"] == "event":
                self._events.append(message)
            elif message.get("request_seq") == number:
                assert message["success"], message
                return dict(message.get("body") or {})

    def event(self, name: str) -> dict[str, Any]:
        """Return the body of the next event of that name."""
        while True:
            for message in self._events:
                if message["event"] == name:
                    self._events.remove(message)
                    return dict(message.get("body") or {})
            message = self._receive()
            if message["type"] == "event":
                self._events.append(message)

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()
        self._socket.close()

    def _receive(self) -> dict[str, Any]:
        size = 0
        while (line := self._stream.readline()) not in (b"\r\n", b"\n"):
            assert line, "the debugger has closed the connection"
            name, _, value = line.partition(b":")
            size = int(value) if name.lower() == b"content-length" else size
        return dict(json.loads(self._stream.read(size)))
