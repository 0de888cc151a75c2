"""An agent's answer, which is held back when somebody wrote while it was being written."""

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import Clock
from desk.errors import ConflictError
from desk.handoff.moves import Ending, must_own
from desk.handoff.service import Handoff
from desk.message import Attachment
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow


class UnseenError(ConflictError):
    """Somebody wrote in the meantime; look at it, then send again."""


class Answering:
    """Sends and resolves for somebody who has seen the conversation up to a message."""

    def __init__(self, handoff: Handoff, clock: Clock) -> None:
        self._handoff = handoff
        self._clock = clock

    async def reply(
        self,
        conversation_id: str,
        *,
        agent: str,
        text: str,
        attachments: Sequence[Attachment] = (),
        seen: int | None = None,
    ) -> int:
        """Send an agent's words and files to the customer; return the message's id.

        Raises:
            UnseenError: the customer or a colleague wrote after the message that was ``seen`` last.
            ConflictError: the agent does not own the conversation.
        """
        async with self._handoff.change(conversation_id) as (session, conversation):
            must_own(conversation, agent)
            if seen is not None and await _wrote_after(session, conversation, seen, agent):
                raise UnseenError
            now = self._clock()
            return await self._handoff.moves.send(
                session, conversation, agent, text, now, attachments
            )

    async def resolve(
        self, conversation_id: str, *, agent: str, ending: Ending, seen: int | None = None
    ) -> None:
        """Close the conversation, unless the customer wrote after the message that was ``seen`` last."""
        async with self._handoff.change(conversation_id) as (session, conversation):
            if seen is not None and await _wrote_after(session, conversation, seen, agent):
                raise UnseenError
            now = self._clock()
            await self._handoff.moves.resolve(session, conversation, agent, now, ending)


async def _wrote_after(
    session: AsyncSession, conversation: ConversationRow, seen: int, agent: str
) -> bool:
    """Say whether the customer, a colleague or a note brought something that the agent has not seen."""
    by_others = or_(
        MessageRow.author == Author.CONTACT,
        (MessageRow.author == Author.AGENT) & (MessageRow.author_name != agent),
        (MessageRow.direction == Direction.NOTE) & (MessageRow.author_name != agent),
    )
    found = await session.scalar(
        select(MessageRow.id)
        .where(MessageRow.conversation_id == conversation.id, MessageRow.id > seen, by_others)
        .limit(1)
    )
    return found is not None
