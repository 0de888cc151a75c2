"""What the passing of time asks for in a conversation that waits for a person or has one. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from desk.tables.agent import AgentStatus
from desk.tables.conversation import Owner


class Step(StrEnum):
    """What is to be done now."""

    #: Nobody came: call the next people.
    CALL = "call"
    #: Nobody came at all: leave a ticket.
    GIVE_UP = "give_up"
    #: It was put off until now.
    WAKE = "wake"
    #: Its agent is not there: say so.
    REMIND = "remind"
    #: Its agent is still not there: call for another.
    REQUEUE = "requeue"
    #: The customer says nothing more: ask.
    ASK = "ask"
    #: The customer did not answer: close.
    RESOLVE = "resolve"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How long to be patient; ``tiers`` are the times after which people are called."""

    give_up_after: timedelta
    tiers: tuple[timedelta, ...] = ()
    remind_after: timedelta
    return_after: timedelta
    ask_after: timedelta
    resolve_after: timedelta


@dataclass(frozen=True, kw_only=True)
class State:
    """What the rows say. ``heard_at`` and ``answered_at`` are when the customer and an agent last wrote."""

    owner: Owner
    since: datetime | None
    waiting_since: datetime | None = None
    tier: int = 0
    snoozed_until: datetime | None = None
    reminded_at: datetime | None = None
    asked_at: datetime | None = None
    status: AgentStatus | None = None
    status_since: datetime | None = None
    heard_at: datetime | None = None
    answered_at: datetime | None = None
    open_now: bool = True


def step(state: State, limits: Limits, now: datetime) -> Step | None:
    """Return the one thing to be done now, if any."""
    if state.snoozed_until is not None:
        return Step.WAKE if state.snoozed_until <= now else None
    if state.owner is Owner.WAITING:
        return _nobody_came(state, limits, now)
    if state.owner is Owner.HUMAN:
        return _agent_gone(state, limits, now) or _customer_silent(state, limits, now)
    return None


def _nobody_came(state: State, limits: Limits, now: datetime) -> Step | None:
    begun = _later(state.waiting_since, state.reminded_at)
    if begun is None:
        return None
    if begun + limits.give_up_after <= now:
        return Step.GIVE_UP
    # Nobody is called out of bed.
    tiers = limits.tiers if state.open_now else ()
    if state.tier < len(tiers) and begun + tiers[state.tier] <= now:
        return Step.CALL
    return None


def _agent_gone(state: State, limits: Limits, now: datetime) -> Step | None:
    if state.status in (None, AgentStatus.ONLINE):
        return None
    # Who still writes is there, whatever they said.
    begun = _later(state.since, state.status_since, state.answered_at)
    if begun is None:
        return None
    if state.reminded_at is None or state.reminded_at < begun:
        return Step.REMIND if begun + limits.remind_after <= now else None
    return Step.REQUEUE if state.reminded_at + limits.return_after <= now else None


def _customer_silent(state: State, limits: Limits, now: datetime) -> Step | None:
    """The agent spoke last; a customer who waits for an answer is not silent."""
    spoke = state.answered_at
    if spoke is None or (state.heard_at is not None and state.heard_at >= spoke):
        return None
    begun = _later(spoke, state.since) or spoke
    if state.asked_at is None or state.asked_at < begun:
        return Step.ASK if begun + limits.ask_after <= now else None
    return Step.RESOLVE if state.asked_at + limits.resolve_after <= now else None


def _later(*times: datetime | None) -> datetime | None:
    return max((at for at in times if at is not None), default=None)
