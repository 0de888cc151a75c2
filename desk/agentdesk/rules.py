"""The rules of the agents' desk, from one file: who gets which conversation, who is called when, what is shown."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Protocol

import structlog
import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from desk.commerce import hours
from desk.commerce.hours import Hours
from desk.commerce.rules import Bilingual, OpeningHours
from desk.errors import SettingsError
from desk.feedback.rules import FeedbackRules
from desk.handoff.triggers import Triggers
from desk.span import Span

log = structlog.get_logger()

VARIABLES = frozenset({"agent", "customer"})
FACTS = frozenset(
    {"customer", "email", "phone", "order", "ticket", "rating", "value", "collected"}
)
"""What may be shown on a card, if the rules allow it."""
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Route(_Strict):
    """Where conversations go that have all that is named here; an empty list asks for nothing."""

    channels: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    team: str | None = None
    to: str = ""
    "The channel on the desk's platform; the team's, or the default one, if empty."


class Team(_Strict):
    """A group of agents: their channel, whom to call, and when they are at work (as the shop, if not said)."""

    channel: str = ""
    mention: tuple[str, ...] = ()
    opening_hours: OpeningHours | None = None


class Tier(_Strict):
    """Who is called when nobody has come after a while."""

    after: Span
    mention: tuple[str, ...] = ()


class DeskRules(_Strict):
    """Everything in the file; without a file, these."""

    channel: str = ""
    history: Annotated[int, Field(ge=1, le=200)] = 20
    facts: tuple[str, ...] = ("customer", "order", "ticket", "rating", "collected")
    collected: tuple[str, ...] = (
        "order_number",
        "about_order",
        "reason",
        "wish",
        "title",
        "description",
        "priority",
    )
    "Slots of the assistant that agents may see; without the handles and addresses that it asks for, too."
    vip: tuple[str, ...] = ("premium", "vip")
    routes: tuple[Route, ...] = ()
    teams: dict[str, Team] = {}
    tiers: tuple[Tier, ...] = (Tier(after=timedelta(minutes=3)), Tier(after=timedelta(minutes=6)))
    remind_after: Span = timedelta(minutes=2)
    return_after: Span = timedelta(minutes=5)
    ask_after: Span = timedelta(hours=2)
    resolve_after: Span = timedelta(hours=2)
    triggers: Triggers = Triggers()
    "When a person is called though the customer did not ask for one."
    feedback: FeedbackRules = FeedbackRules()
    replies: dict[Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")], Bilingual] = {}

    @model_validator(mode="after")
    def _known(self) -> "DeskRules":
        for route in self.routes:
            if route.team is not None and route.team not in self.teams:
                raise ValueError(f"a route names the team {route.team}, which is not in teams")
        for name, reply in self.replies.items():
            used = {found for text in (reply.en, reply.zh) for found in _PLACEHOLDER.findall(text)}
            if unknown := used - VARIABLES:
                known = ", ".join(sorted(VARIABLES))
                raise ValueError(f"the reply {name} names {{{min(unknown)}}}; there are: {known}")
        if unknown := set(self.facts) - FACTS:
            raise ValueError(f"facts names {min(unknown)}; there are: {', '.join(sorted(FACTS))}")
        if list(self.tiers) != sorted(self.tiers, key=lambda tier: tier.after):
            raise ValueError("tiers must stand in the order of their times")
        return self


@dataclass(frozen=True, kw_only=True)
class Matter:
    """What a conversation is routed by."""

    channel: str
    topic: str | None = None
    language: str = "en"
    segments: frozenset[str] = frozenset()
    team: str | None = None


@dataclass(frozen=True, kw_only=True)
class Routed:
    """Where a conversation is shown, and whose it is."""

    channel: str
    team: str | None


def route(matter: Matter, rules: DeskRules, default: str) -> Routed:
    """Return where a conversation goes: to the team it was given to, else as the first route that fits says."""
    if matter.team is not None and matter.team in rules.teams:
        channel = rules.teams[matter.team].channel
        return Routed(channel=channel or rules.channel or default, team=matter.team)
    for one in rules.routes:
        if _fits(one, matter):
            team = rules.teams[one.team] if one.team else None
            channel = one.to or (team.channel if team else "")
            return Routed(channel=channel or rules.channel or default, team=one.team)
    return Routed(channel=rules.channel or default, team=None)


def _fits(one: Route, matter: Matter) -> bool:
    return (
        (not one.channels or matter.channel in one.channels)
        and (not one.topics or matter.topic in one.topics)
        and (not one.languages or matter.language in one.languages)
        and (not one.segments or not matter.segments.isdisjoint(one.segments))
    )


def canned(rules: DeskRules, name: str, language: str, **values: str) -> str | None:
    """Return a prepared reply with its variables filled in; None when there is none of that name."""
    reply = rules.replies.get(name.lower())
    if reply is None:
        return None
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], ""), reply.get(language))


class OpenTimes(Protocol):
    """When people are at their desks."""

    def is_open(self, at: datetime) -> bool:
        """Say whether somebody is there."""

    def next_opening(self, at: datetime) -> datetime | None:
        """Return when somebody will be there next."""


class Rulebook:
    """The rules as they are now: a changed file is read again, a wrong one is logged and the last good one stays."""

    def __init__(self, path: Path | None, shop: OpenTimes, *, default_channel: str = "") -> None:
        """Read the file, if there is one.

        Raises:
            SettingsError: it is wrong; the message names the key.
        """
        self._path = path
        self._shop = shop
        self._stamp = _stamp(path)
        self._rules = _read(path, self._stamp)
        self.default_channel = default_channel

    @property
    def rules(self) -> DeskRules:
        """Everything in the file as it is now."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self._rules = _read(self._path, stamp)
                log.info("desk_rules_reloaded")
            except SettingsError as error:
                log.warning("desk_rules_rejected", reason=str(error))
        return self._rules

    def route(self, matter: Matter) -> Routed:
        """Return where a conversation goes."""
        return route(matter, self.rules, self.default_channel)

    def is_open(self, team: str | None, at: datetime) -> bool:
        """Say whether a team is at work."""
        own = self._hours(team)
        return self._shop.is_open(at) if own is None else hours.is_open(at, own)

    def next_opening(self, team: str | None, at: datetime) -> datetime | None:
        """Return when a team will be at work next."""
        own = self._hours(team)
        return self._shop.next_opening(at) if own is None else hours.next_opening(at, own)

    def mention(self, team: str | None, more: Sequence[str] = ()) -> tuple[str, ...]:
        """Return whom to call: a tier's people, or the team's when it names nobody."""
        named = self.rules.teams.get(team or "")
        return tuple(more) or (named.mention if named else ())

    def _hours(self, team: str | None) -> Hours | None:
        named = self.rules.teams.get(team or "")
        return named.opening_hours.hours() if named and named.opening_hours else None


def load(path: Path) -> DeskRules:
    """Read and check a file.

    Raises:
        SettingsError: it cannot be read, or a key is wrong; the message names it.
    """
    try:
        return DeskRules.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise SettingsError(f"{path.name}: {key}: {first['msg']}") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise SettingsError(f"{path.name} cannot be read: {reason}") from error


type _Stamp = tuple[int, int] | None


def _read(path: Path | None, stamp: _Stamp) -> DeskRules:
    return load(path) if path is not None and stamp is not None else DeskRules()


def _stamp(path: Path | None) -> _Stamp:
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size) if found else None
