"""Conditions: a tree of and, or, not over typed fields. Pure.

Written as ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": {...}}`` or ``{"field": ..., "is": ...}``, the last with
the name of an operator. An empty ``all`` always holds.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from desk.automation.fields import OPERATORS, Facts, Field, Kind, Operator, Value, field_of
from desk.errors import InvalidError

_DEEPEST, _MOST = 5, 50
_SPAN = re.compile(r"(\d{1,6})\s*([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


@dataclass(frozen=True)
class Question:
    """One question about one field; ``value`` is as it is compared."""

    field: str
    operator: Operator
    value: Any = None


@dataclass(frozen=True)
class All:
    """Everything holds."""

    parts: tuple["Condition", ...] = ()


@dataclass(frozen=True)
class Some:
    """At least one holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: "Condition"


type Condition = Question | All | Some | Not


def parse(given: Any) -> Condition:
    """Return a condition as a tree.

    Raises:
        InvalidError: it is none; the message says why.
    """
    condition = _parse(given, 1)
    if sum(1 for _ in questions(condition)) > _MOST:
        raise InvalidError(f"a condition asks at most {_MOST} questions")
    return condition


def _parse(given: Any, depth: int) -> Condition:
    if depth > _DEEPEST:
        raise InvalidError(f"a condition is at most {_DEEPEST} levels deep")
    if not isinstance(given, dict):
        raise InvalidError(f"{given!r:.60} is no condition")
    if "field" in given:
        return _test(given)
    if len(given) == 1:
        ((word, inner),) = given.items()
        if word == "not":
            return Not(_parse(inner, depth + 1))
        if word in ("all", "any") and isinstance(inner, list):
            parts = tuple(_parse(one, depth + 1) for one in inner)
            return All(parts) if word == "all" else Some(parts)
    raise InvalidError('a condition is {"all": [...]}, {"any": [...]}, {"not": ...} or a question')


def _test(given: dict[str, Any]) -> Question:
    name = str(given["field"])
    field = field_of(name)
    if field is None:
        raise InvalidError(f"there is no field {name[:64]!r}")
    words = [word for word in given if word != "field"]
    if len(words) != 1 or words[0] not in tuple(Operator):
        raise InvalidError(f"{name}: ask one question: {', '.join(OPERATORS[field.kind])}")
    operator = Operator(words[0])
    if operator not in OPERATORS[field.kind]:
        known = ", ".join(OPERATORS[field.kind])
        raise InvalidError(f"{name} cannot be asked {operator!r}; ask: {known}")
    return Question(name, operator, _READ[operator](name, field, given[words[0]]))


def _one(name: str, field: Field, given: Any) -> Value:
    if field.kind is Kind.NUMBER:
        return _number(name, field, given)
    if field.kind is Kind.YES:
        return _yes(name, given)
    text = str(given).strip()
    if not text or len(text) > 200:
        raise InvalidError(
            f"{name}: compare it with 1 to 200 characters, or ask whether it is empty"
        )
    if field.choices and text not in field.choices:
        raise InvalidError(f"{name}: {text!r} is none of: {', '.join(field.choices)}")
    return text


def _number(name: str, _: Field, given: Any) -> float:
    try:
        number = float(given)
    except (TypeError, ValueError) as error:
        raise InvalidError(f"{name}: {given!r:.40} is no number") from error
    if not abs(number) < 1e12:
        raise InvalidError(f"{name}: {given!r:.40} is no number to compare with")
    return number


def _yes(name: str, given: Any) -> bool:
    if given in (True, "yes", "true"):
        return True
    if given in (False, "no", "false"):
        return False
    raise InvalidError(f"{name}: answer yes or no")


def _several(name: str, field: Field, given: Any) -> tuple[Value, ...]:
    values = given if isinstance(given, list) else re.split(r"[,，、]", str(given))
    found = tuple(_one(name, field, one) for one in values if str(one).strip())
    if not found:
        raise InvalidError(f"{name}: name at least one value")
    return found


def _span(name: str, _: Field, given: Any) -> timedelta:
    found = _SPAN.fullmatch(str(given).strip())
    if found is None:
        raise InvalidError(f"{name}: {given!r:.40} is no time such as 30m, 2h or 3d")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


_READ: dict[Operator, Callable[[str, Field, Any], Any]] = {
    Operator.IS: _one,
    Operator.IS_NOT: _one,
    Operator.IN: _several,
    Operator.CONTAINS: _one,
    Operator.GREATER: _number,
    Operator.LESS: _number,
    Operator.OLDER_THAN: _span,
    Operator.EMPTY: lambda name, _, given: _yes(name, given),
}


def questions(condition: Condition) -> Iterator[Question]:
    """Return all questions of a condition."""
    if isinstance(condition, Question):
        yield condition
        return
    for part in [condition.part] if isinstance(condition, Not) else condition.parts:
        yield from questions(part)


def holds(condition: Condition, facts: Facts, now: datetime) -> bool:
    """Say whether a condition holds of what is known."""
    match condition:
        case All(parts):
            return all(holds(part, facts, now) for part in parts)
        case Some(parts):
            return any(holds(part, facts, now) for part in parts)
        case Not(part):
            return not holds(part, facts, now)
        case Question(field, operator, value):
            return _ASK[operator](facts.get(field), value, now)


def _same(known: Value, value: Any) -> bool:
    if isinstance(known, str) and isinstance(value, str):
        return known.casefold() == value.casefold()
    return known is not None and known == value


def _contains(known: Value, value: Any, _: datetime) -> bool:
    if isinstance(known, tuple):
        return any(_same(one, value) for one in known)
    return isinstance(known, str) and str(value).casefold() in known.casefold()


def _greater(known: Value, value: Any, _: datetime) -> bool:
    return isinstance(known, float | int) and known > value


def _less(known: Value, value: Any, _: datetime) -> bool:
    return isinstance(known, float | int) and known < value


def _older(known: Value, value: Any, now: datetime) -> bool:
    return isinstance(known, datetime) and now - known > value


def _empty(known: Value, value: Any, _: datetime) -> bool:
    return (known is None or known in ("", ())) is value


_ASK: dict[Operator, Callable[[Value, Any, datetime], bool]] = {
    Operator.IS: lambda known, value, _: _same(known, value),
    Operator.IS_NOT: lambda known, value, _: not _same(known, value),
    Operator.IN: lambda known, values, _: any(_same(known, value) for value in values),
    Operator.CONTAINS: _contains,
    Operator.GREATER: _greater,
    Operator.LESS: _less,
    Operator.OLDER_THAN: _older,
    Operator.EMPTY: _empty,
}
