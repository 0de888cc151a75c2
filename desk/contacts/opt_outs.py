"""STOP in words that only the assistant understood: the same effect, and asked back where it may be none."""

import re

from desk.clock import Clock
from desk.contacts.opting import CampaignOf, no_campaign, stop
from desk.contacts.suppressing import Suppressions
from desk.conversations.repository import locked
from desk.errors import NotFoundError
from desk.store.database import Database

_KEEP_EN = re.compile(
    r"\b(?:do(?:n['’]?t| not)|never|not|no need)\b"
    r"(?:\s+(?:ever|you|i|we|want|wanted|wish|like|to|mean|meant|me|intend|going|have|asked|said|please))*"
    r"\s+(?:stop|unsubscrib\w*|opt(?:ing)?(?: me)? out|be removed|remove me|take me off)\b",
    re.IGNORECASE,
)
_KEEP_ZH = re.compile(
    r"(?:别|別|不要|不想|不用|不是要?|没想|沒想|没说|沒說|没有要|先不)"
    r"(?:再|要|想|给我|把我|帮我|过|我)*(?:退订|退訂|取消订阅|停)"
)


def may_mean_keep(text: str) -> bool:
    """Say whether somebody may want the messages to go on: "I don't want to unsubscribe", "我没说要退订"."""
    return bool(_KEEP_EN.search(text) or _KEEP_ZH.search(text))


class OptOuts:
    """Obeys what was said in a conversation, as :class:`desk.contacts.opting.OptingOut` does."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        suppressions: Suppressions,
        *,
        campaign_of: CampaignOf = no_campaign,
    ) -> None:
        self._database = database
        self._clock = clock
        self._suppressions = suppressions
        self._campaign_of = campaign_of

    async def stop(self, *, conversation_id: str, key: str) -> None:
        """Withdraw and suppress everything; the same key again has no second effect.

        Raises:
            NotFoundError: there is no such conversation.
        """
        async with self._database.write() as session:
            talk = await locked(session, conversation_id)
            if talk is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            campaign_id = await self._campaign_of(session, conversation_id)
            await stop(
                session,
                self._suppressions,
                talk,
                key=key,
                now=self._clock(),
                campaign_id=campaign_id,
            )
