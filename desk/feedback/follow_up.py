"""A low score is somebody's work: one ticket for each."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncSession

from desk.feedback.kinds import best
from desk.feedback.rules import FeedbackRules
from desk.tables.feedback import FeedbackRow
from desk.tickets.service import Ticket, Tickets

KEY = "feedback:"


class FollowUp:
    """The ticket of a low score."""

    def __init__(self, tickets: Tickets, rules: Callable[[], FeedbackRules]) -> None:
        self._tickets = tickets
        self._rules = rules

    async def open(self, session: AsyncSession, row: FeedbackRow) -> Ticket | None:
        """Return the ticket of a low score, opening it the first time; None for a better score."""
        rules = self._rules()
        if row.kind not in rules.follow_up or not rules.is_low(row.kind, row.score):
            return None
        rated = f"rated {row.score} of {best(row.kind)}"
        lines = [f"The customer {rated} ({row.kind.upper()}).", row.comment or ""]
        return await self._tickets.open_in(
            session,
            key=key_of(row.id),
            conversation_id=row.conversation_id,
            topic="feedback",
            title=f"Follow up: {rated}",
            description="\n\n".join(filter(None, lines)),
            priority="high",
            author="system",
        )

    async def comment(self, session: AsyncSession, row: FeedbackRow, text: str, key: str) -> None:
        """Put the customer's words into the ticket, if there is one."""
        ticket = await self.open(session, row)
        if ticket is not None:
            await self._tickets.comment_in(
                session,
                number=ticket.number,
                text=text,
                author="contact",
                key=f"{key_of(row.id)}:{key}",
            )

    async def note_change(
        self, session: AsyncSession, row: FeedbackRow, old: int | None, key: str
    ) -> None:
        """Tell whoever follows up that a low score became another."""
        if not self._rules().is_low(row.kind, old) or old == row.score:
            return
        number = await self._tickets.number_in(session, key=key_of(row.id))
        if number is not None:
            await self._tickets.comment_in(
                session,
                number=number,
                text=f"The customer changed the score from {old} to {row.score}.",
                author="system",
                public=False,
                key=f"{key_of(row.id)}:{key}",
            )


def key_of(feedback_id: int) -> str:
    """Return the key under which a low score's ticket is opened."""
    return f"{KEY}{feedback_id}"
