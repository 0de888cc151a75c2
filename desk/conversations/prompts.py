"""What a customer's message answers when it answers something that we had written unasked."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.conversation import ConversationRow


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A campaign's message: what the assistant is told about it, and the payload that a yes to it stands for."""

    campaign: Mapping[str, Any]
    yes: str | None = None


class Prompts(Protocol):
    """Knows what was written unasked."""

    async def answered(
        self, session: AsyncSession, conversation: ConversationRow, inbox_id: int, now: datetime
    ) -> Prompt | None:
        """Return what a message answers, inside the transaction that receives it; the same again for the same one."""


class NoPrompts:
    """Nothing is written unasked."""

    async def answered(self, *_: object) -> None:
        """Return that nothing is answered."""
