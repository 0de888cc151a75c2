"""Conversations and messages as callers see and send them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StrictBool, model_validator

from console.api.fields import Given, Id, PageQuery, Shown, Text, Word
from desk.listing.service import Message
from desk.tables.conversation import Author, Direction, FileState, Outcome, Owner
from desk.tables.outbox import OutboxState


class ConversationShown(Shown):
    """A thread with one contact on one channel."""

    id: str
    contact_id: str
    channel: str
    owner: Owner
    agent: str | None
    team: str | None
    topic: str | None
    outcome: Outcome | None
    language: str
    resolution: int
    waiting_since: datetime | None
    waiting_reason: str | None
    created_at: datetime
    updated_at: datetime


class FileShown(Shown):
    """A file of a message, without its content."""

    id: int
    name: str
    content_type: str
    size: int
    state: FileState


class MessageShown(Shown):
    """Something that was said, or noted for agents only."""

    id: int
    conversation_id: str
    direction: Direction
    author: Author
    author_name: str | None
    text: str
    state: OutboxState | None
    files: list[FileShown]
    created_at: datetime


class ConversationQuery(PageQuery):
    """Which conversations."""

    owner: Owner | None = None
    agent: Word | None = None
    team: Word | None = None
    channel: Word | None = None
    contact_id: Id | None = None


class NewMessage(Given):
    """Words to a customer, in the name of the token's agent."""

    text: Text
    send_once: Annotated[
        StrictBool,
        Field(description="send it although the conversation is not yours; who has it stays"),
    ] = False


class NewNote(Given):
    """Words for agents."""

    text: Text


class Release(Given):
    """How to give a conversation back to the bot."""

    ask_rating: Annotated[StrictBool, Field(description="ask the customer how it went")] = False


class Resolution(Given):
    """How a conversation ended."""

    outcome: Outcome | None = None
    topic: Annotated[Word, Field(max_length=64)] | None = None


class Transfer(Given):
    """To whom a conversation goes: an agent, or a team."""

    agent: Annotated[Word, Field(min_length=1)] | None = None
    team: Annotated[Word, Field(min_length=1, max_length=64)] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Transfer":
        if (self.agent is None) == (self.team is None):
            raise ValueError("name an agent or a team")
        return self


def message_shown(message: Message) -> MessageShown:
    """Return a message as callers see it."""
    row = message.row
    return MessageShown(
        id=row.id,
        conversation_id=row.conversation_id,
        direction=row.direction,
        author=row.author,
        author_name=row.author_name,
        text=row.text,
        state=message.state,
        files=[FileShown.model_validate(file) for file in message.files],
        created_at=row.created_at,
    )
