"""Where a question can be delivered: what channels promise, and what is known about the customer's handle."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol, runtime_checkable

from sqlalchemy.ext.asyncio import AsyncSession

from desk.channel import Feature, Pace, PublicChannel, WindowedChannel
from desk.outbox.reach import unreachable_since
from desk.tables.conversation import ConversationRow


@runtime_checkable
class _Paced(Protocol):
    pace: Pace


class Doors:
    """The channels that are set up; ``None`` where nobody knows, as on the command line."""

    def __init__(self, channels: Mapping[str, object] | None = None) -> None:
        self._channels = channels

    def shows_buttons(self, name: str) -> bool:
        """Say whether a channel has buttons."""
        return Feature.BUTTONS in getattr((self._channels or {}).get(name), "features", ())

    async def obstacle(
        self,
        session: AsyncSession,
        conversation: ConversationRow,
        heard_at: datetime | None,
        now: datetime,
    ) -> str | None:
        """Return why nothing can be delivered to a customer who wrote last at ``heard_at``; None if it can."""
        found = self._by_channel(conversation, heard_at, now)
        if found is not None:
            return found
        gone = await unreachable_since(session, conversation)
        lost = gone is not None and (heard_at is None or heard_at <= gone)
        return "cannot be reached" if lost else None

    def _by_channel(
        self, conversation: ConversationRow, heard_at: datetime | None, now: datetime
    ) -> str | None:
        if self._channels is None:
            return None
        channel, thread = self._channels.get(conversation.channel), conversation.thread
        if channel is None:
            return "the channel is not set up"
        if isinstance(channel, PublicChannel) and channel.is_public(thread):
            return "others would read it"
        if isinstance(channel, _Paced) and channel.pace.is_group(thread):
            return "others would read it"
        if isinstance(channel, WindowedChannel) and (
            heard_at is None or now - heard_at > channel.window
        ):
            return "the channel's time to answer is over"
        return None
