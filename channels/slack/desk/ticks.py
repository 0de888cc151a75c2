"""Reactions that tell what became of an agent's message; there is one at a time."""

from collections import OrderedDict
from collections.abc import Awaitable

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from channels.slack.client import SlackClient
from channels.slack.desk.errors import code_of, told
from channels.slack.desk.words import TICKS
from desk.agentdesk.port import Place, Tick, TickPost
from desk.errors import RejectedError

_MOST = 10_000


class Ticks:
    """Remembers in memory which mark a message has; where it does not know, it takes all others off."""

    def __init__(self, client: SlackClient) -> None:
        self._client = client
        self._shown: OrderedDict[tuple[str, str], Tick] = OrderedDict()

    async def mark(self, post: TickPost, place: Place) -> None:
        """Put the mark on, then take the earlier off; a message that was deleted needs none."""
        where = (place.channel, post.message)
        before = self._shown.get(where)
        if before is post.tick:
            return
        at = {"channel": place.channel, "timestamp": post.message}
        if not await _done(self._client.web.reactions_add(name=TICKS[post.tick], **at)):
            return
        for other in Tick if before is None else (before,):
            if other is not post.tick:
                await _done(self._client.web.reactions_remove(name=TICKS[other], **at))
        self._shown[where] = post.tick
        if len(self._shown) > _MOST:
            self._shown.popitem(last=False)


async def _done(call: Awaitable[AsyncSlackResponse]) -> bool:
    """Say whether there is a message to mark; a mark that is there already, or not, is as it should be."""
    try:
        await told(call)
    except RejectedError as error:
        code = code_of(error)
        if code in ("already_reacted", "no_reaction"):
            return True
        if code == "message_not_found":
            return False
        raise
    return True
