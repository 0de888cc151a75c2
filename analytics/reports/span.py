"""What metrics are made of: one row for each thing that lasted, or that is counted."""

from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from msgspec import Struct


class Kind(StrEnum):
    """What a span is; ``definitions.md`` says when each begins and ends, and what is left out."""

    # Of conversations: these last.
    FIRST_RESPONSE = "first_response"
    NEXT_RESPONSE = "next_response"
    BOT_RESPONSE = "bot_response"
    WAITING = "waiting"
    HANDLING = "handling"
    RESOLUTION = "resolution"
    TOTAL_RESOLUTION = "total_resolution"
    BOT_RESOLUTION = "bot_resolution"
    # Of conversations: these are counted.
    STARTED = "started"
    ENDED = "ended"
    HANDED_OFF = "handed_off"
    HANDOFF = "handoff"
    ABANDONED = "abandoned"
    REOPENED = "reopened"
    SPAM = "spam"
    SAID_CONTACT = "said_contact"
    SAID_BOT = "said_bot"
    SAID_AGENT = "said_agent"
    # Of tickets.
    TICKET_OPENED = "ticket_opened"
    TICKET_REPLY = "ticket_reply"
    TICKET_RESOLUTION = "ticket_resolution"
    TICKET_REOPENED = "ticket_reopened"
    SLA_MET = "sla_met"
    SLA_BREACHED = "sla_breached"
    # Of feedback: asked has the value 1 once it was answered, a score has the score.
    CSAT_ASKED = "csat_asked"
    CSAT = "csat"
    NPS_ASKED = "nps_asked"
    NPS = "nps"
    CES_ASKED = "ces_asked"
    CES = "ces"
    #: Taken away: belonged to spam.
    VOID = "void"


class Actor(StrEnum):
    """Who a conversation was with, or whose time it is."""

    HUMAN = "human"
    BOT = "bot"
    #: A person was called and never came.
    NOBODY = "nobody"


class Group(NamedTuple):
    """By what spans are told apart; empty is unknown or none. Rows of one group share one number."""

    kind: str
    actor: str = ""
    agent: str = ""
    team: str = ""
    channel: str = ""
    topic: str = ""
    segment: str = ""
    language: str = ""
    #: Why there was a handoff, how a conversation ended, which clock of an SLA.
    reason: str = ""


class Span(Struct, frozen=True, array_like=True):
    """One row. Times in milliseconds since 1970, durations in milliseconds; what is only counted lasts 0."""

    group: Group
    #: In which round of its conversation, counted from 0; a round is renamed or taken away whole.
    round: int
    started: int
    ended: int
    lasted: int = 0
    business: int = 0
    value: float | None = None
    #: The customer, as :func:`number_of` their contact id; 0 is nobody.
    customer: int = 0


class Put(Struct, frozen=True):
    """Write a span under its number within the subject, also over an earlier one."""

    number: int
    span: Span


class Refile(Struct, frozen=True):
    """File the spans of a round under another topic."""

    round: int
    topic: str


class Strike(Struct, frozen=True):
    """Take the spans of a round away; what is put after it stays."""

    round: int


type Change = Put | Refile | Strike


class Open(NamedTuple):
    """Something that has begun and not ended."""

    group: Group
    started: int


@lru_cache(maxsize=50_000)
def number_of(text: str) -> int:
    """Return a number that stands for a text: 63 bits of its hash, the same everywhere and for ever."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest()) >> 1


@lru_cache(maxsize=50_000)
def group_id(group: Group) -> int:
    """Return the number of a group."""
    return number_of("\x1f".join(group))
