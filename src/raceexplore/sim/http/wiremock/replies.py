"""The ``response`` of a mapping file: status, body, delays and faults."""

from __future__ import annotations

import base64
import http
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from raceexplore.sim.http.reply import Body, Dribble, Fault, Reply
from raceexplore.sim.http.request import lowered
from raceexplore.sim.http.wiremock.fields import Fields
from raceexplore.sim.http.wiremock.templates import templated
from raceexplore.sim.latency.distributions import Fixed, LogNormal, Uniform
from raceexplore.sim.latency.quantiles import Distribution, Latency, drawn, lasting

if TYPE_CHECKING:
    from raceexplore.kernel.world import World

REFUSED = [
    "proxyBaseUrl",
    "additionalProxyRequestHeaders",
    "removeProxyRequestHeaders",
    "proxyUrlPrefixToRemove",
]
TEMPLATE = "response-template"


@dataclass(frozen=True, slots=True)
class Milliseconds:
    """A latency in whole milliseconds, as WireMock sleeps."""

    latency: Distribution

    def quantile(self, share: float) -> float:
        """Return the seconds below which a call stays with probability ``share``, in (0, 1)."""
        return round(self.latency.quantile(share) * 1000) / 1000

    def draw(self, world: World, label: str) -> float:
        """Return the seconds that the call ``label`` takes in this run."""
        return drawn(self, world, label)

    async def sleep(self, world: World, label: str) -> None:
        """Let the seconds that the call ``label`` takes in this run pass."""
        await world.sleep(lasting(self, world, label))


def reply_of(response: Fields, bodies: Path) -> Reply:
    """Return the reply that ``response`` describes; body files are in ``bodies``.

    Raises `ValueError`, `Unmodelled` and `OSError`.
    """
    response.refuse(*REFUSED)
    response.skip("statusMessage", "transformerParameters", "fromConfiguredStub")
    headers = _headers(response)
    latency = _latency(response)
    fault = response.text("fault")
    if fault is not None and fault not in {each.value for each in Fault}:
        known = ", ".join(each.value for each in Fault)
        raise ValueError(f"{response.where}: fault {fault!r} is none of {known}")
    reply = Reply(
        status=response.number("status", http.HTTPStatus.OK),
        headers=headers,
        body=_body(response, bodies),
        latency=latency,
        dribble=_dribble(response),
        fault=None if fault is None else Fault(fault),
    )
    response.done()
    return reply


def _headers(response: Fields) -> tuple[tuple[str, str], ...]:
    parts = response.part("headers")
    pairs: list[tuple[str, str]] = []
    for name in parts.value:
        value = parts.take(name)
        pairs += [(name, str(each)) for each in (value if isinstance(value, list) else [value])]
    return lowered(pairs)


def _body(response: Fields, bodies: Path) -> Body:
    ways = ("body", "jsonBody", "base64Body", "bodyFileName")
    given = [name for name in ways if response.value.get(name) is not None]
    if len(given) > 1:
        raise ValueError(f"{response.where}: {' and '.join(given)} exclude each other")
    values = {name: response.take(name) for name in ways}
    if values["jsonBody"] is not None:
        body = json.dumps(values["jsonBody"]).encode()
    elif values["base64Body"] is not None:
        body = base64.b64decode(str(values["base64Body"]), validate=True)
    elif values["bodyFileName"] is not None:
        body = (bodies / str(values["bodyFileName"])).read_bytes()
    else:
        body = str(values["body"] or "").encode()
    transformers = response.items("transformers")
    unknown = [name for name in transformers if name != TEMPLATE]
    if unknown:
        response.refuse("transformers")
    return templated(body.decode(), response.where) if transformers else body


def _latency(response: Fields) -> Latency | None:
    """Return the delay; WireMock adds a fixed one and a drawn one up."""
    fixed_s = response.seconds("fixedDelayMilliseconds")
    spread = response.part("delayDistribution")
    drawn_part = _distribution(spread) if spread.value else None
    if drawn_part is None:
        return None if fixed_s is None else Fixed(fixed_s)
    if fixed_s is None:
        return Milliseconds(drawn_part)
    return Fixed(fixed_s) + Milliseconds(drawn_part)


def _distribution(fields: Fields) -> Distribution:
    kind = fields.text("type")
    made: Distribution
    try:
        if kind == "lognormal":
            median_s, sigma = fields.seconds("median"), fields.take("sigma")
            if median_s is None or isinstance(sigma, bool) or not isinstance(sigma, int | float):
                raise ValueError("lognormal needs the numbers median and sigma")
            cap_s = fields.seconds("maxValue")
            made = LogNormal(median_s, float(sigma), float("inf") if cap_s is None else cap_s)
        elif kind == "uniform":
            low_s, high_s = fields.seconds("lower"), fields.seconds("upper")
            if low_s is None or high_s is None:
                raise ValueError("uniform needs the numbers lower and upper")
            # each whole millisecond from lower to upper, both included, is equally likely
            made = Milliseconds(Uniform(max(low_s - 0.000499999, 0), high_s + 0.000499999))
        elif kind == "fixed":
            made = Fixed(fields.seconds("milliseconds") or 0.0)
        else:
            raise ValueError(f"type {kind!r} is none of lognormal, uniform, fixed")
    except ValueError as error:
        text = str(error)
        raise ValueError(text if fields.where in text else f"{fields.where}: {text}") from None
    fields.done()
    return made


def _dribble(response: Fields) -> Dribble | None:
    part = response.part("chunkedDribbleDelay")
    if not part.value:
        return None
    chunks, over_s = part.number("numberOfChunks", 0), part.seconds("totalDuration")
    part.done()
    try:
        return Dribble(chunks, 0.0 if over_s is None else over_s)
    except ValueError as error:
        raise ValueError(f"{part.where}: {error}") from None
