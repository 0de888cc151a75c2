"""Who is reached for the first time, at an address that we know of them: brought in by a list, written by nobody yet.

Whoever came by a channel of ours is written to where they came, or where they proved an address: what somebody types
into a chat may be somebody else's.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NullType

from analytics.campaigns.guards import Who, why_not
from desk.ids import new_id
from desk.store import core
from desk.store.upsert import insert_missing
from desk.tables.base import table_of
from desk.tables.behaviour import DemographicsRow
from desk.tables.channel import ChannelStateRow
from desk.tables.contact import ContactIdentityRow, ContactRow

_CONTACT = table_of(ContactRow)
_STATE = table_of(ChannelStateRow)
_HANDLE = table_of(ContactIdentityRow).alias("a_handle")
_OTHER = table_of(ContactIdentityRow).alias("a_other")
_AS_CONTACT = table_of(DemographicsRow).alias("as_contact")
_AS_CUSTOMER = table_of(DemographicsRow).alias("as_customer")


def _statement(channel: str, address: ColumnElement[Any]) -> Select[Any]:
    who = Who(
        contact_id=_CONTACT.c.id,
        channel=_STATE.c.channel,
        account=_STATE.c.account,
        address=address,
    )
    return (
        select(
            _CONTACT.c.id,
            _CONTACT.c.customer_id,
            _CONTACT.c.language,
            _STATE.c.channel,
            _STATE.c.account,
            address,
            null(),
            null(),
            type_coerce(_CONTACT.c.created_at, NullType()),
            func.coalesce(_AS_CUSTOMER.c.country, _AS_CONTACT.c.country),
            why_not(who),
        )
        .select_from(_CONTACT)
        .join(_STATE, _STATE.c.channel == literal(channel))
        .outerjoin(_AS_CONTACT, _AS_CONTACT.c.contact_id == _CONTACT.c.id)
        .outerjoin(_AS_CUSTOMER, _AS_CUSTOMER.c.customer_id == _CONTACT.c.customer_id)
        .where(
            _CONTACT.c.merged_into.is_(None),
            address.is_not(None),
            or_(
                _CONTACT.c.id.in_(bindparam("contacts", expanding=True)),
                _CONTACT.c.customer_id.in_(bindparam("customers", expanding=True)),
            ),
            ~exists(select(_HANDLE.c.id).where(_HANDLE.c.contact_id == _CONTACT.c.id)),
            # Somebody else came from there: they are written to, and nobody gets it twice.
            ~exists(
                select(_OTHER.c.id).where(
                    _OTHER.c.channel == _STATE.c.channel,
                    _OTHER.c.account == _STATE.c.account,
                    _OTHER.c.external_id == address,
                )
            ),
        )
    )


_FIRST = {"email": _statement("email", _CONTACT.c.email)}
"""Channels on which somebody can be written to who never wrote, by what we know of a contact."""


class Reached(Protocol):
    """Somebody who is written to."""

    @property
    def contact_id(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def address(self) -> str: ...


async def first_handles(
    session: AsyncSession, channels: Collection[str], where: Mapping[str, Any]
) -> Sequence[core.Found]:
    """Return handles, as the audience asks for them, of people who have none yet."""
    found: list[core.Found] = []
    for channel in _FIRST.keys() & set(channels):
        found += await core.fetch(session, _FIRST[channel], where)
    return found


async def keep(session: AsyncSession, people: Iterable[Reached], now: datetime) -> None:
    """Write the handles of people down who are written to: by them they are known when they answer."""
    rows = [
        {
            "id": new_id(),
            "contact_id": one.contact_id,
            "channel": one.channel,
            "account": one.account,
            "external_id": one.address,
            "created_at": now,
        }
        for one in people
    ]
    if rows:
        await insert_missing(session, ContactIdentityRow, rows)
