"""What rules want from others."""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class TicketDesk(Protocol):
    """The tickets, in the caller's transaction."""

    async def set_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        status: str | None = None,
        priority: str | None = None,
        assignee: str | None = None,
        topic: str | None = None,
        team: str | None = None,
        by: str,
        author: str = "agent",
        why: str | None = None,
    ) -> object:
        """Change fields of a ticket."""

    async def tag_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        by: str,
        author: str = "agent",
    ) -> object:
        """Put tags on a ticket, or take them off."""

    async def comment_in(
        self,
        session: AsyncSession,
        *,
        number: str,
        text: str,
        author: str,
        author_name: str | None = None,
        public: bool = True,
        key: str | None = None,
    ) -> object:
        """Add a comment, once for each ``key``."""


class Webhooks(Protocol):
    """Where messages for other systems are queued."""

    async def queue(
        self, session: AsyncSession, webhook_id: str, kind: str, payload: dict[str, Any], /
    ) -> object:
        """Queue a message in the caller's transaction."""


class Post(Protocol):
    """The mail channel."""

    async def send(
        self, session: AsyncSession, address: str, *, subject: str, text: str, language: str
    ) -> object:
        """Queue a mail to an address in the caller's transaction."""
