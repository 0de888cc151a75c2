"""A campaign before it is launched: how real contacts would be written to, who would be, and what to look at.

The same code writes here and when it is sent; only links stay as they are, and the way out leads nobody out.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import audience, ranking
from analytics.campaigns.composing import VALUES, known, written
from analytics.campaigns.guards import SERVICE
from analytics.campaigns.ledger import Recipient
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.lint import Finding, Launch, Severity, lint
from analytics.campaigns.plan import Plan
from analytics.campaigns.ranking import Ranking
from analytics.campaigns.ranking_rows import leave_out
from analytics.campaigns.template import variables
from analytics.campaigns.trying_counts import Counts, gets
from desk.clock import Clock
from desk.commerce.proof import normalise_email
from desk.contacts import repository
from desk.contacts.suppressing import MAIL
from desk.contacts.unsubscribe_links import Recipient as Subscriber
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.message import OutboundMessage
from desk.outbox.shape import Shape
from desk.store.database import Database
from desk.tables.campaign import RecipientState
from desk.tables.contact import ContactIdentityRow, ContactRow

LETTERS = frozenset({MAIL})
"""Channels whose messages have a subject, and a way out beside the text."""
NOBODY = Subscriber(contact_id="0" * 32, channel=MAIL)
"""Whose way out a preview shows: a link that looks like all others and concerns nobody."""
_LOOKED_AT = 400
_EACH = 2


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A variant as a contact would get it. ``message`` is None when it cannot be written, and ``why`` says why not.

    ``reason`` says why this contact would get nothing now, whatever it says.
    """

    contact_id: str
    name: str
    channel: str
    language: str
    variant: str
    message: OutboundMessage | None
    why: str
    reason: str | None
    length: int
    longest: int | None


