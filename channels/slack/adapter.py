"""Slack as a customer channel; it hears by HTTP or over a socket of ours, and speaks in one way."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import structlog

from channels.slack import checking
from channels.slack.client import SlackClient
from channels.slack.errors import asked
from channels.slack.events import ACCOUNT, NAME, Reader
from channels.slack.files import FILE_ID, address
from channels.slack.sending import Sender
from channels.slack.signature import SlackSignature
from channels.slack.socket_mode import Listener
from desk.channel import ChannelDownError, Check, Feature, Pace, Rate, TextLimit
from desk.clock import Clock
from desk.errors import InvalidError, RejectedError
from desk.message import (
    Accept,
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
    read_each,
)

log = structlog.get_logger()

#: What no customer writes and an operator must, or should, know.
_ALARMS = {
    "tokens_revoked": "slack_tokens_revoked",
    "app_uninstalled": "slack_app_uninstalled",
}
_NEWS = {
    "app_rate_limited": "slack_events_withheld",
    "channel_left": "slack_bot_removed_from_channel",
    "group_left": "slack_bot_removed_from_channel",
    "channel_archive": "slack_channel_archived",
    "group_archive": "slack_channel_archived",
}


class _Slack:
    """What both ways of hearing have in common."""

    name = NAME
    account = ACCOUNT
    features: frozenset[Feature] = frozenset({Feature.BUTTONS, Feature.LINKS, Feature.ATTACHMENTS})
    # Slack allows a message a second in a channel, and some hundreds a minute in a workspace.
    pace = Pace(
        account=(Rate(240, timedelta(minutes=1)),),
        chat=(Rate(1, timedelta(seconds=1)),),
        chat_of=lambda thread: thread.partition("/")[0],
    )
    # Slack cuts at 40 000 after escaping, which makes five characters of one at most, and advises 4 000.
    limit: TextLimit | None = TextLimit(longest=4_000)

    def __init__(self, client: SlackClient, channels: frozenset[str], clock: Clock) -> None:
        self._client = client
        self._channels = channels
        self._reader = Reader(channels)
        self._sender = Sender(client, clock)

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what an event or a press of a button says."""
        event = raw.get("event") or raw
        kind = event.get("type")
        if kind in _ALARMS:
            log.error(_ALARMS[kind])
        elif kind in _NEWS:
            log.warning(_NEWS[kind], channel_id=event.get("channel"))
        return self._reader.read(raw)

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to Slack; errors as in the port."""
        return await self._sender.send(message)

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file of at most ``most`` bytes."""
        url: str | None = reference
        if reference.startswith(FILE_ID):
            answer = await asked(self._client.web.files_info(file=reference[len(FILE_ID) :]))
            url = address(answer["file"])
        if not url:
            raise RejectedError("Slack does not say where the file is")
        return await self._client.download(url, most)

    async def start(self) -> None:
        """Learn our own user id; everything else is set up in Slack by the operator."""
        self._reader.bot = (await self._client.identity()).user

    async def check(self) -> Check:
        """Ask Slack who we are and what is missing."""
        return await checking.check(self._client, self._channels)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()


class SlackWebhook(_Slack):
    """Slack calls us: the Events API and interactivity, both at the same address."""

    def __init__(
        self,
        client: SlackClient,
        channels: frozenset[str],
        clock: Clock,
        signature: SlackSignature,
    ) -> None:
        super().__init__(client, channels, clock)
        self._signature = signature

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError unless Slack signed the request, within five minutes of now."""
        self._signature.check(request)

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return the challenge by which Slack tries whether the address is ours."""
        if b"url_verification" not in request.body:
            return None
        try:
            payload = _payload(request.body)
        except (ValueError, RecursionError, InvalidError):
            return None
        challenge = payload.get("challenge")
        if payload.get("type") != "url_verification" or not isinstance(challenge, str):
            return None
        return WebhookAnswer(body=challenge.encode())

    def parse(self, request: WebhookRequest) -> Sequence[Update | Unread]:
        """Return what a request says; repeated ones say the same, and retry headers are not looked at."""
        return read_each(NAME, ACCOUNT, [_payload(request.body)], self.read)


class SlackSocket(_Slack):
    """We hold a connection to Slack: Socket Mode."""

    def __init__(
        self, client: SlackClient, channels: frozenset[str], clock: Clock, listener: Listener
    ) -> None:
        super().__init__(client, channels, clock)
        self._listener = listener

    async def listen(self, accept: Accept) -> None:
        """Listen until cancelled; an envelope is acknowledged after it was accepted."""
        await self._listener.listen(lambda raw: read_each(NAME, ACCOUNT, [raw], self.read), accept)

    async def check(self) -> Check:
        """Ask Slack also whether it lets us connect."""
        found = await super().check()
        try:
            await self._listener.address()
        except ChannelDownError as error:
            problem = (
                f"Socket Mode is refused ({error}): make an app-level token with connections:write, "
                "put it into FRONTDESK_SLACK_APP_TOKEN and turn Socket Mode on"
            )
            return Check(
                account=found.account, problems=(*found.problems, problem), notes=found.notes
            )
        return found


def _payload(body: bytes) -> Mapping[str, Any]:
    """Return an event, which is JSON, or the JSON in the form of a press of a button; a command is its form."""
    text = body.decode()
    if not text.startswith("{"):
        form = dict(parse_qsl(text, keep_blank_values=True))
        if "payload" not in form and form.keys() & {"command", "ssl_check"}:
            return {**form, "type": "slash_command"}
        text = form.get("payload", text)
    payload = json.loads(text)
    if not isinstance(payload, dict):
        raise InvalidError("Slack sends objects")
    return payload
