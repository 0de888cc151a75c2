"""Matrix as a channel: the homeserver pushes events to us, and we call it."""

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from channels.matrix import pushes, render
from channels.matrix.checking import check, ping
from channels.matrix.homeserver import Homeserver, path
from channels.matrix.invitations import Invitations
from channels.matrix.reading import NAME, Reader, room_of
from channels.matrix.rooms import Rooms
from desk.channel import Check, Feature, Pace, TextLimit, UnreachableError
from desk.errors import ForbiddenError, RejectedError, RetryableError
from desk.message import (
    Attachment,
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
    read_each,
)


class TokenError(ForbiddenError):
    """The homeserver's token is missing or wrong."""


class Matrix:
    """An application service with one user; ``account`` is the user's id."""

    name = NAME
    features = frozenset({Feature.ATTACHMENTS})
    pace = Pace()
    limit: TextLimit | None = TextLimit(longest=render.LONGEST, length=render.length)

    def __init__(
        self,
        homeserver: Homeserver,
        rooms: Rooms,
        reader: Reader,
        invitations: Invitations,
        *,
        user: str,
        app_id: str,
        hs_token: str,
        address: str,
    ) -> None:
        self.account = user
        self._homeserver = homeserver
        self._rooms = rooms
        self._reader = reader
        self._invitations = invitations
        self._written: dict[str, list[Mapping[str, Any]]] = {}
        self._app_id = app_id
        self._hs_token = hs_token.encode()
        self._address = address

    def verify(self, request: WebhookRequest) -> None:
        """Raise TokenError unless the homeserver sent this."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        given = token.strip().encode("utf-8", "replace")
        known = hmac.compare_digest(given, self._hs_token)
        if not known or scheme.lower() != "bearer" or "access_token" in request.query:
            raise TokenError

    async def prepare(self, request: WebhookRequest) -> None:
        """Do what a verified transaction needs before it can be read: follow invitations, learn about rooms.

        A room that this process has not seen may be a group, where only what mentions us is for us. Errors as
        ``send``; the homeserver sends a transaction again that was not accepted, and nothing else before it.
        """
        news = pushes.news_of(request.body, self.account)
        await self._invitations.accept(news.invitations)
        strange = {room for room in news.spoken if self._rooms.is_group(room) is None}
        await self._rooms.learn(strange | news.changed | set(news.joins.values()))
        for join, room in news.joins.items():
            self._written[join] = await self._invitations.written(room, join)

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Answer a ping, and whether our user exists."""
        return pushes.answer(request, self.account)

    def parse(self, request: WebhookRequest) -> Sequence[Update | Unread]:
        """Return what the events of a transaction say, and before a join of ours what was written until then."""
        events: list[Mapping[str, Any]] = []
        for event in pushes.events_of(request.body):
            events += self._written.pop(str(event.get("event_id")), ())
            events.append(event)
        return read_each(NAME, self.account, events, self.read)

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what one event says."""
        return self._reader.read(raw)

    async def send(self, message: OutboundMessage) -> Sent:
        """Send the text, then each file; the same message again is the same events."""
        room = room_of(message.thread)
        contents = [render.text(message)] if message.text else []
        for file in message.attachments:
            contents.append(render.file(message, file, await self._upload(file)))
        sent = [
            await self._put(room, f"{message.id}.{number}" if number else message.id, content)
            for number, content in enumerate(contents)
        ]
        if not sent:
            raise RejectedError("there is nothing to send")
        return Sent(external_id=sent[0])

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file of a message."""
        return await self._homeserver.download(reference, most)

    async def start(self) -> None:
        """Make our user, learn about our rooms, and ask for what was held back while we were away."""
        registration = {
            "type": "m.login.application_service",
            "username": self.account.partition(":")[0].removeprefix("@"),
            "inhibit_login": True,
        }
        try:
            await self._homeserver.call("POST", path("register"), registration)
        except RejectedError as error:
            if "M_USER_IN_USE" not in str(error):
                raise
        joined = await self._homeserver.call("GET", path("joined_rooms"))
        await self._rooms.learn(joined["joined_rooms"])
        # A ping ends the homeserver's back-off, of up to 9 minutes. When it does not reach us now, it tries again by
        # itself, and `check` tells why.
        with suppress(RejectedError, RetryableError):
            await ping(self._homeserver, self._app_id)

    async def check(self) -> Check:
        """Ask who we are, and whether the homeserver reaches us."""
        return await check(self._homeserver, self.account, self._app_id, self._address)

    async def close(self) -> None:
        """Let go of the connections."""
        await self._invitations.close()
        await self._homeserver.close()

    async def _upload(self, file: Attachment) -> str:
        if file.content is None:
            raise RejectedError(f"the file {file.name} has no content")
        return await self._homeserver.upload(file.name, file.content_type, file.content)

    async def _put(self, room: str, transaction: str, content: Mapping[str, Any]) -> str | None:
        event = path("rooms", room, "send", "m.room.message", transaction)
        said = await self._homeserver.call("PUT", event, content, forbidden=UnreachableError)
        return said.get("event_id")
