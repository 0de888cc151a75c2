"""What may be done at the desk, and what words in a thread are. Pure."""

import re
from datetime import datetime
from enum import StrEnum

from desk.agentdesk.port import Button
from desk.agentdesk.queue import spell
from desk.tables.conversation import Owner

_NOTE = re.compile(r"\s*(?://|(?:note|备注)\s*[:：])\s*", re.IGNORECASE)
_CANNED = re.compile(r"\s*!([a-zA-Z0-9_-]{1,40})\s*")
_ALWAYS = frozenset({Button.NOTE, Button.SEND_ONCE})


class Refusal(StrEnum):
    """Why something is not done."""

    TAKEN = "taken"
    STALE = "stale"
    CLOSED = "closed"
    NOT_TAKEN = "not_taken"


_REFUSED: dict[tuple[Button, Owner], Refusal] = {
    (Button.TRANSFER, Owner.CLOSED): Refusal.CLOSED,
    (Button.SNOOZE, Owner.CLOSED): Refusal.CLOSED,
    (Button.RESOLVE, Owner.CLOSED): Refusal.CLOSED,
    (Button.RELEASE, Owner.CLOSED): Refusal.CLOSED,
    (Button.TRANSFER, Owner.BOT): Refusal.NOT_TAKEN,
    (Button.SNOOZE, Owner.BOT): Refusal.NOT_TAKEN,
    (Button.RELEASE, Owner.BOT): Refusal.NOT_TAKEN,
    (Button.RELEASE, Owner.WAITING): Refusal.NOT_TAKEN,
}


def refusal(button: Button, owner: Owner, *, mine: bool, stale: bool) -> Refusal | None:
    """Return why a button does nothing, or None when it does what it says.

    ``mine`` says that who pressed it has the conversation, ``stale`` that the card was an earlier one. What is
    one's own cannot be overtaken by somebody else, so there an old card does no harm.
    """
    if button in _ALWAYS:
        return None
    if owner is Owner.HUMAN:
        return None if mine else Refusal.TAKEN
    found = _REFUSED.get((button, owner))
    return found or (Refusal.STALE if stale else None)


def standing(owner: Owner, agent: str | None, since: datetime | None, now: datetime) -> str:
    """Return who has a conversation and since when, in words."""
    who = {
        Owner.BOT: "The bot has this conversation",
        Owner.WAITING: "Nobody has taken this conversation over; the customer waits",
        Owner.HUMAN: f"{agent} has this conversation",
        Owner.CLOSED: "This conversation is closed",
    }[owner]
    return f"{who}, since {since:%H:%M} UTC ({spell(now - since)})." if since else f"{who}."


_THEREFORE = {
    Refusal.TAKEN: "Nothing was done.",
    Refusal.STALE: "Your card was an older one, so nothing was done; look at it again.",
    Refusal.CLOSED: "Nothing was done; take it over to open it again.",
    Refusal.NOT_TAKEN: "Nothing was done; take it over first.",
}


def in_words(why: Refusal, standing_: str) -> str:
    """Return a refusal for whom it concerns."""
    return f"{standing_} {_THEREFORE[why]}"


class Words(StrEnum):
    """What somebody's words in a thread are."""

    SEND = "send"
    NOTE = "note"
    #: Nobody knows; the writer is asked.
    ASK = "ask"


def words(text: str, owner: Owner, *, mine: bool) -> Words:
    """Return what words in a thread are; only those of who has the conversation go out by themselves."""
    if note(text) is not None:
        return Words.NOTE
    return Words.SEND if owner is Owner.HUMAN and mine else Words.ASK


def note(text: str) -> str | None:
    """Return the text of a note without its mark (``note:`` or ``//``); None when it is no note."""
    found = _NOTE.match(text)
    return text[found.end() :] if found else None


def canned_name(text: str) -> str | None:
    """Return the name of the prepared reply that a message asks for (``!thanks``), if that is all it says."""
    found = _CANNED.fullmatch(text)
    return found[1].lower() if found else None
