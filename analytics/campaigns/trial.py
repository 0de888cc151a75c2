"""A campaign's message sent to oneself before anybody gets it: over the real channel, marked, and counted nowhere.

It goes to an address that belongs to a contact we know, or to the sender's own e-mail address; never to anybody who
is suppressed there or cannot be reached. The channel's limits hold, and the record says who sent what to whom.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, literal, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns.composing import known, written
from analytics.campaigns.ledger import Recipient
from analytics.campaigns.model import Campaign
from analytics.campaigns.template import missing
from analytics.campaigns.trial_model import Myself, NotTestedError, Reader, Wish
from analytics.campaigns.trying import NOBODY
from desk import events
from desk.access import audit
from desk.channel import Channel, Feature
from desk.clock import Clock
from desk.commerce.proof import normalise_email
from desk.contacts.repository import Place
from desk.contacts.suppressing import MAIL, Suppressions
from desk.contacts.suppressions import suppressed
from desk.contacts.unsubscribe_links import Recipient as Subscriber
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.errors import RetryableError
from desk.events import Event
from desk.ids import new_id
from desk.message import OutboundMessage, Sent
from desk.outbox import costs
from desk.outbox.limits import Limits
from desk.outbox.relay import SEND_TIMEOUT
from desk.outbox.repository import Lane
from desk.outbox.retry import pause_of
from desk.outbox.sending import outcome
from desk.store.database import Database
from desk.tables.access import AuditRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import ConversationRow

DEED = "campaign.test"
MOST = 20
"""Tests of one person in an hour: whoever needs more is sending something else."""
_HOUR = timedelta(hours=1)
MARKS: Mapping[str, str] = {"en": "[Test] ", "zh": "【测试】"}


class Trials:
    """Sends tests."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        channels: Mapping[str, Channel],
        ways_out: UnsubscribeLinks,
        suppressions: Suppressions,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = {
            name: channel
            for name, channel in channels.items()
            if Feature.LOCAL not in channel.features
        }
        self._ways_out = ways_out
        self._suppressions = suppressions
        self._limits = Limits({name: channel.pace for name, channel in channels.items()})

    @property
    def channels(self) -> tuple[str, ...]:
        """Over which channels a test can be sent: those with a platform behind them."""
        return tuple(self._channels)

    async def find(self, wish: Wish, myself: Myself) -> Reader:
        """Return who is reached by an address.

        Raises:
            NotTestedError: nobody known is, or they must not be written to.
        """
        channel = self._channel(wish.channel)
        async with self._database.read() as session:
            return await self._allowed(session, channel, wish, myself)

    async def send(self, campaign: Campaign, wish: Wish, myself: Myself) -> Reader:
        """Send a campaign's message to one address, and say who got it.

        Raises:
            NotTestedError: it cannot be written, or must not be sent there.
            FrontdeskError: the platform did not take it.
        """
        channel, now = self._channel(wish.channel), self._clock()
        lane = Lane(channel.name, channel.account)
        async with self._database.write() as session:
            await self._not_too_many(session, myself, now)
            reader = await self._allowed(session, channel, wish, myself)
            message = await self._message(session, campaign, wish, reader, myself)
            later = await self._limits.begin(session, lane, reader.thread, now)
            if later is not None:
                raise RetryableError(
                    "the channel has no room for a test at this moment", retry_in=later - now
                )
            await self._note(session, campaign, wish, reader, myself, now)
        sent, error = await outcome(lambda: channel.send(message), SEND_TIMEOUT)
        await self._settle(lane, reader, sent, error, now)
        if error is not None:
            raise error
        return reader

    def _channel(self, name: str) -> Channel:
        if name not in self._channels:
            raise NotTestedError(
                "channel",
                f"no test can be sent over {name!r:.40}: it is not set up, or has no platform",
            )
        return self._channels[name]

    async def _not_too_many(self, session: AsyncSession, myself: Myself, now: datetime) -> None:
        sent = await session.scalar(
            select(func.count())
            .select_from(AuditRow)
            .where(AuditRow.who == myself.name, AuditRow.deed == DEED, AuditRow.at > now - _HOUR)
        )
        if (sent or 0) >= MOST:
            raise NotTestedError("many", f"these were {MOST} tests in an hour; wait a little")

    async def _allowed(
        self, session: AsyncSession, channel: Channel, wish: Wish, myself: Myself
    ) -> Reader:
        """Return who is reached, if they may be."""
        address = wish.to.strip()
        if channel.name == MAIL:
            address = normalise_email(address) or address
        is_sender = channel.name == MAIL and address == normalise_email(myself.email or "")
        handle = await _handle(session, channel, address)
        if handle is None and not is_sender:
            raise NotTestedError(
                "nobody", f"nobody known has the address {address!r:.80} there", address
            )
        if handle is not None and handle.unreachable_at is not None:
            raise NotTestedError(
                "unreachable", f"{address!r:.80} cannot be reached there", address
            )
        contact = await session.get_one(ContactRow, handle.contact_id) if handle else None
        digest = self._suppressions.digest(channel.name, address)
        whose = contact.id if contact else NOBODY.contact_id
        if await session.scalar(
            select(suppressed(literal(whose), literal(channel.name), literal(digest)))
        ):
            raise NotTestedError("suppressed", f"{address!r:.80} has said stop", address)
        talk = await _talk(session, handle) if handle else None
        return Reader(
            contact_id=contact.id if contact else None,
            name=(contact.name if contact else None) or (myself.name if is_sender else address),
            channel=channel.name,
            account=channel.account,
            address=address,
            thread=talk.thread if talk else address,
            conversation_id=talk.id if talk else None,
            language=(contact.language if contact else None) or "",
            is_sender=is_sender,
        )

    async def _message(
        self,
        session: AsyncSession,
        campaign: Campaign,
        wish: Wish,
        reader: Reader,
        myself: Myself,
    ) -> OutboundMessage:
        """Return what is sent: the same as everybody gets, but marked, with links that are not counted."""
        plan = campaign.plan.at_step(wish.step)
        if wish.variant not in {one.name for one in plan.variants}:
            raise NotTestedError(
                "variant", f"there is no variant {wish.variant!r:.40}", wish.variant
            )
        values: Mapping[str, str] = {"name": myself.name, "email": reader.address}
        if reader.contact_id:
            values = (await known(session, [reader.contact_id])).get(reader.contact_id, {})
        said = plan.template(wish.variant)
        # Where nothing is known of whoever tests, they see where a value will stand.
        values = {**values, **{name: f"<{name}>" for name in missing(said, values)}}
        digest = self._suppressions.digest(reader.channel, reader.address)
        way_out = self._ways_out.url(
            Subscriber(
                contact_id=reader.contact_id or NOBODY.contact_id,
                channel=reader.channel,
                purpose=plan.purpose,
                digest=digest,
            )
        )
        spoken = wish.language or reader.language
        shape = self._channels[reader.channel]
        made = written(_recipient(reader, wish.variant, spoken), plan, values, shape, way_out)
        if isinstance(made, str):
            raise NotTestedError("unwritten", f"it cannot be written: {made}", made)
        message = made[0]
        mark = MARKS[said.language_for(spoken)]
        return replace(message, id=f"fd-t{new_id()}", text=mark + message.text)

    async def _note(
        self,
        session: AsyncSession,
        campaign: Campaign,
        wish: Wish,
        reader: Reader,
        myself: Myself,
        now: datetime,
    ) -> None:
        data: dict[str, Any] = {
            "campaign_id": campaign.id,
            "channel": reader.channel,
            "variant": wish.variant,
            "step": wish.step,
            "contact_id": reader.contact_id or "",
        }
        thing = f"campaign:{campaign.id}"
        await audit.note(session, by=myself.name, deed=DEED, thing=thing, detail=data, now=now)
        events.append(
            session,
            Event(
                name="campaign.tested",
                occurred_at=now,
                contact_id=reader.contact_id,
                data={**data, "by": myself.name},
            ),
        )

    async def _settle(
        self, lane: Lane, reader: Reader, sent: Sent, error: Exception | None, began_at: datetime
    ) -> None:
        now = self._clock()
        async with self._database.write() as session:
            if sent.cost_micros:
                await costs.add(session, lane, sent.cost_micros, now)
            await self._limits.end(
                session, lane, reader.thread, began_at=began_at, now=now, asked=pause_of(error)
            )


