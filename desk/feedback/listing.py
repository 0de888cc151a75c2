"""The list that people look through: what was asked and answered, and what is still to be followed up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    String,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncSession

from desk.feedback.follow_up import KEY
from desk.feedback.rules import FeedbackRules
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.feedback import FeedbackKind, FeedbackRow
from desk.tables.ticket import TicketRow
from desk.tickets.numbers import ticket_number
from desk.tickets.status import DONE

_SHOWN = or_(FeedbackRow.surveyed_at.is_not(None), FeedbackRow.score.is_not(None))
_IS_ITS_TICKET = TicketRow.key == literal(KEY).concat(cast(FeedbackRow.id, String))
_AT = func.coalesce(FeedbackRow.answered_at, FeedbackRow.surveyed_at)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to list: all that is named here. ``before`` is where the page before has ended."""

    kind: FeedbackKind | None = None
    score: int | None = None
    low: bool = False
    to_follow_up: bool = False
    commented: bool = False
    agent: str | None = None
    channel: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    limit: int = 50
    rules: FeedbackRules = field(default_factory=FeedbackRules)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One question and its answer. ``ticket`` is the number of its follow-up, ``open`` whether that is to be done."""

    id: int
    kind: FeedbackKind
    conversation_id: str
    contact_id: str
    contact: str | None
    thread: str
    channel: str
    owner: Owner | None
    agent: str | None
    score: int | None
    is_low: bool
    comment: str | None
    mood: float | None
    topic: str | None
    surveyed_at: datetime | None
    answered_at: datetime | None
    ticket: str | None
    is_open: bool


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many of a kind were asked and answered that."""

    kind: FeedbackKind
    asked: int
    answered: int

    @property
    def response_rate(self) -> float | None:
        """Answers over questions, 0 to 1."""
        return self.answered / self.asked if self.asked else None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A page. ``older`` is where the next one begins, ``counts`` is about all that was asked, whatever the answer."""

    items: tuple[Item, ...]
    older: int | None
    counts: tuple[Counts, ...]


class Listing:
    """Asks the rows; figures for reports come from the events."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, wanted: Wanted) -> Listed:
        """Return a page with the newest first."""
        limit = max(1, min(wanted.limit, 200))
        async with self._database.read() as session:
            rows = (await session.execute(_query(wanted).limit(limit + 1))).all()
            counts = await _counts(session, wanted)
        items = tuple(_item(row, wanted.rules) for row in rows[:limit])
        return Listed(
            items=items, older=items[-1].id if len(rows) > limit else None, counts=counts
        )

    async def channels(self) -> Sequence[str]:
        """Return the channels on which there are conversations, each found by one step in the index."""
        first = select(func.min(ConversationRow.channel).label("name")).cte(
            "names", recursive=True
        )
        following = (
            select(func.min(ConversationRow.channel))
            .where(ConversationRow.channel > first.c.name)
            .scalar_subquery()
        )
        names = first.union_all(select(following).where(first.c.name.is_not(None)))
        async with self._database.read() as session:
            found = await session.scalars(select(names.c.name).where(names.c.name.is_not(None)))
            return found.all()


def _of_whom(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [_SHOWN]
    if wanted.kind is not None:
        found.append(FeedbackRow.kind == wanted.kind)
    if wanted.agent:
        found.append(FeedbackRow.agent == wanted.agent)
    if wanted.channel:
        found.append(FeedbackRow.channel == wanted.channel)
    if wanted.since is not None:
        found.append(wanted.since <= _AT)
    if wanted.until is not None:
        found.append(wanted.until > _AT)
    return found


def _with_answer(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = []
    if wanted.score is not None:
        found.append(FeedbackRow.score == wanted.score)
    if wanted.low:
        limits = wanted.rules.low.items()
        found.append(
            or_(*(and_(FeedbackRow.kind == k, FeedbackRow.score <= n) for k, n in limits))
        )
    if wanted.to_follow_up:
        found.append(TicketRow.status.not_in(DONE))
    if wanted.commented:
        found.append(FeedbackRow.comment.is_not(None))
    return found


def _query(wanted: Wanted) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            FeedbackRow,
            ContactRow.name,
            ConversationRow.thread,
            ConversationRow.channel,
            TicketRow.id,
            TicketRow.status,
        )
        .join(ConversationRow, ConversationRow.id == FeedbackRow.conversation_id)
        .join(ContactRow, ContactRow.id == FeedbackRow.contact_id)
        .outerjoin(TicketRow, _IS_ITS_TICKET)
        .where(*_of_whom(wanted), *_with_answer(wanted))
        .order_by(FeedbackRow.id.desc())
    )
    return query if wanted.before is None else query.where(FeedbackRow.id < wanted.before)


async def _counts(session: AsyncSession, wanted: Wanted) -> tuple[Counts, ...]:
    asked = FeedbackRow.surveyed_at.is_not(None)
    replied = and_(asked, FeedbackRow.score.is_not(None))
    query = (
        select(
            FeedbackRow.kind,
            func.sum(case((asked, 1), else_=0)),
            func.sum(case((replied, 1), else_=0)),
        )
        .where(*_of_whom(wanted))
        .group_by(FeedbackRow.kind)
        .order_by(FeedbackRow.kind)
    )
    rows = await session.execute(query)
    return tuple(Counts(kind=row[0], asked=row[1], answered=row[2]) for row in rows)


def _item(row: Row[*tuple[Any, ...]], rules: FeedbackRules) -> Item:
    one, name, thread, channel, ticket, status = row
    return Item(
        id=one.id,
        kind=one.kind,
        conversation_id=one.conversation_id,
        contact_id=one.contact_id,
        contact=name,
        thread=thread,
        channel=channel,
        owner=one.owner,
        agent=one.agent,
        score=one.score,
        is_low=rules.is_low(one.kind, one.score),
        comment=one.comment,
        mood=one.mood,
        topic=one.comment_topic,
        surveyed_at=one.surveyed_at,
        answered_at=one.answered_at,
        ticket=ticket_number(ticket) if ticket else None,
        is_open=status is not None and status not in DONE,
    )
