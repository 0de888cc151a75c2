"""Rules beside a whole desk: events are read, runs are done, time stands until it is moved."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.wiring import Desk
from desk import events
from desk.automation.doing import Doer
from desk.automation.listener import READER, RuleListener
from desk.automation.mail import OutgoingMail
from desk.automation.model import Run
from desk.automation.ports import Post
from desk.automation.runner import RuleRunner
from desk.automation.service import Rules
from desk.automation.staff import Staff
from desk.automation.tasks import Tasks
from desk.clock import StoppedClock
from desk.errors import RetryableError
from desk.events import Event
from desk.follow import Follower
from desk.tables.webhook import WebhookRow
from desk.tickets.service import Ticket
from tests.world import Talk, World


class Hooks:
    """A webhook queue that can be away."""

    def __init__(self) -> None:
        self.queued: list[tuple[str, str, dict[str, Any]]] = []
        self.failures = 0
        self.refused = 0

    async def queue(
        self, session: AsyncSession, webhook_id: str, kind: str, payload: dict[str, Any]
    ) -> None:
        """Remember, or be away."""
        if self.failures > 0:
            self.failures -= 1
            self.refused += 1
            raise RetryableError("the queue is away", retry_in=timedelta(minutes=1))
        self.queued.append((webhook_id, kind, payload))


@dataclass
class House:
    """Everything about rules."""

    desk: Desk
    clock: StoppedClock
    world: World
    hooks: Hooks = field(default_factory=Hooks)

    def __post_init__(self) -> None:
        self.database = self.desk.database
        channel = self.desk.channels["memory"]
        mail = OutgoingMail(
            self.desk.conversations, self.clock, channel=channel.name, account=channel.account
        )
        self.use(mail)

    def use(self, mail: Post | None) -> None:
        """Work with a mail channel, or without one."""
        staff = Staff(teams=lambda: ("refunds",), has_mail=mail is not None)
        is_open = self.desk.policies.is_open
        self.rules = Rules(self.database, self.clock, staff=staff, is_open=is_open)
        self.tasks = Tasks(self.database, self.clock)
        self.listener = RuleListener(database=self.database, clock=self.clock, is_open=is_open)
        self.follower = self.another_follower()
        self.doer = Doer(
            tickets=self.desk.tickets,
            conversations=self.desk.conversations,
            staff=staff,
            webhooks=self.hooks,
            post=mail,
        )
        self.runner = self.another_runner()

    def another_follower(self) -> Follower:
        """Return what follows the log, as in one more process."""
        return Follower(READER, self.listener.handle, database=self.database, clock=self.clock)

    def another_runner(self) -> RuleRunner:
        """Return what does runs, as in one more process."""
        return RuleRunner(
            database=self.database,
            clock=self.clock,
            doer=self.doer,
            is_open=self.desk.policies.is_open,
            signals=self.desk.signals,
        )

    async def rule(self, *then: dict[str, Any], when: Any = "ticket.opened", **more: Any) -> int:
        """Make a rule."""
        name = more.pop("name", f"rule {len(await self.rules.list()) + 1}")
        given = {"name": name, "when": when, "then": list(then), **more}
        rule = await self.rules.save(given, by="mo")
        assert rule.id is not None
        return rule.id

    async def ticket(self, talk: Talk | None = None, key: str = "k", **more: Any) -> Ticket:
        """Open a ticket."""
        talk = talk or await self.world.talk(channel="memory")
        values: dict[str, Any] = {
            "topic": "question",
            "title": "Lamp",
            "description": "It flickers.",
        }
        return await self.desk.tickets.open(key=key, conversation_id=talk.id, **(values | more))

    async def log(self, name: str, conversation_id: str | None = None, **data: Any) -> None:
        """Add an event."""
        async with self.database.write() as session:
            event = Event(
                name=name,
                occurred_at=self.clock(),
                conversation_id=conversation_id,
                data=data,
            )
            events.append(session, event)

    async def settle(self, most: int = 200) -> int:
        """Read the log and do runs until nothing is left; return how many runs were done."""
        done = 0
        while done < most:
            while await self.follower.step():
                pass
            await self.listener.step()
            if not await self.runner.step():
                if not await self.follower.step():
                    return done
                continue
            done += 1
        raise AssertionError(f"{most} runs and no end")

    async def now(self, ticket: Ticket) -> Ticket:
        """Return a ticket as it is."""
        return await self.desk.tickets.get(number=ticket.number)

    async def runs(self, **which: Any) -> Sequence[Run]:
        """Return all runs, oldest first."""
        return list(reversed(await self.rules.runs(**which)))

    async def webhook(self) -> str:
        """Make a webhook."""
        async with self.database.write() as session:
            row = WebhookRow(
                id="a" * 32,
                url="https://erp.example.com/hook",
                name="ERP",
                wanted={"kinds": []},
                salt="s",
                created_at=self.clock(),
                created_by="mo",
            )
            session.add(row)
        return row.id


@pytest.fixture
def world(desk: Desk, clock: StoppedClock) -> World:
    """Return contacts and conversations."""
    return World(desk.database, clock)


@pytest.fixture
async def house(desk: Desk, clock: StoppedClock, world: World) -> House:
    """Return rules beside a desk, with an agent called Mo."""
    await desk.agents.add(name="Mo", team="night")
    return House(desk=desk, clock=clock, world=world)
