"""A floor with agents, tickets and rules."""

from dataclasses import dataclass
from typing import Any

import pytest

from desk.assignment.rules import RuleDraft, TicketRules
from desk.assignment.service import Assignment
from desk.clock import StoppedClock
from desk.follow import Follower
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.agent import AgentRow, AgentStatus
from desk.tickets.service import Ticket, Tickets
from tests.world import Talk, World


@dataclass
class Floor:
    """Everything assignment works with, on a real database."""

    world: World
    tickets: Tickets
    rules: TicketRules
    assignment: Assignment
    follower: Follower

    async def agent(self, name: str, **values: Any) -> None:
        """Let somebody work here, online unless said."""
        known = {"status": AgentStatus.ONLINE, "capacity": 5, "status_since": self.world.clock()}
        async with self.world.database.write() as session:
            session.add(AgentRow(id=new_id(), name=name, **(known | values)))

    async def ticket(self, key: str, talk: Talk | None = None, **values: Any) -> Ticket:
        """Open a ticket, of a new customer unless one is named."""
        words = {"topic": "refund", "title": "Broken cup", "description": "It arrived broken."}
        talk = talk or await self.world.talk()
        return await self.tickets.open(key=key, conversation_id=talk.id, **(words | values))

    async def rule(self, name: str, when: dict[str, Any] | None = None, **values: Any) -> int:
        """Add a rule of assignment."""
        waits = values.pop("waits", False)
        draft = RuleDraft(name=name, when=when or {}, then=values, waits=waits)
        return await self.rules.save("assignment", draft, by="boss")

    async def follow(self) -> None:
        """Hand over what happened."""
        while await self.follower.step():
            pass

    async def now(self, ticket: Ticket) -> Ticket:
        """Return a ticket as it is now."""
        return await self.tickets.get(number=ticket.number)


@pytest.fixture
def floor(database: Database, clock: StoppedClock) -> Floor:
    """Return an empty floor."""
    assignment = Assignment(database, clock)
    return Floor(
        world=World(database, clock),
        tickets=Tickets(database, clock),
        rules=TicketRules(database, clock),
        assignment=assignment,
        follower=Follower("assignment", assignment.handle, database=database, clock=clock),
    )
