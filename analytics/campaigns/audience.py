"""Who gets a run: everybody of its segment gets one row, also who is left out, with the reason. Nothing is guessed.

A page at a time, each in a transaction of its own with the place where it ended, so that planning goes on after a
crash and nobody is written down twice.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from hashlib import sha256
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, func, or_, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import NullType

from analytics.campaigns import addresses, ranking_rows
from analytics.campaigns.aims import in_rest
from analytics.campaigns.country_zones import zone_of_country
from analytics.campaigns.guards import Who, why_not
from analytics.campaigns.occurrences import Occurrence, due_at, next_open
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import next_allowed
from desk.contacts.suppressing import Suppressions
from desk.store import bulk, core
from desk.tables.base import table_of
from desk.tables.behaviour import DemographicsRow
from desk.tables.campaign import CampaignRecipientRow, RecipientState
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.segment import BELONGS, SegmentMemberRow

PAGE = 2_000
NO_CHANNEL = "no_channel"
"""There is no handle of theirs on any channel of the campaign."""
NO_CONTACT = "no_contact"
"""A customer whom we know from orders alone."""
_ID = 32

_MEMBER = table_of(SegmentMemberRow)
_CONTACT = table_of(ContactRow)
_HANDLE = table_of(ContactIdentityRow)
_TALK = table_of(ConversationRow)
_AS_CONTACT = table_of(DemographicsRow).alias("as_contact")
_AS_CUSTOMER = table_of(DemographicsRow).alias("as_customer")
_PAGE = (
    select(_MEMBER.c.person_id)
    .where(
        _MEMBER.c.segment_id == bindparam("segment"),
        _MEMBER.c.person_id > bindparam("after"),
        BELONGS,
    )
    .order_by(_MEMBER.c.person_id)
    .limit(bindparam("most"))
)
_REASON = why_not(
    Who(
        contact_id=_CONTACT.c.id,
        channel=_HANDLE.c.channel,
        account=_HANDLE.c.account,
        address=_HANDLE.c.external_id,
    )
)
_HANDLES = (
    select(
        _CONTACT.c.id,
        _CONTACT.c.customer_id,
        _CONTACT.c.language,
        _HANDLE.c.channel,
        _HANDLE.c.account,
        _HANDLE.c.external_id,
        _TALK.c.id,
        _TALK.c.thread,
        # As the database keeps it: it is only compared, and reading a million times takes its time.
        type_coerce(func.coalesce(_TALK.c.updated_at, _HANDLE.c.created_at), NullType()),
        func.coalesce(_AS_CUSTOMER.c.country, _AS_CONTACT.c.country),
        _REASON,
    )
    .select_from(_CONTACT)
    .outerjoin(_AS_CONTACT, _AS_CONTACT.c.contact_id == _CONTACT.c.id)
    .outerjoin(_AS_CUSTOMER, _AS_CUSTOMER.c.customer_id == _CONTACT.c.customer_id)
    .outerjoin(
        _HANDLE,
        and_(
            _HANDLE.c.contact_id == _CONTACT.c.id,
            _HANDLE.c.channel.in_(bindparam("channels", expanding=True)),
        ),
    )
    .outerjoin(
        _TALK,
        and_(
            _TALK.c.contact_id == _CONTACT.c.id,
            _TALK.c.channel == _HANDLE.c.channel,
            _TALK.c.account == _HANDLE.c.account,
            func.coalesce(_TALK.c.handle, _TALK.c.thread) == _HANDLE.c.external_id,
        ),
    )
    .where(
        _CONTACT.c.merged_into.is_(None),
        or_(
            _CONTACT.c.id.in_(bindparam("contacts", expanding=True)),
            _CONTACT.c.customer_id.in_(bindparam("customers", expanding=True)),
        ),
    )
)


class Handle(NamedTuple):
    """A way to reach somebody, when they last came that way, and why it may not be used now."""

    contact_id: str
    customer_id: str | None
    language: str | None
    channel: str | None
    account: str | None
    address: str | None
    conversation_id: str | None
    thread: str | None
    last_at: Any
    country: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A run that is planned: whose, what, when."""

    run_id: int
    campaign_id: int
    plan: Plan
    occurrence: Occurrence


async def page(
    session: AsyncSession, segment_id: int, *, after: str, most: int = PAGE
) -> list[str]:
    """Return the next members of a segment by their ids."""
    where = {"segment": segment_id, "after": after, "most": most}
    return [row[0] for row in await core.fetch(session, _PAGE, where)]


async def size(session: AsyncSession, segment_id: int) -> int:
    """Return how many belong to a segment now: each of them gets a row."""
    where = select(func.count()).where(_MEMBER.c.segment_id == segment_id, BELONGS)
    return await session.scalar(where) or 0


def tried(plan: Plan, now: datetime) -> Whole:
    """Return a run that does not take place, to see who would get it, be it as the test or as the rest."""
    first = next_open(plan.schedule, now) or Occurrence(key="tried", at=now)
    whole = plan.model_copy(update={"winner": None})
    return Whole(run_id=0, campaign_id=0, plan=whole, occurrence=first)


async def write(
    session: AsyncSession,
    whole: Whole,
    persons: Sequence[str],
    now: datetime,
    suppressions: Suppressions,
) -> int:
    """Write down the rows of some persons; return how many there are."""
    made = _rows(whole, persons, await _known(session, whole.plan, persons, now, suppressions))
    if whole.plan.rank is not None:
        await ranking_rows.narrow(session, whole.run_id, persons, made)
    await bulk.add_missing(session, CampaignRecipientRow, made)
    return len(made)


