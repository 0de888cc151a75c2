"""Customers who cannot be reached: nothing is sent to a handle that is blocked or gone until they write again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.events import Event
from desk.message import Gone
from desk.store.storable import storable
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import Author, ConversationRow, MessageRow


async def stopped(
    session: AsyncSession, conversation: ConversationRow, now: datetime
) -> str | None:
    """Return why nothing may be sent; None when the customer can be reached, or has written since."""
    handles = await _handles(session, conversation)
    gone = [one.unreachable_at for one in handles if one.unreachable_at is not None]
    if not gone or len(gone) < len(handles):
        return None
    heard = await _last_heard(session, conversation.id)
    if heard is not None and heard > max(gone):
        await resume(session, conversation, now)
        return None
    return handles[0].unreachable_reason or "cannot be reached"


async def stop(
    session: AsyncSession, conversation: ConversationRow, reason: str, now: datetime
) -> None:
    """Remember that the customer of a conversation cannot be reached there."""
    for handle in await _handles(session, conversation):
        if handle.unreachable_at is None:
            handle.unreachable_at, handle.unreachable_reason = now, reason
            _log(session, conversation, "contact.lost", now)


async def gone(session: AsyncSession, news: Gone) -> None:
    """Take note of a platform's word that a customer cannot be reached any more."""
    handle = await session.scalar(
        select(ContactIdentityRow).where(
            ContactIdentityRow.channel == news.channel,
            ContactIdentityRow.account == news.account,
            ContactIdentityRow.external_id == news.sender,
        )
    )
    if handle is None or handle.unreachable_at is not None:
        return
    handle.unreachable_at, handle.unreachable_reason = news.at, storable(news.reason, 500)
    data = {"channel": news.channel, "account": news.account}
    events.append(
        session,
        Event(name="contact.lost", occurred_at=news.at, contact_id=handle.contact_id, data=data),
    )


async def resume(session: AsyncSession, conversation: ConversationRow, now: datetime) -> None:
    """Try again to reach the customer."""
    for handle in await _handles(session, conversation):
        if handle.unreachable_at is not None:
            handle.unreachable_at = handle.unreachable_reason = None
            _log(session, conversation, "contact.reached_again", now)


async def unreachable_since(
    session: AsyncSession, conversation: ConversationRow
) -> datetime | None:
    """Return since when nothing is sent to the customer of a conversation."""
    since = [one.unreachable_at for one in await _handles(session, conversation)]
    return None if None in since else min((at for at in since if at), default=None)


async def _handles(
    session: AsyncSession, conversation: ConversationRow
) -> Sequence[ContactIdentityRow]:
    """Return the handle that writes here, else all of the contact's in this account."""
    found = await session.scalars(
        select(ContactIdentityRow).where(
            ContactIdentityRow.contact_id == conversation.contact_id,
            ContactIdentityRow.channel == conversation.channel,
            ContactIdentityRow.account == conversation.account,
        )
    )
    handles = found.all()
    name = conversation.handle or conversation.thread
    return [one for one in handles if one.external_id == name] or handles


async def _last_heard(session: AsyncSession, conversation_id: str) -> datetime | None:
    return await session.scalar(
        select(func.max(MessageRow.created_at)).where(
            MessageRow.conversation_id == conversation_id, MessageRow.author == Author.CONTACT
        )
    )


def _log(session: AsyncSession, conversation: ConversationRow, name: str, now: datetime) -> None:
    events.append(
        session,
        Event(
            name=name,
            occurred_at=now,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            data={"channel": conversation.channel, "account": conversation.account},
        ),
    )
