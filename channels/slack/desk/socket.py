"""The desk over Socket Mode: the same payloads over a connection of ours."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import structlog

from channels.slack.desk.ingress import Payloads
from channels.slack.socket_mode import Listener
from desk.agentdesk.port import Action

log = structlog.get_logger()

type Ingest = Callable[[Sequence[Action]], Awaitable[object]]
"""Makes actions durable; what it returned from may be acknowledged."""

_MOST_REMEMBERED = 1_000


class SlackDeskSocket:
    """Listens; an envelope is acknowledged after its actions are durable, forms are opened beside that.

    What a filled-in form lacks goes back with the acknowledgement, so that the form says it.
    """

    def __init__(self, payloads: Payloads, listener: Listener) -> None:
        self._payloads = payloads
        self._listener = listener
        self._under_way: set[asyncio.Task[None]] = set()
        # Slack sends an envelope again if the acknowledgement is lost; its trigger opens one form only.
        self._followed: dict[str, None] = {}

    async def listen(self, ingest: Ingest) -> None:
        """Listen until cancelled; RetryableError or ChannelDownError when Slack lets us in no more."""
        try:
            await self._listener.hear(lambda raw: self._take(raw, ingest))
        finally:
            for task in self._under_way:
                task.cancel()

    async def address(self) -> str:
        """Ask Slack where to connect, which tells whether the app's token is good."""
        return await self._listener.address()

    async def _take(self, raw: Mapping[str, Any], ingest: Ingest) -> Mapping[str, Any] | None:
        try:
            actions = self._payloads.read(raw)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # It would come again for ever, and keep back what comes after it.
            log.error("slack_desk_unreadable", error=type(error).__name__, kind=raw.get("type"))
            return None
        if actions:
            await ingest(actions)
        if raw.get("type") == "view_submission":
            return await self._payloads.follow(raw)
        if raw.get("type") == "block_actions" and self._is_new(raw):
            task = asyncio.create_task(self._follow(raw))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        return None

    async def _follow(self, raw: Mapping[str, Any]) -> None:
        await self._payloads.follow(raw)

    def _is_new(self, raw: Mapping[str, Any]) -> bool:
        trigger = str(raw.get("trigger_id"))
        if trigger in self._followed:
            return False
        self._followed[trigger] = None
        if len(self._followed) > _MOST_REMEMBERED:
            del self._followed[next(iter(self._followed))]
        return True
