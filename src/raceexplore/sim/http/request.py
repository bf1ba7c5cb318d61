"""A request as a stub sees it, and what a stub keeps of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    method: in capitals.
    url: path and query, as they were sent: ``/price?sku=1``.
    headers: pairs of a name in small letters and a value, in order; a name may come twice.
    body: the bytes.
    at_s: virtual seconds at which it arrived.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    at_s: float = field(default=0.0, compare=False)

    @property
    def path(self) -> str:
        """The URL without its query."""
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, tuple[str, ...]]:
        """The values of each parameter of the query, in order."""
        return grouped(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    @property
    def cookies(self) -> dict[str, tuple[str, ...]]:
        """The values of each cookie."""
        parts = [part.strip() for value in self.header("cookie") for part in value.split(";")]
        return grouped(
            (name, value) for name, _, value in (p.partition("=") for p in parts) if name
        )

    def header(self, name: str) -> tuple[str, ...]:
        """Return the values of a header; its name may be spelled in any case."""
        return tuple(value for key, value in self.headers if key == name.lower())

    @property
    def text(self) -> str:
        """The body as UTF-8; what is not is replaced."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> object:
        """Return the body read as JSON. Raises `ValueError` if it is none."""
        return json.loads(self.text)

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


def grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    """Return the values of each name, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def lowered(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return ``headers`` as pairs with names in small letters."""
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return tuple((name.lower(), value) for name, value in pairs)
