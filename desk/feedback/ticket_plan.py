"""Plans the question about a ticket that was settled while its conversation went on, or had ended long before."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.feedback.keeping import RulesNow
from desk.feedback.snapshot import about
from desk.store.upsert import insert_new
from desk.tables.conversation import ConversationRow, Owner
from desk.tables.event import EventRow
from desk.tables.feedback import FeedbackKind, FeedbackRow, SurveyState
from desk.tables.ticket import TicketRow, TicketStatus
from desk.tickets.model import EntryAuthor

_SOON = timedelta(minutes=1)
"""The customer reads first that the ticket is settled; whoever resolved it by mistake has time to take it back."""


class TicketPlan:
    """Reads the log: each time an agent settles a ticket, one question is planned; the surveyor asks it.

    A ticket that is settled together with its conversation is left out: that resolution is asked about already.
    """

    def __init__(self, *, rules: RulesNow, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock

    async def handle(self, session: AsyncSession, rows: Sequence[EventRow]) -> None:
        """Plan, in the transaction of the reader of the log."""
        for row in rows:
            if _is_settled_alone(row):
                await self._plan(session, row)

    async def _plan(self, session: AsyncSession, event: EventRow) -> None:
        now, after = self._clock(), self._rules().after_resolution
        ticket = await session.get(TicketRow, int(event.data["ticket_id"]))
        if ticket is None or not after.enabled:
            return
        talk = await session.get_one(ConversationRow, ticket.conversation_id)
        agent = event.data.get("by") or ticket.assignee
        row = {
            "kind": FeedbackKind.CSAT,
            "occasion": f"ticket:{ticket.id}:{event.id}",
            "ticket_id": ticket.id,
            "conversation_id": talk.id,
            "contact_id": ticket.contact_id,
            "owner": Owner.HUMAN,
            "agent": agent,
            "state": SurveyState.PLANNED,
            "due_at": now + max(after.delay, _SOON),
            "planned_at": now,
            **await about(session, talk, agent),
        }
        await insert_new(session, FeedbackRow, row, unique=("occasion",))


def _is_settled_alone(event: EventRow) -> bool:
    data = event.data
    return (
        event.name == "ticket.status_changed"
        and data.get("new") == TicketStatus.RESOLVED
        and data.get("author") == EntryAuthor.AGENT
        and not data.get("is_told")
    )