def _recipient(reader: Reader, variant: str, language: str) -> Recipient:
    return Recipient(
        id=0,
        run_id=0,
        contact_id=reader.contact_id or "",
        channel=reader.channel,
        account=reader.account,
        thread=reader.thread,
        address=reader.address,
        conversation_id=reader.conversation_id,
        language=language,
        zone="UTC",
        variant=variant,
        attempts=0,
        not_after=datetime.max.replace(tzinfo=UTC),
    )


async def _handle(
    session: AsyncSession, channel: Channel, address: str
) -> ContactIdentityRow | None:
    found: ContactIdentityRow | None = await session.scalar(
        select(ContactIdentityRow).where(Place(channel.name, channel.account, address).is_here)
    )
    return found


async def _talk(session: AsyncSession, handle: ContactIdentityRow) -> ConversationRow | None:
    """Return the newest conversation with a handle."""
    found: ConversationRow | None = await session.scalar(
        select(ConversationRow)
        .where(
            ConversationRow.contact_id == handle.contact_id,
            ConversationRow.channel == handle.channel,
            ConversationRow.account == handle.account,
            func.coalesce(ConversationRow.handle, ConversationRow.thread) == handle.external_id,
        )
        .order_by(ConversationRow.updated_at.desc())
        .limit(1)
    )
    return found
