"""Tickets as callers see and send them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StrictBool, StrictInt

from console.api.fields import Given, Id, Line, PageQuery, Shown, Text, Word
from desk.tickets.listing import ANY, Sort
from desk.tickets.model import EntryAuthor, EntryKind, TicketPriority, TicketStatus, TicketTopic

TicketNumber = Annotated[str, Field(pattern="^T-[0-9]{1,18}$", examples=["T-000123"])]


class TicketShown(Shown):
    """A matter somebody has to settle; ``version`` grows at every change."""

    number: str
    version: int
    contact_id: str
    conversation_id: str
    status: TicketStatus
    priority: TicketPriority
    topic: TicketTopic
    title: str
    description: str
    order_number: str | None
    assignee: str | None
    assigned_why: dict[str, Any] | None
    team: str | None
    product: str | None
    tags: list[str]
    channel: str | None
    language: str | None
    region: str | None
    segment: str | None
    merged_into: str | None
    follows: str | None
    reopened: int
    created_at: datetime
    updated_at: datetime
    first_replied_at: datetime | None
    resolved_at: datetime | None


class EntryShown(Shown):
    """A line of a ticket's history; what is not ``public`` is for agents only."""

    kind: EntryKind
    author: EntryAuthor
    author_name: str | None
    text: str | None
    old: str | None
    new: str | None
    public: bool
    created_at: datetime


class TicketDetail(TicketShown):
    """A ticket with its history, the oldest first."""

    entries: list[EntryShown]


class TicketQuery(PageQuery):
    """Which tickets; ``active`` are those that somebody still has to settle, ``-`` stands for nobody."""

    status: TicketStatus | Literal["all", "active"] = ANY  # type: ignore[assignment]
    priority: TicketPriority | None = None
    topic: TicketTopic | None = None
    assignee: Word | None = None
    team: Word | None = None
    tag: Word | None = None
    channel: Word | None = None
    contact_id: Id | None = None
    sort: Sort = Sort.NEWEST


class NewTicket(Given):
    """A matter from a conversation."""

    conversation_id: Id
    topic: TicketTopic
    title: Line
    description: Text
    priority: TicketPriority = TicketPriority.NORMAL
    order_number: Annotated[Word, Field(max_length=20)] | None = None


class TicketChange(Given):
    """What becomes another; what is left out stays. An empty assignee, team or product means none."""

    version: Annotated[
        StrictInt,
        Field(ge=1, description="the version you have seen; another one is refused with 409"),
    ]
    status: TicketStatus | None = None
    priority: TicketPriority | None = None
    topic: TicketTopic | None = None
    assignee: Word | None = None
    team: Annotated[Word, Field(max_length=64)] | None = None
    product: Annotated[Word, Field(max_length=64)] | None = None
    tags: (
        Annotated[list[Annotated[Word, Field(min_length=1, max_length=40)]], Field(max_length=20)]
        | None
    ) = None
    why: Annotated[Word, Field(max_length=500)] | None = None


class NewComment(Given):
    """Words on a ticket."""

    text: Text
    public: Annotated[StrictBool, Field(description="whether the customer sees it")] = False


class Merge(Given):
    """Which ticket goes on."""

    into: TicketNumber
    why: Annotated[Word, Field(max_length=500)] | None = None
