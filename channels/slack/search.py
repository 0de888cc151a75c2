"""Looking for what we may have posted already: the whole of a thread or of a channel since a time."""

from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk.web.async_slack_response import AsyncSlackResponse

from channels.slack.client import SlackClient
from channels.slack.errors import asked
from desk.errors import RejectedError

_PAGE = 200

type IsIt = Callable[[Mapping[str, Any]], bool]


async def find(
    client: SlackClient, channel: str, thread: str | None, oldest: str, is_it: IsIt
) -> str | None:
    """Return the time of the first message that is it; None when there is none, or no such place."""
    cursor: str | None = None
    while True:
        try:
            page = await _page(client, channel, thread, oldest, cursor)
        except RejectedError:
            return None  # no thread, no channel: posting says so better
        for shown in page["messages"]:
            if is_it(shown):
                return str(shown["ts"])
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or None
        if cursor is None:
            return None


async def _page(
    client: SlackClient, channel: str, thread: str | None, oldest: str, cursor: str | None
) -> AsyncSlackResponse:
    wanted: dict[str, Any] = {
        "channel": channel,
        "oldest": oldest,
        "cursor": cursor,
        "limit": _PAGE,
        "include_all_metadata": True,
    }
    if thread:
        return await asked(client.web.conversations_replies(ts=thread, **wanted))
    return await asked(client.web.conversations_history(**wanted))
