"""Posting a message once where there are no idempotency keys: who may have posted it looks for it first."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from channels.slack.client import SlackClient
from channels.slack.desk.errors import told
from channels.slack.search import IsIt, find
from desk.agentdesk.port import Place
from desk.clock import Clock
from desk.message import Attachment

EVENT_TYPE = "frontdesk_desk_post"
"""The metadata by which a post is found again."""

_LOOK_BACK = timedelta(hours=24)


class Poster:
    """Puts messages and files into channels and threads."""

    def __init__(self, client: SlackClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    async def find(self, place: Place, key: str) -> str | None:
        """Return the id of the post of that key, if it is there."""
        since = (self._clock() - _LOOK_BACK).timestamp()
        return await self._look(place, f"{since:.6f}", lambda shown: _key(shown) == key)

    async def say(self, place: Place, key: str, again: bool, message: Mapping[str, Any]) -> str:
        """Return the id of a message, posted now or, ``again``, before."""
        if again and (found := await self.find(place, key)):
            return found
        answer = await told(
            self._client.web.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread or None,
                unfurl_links=False,
                unfurl_media=False,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"key": key}},
                **message,
            )
        )
        return str(answer["ts"])

    async def share(
        self, place: Place, after: str, files: Sequence[Attachment], *, again: bool
    ) -> None:
        """Put files into a thread; ``after`` is the message they belong to, the last one before them."""
        names = {file.name for file in files}
        if again and await self._look(place, after, lambda shown: _files(shown) == names):
            return
        uploaded: list[dict[str, str | None]] = [
            {"id": await self._client.upload(file.name, file.content or b""), "title": file.name}
            for file in files
        ]
        await told(
            self._client.web.files_completeUploadExternal(
                files=uploaded, channel_id=place.channel, thread_ts=place.thread or after
            )
        )

    async def _look(self, place: Place, oldest: str, is_it: IsIt) -> str | None:
        return await find(self._client, place.channel, place.thread, oldest, is_it)


def _key(shown: Mapping[str, Any]) -> str | None:
    metadata = shown.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return payload.get("key") if metadata.get("event_type") == EVENT_TYPE else None


def _files(shown: Mapping[str, Any]) -> set[str]:
    """Return the names of the files of a message of the bot's."""
    return {str(file.get("name")) for file in shown.get("files") or () if shown.get("bot_id")}
