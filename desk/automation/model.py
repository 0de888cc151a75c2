"""Rules and their runs as values, and how people write a rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from desk.automation import actions, conditions
from desk.automation.actions import Action
from desk.automation.conditions import Condition
from desk.automation.fields import EVENTS, WAITS
from desk.errors import FrontdeskError, InvalidError
from desk.span import Span
from desk.tables.automation import RunState

MOST_ACTIONS = 20
ALWAYS: dict[str, Any] = {"all": []}


class Waited(BaseModel):
    """A ticket has been in a state for so long; an empty value of an assignee or a team is nobody."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    field: str
    value: str = ""
    span: Span

    @field_validator("field")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in WAITS:
            raise ValueError(f"{value!r} is none of: {', '.join(WAITS)}")
        return value

    @field_validator("span")
    @classmethod
    def _sensible(cls, value: timedelta) -> timedelta:
        if not timedelta(minutes=1) <= value <= timedelta(days=365):
            raise ValueError("wait at least a minute and at most a year")
        return value


@dataclass(frozen=True, kw_only=True)
class Rule:
    """When one of ``events`` happens, or a ticket has ``waited``, and ``condition`` holds, then ``actions``."""

    id: int | None = None
    name: str
    enabled: bool = True
    stop: bool = False
    events: tuple[str, ...] = ()
    waited: Waited | None = None
    condition: Condition
    written_condition: Mapping[str, Any]
    actions: tuple[Action, ...]
    failures: int = 0
    off_reason: str | None = None
    updated_at: datetime | None = None
    by: str = ""

    def written(self) -> dict[str, Any]:
        """Return the rule as people write it, without what the desk adds."""
        when: Any = list(self.events)
        if self.waited is not None:
            when = {
                "field": self.waited.field,
                "value": self.waited.value,
                "for": short(self.waited.span),
            }
        return {
            "name": self.name,
            "enabled": self.enabled,
            "stop": self.stop,
            "when": when,
            "if": dict(self.written_condition),
            "then": [_short_spans(actions.written(one)) for one in self.actions],
        }


def read(given: Mapping[str, Any]) -> Rule:
    """Check a rule as people write it: ``name``, ``when``, ``if``, ``then``, ``stop``, ``enabled``.

    Raises:
        InvalidError: it is wrong; the message says where and what.
    """
    unknown = set(given) - {"name", "enabled", "stop", "when", "if", "then"}
    if unknown:
        raise InvalidError(f"a rule has no {min(map(str, unknown))!r}")
    name = " ".join(str(given.get("name") or "").split())
    if not 1 <= len(name) <= 100:
        raise InvalidError("name: a rule needs a name of 1 to 100 characters")
    happens, waited = _when(given.get("when"))
    condition = given.get("if") or ALWAYS
    written = given.get("then")
    if not isinstance(written, list) or not 1 <= len(written) <= MOST_ACTIONS:
        raise InvalidError(f"then: a rule does 1 to {MOST_ACTIONS} things")
    return Rule(
        name=name,
        enabled=given.get("enabled", True) is True,
        stop=given.get("stop", False) is True,
        events=happens,
        waited=waited,
        condition=_at("if", partial(conditions.parse, condition)),
        written_condition=condition,
        actions=tuple(
            _at(f"then, {number}", partial(actions.read, one))
            for number, one in enumerate(written, 1)
        ),
    )


def _when(given: Any) -> tuple[tuple[str, ...], Waited | None]:
    if isinstance(given, dict):
        waited = {
            "field": given.get("field"),
            "value": given.get("value", ""),
            "span": given.get("for"),
        }
        try:
            found = Waited.model_validate(waited)
        except ValidationError as error:
            first = error.errors()[0]
            raise InvalidError(f"when: {first['msg'].removeprefix('Value error, ')}") from error
        choices = WAITS[found.field].choices
        if choices and found.value not in choices:
            raise InvalidError(f"when: {found.value!r} is none of: {', '.join(choices)}")
        return (), found
    names = [given] if isinstance(given, str) else given
    if not isinstance(names, list) or not names:
        raise InvalidError("when: name at least one event, or how long a ticket has been how")
    for name in names:
        if name not in EVENTS:
            raise InvalidError(f"when: {name!r:.64} is none of: {', '.join(EVENTS)}")
    return tuple(dict.fromkeys(names)), None


def _at[T](where: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except FrontdeskError as error:
        raise InvalidError(f"{where}: {error}") from error


def short(span: timedelta) -> str:
    """Return a length of time as people write it: ``36h``, ``2d``."""
    seconds = round(span.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def _short_spans(action: dict[str, Any]) -> dict[str, Any]:
    if "within" in action:
        action["within"] = short(timedelta(seconds=int(str(action["within"]).removesuffix("s"))))
    return action


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a rule did, or why it did not."""

    id: int
    rule_id: int
    rule: str
    event: str
    event_id: int | None
    chain: tuple[int, ...]
    ticket: str | None
    conversation_id: str | None
    state: RunState
    reason: str | None
    outcomes: tuple[Mapping[str, Any], ...]
    attempts: int
    created_at: datetime
    done_at: datetime | None
