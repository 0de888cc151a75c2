"""Who else is told what happens in a conversation, in the same transaction: the agents' desk, if there is one."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from desk.tables.conversation import Author, ConversationRow
from desk.tables.outbox import OutboxRow

_FROM_DESK = "from_desk"


class Mirror(Protocol):
    """Takes note of changes in the caller's transaction, which holds the conversation's lock."""

    async def said(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        message_id: int,
        *,
        author: Author,
        now: datetime,
    ) -> None:
        """A message or a note was stored."""

    async def owner_changed(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        *,
        by: str | None,
        now: datetime,
    ) -> None:
        """Somebody else has the conversation now; ``by`` whom that was done, if by a person."""

    async def changed(
        self, session: AsyncSession, conversation: ConversationRow, now: datetime
    ) -> None:
        """Something else that agents see has changed."""

    async def tell(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        text: str,
        *,
        key: str,
        now: datetime,
        mention: Sequence[str] = (),
        opens: bool = False,
    ) -> None:
        """Agents are to be told something, once for each ``key``; ``mention`` are their ids on their platform.

        What nobody looks at is told only if it ``opens`` the conversation at the desk.
        """

    async def delivered(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        row: OutboxRow,
        now: datetime,
    ) -> None:
        """What became of a message to the customer is known, or better known."""


class NoMirror:
    """Nobody is told: there is no desk besides the console."""

    async def said(self, *_: object, **__: object) -> None:
        """Do nothing."""

    async def owner_changed(self, *_: object, **__: object) -> None:
        """Do nothing."""

    async def changed(self, *_: object, **__: object) -> None:
        """Do nothing."""

    async def tell(self, *_: object, **__: object) -> None:
        """Do nothing."""

    async def delivered(self, *_: object, **__: object) -> None:
        """Do nothing."""


@contextmanager
def from_desk(session: AsyncSession) -> Iterator[None]:
    """Mark what agents say inside the block as written at the desk: it stands there already."""
    session.info[_FROM_DESK] = True
    try:
        yield
    finally:
        del session.info[_FROM_DESK]


def is_from_desk(session: AsyncSession) -> bool:
    """Say whether what is said now stands at the desk already."""
    return _FROM_DESK in session.info
