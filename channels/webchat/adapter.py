"""Web chat requests as inbound messages. Customers read from our own table, so nothing is sent."""

import base64
import binascii
import re
from pathlib import PurePosixPath
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.webchat.token import TokenError, VisitorTokens
from desk.channel import Feature, Pace, TextLimit
from desk.clock import Clock
from desk.errors import InvalidError
from desk.message import (
    Attachment,
    InboundMessage,
    OutboundMessage,
    Sent,
    StatusUpdate,
    WebhookRequest,
)

ACCOUNT = "default"
LONGEST = 20_000
_CONTENT_TYPE = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+", re.IGNORECASE)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=255)]
    content_type: Annotated[str, Field(max_length=128)] = "application/octet-stream"
    data: str


class _Message(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: UUID
    text: Annotated[str, Field(max_length=LONGEST)] | None = None
    choice: Annotated[str, Field(max_length=64)] | None = None
    attachments: Annotated[list[_File], Field(max_length=5)] = []
    files: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=5)] = []


class WebChat:
    """The web chat channel; ``thread`` and ``sender`` are the visitor's id."""

    name = "webchat"
    account = ACCOUNT
    limit: TextLimit | None = None
    features = frozenset(
        {Feature.BUTTONS, Feature.LINKS, Feature.TYPING, Feature.ATTACHMENTS, Feature.LOCAL}
    )
    pace = Pace(together=200)

    def __init__(self, tokens: VisitorTokens, clock: Clock) -> None:
        self._tokens = tokens
        self._clock = clock

    def visitor(self, request: WebhookRequest) -> str:
        """Return the visitor whose token came with the request."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise TokenError
        return self._tokens.visitor(token.strip(), self._clock())

    def verify(self, request: WebhookRequest) -> None:
        """Raise TokenError unless the request carries a visitor token of ours."""
        self.visitor(request)

    def parse(self, request: WebhookRequest) -> list[InboundMessage | StatusUpdate]:
        """Return the one message of the request.

        Raises:
            InvalidError: it is not what the protocol says, in words for a developer.
        """
        return [self.message(request, self.visitor(request))]

    def message(self, request: WebhookRequest, visitor: str) -> InboundMessage:
        """Return the message in a request of a visitor who is known already; otherwise as :meth:`parse`."""
        message = _read(request.body)
        text = message.text or ""
        files = tuple(_file(file) for file in message.attachments)
        files += tuple(_upload(file_id) for file_id in message.files)
        if not text.strip() and message.choice is None and not files:
            raise InvalidError("write a text, take a choice or attach a file")
        return InboundMessage(
            channel=self.name,
            account=ACCOUNT,
            external_id=f"{visitor}:{message.id}",
            thread=visitor,
            sender=visitor,
            sent_at=self._clock(),
            text=text,
            choice=message.choice,
            language=request.query.get("language"),
            attachments=files,
            raw={"id": str(message.id), "text": text, "choice": message.choice},
        )

    async def send(self, message: OutboundMessage) -> Sent:
        """Do nothing: a stored message is a delivered one here."""
        return Sent(external_id=message.id)


def client_id(external_id: str | None) -> str | None:
    """Return the id that the browser gave a message."""
    return external_id.partition(":")[2] if external_id else None


def _read(body: bytes) -> _Message:
    try:
        return _Message.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "body"
        raise InvalidError(f"{place}: {first['msg']}") from error


def _file(file: _File) -> Attachment:
    try:
        content = base64.b64decode(file.data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("attachments.data: not base64") from error
    name = PurePosixPath(file.name.replace("\\", "/")).name or "file"
    kind = file.content_type if _CONTENT_TYPE.fullmatch(file.content_type) else None
    return Attachment(name=name, content_type=kind or "application/octet-stream", content=content)


def _upload(file_id: str) -> Attachment:
    """Return an upload that the message names; whose it is and what it holds is found out when it is received."""
    return Attachment(name="", content_type="application/octet-stream", reference=file_id)
