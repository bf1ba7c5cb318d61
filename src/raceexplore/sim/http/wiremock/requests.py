"""The ``request`` of a mapping file: method, URL and patterns."""

from __future__ import annotations

import base64
import json
from typing import Any

from raceexplore.sim.http.conditions import ANY, Conditions, template
from raceexplore.sim.http.patterns import (
    Pattern,
    absent,
    all_of,
    any_of,
    contains,
    equal,
    equal_json,
    json_path,
    negated,
    regex,
)
from raceexplore.sim.http.wiremock.fields import Fields
from raceexplore.sim.unmodelled import Unmodelled

REFUSED = [
    "host",
    "port",
    "scheme",
    "clientIp",
    "customMatcher",
    "multipartPatterns",
    "formParameters",
]
NOT_MODELLED = [
    "equalToXml",
    "matchesXPath",
    "matchesJsonSchema",
    "binaryEqualTo",
    "before",
    "after",
    "equalToDateTime",
]


def conditions_of(request: Fields) -> Conditions:
    """Return the conditions of ``request``. Raises `ValueError` and `Unmodelled`."""
    request.refuse(*REFUSED)
    method = (request.text("method") or ANY).upper()
    url, path = _url(request)
    headers = list(_named(request, "headers"))
    basic = request.part("basicAuthCredentials")
    if basic.value:
        pair = f"{basic.text('username')}:{basic.text('password')}".encode()
        basic.done()
        wanted = f"Basic {base64.b64encode(pair).decode()}"
        headers.append(("authorization", equal(wanted)))
    conditions = Conditions(
        method=method,
        url=url,
        path=path,
        query=tuple(_named(request, "queryParameters")),
        headers=tuple(headers),
        cookies=tuple(_named(request, "cookies")),
        body=tuple(
            pattern_of(Fields(each, f"{request.where}: bodyPatterns[{number}]"))
            for number, each in enumerate(request.items("bodyPatterns"))
        ),
    )
    request.done()
    return conditions


def _url(request: Fields) -> tuple[Pattern | None, Pattern | None]:
    """Return the pattern of the whole URL and that of its path."""
    ways = {
        "url": (equal, True),
        "urlPattern": (regex, True),
        "urlPath": (equal, False),
        "urlPathPattern": (regex, False),
        "urlPathTemplate": (template, False),
    }
    asked = [(name, text) for name in ways if (text := request.text(name)) is not None]
    if len(asked) > 1:
        names = " and ".join(name for name, _ in asked)
        raise ValueError(f"{request.where}: {names} exclude each other")
    for name, text in asked:
        make, whole = ways[name]
        pattern = _made(request.where, lambda make=make, text=text: make(text))
        return (pattern, None) if whole else (None, pattern)
    return None, None


def _named(request: Fields, name: str) -> list[tuple[str, Pattern]]:
    parts = request.part(name)
    return [(key, pattern_of(parts.part(key))) for key in parts.value]


def pattern_of(fields: Fields) -> Pattern:
    """Return the pattern that the object ``fields`` describes; several conditions must all hold."""
    fields.refuse(*NOT_MODELLED)
    found = [*_texts(fields), *_json(fields), *_composed(fields)]
    fields.done()
    if not found:
        raise ValueError(f"{fields.where}: no condition in it")
    return found[0] if len(found) == 1 else all_of(*found)


def _texts(fields: Fields) -> list[Pattern]:
    found = []
    any_case = fields.flag("caseInsensitive")
    if (text := fields.text("equalTo")) is not None:
        found.append(equal(text, any_case=any_case))
    for name, make, holds in (
        ("contains", contains, True),
        ("doesNotContain", contains, False),
        ("matches", regex, True),
        ("doesNotMatch", regex, False),
    ):
        if (text := fields.text(name)) is not None:
            pattern = _made(fields.where, lambda make=make, text=text: make(text))
            found.append(pattern if holds else negated(pattern))
    if fields.flag("absent"):
        found.append(absent())
    return found


def _json(fields: Fields) -> list[Pattern]:
    found = []
    orders, extras = fields.flag("ignoreArrayOrder"), fields.flag("ignoreExtraElements")
    if (value := fields.take("equalToJson")) is not None:
        if isinstance(value, str):
            text = value
            value = _made(fields.where, lambda: json.loads(text))
        _refuse_placeholders(fields.where, value)
        found.append(equal_json(value, any_array_order=orders, extra_elements=extras))
    path = fields.take("matchesJsonPath")
    if isinstance(path, str):
        found.append(_made(fields.where, lambda: json_path(path)))
    elif path is not None:
        inner = Fields(path, f"{fields.where}: matchesJsonPath")
        expression = inner.text("expression")
        if expression is None:
            raise ValueError(f"{inner.where}: expression is missing")
        value_pattern = pattern_of(inner)
        found.append(_made(fields.where, lambda: json_path(expression, value_pattern)))
    return found


def _composed(fields: Fields) -> list[Pattern]:
    found = []
    for name, make in (("and", all_of), ("or", any_of)):
        parts = fields.items(name)
        if parts:
            inner = [
                pattern_of(Fields(each, f"{fields.where}: {name}[{number}]"))
                for number, each in enumerate(parts)
            ]
            found.append(make(*inner))
    inverse = fields.part("not")
    if inverse.value:
        found.append(negated(pattern_of(inverse)))
    return found


def _refuse_placeholders(where: str, value: Any) -> None:
    """Refuse JSON Unit's placeholders, which would be compared as plain texts here."""
    if "${json-unit." in json.dumps(value):
        raise Unmodelled(f"{where}: equalToJson with ${{json-unit...}} is not simulated")


def _made(where: str, make: Any) -> Any:
    try:
        return make()
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
