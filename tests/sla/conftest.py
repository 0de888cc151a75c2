"""An SLA beside real tickets: what happens is told by the event log, and time stands until it is moved."""

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from desk import events
from desk.calendars.model import Calendar
from desk.calendars.service import Calendars
from desk.clock import StoppedClock
from desk.commerce.hours import Hours, Span
from desk.conversations.mirror import NoMirror
from desk.events import Event
from desk.follow import Follower
from desk.sla.keeper import READER, ClockKeeper
from desk.sla.model import Clock
from desk.sla.service import Sla
from desk.sla.watch import SlaWatch
from desk.store.database import Database
from desk.tickets.service import Ticket, Tickets
from tests.world import Talk, World

OFFICE: dict[str, Any] = {
    day: ["9:00-17:00"] for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
} | {"saturday": [], "sunday": []}


def shop_hours() -> Hours:
    """Return hours from Monday to Friday, nine to five in London, which is UTC in winter."""
    day = (Span(time(9), time(17)),)
    return Hours(zone=ZoneInfo("Europe/London"), week=(day,) * 5 + ((), ()))


class Told(NoMirror):
    """Remembers what agents were told, once for each key, as the desk does."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}
        self.mentioned: tuple[str, ...] = ()

    async def tell(self, *args: Any, **more: Any) -> None:
        """Remember."""
        assert more["opens"], "who waits may be known to nobody at the desk"
        self.told[more["key"]], self.mentioned = args[2], tuple(more["mention"])


@dataclass
class Promises:
    """Everything about promises of time, with a hand on the clock."""

    database: Database
    clock: StoppedClock
    tickets: Tickets
    world: World
    mirror: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self.calendars = Calendars(self.database, self.clock, shop=shop_hours)
        self.sla = Sla(self.database, self.clock, self.calendars)
        self.follower = self.another_follower()
        self.watch = self.another_watch()

    def another_follower(self) -> Follower:
        """Return what follows the log, as in one more process."""
        keeper = ClockKeeper(self.calendars)
        return Follower(READER, keeper.handle, database=self.database, clock=self.clock)

    def another_watch(self) -> SlaWatch:
        """Return what watches the clocks, as in one more process."""
        return SlaWatch(
            database=self.database,
            mirror=self.mirror,
            clock=self.clock,
            mention=lambda team: (f"@{team}",) if team else (),
        )

    async def policy(self, **targets: str) -> int:
        """Make a policy for everybody with targets such as ``first_response="1h"``."""
        return await self.make({}, **targets)

    async def make(self, more: dict[str, Any], **targets: str) -> int:
        """Make a policy."""
        given = {
            "name": f"policy {len(await self.sla.policies()) + 1}",
            "targets": {kind: _target(text) for kind, text in targets.items()},
            **more,
        }
        policy = await self.sla.save(given, by="mo")
        assert policy.id is not None
        return policy.id

    async def ticket(self, talk: Talk | None = None, key: str = "k", **more: Any) -> Ticket:
        """Open a ticket."""
        talk = talk or await self.world.talk()
        return await self.tickets.open(
            key=key,
            conversation_id=talk.id,
            topic="question",
            title="Lamp",
            description="It flickers.",
            **more,
        )

    async def reply(self, ticket: Ticket, text: str = "We look into it") -> None:
        """Let an agent answer where the customer sees it."""
        await self.tickets.comment(
            number=ticket.number, text=text, author="agent", author_name="Mo"
        )

    async def asks(self, ticket: Ticket) -> None:
        """Let the customer comment."""
        await self.tickets.comment(number=ticket.number, text="And now?", author="contact")

    async def set(self, ticket: Ticket, **values: Any) -> None:
        """Change the ticket."""
        await self.tickets.set(number=ticket.number, by="Mo", **values)

    async def log(self, name: str, conversation_id: str, **data: Any) -> None:
        """Add an event."""
        async with self.database.write() as session:
            event = Event(
                name=name,
                occurred_at=self.clock(),
                conversation_id=conversation_id,
                data=data,
            )
            events.append(session, event)

    async def settle(self) -> int:
        """Read the log and look at the clocks until nothing is left."""
        said = 0
        while True:
            while await self.follower.step():
                pass
            found = await self.watch.step()
            if not found:
                return said
            said += found

    async def pass_(self, **span: float) -> None:
        """Let time pass, and settle."""
        await self.settle()
        self.clock.advance(timedelta(**span))
        await self.settle()

    async def at(self, moment: str) -> None:
        """Go to a moment in UTC, and settle before and after."""
        await self.settle()
        self.clock.at = datetime.fromisoformat(f"{moment}+00:00")
        await self.settle()

    async def clocks(self, ticket: Ticket) -> dict[str, Clock]:
        """Return the newest clock of each kind."""
        await self.settle()
        return {str(c.kind): c for c in (await self.sla.clocks([ticket.id]))[ticket.id]}

    async def told(self, name: str = "sla.") -> list[str]:
        """Return the names of our events with the kind of their clock."""
        return [f"{e.name} {e.data['kind']}" for e in await self.world.events(name)]

    async def calendar(self, name: str) -> Calendar:
        """Return a calendar."""
        return (await self.calendars.all()).get(name)


def _target(text: str) -> dict[str, str]:
    within, _, calendar = text.partition(" ")
    return {"within": within, "calendar": calendar or "shop"}


@pytest.fixture
def world(database: Database, clock: StoppedClock) -> World:
    """Return contacts and conversations."""
    return World(database, clock)


@pytest.fixture
async def promises(database: Database, clock: StoppedClock, world: World) -> Promises:
    """Return an SLA without policies."""
    return Promises(database=database, clock=clock, tickets=Tickets(database, clock), world=world)
