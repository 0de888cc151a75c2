"""Which clocks a ticket's page shows while whoever keeps them has not read the latest yet: a table of cases."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from console.ticket_clocks import still_due
from desk.sla.model import Clock
from desk.tables.sla import ClockKind
from desk.tables.ticket import EntryAuthor, TicketStatus
from desk.tickets.model import Entry, EntryKind, Ticket
from tests.conftest import NOON

FIRST, NEXT, WHOLE = ClockKind


def clock(kind: ClockKind, started_at: datetime = NOON) -> Clock:
    empty: dict[str, Any] = dict.fromkeys(Clock.__dataclass_fields__)
    due = {"due_at": NOON + timedelta(hours=4), "target": timedelta(hours=4)}
    return Clock(**empty | {"kind": kind, "started_at": started_at} | due)


def ticket(status: TicketStatus, *entries: Entry) -> Ticket:
    empty: dict[str, Any] = dict.fromkeys(Ticket.__dataclass_fields__)
    return Ticket(**empty | {"status": status, "entries": entries, "updated_at": NOON})


def said(minutes: int, **other: Any) -> Entry:
    empty: dict[str, Any] = dict.fromkeys(Entry.__dataclass_fields__)
    about = {"kind": EntryKind.COMMENT, "author": EntryAuthor.AGENT, "public": True}
    return Entry(**empty | about | {"created_at": NOON + timedelta(minutes=minutes)} | other)


@pytest.mark.parametrize(
    ("entries", "kinds"),
    [
        ((), [FIRST, NEXT, WHOLE]),
        ((said(5),), [WHOLE]),
        ((said(5, public=False),), [FIRST, NEXT, WHOLE]),
        ((said(5, author=EntryAuthor.CONTACT),), [FIRST, NEXT, WHOLE]),
        ((said(5, kind=EntryKind.STATUS),), [FIRST, NEXT, WHOLE]),
        # An answer from before the customer asked again.
        ((said(-5),), [FIRST, NEXT, WHOLE]),
    ],
)
def test_an_answer_ends_what_waits_for_one(
    entries: tuple[Entry, ...], kinds: list[ClockKind]
) -> None:
    found = still_due(
        [clock(kind) for kind in (FIRST, NEXT, WHOLE)], ticket(TicketStatus.OPEN, *entries)
    )
    assert [one.kind for one in found] == kinds
    assert all(one.is_running for one in found)


@pytest.mark.parametrize("status", [TicketStatus.PENDING, TicketStatus.ON_HOLD])
def test_what_waits_for_others_is_paused(status: TicketStatus) -> None:
    (one,) = still_due([clock(WHOLE)], ticket(status))
    assert one.paused_at == NOON
    before = replace(clock(WHOLE), paused_at=NOON - timedelta(hours=1))
    assert still_due([before], ticket(status)) == [before]


@pytest.mark.parametrize("status", [TicketStatus.RESOLVED, TicketStatus.CLOSED])
def test_what_is_settled_is_due_no_more(status: TicketStatus) -> None:
    assert still_due([clock(WHOLE)], ticket(status)) == []
