"""All parts of feedback put together on a real database, without a web process or an assistant."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.conversations import repository as conversations
from desk.conversations.incoming import Incoming, Received
from desk.conversations.service import Conversations
from desk.feedback.answers import Answers
from desk.feedback.doors import Doors
from desk.feedback.hours import Hours
from desk.feedback.links import SurveyLinks
from desk.feedback.nps_plan import NpsPlan
from desk.feedback.rules import FeedbackRules
from desk.feedback.service import Feedback
from desk.feedback.surveyor import Surveyor
from desk.feedback.ticket_plan import TicketPlan
from desk.follow import Follower
from desk.message import Attachment, InboundMessage
from desk.signals import LocalSignals
from desk.store.database import Database
from desk.tables.conversation import Author, ConversationRow, MessageRow, Owner
from desk.tables.feedback import FeedbackRow
from desk.tickets.service import Tickets
from tests.conftest import SECRET
from tests.world import World

PUBLIC_URL = "https://desk.example.com"
_inbox = count(1)


class PublicChannel(MemoryChannel):
    """A platform on which threads called ``post:`` are read by everybody."""

    def is_public(self, thread: str) -> bool:
        return thread.startswith("post:")


class WindowedChannel(MemoryChannel):
    """A platform that lets us write for a day after the customer's last message."""

    window = timedelta(hours=24)


class PlainChannel(MemoryChannel):
    """A platform without buttons and links."""

    features = frozenset()


class Alerts:
    """Remembers who was told what."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def alert(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        key: str,
        now: datetime,
    ) -> None:
        self.told.append((key, text))


class Studio:
    """Customers write on ``memory``; everything happens at once."""

    def __init__(self, database: Database, clock: StoppedClock) -> None:
        self.database = database
        self.clock = clock
        self.world = World(database, clock)
        self.rules = FeedbackRules()
        self.alerts = Alerts()
        self.channels = {
            one.name: one
            for one in (
                MemoryChannel(),
                MemoryChannel("webchat"),
                PlainChannel("email"),
                PlainChannel("plain"),
                PublicChannel("x"),
                WindowedChannel("windowed"),
            )
        }
        links = SurveyLinks(SECRET, public_url=PUBLIC_URL, clock=clock)
        self.links = links
        self.tickets = Tickets(database, clock)
        self.feedback = Feedback(
            database,
            clock,
            self.tickets,
            rules=lambda: self.rules,
            doors=Doors(self.channels),
            links=links,
            alert=self.alerts,
        )
        self.talk = Conversations(self.channels)
        answers = Answers(self.feedback.keeper, lambda: self.rules)
        self.incoming = Incoming(self.talk, answers=answers)
        shared: dict[str, Any] = {"gate": self.feedback.gate, "rules": lambda: self.rules}
        hours = Hours(lambda: "Asia/Shanghai")
        self.surveyor = Surveyor(
            database=database,
            conversations=self.talk,
            hours=hours,
            links=links,
            signals=LocalSignals(),
            clock=clock,
            **shared,
        )
        self.settled = Follower(
            "ticket-surveys",
            TicketPlan(rules=lambda: self.rules, clock=clock).handle,
            database=database,
            clock=clock,
        )
        self.plan = NpsPlan(database=database, hours=hours, clock=clock, **shared)

    def set(self, **rules: Any) -> None:
        """Change the rules."""
        self.rules = FeedbackRules.model_validate(self.rules.model_dump() | rules)

    async def hear(
        self,
        text: str,
        thread: str = "ada",
        *,
        channel: str = "memory",
        choice: str | None = None,
        attachments: tuple[Attachment, ...] = (),
    ) -> Received | None:
        """Receive a customer's message, as the router's claim does."""
        message = InboundMessage(
            channel=channel,
            account="a",
            external_id=uuid4().hex,
            thread=thread,
            sender=thread,
            sent_at=self.clock(),
            text=text,
            choice=choice,
            attachments=attachments,
        )
        async with self.database.write() as session:
            return await self.incoming.receive(
                session, message, inbox_id=next(_inbox), now=self.clock()
            )

    async def answer(self, text: str = "Here you are.", thread: str = "ada") -> None:
        """Let an agent say something."""
        row = await self.row(thread)
        async with self.database.write() as session:
            talk = await conversations.locked(session, row.id)
            assert talk is not None
            await self.talk.say(session, talk, text, author=Author.AGENT, now=self.clock())

    async def resolve(self, thread: str = "ada", agent: str | None = "mo") -> ConversationRow:
        """Close a conversation as an agent does, or the bot; the survey is not asked yet."""
        row = await self.row(thread)
        async with self.database.write() as session:
            talk = await conversations.locked(session, row.id)
            assert talk is not None
            await self.talk.change_owner(
                session, talk, Owner.CLOSED, now=self.clock(), name="resolved", by=agent
            )
        return await self.row(thread)

    async def ask(self, thread: str = "ada", agent: str | None = "mo") -> bool:
        """Ask at the one door, as whoever resolves does; return whether it is asked there and then."""
        row = await self.row(thread)
        key = f"resolved:{row.id}:{row.resolution}"
        async with self.database.write() as session:
            return await self.feedback.survey_in(
                session, conversation_id=row.id, key=key, agent=agent
            )

    async def resolved_and_asked_later(self, thread: str = "ada", channel: str = "memory") -> None:
        """Let a whole talk happen, with a question that comes by itself after it."""
        self.set(after_resolution={"delay": "1h"})
        await self.hear("Hello", thread, channel=channel)
        await self.answer(thread=thread)
        await self.resolve(thread)
        assert not await self.ask(thread)
        self.clock.advance(timedelta(hours=1))
        assert await self.surveyor.step() == 1

    async def row(self, thread: str = "ada") -> ConversationRow:
        """Return a conversation."""
        async with self.database.read() as session:
            query = select(ConversationRow).where(ConversationRow.thread == thread)
            return (await session.scalars(query)).one()

    async def said(self, thread: str = "ada") -> list[MessageRow]:
        """Return what we said in a conversation."""
        row = await self.row(thread)
        async with self.database.read() as session:
            query = select(MessageRow).where(
                MessageRow.conversation_id == row.id, MessageRow.author != Author.CONTACT
            )
            return list(await session.scalars(query.order_by(MessageRow.id)))

    async def surveys(self) -> list[FeedbackRow]:
        """Return all questions."""
        return sorted(await self.world.rows(FeedbackRow), key=lambda row: row.id)

    async def only(self) -> FeedbackRow:
        """Return the only question."""
        (row,) = await self.surveys()
        return row
