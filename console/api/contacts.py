"""Contacts: list, one, add, change."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import AfterValidator, model_validator
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from console.api.door import Caller, Operation
from console.api.fields import (
    Given,
    IdempotencyKey,
    Line,
    PageQuery,
    PathId,
    Shown,
    ShownPage,
    Word,
)
from console.api.once import Once
from console.api.services import ApiServices
from desk.access import audit
from desk.access.policy import Deed, Principal
from desk.contacts.record import ContactRecord
from desk.tables.conversation import Owner


def _email(text: str) -> str:
    # An empty name stands for a number that is not given: one of the two is enough.
    return ContactRecord.model_validate({"email": text}).email or ""


def _phone(text: str) -> str:
    return ContactRecord.model_validate({"phone": text}).phone or ""


def _language(text: str) -> str:
    known = {"email": "a@example.com", "language": text}
    return ContactRecord.model_validate(known).language or ""


class ContactGiven(Given):
    """What is known about a person."""

    name: Line | None = None
    email: Annotated[Line, AfterValidator(_email)] | None = None
    phone: Annotated[Line, AfterValidator(_phone)] | None = None
    language: Annotated[Line, AfterValidator(_language)] | None = None

    def values(self) -> Mapping[str, str | None]:
        """Return what was given, also what is to be forgotten."""
        return self.model_dump(include=self.model_fields_set)


class NewContact(ContactGiven):
    """A person by their e-mail address or phone number."""

    @model_validator(mode="after")
    def _known_again(self) -> "NewContact":
        if self.email is None and self.phone is None:
            raise ValueError(
                "an e-mail or a phone number is needed: by it the contact is known again"
            )
        return self


class ContactShown(Shown):
    """A person."""

    id: str
    name: str | None
    email: str | None
    phone: str | None
    language: str | None
    customer_id: str | None
    verified_at: datetime | None
    created_at: datetime


class IdentityShown(Shown):
    """A handle of a person on a channel."""

    id: str
    channel: str
    account: str
    external_id: str
    created_at: datetime
    proven_at: datetime | None
    unreachable_at: datetime | None


class TalkShown(Shown):
    """A conversation of a person, in short."""

    id: str
    channel: str
    owner: Owner
    language: str
    updated_at: datetime


class ContactDetail(ContactShown):
    """A person with their handles and conversations."""

    identities: list[IdentityShown]
    conversations: list[TalkShown]


class ContactQuery(PageQuery):
    """Which contacts."""

    email: Word | None = None
    phone: Word | None = None


class ContactApi:
    """What programs do with contacts."""

    def __init__(self, services: ApiServices, once: Once) -> None:
        self._services = services
        self._once = once

    def operations(self) -> Iterator[Operation]:
        """Return what there is."""
        see, change = Deed.CONTACT_SEE, Deed.CONTACT_CHANGE
        yield Operation(
            method="GET",
            path="/contacts",
            endpoint=self.list_contacts,
            deed=see,
            answer=ShownPage[ContactShown],
        )
        yield Operation(
            method="POST",
            path="/contacts",
            endpoint=self.add_contact,
            deed=change,
            answer=ContactShown,
            creates=True,
            problems=("known", "key_used"),
        )
        yield Operation(
            method="GET",
            path="/contacts/{id}",
            endpoint=self.get_contact,
            deed=see,
            answer=ContactDetail,
        )
        yield Operation(
            method="PATCH",
            path="/contacts/{id}",
            endpoint=self.change_contact,
            deed=change,
            answer=ContactShown,
            problems=("known",),
        )

    async def list_contacts(
        self, asked: Annotated[ContactQuery, Query()]
    ) -> ShownPage[ContactShown]:
        """List contacts, the newest first; those who became part of another are left out."""
        page = await self._services.listing.contacts(
            email=asked.email, phone=asked.phone, after=asked.after, limit=asked.limit
        )
        items = [ContactShown.model_validate(row) for row in page.rows]
        return ShownPage(items=items, next=page.next)

    async def get_contact(self, id_: PathId) -> ContactDetail:
        """Get a contact with their handles and conversations; who became part of another is that other."""
        return ContactDetail.model_validate(await self._services.contacts.find(id_))

    async def add_contact(
        self, request: Request, caller: Caller, given: NewContact, _key: IdempotencyKey = None
    ) -> Response:
        """Add a contact."""
        async with self._services.database.write() as session:

            async def work() -> ContactShown:
                row = await self._services.editing.add(session, given.values(), by=caller.name)
                await self._note(session, caller, row.id, given)
                return ContactShown.model_validate(row)

            return await self._once.create(session, request, given, work)

    async def change_contact(
        self, id_: PathId, caller: Caller, given: ContactGiven
    ) -> ContactShown:
        """Change what is given of a contact; null forgets a value."""
        async with self._services.database.write() as session:
            row = await self._services.editing.change(session, id_, given.values(), by=caller.name)
            await self._note(session, caller, row.id, given)
        return ContactShown.model_validate(row)

    async def _note(
        self, session: AsyncSession, caller: Principal, contact_id: str, given: ContactGiven
    ) -> None:
        await audit.note(
            session,
            by=caller.name,
            deed=Deed.CONTACT_CHANGE,
            thing=f"contact:{contact_id}",
            detail={"fields": sorted(given.model_fields_set), "token": caller.id},
            now=self._services.clock(),
        )
