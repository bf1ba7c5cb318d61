"""Which requests a stub's answer is for: method, URL, query, headers, cookies and body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from raceexplore.sim.http.patterns import Pattern
from raceexplore.sim.http.request import Request

ANY = "ANY"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a request must be like.

    method: in capitals; ``ANY`` for each.
    url: for path and query together (None: whatever they are).
    path: for the path alone.
    query, headers, cookies: pairs of a name and the pattern that one of its values must match.
    body: patterns that the body must match, each of them.
    """

    method: str = ANY
    url: Pattern | None = None
    path: Pattern | None = None
    query: tuple[tuple[str, Pattern], ...] = ()
    headers: tuple[tuple[str, Pattern], ...] = ()
    cookies: tuple[tuple[str, Pattern], ...] = ()
    body: tuple[Pattern, ...] = ()

    def hold(self, request: Request) -> bool:
        """Return whether ``request`` meets all of them."""
        return all(held for held, _ in self._checks(request))

    def unmet(self, request: Request) -> list[str]:
        """Return the conditions that ``request`` does not meet, in words."""
        return [words for held, words in self._checks(request) if not held]

    def _checks(self, request: Request) -> Iterator[tuple[bool, str]]:
        yield self.method in (ANY, request.method), f"the method is {self.method}"
        if self.url is not None:
            yield self.url.holds(request.url), f"the URL {self.url.words}"
        if self.path is not None:
            yield self.path.holds(request.path), f"the path {self.path.words}"
        query, cookies = request.query, request.cookies
        for name, pattern in self.query:
            yield _one_holds(pattern, query.get(name, ())), f"query {name!r} {pattern.words}"
        for name, pattern in self.headers:
            yield _one_holds(pattern, request.header(name)), f"header {name!r} {pattern.words}"
        for name, pattern in self.cookies:
            yield _one_holds(pattern, cookies.get(name, ())), f"cookie {name!r} {pattern.words}"
        for pattern in self.body:
            yield pattern.holds(request.text), f"the body {pattern.words}"


def _one_holds(pattern: Pattern, values: tuple[str, ...]) -> bool:
    return any(pattern.holds(value) for value in values) if values else pattern.holds(None)


def template(path: str) -> Pattern:
    """Match paths of the form ``/contacts/{contact}/addresses``."""
    parts = re.split(r"\{[^{}/]+\}", path)
    expression = re.compile("[^/]+".join(re.escape(part) for part in parts))
    return Pattern(
        f"is like {path!r}",
        lambda given: given is not None and expression.fullmatch(given) is not None,
    )
