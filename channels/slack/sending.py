"""Handing one message to Slack: files are uploaded unseen, then the text appears, then the files."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from channels.slack.client import SlackClient
from channels.slack.errors import asked
from channels.slack.once import Once
from channels.slack.place import Place
from channels.slack.render import arguments, is_ours
from channels.slack.search import IsIt, find
from desk.clock import Clock
from desk.errors import RejectedError
from desk.message import Attachment, OutboundMessage, Sent


class Sender:
    """Sends messages, each part of them once."""

    def __init__(self, client: SlackClient, clock: Clock) -> None:
        self._client = client
        self._once = Once(clock)

    async def send(self, message: OutboundMessage) -> Sent:
        """Return the message's id in Slack once all of it is there."""
        place = Place.of(message.thread, message.context)
        files = await self._upload(message)
        known_as = None
        if message.text or message.choices:
            ts = await self._once.do(
                message.id,
                lambda: self._post(message, place),
                lambda since: self._find(place, since, lambda m: is_ours(m, message.id)),
            )
            known_as = f"{place.channel}:{ts}"
        if files:
            await self._once.do(
                f"{message.id} files",
                lambda: self._share(files, place),
                lambda since: self._find(place, since, lambda m: _has_file(m, files[0])),
            )
        return Sent(external_id=known_as or f"{place.channel}:{files[0]}")

    async def _upload(self, message: OutboundMessage) -> list[str]:
        """Return Slack's ids of the files: the same when asked again, so that they can be found in Slack."""
        ids = []
        for at, file in enumerate(message.attachments):
            act = partial(self._client.upload, file.name, _content(file))
            ids.append(await self._once.do(f"{message.id} file {at}", act, _nowhere))
        return ids

    async def _post(self, message: OutboundMessage, place: Place) -> str:
        answer = await asked(self._client.web.chat_postMessage(**arguments(message, place)))
        return str(answer["ts"])

    async def _share(self, files: list[str], place: Place) -> str:
        await asked(
            self._client.web.files_completeUploadExternal(
                files=[{"id": one} for one in files],
                channel_id=place.channel,
                thread_ts=place.thread_ts,
            )
        )
        return files[0]

    async def _find(self, place: Place, since: datetime, is_it: IsIt) -> str | None:
        oldest = str(since.timestamp())
        return await find(self._client, place.channel, place.thread_ts, oldest, is_it)


async def _nowhere(since: datetime) -> str | None:
    return None  # nobody sees an upload, so a second one does no harm


def _content(file: Attachment) -> bytes:
    if file.content is None:
        raise RejectedError("a file of the message has no content")
    return file.content


def _has_file(shown: Mapping[str, Any], file_id: str) -> bool:
    return any(file.get("id") == file_id for file in shown.get("files") or ())