async def reached(
    session: AsyncSession,
    plan: Plan,
    persons: Sequence[str],
    now: datetime,
    suppressions: Suppressions,
) -> Mapping[str, Handle | None]:
    """Return how each of some persons is written to now, if there is a way."""
    found = await _known(session, plan, persons, now, suppressions)
    return {person: _best(found.get(person, ()), plan.channels) for person in persons}


async def _known(
    session: AsyncSession,
    plan: Plan,
    persons: Sequence[str],
    now: datetime,
    suppressions: Suppressions,
) -> Mapping[str, list[Handle]]:
    found = await _handles(session, plan, persons, now)
    known = [
        (one.contact_id, one.channel, one.address or "")
        for handles in found.values()
        for one in handles
        if one.channel
    ]
    # Who was erased, or is here twice, has said stop by the same address.
    if await suppressions.adopt_in(session, known):
        found = await _handles(session, plan, persons, now)
    return found


async def rows(
    session: AsyncSession, whole: Whole, persons: Sequence[str], now: datetime
) -> list[dict[str, Any]]:
    """Return what would be written down of some persons, one row for each."""
    return _rows(whole, persons, await _handles(session, whole.plan, persons, now))


def _rows(
    whole: Whole, persons: Sequence[str], found: Mapping[str, Sequence[Handle]]
) -> list[dict[str, Any]]:
    chosen = {person: _best(found.get(person, ()), whole.plan.channels) for person in persons}
    names = [one.contact_id if one else person for person, one in chosen.items()]
    split = whole.plan.split(whole.campaign_id)
    arms, winner = split.all(names), whole.plan.winner
    rest = in_rest(split.salt, names, winner.share) if winner else [False] * len(names)
    due_in = cache(partial(_due, whole))  # a page has few zones
    return [
        row_of(whole, name, one, arm, due_in(zone_of_handle(one, whole.plan)), waits=waits)
        for name, one, arm, waits in zip(names, chosen.values(), arms, rest, strict=True)
    ]


async def _handles(
    session: AsyncSession, plan: Plan, persons: Sequence[str], now: datetime
) -> Mapping[str, list[Handle]]:
    """Return the handles of persons: of a customer those of all contacts who are that customer."""
    ids = {
        kind: [person[2:] for person in persons if person.startswith(kind)]
        for kind in ("c:", "p:")
    }
    where = {"contacts": ids["p:"], "customers": ids["c:"], "channels": list(plan.channels)}
    where |= plan.terms.at(now)
    handles = [
        *await core.fetch(session, _HANDLES, where),
        *await addresses.first_handles(session, plan.channels, where),
    ]
    customers, contacts = set(ids["c:"]), set(ids["p:"])
    found: defaultdict[str, list[Handle]] = defaultdict(list)
    for row in handles:
        one = Handle._make(row)
        if one.customer_id in customers:
            found[f"c:{one.customer_id}"].append(one)
        elif one.contact_id in contacts:
            found[f"p:{one.contact_id}"].append(one)
    return found


def _best(handles: Iterable[Handle], channels: Sequence[str]) -> Handle | None:
    """Return how somebody is reached: where they may be, on the first channel, where they talked last."""
    some = list(handles)
    if len(some) < 2:
        return some[0] if some else None
    some.sort(key=lambda one: one.contact_id)
    some.sort(key=lambda one: (one.last_at is not None, one.last_at), reverse=True)
    order = {channel: place for place, channel in enumerate(channels)}

    def rank(one: Handle) -> tuple[bool, bool, int]:
        place = order.get(one.channel or "", len(order))
        return one.channel is None, one.reason is not None, place

    return min(some, key=rank)  # of equals the first, who came last


def zone_of_handle(one: Handle | None, plan: Plan) -> ZoneInfo:
    """Return where somebody's clocks hang, as far as their country tells."""
    guess = zone_of_country(one.country) if one and one.country else None
    return guess.zone if guess else plan.zone


def _due(whole: Whole, zone: ZoneInfo) -> datetime:
    due = due_at(whole.plan.schedule, whole.occurrence, zone)
    # What falls into the night is due in the morning, and late only after that.
    return next_allowed(due, zone, whole.plan.quiet) if whole.plan.quiet else due


def row_of(
    whole: Whole,
    name: str,
    one: Handle | None,
    arm: str | None,
    due: datetime,
    *,
    waits: bool = False,
) -> dict[str, Any]:
    """Return somebody's row: by the contact's id, or by who they are where there is no contact."""
    reason = NO_CONTACT if one is None else NO_CHANNEL if one.channel is None else one.reason
    zone = zone_of_handle(one, whole.plan)
    state = RecipientState.QUEUED
    if reason is not None:
        state = RecipientState.SKIPPED
    elif arm is None:
        state = RecipientState.HOLDOUT
    elif waits:
        state, arm = RecipientState.HELD, None
    address = (one.address if one else None) or ""
    return {
        "run_id": whole.run_id,
        "contact_id": name if len(name) <= _ID else sha256(name.encode()).hexdigest()[:_ID],
        "channel": (one.channel if one else None) or "",
        "account": (one.account if one else None) or "",
        "thread": (one.thread if one else None) or address,
        "address": address,
        "conversation_id": one.conversation_id if one else None,
        "language": (one.language if one else None) or "",
        "zone": zone.key,
        "variant": arm or "",
        "state": state,
        "reason": reason,
        "due_at": None if reason else due,
        "rest": state is RecipientState.HELD,
        "not_before": due,
        "not_after": due + whole.plan.late,
        "attempts": 0,
        "told": False,
    }
