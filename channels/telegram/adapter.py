"""The Telegram channel: one class for each way in which updates come, over what they share."""

import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from channels.telegram import cursor as cursors
from channels.telegram import render, report
from channels.telegram.client import HEARD, Client, query_ids
from channels.telegram.me import Me
from channels.telegram.reading import NAME, Reader
from channels.telegram.refusals import translated
from channels.telegram.sending import Sender
from desk.channel import Check, Feature, Pace, Polled, Rate, Scope, TextLimit
from desk.clock import Clock
from desk.errors import ForbiddenError, InvalidError
from desk.message import (
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
    read_each,
)

_LARGEST_DOWNLOAD = 20 * 1024 * 1024
_SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - the name of a header
_LINK = re.compile(r"[A-Za-z0-9_-]{1,64}")
_PACE = Pace(
    account=(Rate(30, timedelta(seconds=1)),),
    chat=(Rate(1, timedelta(seconds=1)),),
    group=(Rate(20, timedelta(minutes=1)),),
    is_group=lambda thread: "/" in thread,
    chat_of=lambda thread: thread.partition("/")[0],
    # A 429 does not say whose limit it is. The bot's own is the one to fear: whoever goes on against it is kept out
    # for hours. A chat's or a group's costs the others at most its minute, and our pace seldom lets it come to that.
    pause=Scope.ACCOUNT,
)


class TelegramChannel:
    """A bot: what it sends, fetches and reports, however its updates come."""

    name = NAME
    features = frozenset({Feature.BUTTONS, Feature.LINKS, Feature.ATTACHMENTS})
    pace = _PACE
    limit: TextLimit | None = render.TEXT

    def __init__(self, *, client: Client, me: Me, clock: Clock) -> None:
        self.account = str(me.id)
        self._client = client
        self._me = me
        self._clock = clock
        self._reader = Reader(account=self.account, me=me, clock=clock)
        self._sender = Sender(client.bot)

    async def send(self, message: OutboundMessage) -> Sent:
        """Hand a message to Telegram, in one call or several."""
        return await self._sender.send(message)

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file; Telegram itself gives bots none over 20 MB."""
        return await self._client.download(reference, min(most, _LARGEST_DOWNLOAD))

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what one update says."""
        return self._reader.read(raw)

    def deep_link(self, token: str) -> str:
        """Return the address that opens the bot; the tap on Start brings the token back as ``InboundMessage.link``.

        Raises:
            InvalidError: the token is not 1 to 64 of the characters that Telegram passes on.
            RetryableError: the bot's username is not known yet.
        """
        if not _LINK.fullmatch(token):
            raise InvalidError("a deep link's token is 1 to 64 of the characters A-Z a-z 0-9 _ -")
        return f"https://t.me/{self._me.known()}?start={token}"

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    async def _introduce(self) -> None:
        """Learn the bot's username, which mentions in groups and deep links need."""
        if self._me.username is None:
            with translated():
                self._me.username = (await self._client.bot.get_me()).username

    async def _report(self, expected: str) -> Check:
        with translated():
            me = await self._client.bot.get_me()
            hook = await self._client.bot.get_webhook_info()
        return Check(
            account=f"@{me.username} ({me.first_name})",
            problems=report.problems(hook, expected=expected, now=self._clock()),
            notes=report.notes(me),
        )


class PollingTelegram(TelegramChannel):
    """Asks for updates: needs no address of ours on the internet."""

    def __init__(self, *, client: Client, me: Me, clock: Clock) -> None:
        super().__init__(client=client, me=me, clock=clock)
        self._is_ready = False

    async def start(self) -> None:
        """Take a webhook away, with which polling gets nothing; what waits is kept."""
        with translated():
            await self._client.bot.delete_webhook(drop_pending_updates=False)
        await self._introduce()
        self._is_ready = True

    async def poll(self, cursor: str | None) -> Polled:
        """Return the updates after the cursor. Telegram forgets them when it is asked for later ones, so not before
        the cursor came back to us, and that is after they were stored."""
        if not self._is_ready:
            await self.start()
        raws = await self._client.updates(cursors.offset_of(cursor, self._clock()))
        self._client.answer_soon(query_ids(raws))
        return Polled(
            updates=tuple(read_each(self.name, self.account, raws, self.read)),
            cursor=cursors.moved(cursor, raws, self._clock()),
        )

    async def check(self) -> Check:
        """Ask Telegram who we are and what keeps updates from us."""
        return await self._report(expected="")


class WebhookTelegram(TelegramChannel):
    """Is called by Telegram, which proves itself by a secret that only it and we know."""

    def __init__(self, *, client: Client, me: Me, clock: Clock, url: str, secret: str) -> None:
        super().__init__(client=client, me=me, clock=clock)
        self._url = url
        self._secret = secret

    async def start(self) -> None:
        """Tell Telegram our address; what waits is kept."""
        with translated():
            await self._client.bot.set_webhook(
                self._url, allowed_updates=HEARD, secret_token=self._secret
            )
        await self._introduce()

    def verify(self, request: WebhookRequest) -> None:
        """Raise ForbiddenError without our secret. There is no signature over body and time: a request that comes
        again is known by its ids."""
        given = request.headers.get(_SECRET_HEADER, "").encode("utf-8", "replace")
        if not hmac.compare_digest(given, self._secret.encode()):
            raise ForbiddenError("the secret token is missing or wrong")

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return None: Telegram tries no addresses."""
        return None

    def parse(self, request: WebhookRequest) -> Sequence[Update | Unread]:
        """Return what the one update of a request says.

        Raises:
            InvalidError: the body is no JSON object.
        """
        try:
            raw = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            raise InvalidError("the body is not JSON") from error
        if not isinstance(raw, dict):
            raise InvalidError("the body is not an update")
        self._client.answer_soon(query_ids([raw]))
        return read_each(self.name, self.account, [raw], self.read)

    async def check(self) -> Check:
        """Ask Telegram who we are and whether it reaches us."""
        return await self._report(expected=self._url)
