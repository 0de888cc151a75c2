"""Add a contact, or change what we know about one, on somebody's word."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.contacts import repository
from desk.errors import ConflictError, NotFoundError
from desk.events import Event
from desk.ids import new_id
from desk.tables.contact import ContactRow

FIELDS = ("name", "email", "phone", "language")


class KnownContactError(ConflictError):
    """Another contact has this e-mail address or number; ``contact_id`` says which."""

    def __init__(self, contact_id: str, what: str) -> None:
        super().__init__(f"contact {contact_id} has this {what} already; change or merge that one")
        self.contact_id = contact_id


class ContactEditing:
    """Writes contacts in the caller's transaction; values are checked and in their usual spelling already."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def add(
        self, session: AsyncSession, values: Mapping[str, str | None], *, by: str
    ) -> ContactRow:
        """Add a contact; KnownContactError when there is one with this address or number."""
        await _check_free(session, values, None)
        row = ContactRow(id=new_id(), created_at=self._clock(), **values)
        session.add(row)
        await session.flush()
        self._log(session, row, "contact.added", list(values), by)
        return row

    async def change(
        self,
        session: AsyncSession,
        contact_id: str,
        values: Mapping[str, str | None],
        *,
        by: str,
    ) -> ContactRow:
        """Change what is given.

        Raises:
            NotFoundError: there is no such contact.
            ConflictError: it became part of another one, or that other one has this address or number.
        """
        row = await session.get(ContactRow, contact_id, with_for_update=True)
        if row is None:
            raise NotFoundError(f"there is no contact {contact_id}")
        if row.merged_into is not None:
            raise ConflictError(f"this contact became part of {row.merged_into}; change that one")
        changed = {name: value for name, value in values.items() if getattr(row, name) != value}
        await _check_free(session, changed, row.id)
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            self._log(session, row, "contact.changed", list(changed), by)
        return row

    def _log(
        self, session: AsyncSession, row: ContactRow, name: str, fields: list[str], by: str
    ) -> None:
        data = {"fields": sorted(fields), "by": by}
        event = Event(name=name, occurred_at=self._clock(), contact_id=row.id, data=data)
        events.append(session, event)


async def _check_free(
    session: AsyncSession, values: Mapping[str, str | None], own: str | None
) -> None:
    for name, find in (("email", repository.by_email), ("phone", repository.by_phone)):
        value = values.get(name)
        for _, other in await find(session, {value}) if value else ():
            if other.id != own:
                raise KnownContactError(other.id, "e-mail address" if name == "email" else name)
