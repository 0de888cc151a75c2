"""A low score is somebody's work: one ticket for each."""

from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.feedback import FeedbackRow
from desk.tickets.service import Ticket, Tickets

LOW = 2
"""Scores up to this one open a ticket."""


class FollowUp:
    """The ticket of a low score."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    async def open(self, session: AsyncSession, row: FeedbackRow) -> Ticket | None:
        """Return the ticket of a low score, opening it the first time; None for a better score."""
        if row.score is None or row.score > LOW:
            return None
        lines = [f"The customer rated the conversation {row.score} of 5.", row.comment or ""]
        return await self._tickets.open_in(
            session,
            key=f"feedback:{row.id}",
            conversation_id=row.conversation_id,
            topic="feedback",
            title=f"Follow up: rated {row.score} of 5",
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
                key=f"feedback:{row.id}:{key}",
            )

    async def note_change(
        self, session: AsyncSession, row: FeedbackRow, old: int | None, key: str
    ) -> None:
        """Tell whoever follows up that a low score became another."""
        if old is None or old > LOW or old == row.score:
            return
        number = await self._tickets.number_in(session, key=f"feedback:{row.id}")
        if number is not None:
            await self._tickets.comment_in(
                session,
                number=number,
                text=f"The customer changed the score from {old} to {row.score}.",
                author="system",
                public=False,
                key=f"feedback:{row.id}:{key}",
            )
