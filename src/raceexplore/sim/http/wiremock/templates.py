"""WireMock's response templates: the part of Handlebars that only looks at the request."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from raceexplore.sim.http.reply import Body
from raceexplore.sim.http.request import Request
from raceexplore.sim.unmodelled import Unmodelled, library

EXPRESSION = re.compile(r"\{\{\{?\s*(.*?)\s*\}?\}\}", re.DOTALL)
JSON_PATH = re.compile(r"jsonPath\s+request\.body\s+'([^']*)'")
INDEXED = re.compile(r"(.+?)\.\[?(\d+)\]?")
Value = Callable[[Request], str]


def templated(text: str, where: str) -> Body:
    """Return a body that fills the expressions of ``text`` in from the request.

    Raises `Unmodelled` for an expression that asks for more than the request.
    """
    parts = EXPRESSION.split(text)
    values = [_value(expression, where) for expression in parts[1::2]]

    def fill(request: Request) -> bytes:
        filled = [value(request) for value in values]
        pieces = [piece for pair in zip(parts[::2], [*filled, ""], strict=True) for piece in pair]
        return "".join(pieces).encode()

    return fill if values else text.encode()


def _value(expression: str, where: str) -> Value:
    whole: dict[str, Value] = {
        "request.url": lambda request: request.url,
        "request.path": lambda request: request.path,
        "request.method": lambda request: request.method,
        "request.body": lambda request: request.text,
    }
    if expression in whole:
        return whole[expression]
    if found := JSON_PATH.fullmatch(expression):
        return _json_value(found.group(1), where)
    prefix, _, name = expression.partition(".")
    part, _, rest = name.partition(".")
    if prefix == "request" and rest:
        key, index = rest, 0
        if indexed := INDEXED.fullmatch(rest):
            key, index = indexed.group(1), int(indexed.group(2))
        if part == "query":
            return lambda request: _at(request.query.get(key, ()), index)
        if part == "headers":
            return lambda request: _at(request.header(key), index)
        if part == "cookies":
            return lambda request: _at(request.cookies.get(key, ()), index)
        if part in ("pathSegments", "path") and (number := rest.strip("[]")).isdigit():
            return lambda request: _at(_segments(request), int(number))
    raise Unmodelled(f"{where}: the template {{{{{expression}}}}} is not simulated")


def _json_value(path: str, where: str) -> Value:
    jsonpath = library("jsonpath")
    try:
        compiled = jsonpath.compile(path)
    except jsonpath.JSONPathError as error:
        raise ValueError(f"{where}: {path!r} is no JSON path: {error}") from None

    def value(request: Request) -> str:
        try:
            found = compiled.findall(request.json())
        except (ValueError, jsonpath.JSONPathError):
            return ""
        first = found[0] if found else ""
        return first if isinstance(first, str) else json.dumps(first)

    return value


def _segments(request: Request) -> tuple[str, ...]:
    return tuple(urlsplit(request.url).path.strip("/").split("/"))


def _at(values: tuple[str, ...], index: int) -> str:
    return values[index] if index < len(values) else ""
