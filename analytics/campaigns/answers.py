"""What platforms report about campaign messages: read, refused later, called unwanted."""

from sqlalchemy import Select, exists, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from desk import events
from desk.clock import Clock
from desk.contacts.suppressing import Suppressions, Word
from desk.events import Event
from desk.message import DeliveryStatus, Gone, StatusUpdate
from desk.outbox import reach
from desk.store.database import Database
from desk.store.storable import storable
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RecipientState
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.suppression import SuppressionReason

_ACCEPTED = frozenset({RecipientState.SENT, RecipientState.UNKNOWN})
_FORWARD = {
    DeliveryStatus.FAILED: (_ACCEPTED, RecipientState.FAILED),
    DeliveryStatus.DELIVERED: (_ACCEPTED, RecipientState.DELIVERED),
    DeliveryStatus.READ: (_ACCEPTED | {RecipientState.DELIVERED}, RecipientState.READ),
    # Who complains has got it.
    DeliveryStatus.COMPLAINED: (_ACCEPTED, RecipientState.DELIVERED),
}
"""States only move forward."""
_IN_HAND = text("campaign_recipient.state IN ('claimed', 'sending')")
"""As the partial index says it."""
BY = "channel"


class Deliveries:
    """Takes note of what platforms say about campaign messages."""

    def __init__(self, database: Database, clock: Clock, suppressions: Suppressions) -> None:
        self._database = database
        self._clock = clock
        self._suppressions = suppressions

    async def report(self, update: StatusUpdate) -> bool | None:
        """Take note; False when it is about no message of a campaign, None when it may be about one under way."""
        async with self._database.read() as session:
            # In this order: what was under way and has ended meanwhile is known then.
            sending = await session.scalar(_under_way(update))
            if await session.scalar(_known(update)) is None:
                return None if sending else False
        async with self._database.write() as session:
            row = await session.scalar(_known(update).with_for_update())
            if row is not None:
                await self._note(session, row, update)
        return True

    async def _note(
        self, session: AsyncSession, row: CampaignRecipientRow, update: StatusUpdate
    ) -> None:
        before, after = _FORWARD[update.status]
        moved = row.state in before
        if moved:
            row.state = after
            row.reason = storable(update.reason or "", 300) or row.reason
            await self._log(session, row, after)
        if update.status is DeliveryStatus.COMPLAINED:
            await self._complained(session, row, update)
        if moved and update.status is DeliveryStatus.FAILED:
            await self._log(session, row, "bounced", hard=update.unreachable)
            if update.unreachable:
                await self._bounced(session, row, update)

    async def _complained(
        self, session: AsyncSession, row: CampaignRecipientRow, update: StatusUpdate
    ) -> None:
        """Send this person nothing more on this channel; a second report of it is no news."""
        if await self._suppress(session, row, SuppressionReason.COMPLAINED, update):
            await self._log(session, row, "complained")

    async def _bounced(
        self, session: AsyncSession, row: CampaignRecipientRow, update: StatusUpdate
    ) -> None:
        """Remember that nobody is reached there; without another address there, not on the channel either."""
        gone = Gone(
            channel=row.channel,
            account=row.account,
            sender=row.address,
            reason=update.reason or "the message came back",
            at=update.at,
        )
        await reach.gone(session, gone)
        if not await session.scalar(_reached_elsewhere(row)):
            await self._suppress(session, row, SuppressionReason.BOUNCED, update)

    async def _suppress(
        self,
        session: AsyncSession,
        row: CampaignRecipientRow,
        reason: SuppressionReason,
        update: StatusUpdate,
    ) -> bool:
        contact = await session.get(ContactRow, row.contact_id)
        run = await session.get_one(CampaignRunRow, row.run_id)
        word = Word(
            # Who was merged is somebody else now; of who was erased the address is left.
            contact_id=(contact.merged_into or contact.id) if contact else None,
            reason=reason,
            by=BY,
            channel=row.channel,
            note=update.reason,
            conversation_id=row.conversation_id,
            campaign_id=run.campaign_id,
            digest=self._suppressions.digest(row.channel, row.address),
        )
        return await self._suppressions.add_in(session, word, self._clock())

    async def _log(
        self, session: AsyncSession, row: CampaignRecipientRow, what: str, **more: object
    ) -> None:
        run = await session.get_one(CampaignRunRow, row.run_id)
        data = {"campaign_id": run.campaign_id, "run_id": run.id, "recipient_id": row.id}
        event = Event(
            name=f"campaign.{what}",
            occurred_at=self._clock(),
            contact_id=row.contact_id,
            conversation_id=row.conversation_id,
            data={**data, "variant": row.variant, "channel": row.channel, **more},
        )
        events.append(session, event)


def _known(update: StatusUpdate) -> Select[CampaignRecipientRow]:
    return select(CampaignRecipientRow).filter_by(
        channel=update.channel, account=update.account, external_id=update.external_id
    )


def _reached_elsewhere(row: CampaignRecipientRow) -> Select[tuple[bool]]:
    return select(
        exists().where(
            ContactIdentityRow.contact_id == row.contact_id,
            ContactIdentityRow.channel == row.channel,
            ContactIdentityRow.external_id != row.address,
            ContactIdentityRow.unreachable_at.is_(None),
        )
    )


def _under_way(update: StatusUpdate) -> Select[tuple[bool]]:
    return select(
        exists().where(
            _IN_HAND,
            CampaignRecipientRow.state == RecipientState.SENDING,
            CampaignRecipientRow.channel == update.channel,
            CampaignRecipientRow.account == update.account,
        )
    )
