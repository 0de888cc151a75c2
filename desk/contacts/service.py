"""Who a contact is: their handles and their conversations."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from desk.commerce.proof import normalise_email
from desk.contacts import repository
from desk.errors import ConflictError, NotFoundError
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author, Direction, Owner


@dataclass(frozen=True, kw_only=True)
class Handle:
    """A contact's handle on a channel."""

    id: str
    channel: str
    account: str
    external_id: str
    created_at: datetime
    proven_at: datetime | None
    unreachable_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Talk:
    """A contact's conversation in short."""

    id: str
    channel: str
    owner: Owner
    language: str
    updated_at: datetime


@dataclass(frozen=True, kw_only=True)
class Profile:
    """What we know about a contact."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    customer_id: str | None
    verified_at: datetime | None
    created_at: datetime
    identities: tuple[Handle, ...]
    conversations: tuple[Talk, ...]


@dataclass(frozen=True, kw_only=True)
class Uttered:
    """A message of one of a contact's conversations; notes for agents are among them."""

    id: int
    conversation_id: str
    channel: str
    direction: Direction
    author: Author
    author_name: str | None
    text: str
    created_at: datetime


class Contacts:
    """Reads contacts."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, reference: str) -> Profile:
        """Return the contact with this id or e-mail address; who was merged is who they are now.

        Raises:
            NotFoundError: there is none.
            ConflictError: several have this address; the message names their ids.
        """
        async with self._database.read() as session:
            return await _profile(session, await _one(session, reference.strip()))

    async def of_conversation(self, conversation_id: str) -> Profile:
        """Return whose conversation this is; NotFoundError when there is none."""
        async with self._database.read() as session:
            row = await repository.of_conversation(session, conversation_id)
            if row is None:
                raise NotFoundError(f"there is no conversation {conversation_id}")
            return await _profile(session, row)

    async def history(self, contact_id: str, *, limit: int = 200) -> tuple[Uttered, ...]:
        """Return the last messages on all channels as one history, oldest first."""
        async with self._database.read() as session:
            found = await repository.said_by_and_to(session, contact_id, limit)
        return tuple(
            Uttered(
                id=message.id,
                conversation_id=talk.id,
                channel=talk.channel,
                direction=message.direction,
                author=message.author,
                author_name=message.author_name,
                text=message.text,
                created_at=message.created_at,
            )
            for message, talk in found
        )


async def _one(session: AsyncSession, reference: str) -> ContactRow:
    email = normalise_email(reference)
    if email is None:
        found = await repository.by_id(session, reference)
        if found is None:
            raise NotFoundError(f"there is no contact {reference!r}; give an id or an e-mail")
        now_known_as = found.merged_into and await repository.by_id(session, found.merged_into)
        return now_known_as or found
    # Several of the found ones may have become one.
    rows = list(dict.fromkeys(row for _, row in await repository.by_email(session, {email})))
    if not rows:
        raise NotFoundError(f"there is no contact with the e-mail {email}")
    if len(rows) > 1:
        ids = ", ".join(row.id for row in rows)
        raise ConflictError(f"{len(rows)} contacts have the e-mail {email}; give an id: {ids}")
    return rows[0]


async def _profile(session: AsyncSession, row: ContactRow) -> Profile:
    handles = await repository.identities_of(session, row.id)
    talks = await repository.conversations_of(session, row.id)
    return Profile(
        id=row.id,
        name=row.name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        customer_id=row.customer_id,
        verified_at=row.verified_at,
        created_at=row.created_at,
        identities=tuple(
            Handle(
                id=handle.id,
                channel=handle.channel,
                account=handle.account,
                external_id=handle.external_id,
                created_at=handle.created_at,
                proven_at=handle.proven_at,
                unreachable_at=handle.unreachable_at,
            )
            for handle in handles
        ),
        conversations=tuple(
            Talk(
                id=talk.id,
                channel=talk.channel,
                owner=talk.owner,
                language=talk.language,
                updated_at=talk.updated_at,
            )
            for talk in talks
        ),
    )
