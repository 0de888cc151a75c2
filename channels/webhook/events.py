"""The events that another system may post, and what they mean to the desk. The schema is public."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    model_validator,
)

from desk.message import (
    Attachment,
    DeliveryStatus,
    InboundEdit,
    InboundMessage,
    StatusUpdate,
)

NAME = "webhook"
#: One system, one account, whatever its address is today.
ACCOUNT = "default"

type _Id = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00-\x1f\x7f]+$")]
type _Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]


def _decoded(data: Any) -> Any:
    return base64.b64decode(data, validate=True) if isinstance(data, str) else data


class File(BaseModel):
    """A file of a message: ``data`` in base64, or ``url`` from where it is fetched."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    content_type: Annotated[str, Field(max_length=128)] = "application/octet-stream"
    data: Annotated[bytes, BeforeValidator(_decoded)] | None = None
    url: Annotated[str, Field(max_length=2000)] | None = None

    @model_validator(mode="after")
    def _has_content(self) -> Self:
        if (self.data is None) == (self.url is None):
            raise ValueError("give either data or url")
        return self

    def attachment(self) -> Attachment:
        """Return it in the desk's words."""
        size = None if self.data is None else len(self.data)
        return Attachment(
            name=self.name,
            content_type=self.content_type,
            content=self.data,
            reference=self.url,
            size=size,
        )


class _Data(BaseModel):
    id: _Id
    thread: _Id
    sender: _Id
    sent_at: AwareDatetime | None = None


class Message(_Data):
    """A customer wrote."""

    sender_name: _Word | None = None
    text: str | None = None
    choice: Annotated[str, Field(max_length=64)] | None = None
    language: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,4})?$")] | None = (
        None
    )
    attachments: Annotated[list[File], Field(max_length=20)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not ((self.text or "").strip() or self.choice or self.attachments):
            raise ValueError("give a text, a choice or attachments")
        return self


class Deletion(_Data):
    """A customer took the message ``message`` back; ``id`` is this event's own."""

    message: _Id


class Edit(Deletion):
    """A customer changed the message ``message``."""

    text: str


class Delivery(BaseModel):
    """News about the message of the desk's whose id is ``message``."""

    message: _Id
    status: DeliveryStatus
    at: AwareDatetime | None = None
    reason: Annotated[str, Field(max_length=500)] | None = None
    unreachable: bool | None = None


class Received(BaseModel):
    """``message.received``."""

    type: Literal["message.received"]
    data: Message

    def update(self, now: datetime) -> InboundMessage:
        """Return it in the desk's words."""
        data = self.data
        return InboundMessage(
            channel=NAME,
            account=ACCOUNT,
            external_id=data.id,
            thread=data.thread,
            sender=data.sender,
            sender_name=data.sender_name,
            sent_at=data.sent_at or now,
            text=data.text or "",
            choice=data.choice,
            language=data.language,
            attachments=tuple(file.attachment() for file in data.attachments or ()),
            context={"message": data.id},
            # The files are kept as files; here they would be kept a second time.
            raw=self.model_dump(
                mode="json", exclude={"data": {"attachments": {"__all__": {"data"}}}}
            ),
        )


class Edited(BaseModel):
    """``message.edited``."""

    type: Literal["message.edited"]
    data: Edit

    def update(self, now: datetime) -> InboundEdit:
        """Return it in the desk's words."""
        return _edit(self, self.data, self.data.text, now)


class Deleted(BaseModel):
    """``message.deleted``."""

    type: Literal["message.deleted"]
    data: Deletion

    def update(self, now: datetime) -> InboundEdit:
        """Return it in the desk's words."""
        return _edit(self, self.data, None, now)


class Delivered(BaseModel):
    """``delivery.updated``."""

    type: Literal["delivery.updated"]
    data: Delivery

    def update(self, now: datetime) -> StatusUpdate:
        """Return it in the desk's words."""
        data = self.data
        return StatusUpdate(
            channel=NAME,
            account=ACCOUNT,
            external_id=data.message,
            status=data.status,
            at=data.at or now,
            reason=data.reason,
            unreachable=bool(data.unreachable),
        )


def _edit(event: Edited | Deleted, data: Deletion, text: str | None, now: datetime) -> InboundEdit:
    return InboundEdit(
        channel=NAME,
        account=ACCOUNT,
        external_id=data.id,
        thread=data.thread,
        sender=data.sender,
        sent_at=data.sent_at or now,
        edited=data.message,
        text=text,
        raw=event.model_dump(mode="json"),
    )


type Event = Annotated[Received | Edited | Deleted | Delivered, Field(discriminator="type")]
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
TYPES = frozenset({"message.received", "message.edited", "message.deleted", "delivery.updated"})
