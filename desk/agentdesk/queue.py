"""Whose turn it is: the order of the queue, and why, in words. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

ANGRY = -0.4
"""A mood at or below it is anger."""
_ANGER = timedelta(minutes=10)
_VIP = timedelta(minutes=15)
"""How much longer an angry customer, or an important one, is taken to have waited. Both together beat neither."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Somebody who waits for a person; ``due_at`` is when they were promised one, ``mood`` from -1 (angry) to 1."""

    conversation_id: str
    since: datetime
    due_at: datetime
    mood: float | None = None
    vip: bool = False
    complaint: bool = False


@dataclass(frozen=True, kw_only=True)
class Turn:
    """A place in the queue, from 1, and why."""

    conversation_id: str
    place: int
    why: str


def queue_order(rows: Iterable[Waiting], now: datetime) -> list[Turn]:
    """Return everybody in the order of their turns.

    The slack until the promise is broken decides, less what anger, value and an open complaint are worth; among
    equals who has waited longest, then the older conversation. Nobody is overtaken for ever: slack only shrinks.
    """
    ordered = sorted(rows, key=lambda one: (_slack(one, now), one.since, one.conversation_id))
    return [
        Turn(conversation_id=one.conversation_id, place=place, why=why(one, now))
        for place, one in enumerate(ordered, 1)
    ]


def _slack(one: Waiting, now: datetime) -> timedelta:
    anger = _ANGER * max(0.0, -(one.mood or 0.0)) if is_angry(one.mood) else timedelta()
    return one.due_at - now - anger - _VIP * one.vip - _ANGER * one.complaint


def is_angry(mood: float | None) -> bool:
    """Say whether a mood is anger."""
    return mood is not None and mood <= ANGRY


def why(one: Waiting, now: datetime) -> str:
    """Return the reasons in words: ``waits 6 min, 4 min left, angry, VIP``."""
    slack = one.due_at - now
    reasons = [f"waits {spell(now - one.since)}"]
    reasons.append(f"{spell(slack)} left" if slack > timedelta() else f"late by {spell(-slack)}")
    reasons += [
        word
        for word, holds in (
            ("angry", is_angry(one.mood)),
            ("VIP", one.vip),
            ("open complaint", one.complaint),
        )
        if holds
    ]
    return ", ".join(reasons)


def spell(span: timedelta) -> str:
    """Return a time in words, as short as people say it."""
    seconds = max(0, round(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{hours // 24} days"
