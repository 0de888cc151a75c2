"""Answers to campaigns: whose message a customer answers, noted once for each recipient."""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from desk import events
from desk.conversations.prompts import Prompt
from desk.events import Event
from desk.tables.campaign import (
    REACHED,
    CampaignRecipientRow,
    CampaignReplyRow,
    CampaignRow,
    CampaignRunRow,
    RecipientState,
)
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow

WINDOW = timedelta(days=7)
"""What is written later answers something else."""
_WRITTEN = (*REACHED, RecipientState.SENDING, RecipientState.UNKNOWN)
"""A message that arrived may be answered before its send has come to its end here."""


class Replies:
    """See :class:`desk.conversations.prompts.Prompts`."""

    async def answered(
        self, session: AsyncSession, conversation: ConversationRow, inbox_id: int, now: datetime
    ) -> Prompt | None:
        """Tie a message to the campaign that it answers, if it is the first one to do so."""
        one = await session.scalar(_latest(conversation, now - WINDOW))
        if one is None or one.sent_at is None:
            return None
        reply = await session.get(CampaignReplyRow, one.id)
        first = reply.inbox_id if reply else None
        if first not in (None, inbox_id):
            return None
        if first is None and await _spoke_after(session, conversation.id, one.sent_at):
            return None
        run = await session.get_one(CampaignRunRow, one.run_id)
        data = {
            "campaign_id": run.campaign_id,
            "run_id": run.id,
            "recipient_id": one.id,
            "variant": one.variant,
        }
        if first is None:
            session.add(CampaignReplyRow(recipient_id=one.id, inbox_id=inbox_id, replied_at=now))
            event = Event(
                name="campaign.replied",
                occurred_at=now,
                contact_id=conversation.contact_id,
                conversation_id=conversation.id,
                data={**data, "channel": one.channel},
            )
            events.append(session, event)
        campaign = await session.get_one(CampaignRow, run.campaign_id)
        begins = plans.read(run.plan).reply
        return Prompt(
            campaign={**data, "name": campaign.name}, yes=begins.payload if begins else None
        )


async def campaign_of(session: AsyncSession, conversation_id: str) -> int | None:
    """Return the campaign whose message was the last that we said in a conversation, if it was one's."""
    conversation = await session.get(ConversationRow, conversation_id)
    if conversation is None:
        return None
    one = await session.scalar(_latest(conversation))
    if one is None or one.sent_at is None:
        return None
    if await _spoke_after(session, conversation_id, one.sent_at):
        return None
    run = await session.get_one(CampaignRunRow, one.run_id)
    return run.campaign_id


def _latest(
    conversation: ConversationRow, after: datetime | None = None
) -> Select[CampaignRecipientRow]:
    """Ask for the newest message of a campaign in a conversation; the conversation may not know of it yet."""
    there = and_(
        CampaignRecipientRow.contact_id == conversation.contact_id,
        CampaignRecipientRow.channel == conversation.channel,
        CampaignRecipientRow.account == conversation.account,
        CampaignRecipientRow.thread == conversation.thread,
    )
    query = select(CampaignRecipientRow).where(
        or_(CampaignRecipientRow.conversation_id == conversation.id, there),
        CampaignRecipientRow.sent_at.is_not(None),
        CampaignRecipientRow.state.in_(_WRITTEN),
    )
    if after is not None:
        query = query.where(CampaignRecipientRow.sent_at > after)
    return query.order_by(
        CampaignRecipientRow.sent_at.desc(), CampaignRecipientRow.id.desc()
    ).limit(1)


async def _spoke_after(session: AsyncSession, conversation_id: str, at: datetime) -> bool:
    """Say whether anybody else of ours has said something after a campaign's message."""
    last = await session.scalar(
        select(MessageRow.created_at)
        .where(
            MessageRow.conversation_id == conversation_id,
            MessageRow.direction == Direction.OUTBOUND,
            MessageRow.author != Author.CAMPAIGN,
        )
        .order_by(MessageRow.id.desc())
        .limit(1)
    )
    return last is not None and last > at
