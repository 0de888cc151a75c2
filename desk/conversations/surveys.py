"""Who takes a customer's words before they are anybody's turn: answers to questions of the desk's, and STOP."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from desk.dialogue.port import Button
from desk.tables.conversation import ConversationRow


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a customer wrote, or the ``payload`` of the button they took; ``key`` names the message."""

    text: str
    payload: str | None
    key: str
    #: Whether files came with it, so that it is more than an answer.
    files: bool = False
    #: The language of the conversation up to now.
    language: str = ""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """It was understood and kept: what to say to it (nothing, if empty), and about which question that is, if any."""

    survey: int | None = None
    text: str
    buttons: tuple[Button, ...] = ()
    #: Whether what the customer says next is still about that question.
    goes_on: bool = True


class Answers(Protocol):
    """Inside the transaction that receives the message and holds the conversation's lock."""

    async def take(
        self, session: AsyncSession, conversation: ConversationRow, words: Words, now: datetime
    ) -> Taken | None:
        """Keep the answer; None for anything that is none."""

    async def replied(self, session: AsyncSession, taken: Taken, message_id: int) -> None:
        """Take note of the message that was said to it."""

    async def rates(
        self, session: AsyncSession, conversation: ConversationRow, words: Words
    ) -> bool:
        """Say whether what is left to the assistant answers the assistant's own question how it went."""


class NoAnswers:
    """Nobody asks anything besides the assistant."""

    async def take(self, *_: object) -> None:
        """Do nothing."""

    async def replied(self, *_: object) -> None:
        """Do nothing."""

    async def rates(self, *_: object) -> bool:
        """Nothing does."""
        return False
