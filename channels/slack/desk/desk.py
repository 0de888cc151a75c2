"""The agents' desk on Slack: what is shown there. What agents do comes in by the ingress."""

from collections.abc import Mapping
from typing import Any

import structlog

from channels.slack.client import SlackClient
from channels.slack.desk.card import card_message, home_view
from channels.slack.desk.errors import told
from channels.slack.desk.lines import (
    ask_message,
    author_of,
    files_of,
    line_message,
    notice_message,
    whisper_message,
)
from channels.slack.desk.people import People
from channels.slack.desk.poster import Poster
from channels.slack.desk.ticks import Ticks
from channels.slack.errors import asked
from channels.slack.files import FILE_ID, address
from desk.agentdesk.port import (
    AskPost,
    CardPost,
    HomePost,
    LinePost,
    NoticePost,
    Person,
    Place,
    PlaceGoneError,
    Post,
    Posted,
    TickPost,
    WhisperPost,
)
from desk.clock import Clock
from desk.errors import RejectedError

log = structlog.get_logger()


class SlackDesk:
    """Shows conversations to agents in Slack. Nothing in here waits or tries again: the core does."""

    name = "slack"

    def __init__(self, client: SlackClient, people: People, clock: Clock, *, channel: str) -> None:
        self.channel = channel
        self._client = client
        self._people = people
        self._poster = Poster(client, clock)
        self._ticks = Ticks(client)

    async def post(self, post: Post, place: Place, *, key: str, again: bool) -> Posted:
        """Show something; errors as in the port."""
        match post:
            case CardPost():
                return await self._card(post, place, key, again)
            case LinePost():
                return await self._line(post, place, key, again)
            case NoticePost():
                return Posted(
                    external_id=await self._poster.say(place, key, again, notice_message(post))
                )
            case AskPost():
                await self._whisper(post.person, place, ask_message(post, place, key))
            case WhisperPost():
                await self._whisper(post.person, place, whisper_message(post.text))
            case TickPost():
                await self._ticks.mark(post, place)
            case HomePost():
                await asked(
                    self._client.web.views_publish(user_id=post.person, view=home_view(post))
                )
        return Posted()

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file that an agent wrote with, at most ``most`` bytes."""
        url: str | None = reference
        if reference.startswith(FILE_ID):
            answer = await asked(self._client.web.files_info(file=reference[len(FILE_ID) :]))
            url = address(answer["file"])
        if not url:
            raise RejectedError("Slack does not say where the file is")
        return await self._client.download(url, most)

    async def person(self, external_id: str) -> Person:
        """Return who somebody is."""
        return await self._people.person(external_id)

    async def may_act(self, external_id: str) -> bool:
        """Say whether somebody is one of the agents."""
        return await self._people.may_act(external_id)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _card(self, post: CardPost, place: Place, key: str, again: bool) -> Posted:
        message = card_message(post.card)
        root = place.thread
        if not root and again:
            # What an earlier attempt left there may be older than this card: it is found, then brought up to date.
            root = await self._poster.find(place, key) or ""
        if not root:
            return Posted(external_id=await self._poster.say(place, key, False, message))
        await told(self._client.web.chat_update(channel=place.channel, ts=root, **message))
        return Posted(external_id=root)

    async def _line(self, post: LinePost, place: Place, key: str, again: bool) -> Posted:
        message = line_message(post) | author_of(post)
        said = await self._poster.say(place, key, again, message)
        files = files_of(post.line)
        if files:
            try:
                await self._poster.share(place, said, files, again=again)
            except PlaceGoneError:
                raise
            except RejectedError as error:
                # The words are there already; agents must know that something is missing.
                log.warning("slack_desk_files_refused", reason=str(error))
                shown = line_message(post, unshown=True)
                await told(self._client.web.chat_update(channel=place.channel, ts=said, **shown))
        return Posted(external_id=said)

    async def _whisper(self, person: str, place: Place, message: Mapping[str, Any]) -> None:
        """Tell one person: where they are or, if they are not there, in their direct messages."""
        if place.channel and not place.channel.startswith("D"):
            try:
                await told(
                    self._client.web.chat_postEphemeral(
                        channel=place.channel,
                        user=person,
                        thread_ts=place.thread or None,
                        **message,
                    )
                )
                return
            except RejectedError as error:
                log.info("slack_desk_whisper_goes_direct", reason=str(error))
        await asked(self._client.web.chat_postMessage(channel=person, **message))
