"""The types of columns: what may be stored in one, and how it is compared and computed with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, NamedTuple

from raceexplore.sim.postgres.engine.errors import SqlError

if TYPE_CHECKING:
    from collections.abc import Callable


class Type(NamedTuple):
    """A type as the server names it, with the numbers that belong to it: numeric(10,2)."""

    name: str
    length: int = 0
    scale: int = -1

    @property
    def words(self) -> str:
        """The name that the server's messages use."""
        return WORDS.get(self.name, self.name)


WORDS = {
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float8": "double precision",
    "bool": "boolean",
    "varchar": "character varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
}
NAMES = {
    "SMALLINT": "int2",
    "INT": "int4",
    "BIGINT": "int8",
    "SMALLSERIAL": "int2",
    "SERIAL": "int4",
    "BIGSERIAL": "int8",
    "DECIMAL": "numeric",
    "DOUBLE": "float8",
    "FLOAT": "float8",
    "BOOLEAN": "bool",
    "TEXT": "text",
    "VARCHAR": "varchar",
    "TIMESTAMPTZ": "timestamptz",
    "TIMESTAMP": "timestamp",
    "DATE": "date",
    "INTERVAL": "interval",
    "JSON": "json",
    "JSONB": "jsonb",
    "UUID": "uuid",
    "VARBINARY": "bytea",
}
TEXT_OID = 25
OIDS = {
    "bool": 16, "bytea": 17, "int8": 20, "int2": 21, "int4": 23, "json": 114, "float8": 701,
    "varchar": 1043, "date": 1082, "timestamp": 1114, "timestamptz": 1184, "interval": 1186,
    "numeric": 1700, "uuid": 2950, "jsonb": 3802,
}  # fmt: skip
"""The numbers of types, as ``pg_type`` has them; whatever is not here is text."""
SERIALS = ("SMALLSERIAL", "SERIAL", "BIGSERIAL")
BOUNDS = {"int2": 1 << 15, "int4": 1 << 31, "int8": 1 << 63}
UNKNOWN, TEXT, BOOL, INT4, INT8 = (
    Type(name) for name in ("unknown", "text", "bool", "int4", "int8")
)
NUMERIC, TIMESTAMPTZ, INTERVAL = Type("numeric"), Type("timestamptz"), Type("interval")
NUMBERS = ("int2", "int4", "int8", "numeric", "float8")
TRUE = ("t", "true", "y", "yes", "on", "1")
FALSE = ("f", "false", "n", "no", "off", "0")
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0,
         "h": 3600.0, "hour": 3600.0, "d": 86400.0, "day": 86400.0, "week": 604800.0}  # fmt: skip


def store(value: Any, kind: Type) -> Any:
    """Return ``value`` as a column of ``kind`` holds it. Raises `SqlError` if it cannot."""
    if value is None:
        return None
    return _STORES[kind.name](value, kind)


def _invalid(kind: Type, value: object) -> SqlError:
    return SqlError("22P02", f'invalid input syntax for type {kind.words}: "{value}"')


def _mismatch(kind: Type, value: object) -> SqlError:
    return SqlError("42804", f"expression is of type {type_of(value).words}, not {kind.words}")


def _integer(value: Any, kind: Type) -> int:
    if type(value) is not int:
        if isinstance(value, str):
            try:
                value = int(value.strip())
            except ValueError:
                raise _invalid(kind, value) from None
        elif isinstance(value, Decimal):
            value = int(value.quantize(Decimal(1), ROUND_HALF_UP))
        elif isinstance(value, float):
            value = round(value)
        else:
            raise _mismatch(kind, value)
    bound = BOUNDS[kind.name]
    if not -bound <= value < bound:
        raise SqlError("22003", f"{kind.words} out of range")
    return int(value)


def _numeric(value: Any, kind: Type) -> Decimal:
    if isinstance(value, bool):
        raise _mismatch(kind, value)
    try:
        number = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        raise _invalid(kind, value) from None
    if kind.scale >= 0:
        number = number.quantize(Decimal(1).scaleb(-kind.scale), ROUND_HALF_UP)
        if abs(number) >= Decimal(10) ** (kind.length - kind.scale):
            raise SqlError("22003", "numeric field overflow")
    return number


