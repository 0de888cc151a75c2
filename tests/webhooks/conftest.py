"""Webhooks on a real database, with a receiver of somebody else's."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from desk import events
from desk.clock import StoppedClock
from desk.events import Event
from desk.follow import Follower
from desk.store.database import Database
from desk.tables.conversation import Author, Direction, MessageRow
from desk.tables.webhook import WebhookDeliveryRow, WebhookRow
from desk.webhooks.post import Post
from desk.webhooks.sender import Sender
from desk.webhooks.service import OutgoingWebhooks
from desk.webhooks.telling import NAME, Telling
from tests.conftest import SECRET
from tests.webhooks.receiver import Receiver
from tests.world import World


@dataclass
class Hooks:
    """Everything about webhooks, and a way to let things happen."""

    database: Database
    clock: StoppedClock
    post: Post
    service: OutgoingWebhooks
    sender: Sender
    follower: Follower

    async def happen(self, *names: str, **data: Any) -> None:
        """Let events happen and be told."""
        async with self.database.write() as session:
            for name in names:
                event = Event(
                    name=name,
                    occurred_at=self.clock(),
                    contact_id="c1",
                    data={"ticket_id": 7} | data,
                )
                events.append(session, event)
        await self.follower.step()

    async def deliveries(self) -> Sequence[WebhookDeliveryRow]:
        """Return all deliveries, oldest first."""
        async with self.database.read() as session:
            rows = await session.scalars(
                select(WebhookDeliveryRow).order_by(WebhookDeliveryRow.id)
            )
            return rows.all()

    async def webhook(self) -> WebhookRow:
        """Return the only webhook."""
        async with self.database.read() as session:
            return (await session.scalars(select(WebhookRow))).one()

    async def until_quiet(self) -> int:
        """Send until nothing is due at this moment; return how many tries that took."""
        tries = 0
        while done := await self.sender.step():
            tries += done
        return tries

    def another(self) -> Sender:
        """Return the sender of a second process."""
        return Sender(
            database=self.database,
            post=Post(allow_private=True),
            secret=SECRET,
            clock=self.clock,
            chance=lambda: 0.0,
        )


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Return a receiver that listens."""
    async with Receiver() as receiver:
        yield receiver


@pytest.fixture
def patience() -> float:
    """Return how many seconds an answer is waited for: long, for a machine that has more to do."""
    return 15.0


@pytest.fixture
async def hooks(database: Database, clock: StoppedClock, patience: float) -> Hooks:
    """Return webhooks that may go to this machine."""
    post = Post(allow_private=True, timeout=timedelta(seconds=patience))
    hooks = Hooks(
        database=database,
        clock=clock,
        post=post,
        service=OutgoingWebhooks(database=database, post=post, secret=SECRET, clock=clock),
        sender=Sender(
            database=database, post=post, secret=SECRET, clock=clock, chance=lambda: 0.0
        ),
        follower=Follower(NAME, Telling(clock).handle, database=database, clock=clock),
    )
    await hooks.follower.step()
    return hooks


class Said(World):
    """Rows of conversations in which something was said."""

    async def says(self, text: str) -> int:
        """Put a customer's message into a new conversation; return its id."""
        talk = await self.talk()
        async with self.database.write() as session:
            row = MessageRow(
                conversation_id=talk.id,
                seq=1,
                direction=Direction.INBOUND,
                author=Author.CONTACT,
                text=text,
                choices=[],
                created_at=self.clock(),
            )
            session.add(row)
        return row.id


@pytest.fixture
def world(database: Database, clock: StoppedClock) -> Said:
    """Return what makes rows."""
    return Said(database, clock)
