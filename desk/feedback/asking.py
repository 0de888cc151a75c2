"""Whether to ask now, later or not at all. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

_TRY_AGAIN = timedelta(minutes=30)


class When(StrEnum):
    """What a verdict says."""

    NOW = "now"
    LATER = "later"
    NEVER = "never"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Whether to ask; ``at`` is when to look again, ``why`` what is in the way."""

    when: When
    at: datetime | None = None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What is true about a customer at the moment.

    ``obstacle`` is why nothing can be delivered, ``unheard_at`` when they wrote what nobody has answered yet,
    ``by_link`` that they are asked in a message of its own, with links.
    """

    now: datetime
    is_wanted: bool = True
    unsubscribed: bool = False
    obstacle: str | None = None
    asked_at: datetime | None = None
    with_person: bool = False
    unheard_at: datetime | None = None
    not_before: datetime | None = None
    by_link: bool = False


def verdict(situation: Situation, *, cool_down: timedelta, quiet: timedelta) -> Verdict:
    """Say whether to ask: what forbids it goes before what only delays it."""
    now = situation.now
    forbidden = (
        ("switched off", not situation.is_wanted),
        ("unsubscribed", situation.unsubscribed),
        (situation.obstacle or "", situation.obstacle is not None),
        ("asked lately", situation.asked_at is not None and now < situation.asked_at + cool_down),
    )
    for why, holds in forbidden:
        if holds:
            return Verdict(when=When.NEVER, why=why)
    delaying = (
        ("talks with a person", now + _TRY_AGAIN if situation.with_person else None),
        ("in the middle of a talk", situation.unheard_at and situation.unheard_at + quiet),
        ("planned for later", situation.not_before),
    )
    for why, at in delaying:
        if at is not None and at > now:
            return Verdict(when=When.LATER, at=at, why=why)
    if situation.by_link:
        return Verdict(when=When.LATER, at=now, why="sent with links")
    return Verdict(when=When.NOW)