def _float(value: Any, kind: Type) -> float:
    try:
        return float(value)
    except ValueError:
        raise _invalid(kind, value) from None


def _bool(value: Any, kind: Type) -> bool:
    if isinstance(value, bool):
        return value
    if not isinstance(value, str):
        raise _mismatch(kind, value)
    if value.lower() in TRUE:
        return True
    if value.lower() in FALSE:
        return False
    raise _invalid(kind, value)


def _text(value: Any, kind: Type) -> str:
    text = as_text(value)
    if kind.length and len(text) > kind.length:
        raise SqlError("22001", f"value too long for type {kind.words}({kind.length})")
    return text


def as_text(value: Any) -> str:
    """Return ``value`` as the server spells it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value)


def _moment(value: Any, kind: Type) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise SqlError(
                "22007", f'invalid input syntax for type {kind.words}: "{value}"'
            ) from None
    if not isinstance(value, datetime):
        raise _mismatch(kind, value)
    if kind.name == "timestamptz":
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def _date(value: Any, kind: Type) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise SqlError("22007", f'invalid input syntax for type date: "{value}"') from None
    if not isinstance(value, date):
        raise _mismatch(kind, value)
    return value.date() if isinstance(value, datetime) else value


def interval(value: Any) -> timedelta:
    """Return ``5 minutes`` and its like as a duration. Raises 22007 for what it is not."""
    if isinstance(value, timedelta):
        return value
    words, total = str(value).split(), 0.0
    try:
        for number, unit in zip(words[::2], words[1::2], strict=True):
            short = unit.lower()
            total += float(number) * UNITS[short if short in UNITS else short.removesuffix("s")]
    except (ValueError, KeyError):
        message = f'invalid input syntax for type interval: "{value}"'
        raise SqlError("22007", message) from None
    return timedelta(seconds=total)


def _json(value: Any, kind: Type) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            raise SqlError("22P02", f"invalid input syntax for type {kind.words}") from None
    return getattr(value, "obj", value)  # psycopg's Jsonb wraps it


def _same(value: Any, kind: Type) -> Any:
    return value


_STORES: dict[str, Callable[[Any, Type], Any]] = {
    "int2": _integer,
    "int4": _integer,
    "int8": _integer,
    "numeric": _numeric,
    "float8": _float,
    "bool": _bool,
    "text": _text,
    "varchar": _text,
    "timestamptz": _moment,
    "timestamp": _moment,
    "date": _date,
    "interval": lambda value, _: interval(value),
    "json": _json,
    "jsonb": _json,
    "uuid": lambda value, _: str(value),
    "bytea": lambda value, _: bytes(value),
    "unknown": _same,
}


def type_of(value: object) -> Type:
    """Return the type that the server gives a parameter with this value."""
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return INT4 if -(1 << 31) <= value < 1 << 31 else INT8
    if isinstance(value, Decimal):
        return NUMERIC
    if isinstance(value, float):
        return Type("float8")
    if isinstance(value, datetime):
        return TIMESTAMPTZ if value.tzinfo else Type("timestamp")
    return INTERVAL if isinstance(value, timedelta) else UNKNOWN


def common(kinds: list[Type]) -> Type:
    """Return the type that values of all ``kinds`` become: of numbers, the widest."""
    known = [kind for kind in kinds if kind is not UNKNOWN]
    numbers = [kind for kind in known if kind.name in NUMBERS]
    if numbers and len(numbers) == len(known):
        widest = max(numbers, key=lambda kind: NUMBERS.index(kind.name))
        return widest if len({kind.name for kind in numbers}) == 1 else Type(widest.name)
    return known[0] if known else UNKNOWN


Moment = datetime


def moment(epoch_s: float) -> datetime:
    """Return the point of time ``epoch_s`` seconds after 1970, in UTC."""
    return datetime.fromtimestamp(epoch_s, UTC)


def family(kind: Type) -> str:
    """Return what can be compared with one another: number, text, bool, time, ..."""
    if kind.name in NUMBERS:
        return "number"
    if kind.name in {"text", "varchar"}:
        return "text"
    return "time" if kind.name in {"timestamptz", "timestamp", "date"} else kind.name
