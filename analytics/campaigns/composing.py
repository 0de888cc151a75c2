"""Writes each recipient's message: their variant, language and values, links that are counted, and a way out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import plan as plans
from analytics.campaigns.hand import Ready
from analytics.campaigns.ledger import Recipient
from analytics.campaigns.links import Tracked, TrackedLinks, frozen
from analytics.campaigns.local import zone_of
from analytics.campaigns.placeholders import MissingError
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import next_allowed
from analytics.campaigns.shown import shown
from analytics.campaigns.telling import Teller
from analytics.campaigns.template import Rendered, render
from desk.channel import Feature
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import Recipient as Subscriber
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.message import Choice, OutboundMessage
from desk.outbox.shape import Shape
from desk.store import core
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.behaviour import DemographicsRow
from desk.tables.campaign import CampaignRunRow
from desk.tables.contact import ContactRow
from desk.tables.conversation import Author
from desk.tables.shop import CustomerRow

TOO_LONG = "too_long"
VALUES = ("name", "email", "city", "country", "tier")
"""What a template may say of a contact."""

type Written = tuple[OutboundMessage, tuple[dict[str, Any], ...]]
"""A message, and its choices as the conversation keeps them."""

_CONTACT = table_of(ContactRow)
_CUSTOMER = table_of(CustomerRow)
_AS_CONTACT = table_of(DemographicsRow).alias("as_contact")
_AS_CUSTOMER = table_of(DemographicsRow).alias("as_customer")
_VALUES = (
    select(
        _CONTACT.c.id,
        func.coalesce(_CONTACT.c.name, _CUSTOMER.c.name),
        func.coalesce(_CONTACT.c.email, _CUSTOMER.c.email),
        func.coalesce(_AS_CUSTOMER.c.city, _AS_CONTACT.c.city),
        func.coalesce(_AS_CUSTOMER.c.country, _AS_CONTACT.c.country),
        _CUSTOMER.c.account_type,
    )
    .outerjoin(_CUSTOMER, _CUSTOMER.c.id == _CONTACT.c.customer_id)
    .outerjoin(_AS_CONTACT, _AS_CONTACT.c.contact_id == _CONTACT.c.id)
    .outerjoin(_AS_CUSTOMER, _AS_CUSTOMER.c.customer_id == _CONTACT.c.customer_id)
    .where(_CONTACT.c.id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """A run's plan, and where its links lead."""

    campaign_id: int
    plan: Plan
    tracked: Tracked


class Composer:
    """Writes the messages of batches, and tells conversations of those that were sent."""

    def __init__(
        self,
        *,
        database: Database,
        channels: Mapping[str, Shape],
        links: TrackedLinks,
        ways_out: UnsubscribeLinks,
        suppressions: Suppressions,
        teller: Teller,
    ) -> None:
        self._database = database
        self._channels = channels
        self._links = links
        self._ways_out = ways_out
        self._suppressions = suppressions
        self._teller = teller
        self._runs: dict[int, _Run] = {}

    async def tell(self, sent: Mapping[int, Ready]) -> None:
        """Let conversations and the event log know what was sent."""
        await self._teller.tell(sent)

    async def compose(
        self, batch: Sequence[Recipient], now: datetime
    ) -> Mapping[int, Ready | str]:
        """Return by a recipient's id their message, or why there is none."""
        async with self._database.read() as session:
            for run_id in {one.run_id for one in batch} - set(self._runs):
                self._runs[run_id] = await _run(session, run_id)
            values = await known(session, [one.contact_id for one in batch])
        return {
            one.id: self._one(one, self._runs[one.run_id], values.get(one.contact_id, {}), now)
            for one in batch
        }

    def _one(
        self, one: Recipient, run: _Run, values: Mapping[str, str], now: datetime
    ) -> Ready | str:
        way_out = self._ways_out.url(
            Subscriber(
                contact_id=one.contact_id,
                channel=one.channel,
                purpose=run.plan.purpose,
                digest=self._suppressions.digest(one.channel, one.address),
                campaign_id=run.campaign_id,
            )
        )
        channel = self._channels.get(one.channel)
        made = written(
            one,
            run.plan,
            values,
            channel,
            way_out,
            lambda said: self._links.wrap(said, one.id, run.tracked),
        )
        if isinstance(made, str):
            return made
        message, choices = made
        window = run.plan.quiet
        awake = next_allowed(now, zone_of(one.zone), window) if window else now
        return Ready(message=message, terms=run.plan.terms, not_before=awake, choices=choices)


async def known(session: AsyncSession, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what templates may say of contacts, by their ids; what is not known is left out."""
    rows = await core.fetch(session, _VALUES, {"ids": list(ids)})
    return {
        row[0]: {name: value for name, value in zip(VALUES, row[1:], strict=True) if value}
        for row in rows
    }


def written(
    one: Recipient,
    plan: Plan,
    values: Mapping[str, str],
    shape: Shape | None,
    way_out: str | None,
    wrapped: Callable[[Rendered], Rendered] = lambda said: said,
) -> Written | str:
    """Return what somebody is sent with these values, or why they are sent nothing."""
    if way_out:
        values = {**values, "unsubscribe_url": way_out}
    try:
        said = render(plan.template(one.variant), values, one.language)
    except MissingError as error:
        return f"missing: {', '.join(error.names)}"[:300]
    message, choices = shaped(one, wrapped(said), shape, way_out)
    if shape and shape.limit and shape.limit.length(message.text) > shape.limit.longest:
        return TOO_LONG
    return message, choices


def shaped(
    one: Recipient, said: Rendered, shape: Shape | None, way_out: str | None
) -> tuple[OutboundMessage, tuple[dict[str, Any], ...]]:
    """Return a message as its channel can show it, and its choices as the conversation keeps them."""
    features = shape.features if shape else frozenset()
    choices: tuple[dict[str, Any], ...] = tuple(
        # The same when it is written again, to tell the conversation what a process sent that died then.
        {"id": f"c{one.id}.{n}", "title": b.title, "payload": b.payload, "url": b.url}
        for n, b in enumerate(said.buttons, 1)
    )
    return OutboundMessage(
        id=f"fd-c{one.id}",
        conversation_id=one.conversation_id or "",
        channel=one.channel,
        account=one.account,
        thread=one.thread,
        recipient=one.address,
        # A picture goes as a link everywhere: nothing of it is kept with us.
        text=shown(said, features - {Feature.ATTACHMENTS}),
        choices=tuple(
            Choice(id=c["id"], title=c["title"], url=c["url"])
            for c in choices
            if (Feature.LINKS if c["url"] else Feature.BUTTONS) in features
        ),
        language=said.language,
        author=Author.CAMPAIGN,
        unsubscribe_url=way_out,
    ), choices


async def _run(session: AsyncSession, run_id: int) -> _Run:
    row = await session.get(CampaignRunRow, run_id)
    if row is None:
        raise LookupError(f"run {run_id} is gone")
    plan = plans.read(row.plan)
    return _Run(
        campaign_id=row.campaign_id,
        plan=plan,
        tracked=frozen(*(variant.template for variant in plan.variants)),
    )
