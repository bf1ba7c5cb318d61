"""A plan in a TOML file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from raceexplore.kernel.errors import BadOption
from raceexplore.sim.chaos.faults import (
    BlastRadius,
    ChaosPlan,
    Effect,
    FaultKind,
    Injection,
    Liveness,
    Moments,
    Times,
)
from raceexplore.sim.chaos.probes import Watching
from raceexplore.sim.chaos.reading import Values, compared, mode

BY_EVENT = ("during", "nth", "among", "checkpoint", "strikes", "last")


def read_plan(path: str | Path) -> ChaosPlan:
    """Read a plan: faults, probes, a guard, a liveness phase.

    Raises `BadOption` with the place of what cannot be read, and `OSError`.
    """
    try:
        document = tomllib.loads(Path(path).read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadOption(f"{path}: not TOML: {error}") from None
    values = Values(document, str(path))
    faults = tuple(_fault(each, f"{path}: fault") for each in values.take("fault", []))
    if not faults:
        raise BadOption(f"{path}: a plan needs at least one [[fault]]")
    probes = tuple(_probe(each, f"{path}: probe") for each in values.take("probe", []))
    guard = _guard(values.take("guard", {}), f"{path}: guard")
    liveness = values.take("liveness")
    plan = ChaosPlan(
        name=values.text("name", Path(path).stem),
        faults=faults,
        probes=probes,
        steady=values.texts("steady"),
        guard=guard,
        liveness=None if liveness is None else _liveness(liveness, f"{path}: liveness"),
        swarm=values.flag("swarm", otherwise=False),
    )
    values.end()
    return plan


def _fault(table: object, where: str) -> Injection:
    values = Values(table, where)
    named = values.text("kind")
    kinds = {each.value: each for each in FaultKind}
    if named not in kinds:
        raise BadOption(f"{where}: {named!r} is no kind; there are {', '.join(kinds)}")
    name = values.text("name", named)
    values.where = f"{where} {name}"
    by_event = values.has(*BY_EVENT)
    fault = Injection(
        name=name,
        kind=kinds[named],
        effect=_effect(values),
        placing=_moments(values) if by_event else _times(values),
        app=values.text("app"),
        percent=values.whole("percent", 0),
        pods=values.texts("pods"),
        sequence=values.text("sequence", "parallel"),
        active=values.number("active", 1.0),
        chance=values.number("chance", 1.0),
        weight=values.whole("weight", 10),
        probes=values.texts("probes"),
    )
    values.end()
    return fault


def _effect(values: Values) -> Effect:
    plain = Effect()
    return Effect(
        delay_s=values.seconds("latency", plain.delay_s),
        jitter_s=values.seconds("jitter", plain.jitter_s),
        share=values.number("share", plain.share),
        rate=values.number("rate", plain.rate),
        status=values.whole("status", plain.status),
        body=values.text("body", plain.body),
        cores=values.number("cores", plain.cores),
        size=values.whole("size", plain.size),
        jump_s=values.number("jump", plain.jump_s),
        force=values.flag("force", plain.force),
        to=values.texts("to"),
    )


def _times(values: Values) -> Times:
    plain = Times()
    least = values.take("random_from")
    return Times(
        start_s=values.seconds("start", plain.start_s),
        total_s=values.seconds("total", plain.total_s),
        interval_s=values.seconds("interval", plain.interval_s),
        random_from_s=None if least is None else float(least),
        anywhere=values.flag("anywhere", plain.anywhere),
        count=values.whole("count", plain.count),
    )


def _moments(values: Values) -> Moments:
    nth, checkpoint = values.take("nth"), values.take("checkpoint")
    placing = Moments(
        during=values.texts("during"),
        nth=nth,
        among=values.whole("among", Moments().among),
        checkpoint=checkpoint,
        strikes=values.whole("strikes", 1),
        last_s=values.seconds("last", 1.0),
    )
    for name, number in (("nth", nth), ("checkpoint", checkpoint), ("among", placing.among)):
        if number is not None and (not isinstance(number, int) or number < 1):
            raise BadOption(f"{values.where}: {name} is 1 or more, not {number!r}")
    if bool(placing.during) == (checkpoint is not None):
        raise BadOption(f"{values.where}: it is placed by 'during' or by 'checkpoint'")
    return placing


def _probe(table: object, where: str) -> Watching:
    values = Values(table, where)
    name = values.text("name")
    if not name:
        raise BadOption(f"{where}: it needs a name")
    values.where = f"{where} {name}"
    probe = Watching(
        name=name,
        check=values.text("check", name),
        mode=mode(values.text("mode", "Continuous"), values.where),
        comparator=compared(values.text("compare"), values.where),
        every_s=values.seconds("every", 1.0),
        delay_s=values.seconds("delay", 0.0),
        retries=values.whole("retries", 0),
        interval_s=values.seconds("interval", 1.0),
        timeout_s=values.seconds("timeout", 60.0),
        stops=values.flag("stops", otherwise=False),
    )
    values.end()
    return probe


def _guard(table: object, where: str) -> BlastRadius:
    values, plain = Values(table, where), BlastRadius()
    guard = BlastRadius(
        keep=values.whole("keep", plain.keep),
        most_down=values.number("most_down", plain.most_down),
        busy=values.flag("busy", plain.busy),
        strikes=values.whole("strikes", plain.strikes),
    )
    values.end()
    return guard


def _liveness(table: object, where: str) -> Liveness:
    values = Values(table, where)
    liveness = Liveness(
        check=values.text("check"),
        after_s=values.seconds("after", 0.0),
        within_s=values.seconds("within", 60.0),
        core=values.texts("core"),
    )
    values.end()
    return liveness