@dataclass(frozen=True, kw_only=True)
class Noted:
    """Something to look at in a variant's message of a step, and over which channels."""

    variant: str
    step: int
    finding: Finding
    channels: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Check:
    """What was found before a launch. ``funnel`` counts people by what would become of them now.

    ``lacking`` is how many of those who would get it have no value for a variable without a fallback, so that they
    get nothing.
    """

    funnel: Mapping[str, int]
    lacking: Mapping[str, int]
    languages: Mapping[str, int]
    noted: tuple[Noted, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something is so wrong that it should not go out."""
        return any(one.finding.severity is Severity.ERROR for one in self.noted)


class Trying:
    """Looks at plans; nothing is written down or sent."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        channels: Mapping[str, Shape],
        ways_out: UnsubscribeLinks,
        links: TrackedLinks,
        ranking: Ranking | None = None,
    ) -> None:
        self.channels = channels
        self._database = database
        self._clock = clock
        self._ranking = ranking
        self._way_out = ways_out.url(NOBODY)
        self._tracked_length = len(links.url(0, 0)) if links.can_be_followed else None

    async def samples(self, plan: Plan, *, contact_id: str | None = None) -> tuple[Sample, ...]:
        """Return each variant as some contacts of the segment would get it, per channel; or as one contact would."""
        found: list[Sample] = []
        async with self._database.read() as session:
            persons = (
                [f"p:{contact_id}"]
                if contact_id
                else await audience.page(session, plan.segment_id, after="", most=_LOOKED_AT)
            )
            for channel in plan.channels:
                alone = plan.model_copy(update={"channels": (channel,)})
                rows = await self._rows(session, alone, persons)
                chosen = _chosen(rows) if contact_id is None else rows
                values = await known(session, [row["contact_id"] for row in chosen])
                found += [
                    self._sample(row, variant.name, plan, values.get(row["contact_id"], {}))
                    for variant in plan.variants
                    for row in chosen
                    if row["channel"]
                ]
        return tuple(found)

    async def check(self, plan: Plan) -> Check:
        """Look at everybody of the segment, and at the texts; takes seconds for a hundred thousand people."""
        counts = Counts(plan, self._way_out)
        async for rows, values in self._everybody(plan):
            counts.add(rows, values)
        return Check(
            funnel=dict(counts.funnel),
            lacking=dict(counts.lacking),
            languages=dict(counts.languages),
            noted=self.noted(plan, counts),
        )

    def noted(self, plan: Plan, counts: Counts | None = None) -> tuple[Noted, ...]:
        """Return what is to be looked at in the texts, the worst first."""
        over: dict[str, tuple[str, int, Finding, list[str]]] = {}
        for channel in plan.channels:
            launch = self._launch(plan, channel, counts)
            for variant in plan.variants:
                for step, said in enumerate((variant.template, *variant.then), 1):
                    for finding in lint(said, launch):
                        key = f"{variant.name} {step} {finding!r}"
                        over.setdefault(key, (variant.name, step, finding, []))[3].append(channel)
        order = list(Severity)
        return tuple(
            Noted(variant=variant, step=step, finding=finding, channels=tuple(channels))
            for variant, step, finding, channels in sorted(
                over.values(), key=lambda one: order.index(one[2].severity)
            )
        )

    async def person(self, text: str) -> str | None:
        """Return the contact whom somebody means by an id, a handle or an e-mail address; None when nobody is."""
        text = text.strip()
        async with self._database.read() as session:
            if await session.get(ContactRow, text):
                return text
            by_handle = await session.scalar(
                select(ContactIdentityRow.contact_id)
                .where(ContactIdentityRow.external_id == text)
                .order_by(ContactIdentityRow.id)
                .limit(1)
            )
            found = await repository.by_email(session, {normalise_email(text) or text})
            return by_handle or next((contact.id for _, contact in found), None)

    def _launch(self, plan: Plan, channel: str, counts: Counts | None) -> Launch:
        names = {"unsubscribe_url"} if self._way_out else set()
        return Launch(
            shape=self.channels.get(channel) or _Unknown(),
            known=names | (set(counts.longest) if counts and counts.longest else set(VALUES)),
            longest=counts.longest if counts else {},
            languages=counts.languages if counts else {},
            tracked_length=self._tracked_length,
            has_subject=channel in LETTERS,
            one_click=channel in LETTERS and self._way_out is not None,
            advertising=plan.purpose != SERVICE,
        )

    async def _everybody(
        self, plan: Plan
    ) -> AsyncIterator[tuple[Sequence[Mapping[str, Any]], Mapping[str, Mapping[str, str]]]]:
        """Give everybody of the segment, page by page, with what is known of those who would be written to."""
        named = any(variables(said) for one in plan.variants for said in (one.template, *one.then))
        now = self._clock()
        chosen = await ranking.chosen(
            self._database, self._ranking, audience.tried(plan, now), now
        )
        after = ""
        while True:
            async with self._database.read() as session:
                persons = await audience.page(session, plan.segment_id, after=after)
                if not persons:
                    return
                rows = await self._rows(session, plan, persons)
                if chosen is not None:
                    leave_out(persons, rows, chosen)
                getting = [row["contact_id"] for row in rows if gets(row)]
                values = await known(session, getting) if named and getting else {}
            yield rows, values
            after = persons[-1]

    async def _rows(
        self, session: AsyncSession, plan: Plan, persons: Sequence[str]
    ) -> list[dict[str, Any]]:
        now = self._clock()
        return await audience.rows(session, audience.tried(plan, now), persons, now)

    def _sample(
        self, row: Mapping[str, Any], variant: str, plan: Plan, values: Mapping[str, str]
    ) -> Sample:
        shape = self.channels.get(row["channel"])
        made = written(recipient(row, variant), plan, values, shape, self._way_out)
        message = None if isinstance(made, str) else made[0]
        limit = shape.limit if shape else None
        length = limit.length if limit else len
        return Sample(
            contact_id=row["contact_id"],
            name=values.get("name") or row["address"],
            channel=row["channel"],
            language=plan.template(variant).language_for(row["language"]),
            variant=variant,
            message=message,
            why=made if isinstance(made, str) else "",
            reason=row["reason"],
            length=length(message.text) if message else 0,
            longest=limit.longest if limit else None,
        )


class _Unknown:
    """A channel that is not set up: nobody knows what it shows."""

    features = frozenset[Any]()
    limit = None


def recipient(row: Mapping[str, Any], variant: str, *, number: int = 0) -> Recipient:
    """Return a row of an audience as who is written to."""
    names = ("contact_id", "channel", "account", "thread", "address", "conversation_id")
    return Recipient(
        id=number,
        run_id=0,
        **{name: row[name] for name in names},
        language=row["language"],
        zone=row["zone"],
        variant=variant,
        attempts=0,
        not_after=row["not_after"],
    )


def _chosen(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return some who would get it, of different languages if there are such."""
    getting = [row for row in rows if gets(row)] or [
        row for row in rows if row["state"] is RecipientState.HOLDOUT
    ]
    by_language = {row["language"]: row for row in reversed(getting)}
    first = list(by_language.values())[::-1]
    return [*first, *(row for row in getting if row not in first)][:_EACH]
