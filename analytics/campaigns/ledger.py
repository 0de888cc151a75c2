"""The right to send, row by row: a batch is claimed, each row is fenced just before its send, each end is recorded.

What is claimed has not been sent: a claim that runs out goes back to the queue. What is fenced may have been: without
a recorded end it is ``unknown``, is listed, and is never sent again by itself. So a process that dies leaves at most
one unknown row behind for each send that it had under way.
"""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns.guards import GUARDS, RATING_FRESH, Who, any_stops, moment
from desk.store import core
from desk.tables.base import table_of
from desk.tables.campaign import (
    REACHED,
    CampaignRecipientRow,
    CampaignRunRow,
    RecipientState,
    RunState,
)
from desk.tables.conversation import ConversationRow

STOPPED = "stopped"
"""The run does not go on, or the row is not in this hand any more: not a reason to end it."""
UNSURE = "restored"
"""The reason of whoever may have got their message before the database was restored."""
EVER = datetime(1970, 1, 1, tzinfo=UTC)
LEASE = timedelta(seconds=60)
"""For a batch in hand, and for a send; longer than any send may take."""

ONE = table_of(CampaignRecipientRow)
RUN = table_of(CampaignRunRow)
_TALK = table_of(ConversationRow)
ITS_RUN_GOES_ON = exists(
    select(RUN.c.id).where(RUN.c.id == ONE.c.run_id, RUN.c.state == RunState.RUNNING)
)


def is_state(state: RecipientState) -> ColumnElement[bool]:
    """Compare with a literal, as the partial indexes do; with a parameter SQLite would not use them."""
    return ONE.c.state == literal(state.value, String(), literal_execute=True)


_STATE: ColumnElement[Any] = func.coalesce(ONE.c.state, "")
"""For rows that are found by their key: PostgreSQL would take the index of who is in hand, full of who was."""
_HELD = or_(is_state(RecipientState.CLAIMED), is_state(RecipientState.SENDING))
_CLAIMED = and_(_HELD, ONE.c.token == bindparam("hand"), ONE.c.state == RecipientState.CLAIMED)
_IN_HAND = and_(ONE.c.id.in_(bindparam("ones", expanding=True)), ONE.c.token == bindparam("hand"))
_WHO = Who(
    contact_id=ONE.c.contact_id,
    channel=ONE.c.channel,
    account=ONE.c.account,
    address=ONE.c.address,
)
SELECTED = (
    ONE.c.id,
    ONE.c.run_id,
    ONE.c.contact_id,
    ONE.c.channel,
    ONE.c.account,
    ONE.c.thread,
    ONE.c.address,
    ONE.c.conversation_id,
    ONE.c.language,
    ONE.c.zone,
    ONE.c.variant,
    ONE.c.attempts,
    ONE.c.not_after,
)

_FENCE = (
    update(ONE)
    .where(
        _IN_HAND,
        _STATE == RecipientState.CLAIMED,
        ONE.c.not_after > moment("now"),
        ITS_RUN_GOES_ON,
        ~any_stops(_WHO),
    )
    .values(
        state=RecipientState.SENDING,
        attempts=ONE.c.attempts + 1,
        sent_at=moment("now"),
        lease_until=moment("until"),
    )
    .returning(ONE.c.id)
)
_SHARED = (
    select(_TALK.c.id)
    .where(_TALK.c.id.in_(bindparam("talks", expanding=True)))
    .order_by(_TALK.c.id)
    .with_for_update(read=True)
)
_TURNS = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('campaign ' || contact, 0))"
    " FROM (SELECT contact FROM unnest(CAST(:contacts AS text[])) AS contact ORDER BY contact) AS sorted"
)
_WHY_NOT = select(
    ONE.c.id,
    case(
        (~ITS_RUN_GOES_ON, STOPPED),
        (ONE.c.not_after <= moment("now"), "too_late"),
        *((guard.stops(_WHO), guard.name) for guard in GUARDS),
        else_=STOPPED,
    ),
).where(_IN_HAND, _STATE == RecipientState.CLAIMED)
_OURS = (
    select(ONE.c.id)
    .where(_IN_HAND, _STATE.in_(bindparam("from_states", expanding=True)))
    .with_for_update()
)
_END = update(ONE).where(ONE.c.id == bindparam("one"))
_SETTLE = _END.values(
    state=bindparam("to_state"),
    reason=bindparam("why"),
    external_id=bindparam("known_as"),
    token=None,
    lease_until=None,
)
_AGAIN = _END.values(
    state=RecipientState.QUEUED,
    reason=bindparam("why"),
    not_before=moment("again"),
    sent_at=None,
    token=None,
    lease_until=None,
)
_EXTEND = update(ONE).where(_CLAIMED).values(lease_until=moment("until"))
_DROP = (
    update(ONE).where(_CLAIMED).values(state=RecipientState.QUEUED, token=None, lease_until=None)
)
_LOST = (
    select(ONE.c.id)
    .where(
        _HELD,
        ONE.c.lease_until < moment("now"),
    )
    .limit(1)
)
_LOST_CLAIMS = (
    update(ONE)
    .where(is_state(RecipientState.CLAIMED), ONE.c.lease_until < moment("now"))
    .values(state=RecipientState.QUEUED, token=None, lease_until=None)
)
_LOST_LOCAL = (
    update(ONE)
    .where(
        is_state(RecipientState.SENDING),
        ONE.c.lease_until < moment("now"),
        ONE.c.channel.in_(bindparam("local", expanding=True)),
    )
    .values(
        state=case((ONE.c.told, RecipientState.SENT.value), else_=RecipientState.QUEUED.value),
        sent_at=case((ONE.c.told, ONE.c.sent_at), else_=None),
        token=None,
        lease_until=None,
    )
)
_LOST_SENDS = (
    update(ONE)
    .where(is_state(RecipientState.SENDING), ONE.c.lease_until < moment("now"))
    # With its token: a sender that was only slow may still tell how it ended.
    .values(state=RecipientState.UNKNOWN, lease_until=None)
)


_UNTOLD = (
    select(*SELECTED)
    .where(
        text("NOT told"),  # as the partial index says it
        ONE.c.sent_at.is_not(None),
        ONE.c.sent_at < moment("before"),
        ONE.c.state.in_(REACHED),
    )
    .order_by(ONE.c.id)
    .limit(bindparam("most"))
)


class Recipient(NamedTuple):
    """A row in hand."""

    id: int
    run_id: int
    contact_id: str
    channel: str
    account: str
    thread: str
    address: str
    conversation_id: str | None
    language: str
    zone: str
    variant: str
    attempts: int
    not_after: datetime


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the guards of a run want to know: its purpose, and how many messages a contact may get in how long."""

    purpose: str
    budget: int | None
    budget_span: timedelta

    def at(self, now: datetime) -> Mapping[str, Any]:
        """Return them as parameters."""
        return {
            "purpose": self.purpose,
            "budget": self.budget,
            "budget_after": now - self.budget_span,
            "rated_after": now - RATING_FRESH,
        }


@dataclass(frozen=True, kw_only=True)
class End:
    """How a send, or the decision not to send, ended; ``again`` is when to try once more."""

    state: RecipientState
    reason: str | None = None
    external_id: str | None = None
    again: datetime | None = None


async def fence(
    session: AsyncSession,
    several: Sequence[Recipient],
    hand: str,
    terms: Terms,
    now: datetime,
    *,
    lease: timedelta = LEASE,
) -> Mapping[int, str]:
    """Mark rows of one run as being sent where nothing is in the way at this moment; return the reasons of the others.

    ``stopped`` is one of the run (paused, cancelled) or of a hand that has lost the row: then it is not ours to end.
    """
    if terms.budget is not None and session.get_bind().dialect.name != "sqlite":
        # Another process may be about to send another campaign to the same people; only one of them sees the other's.
        await core.fetch(session, _TURNS, {"contacts": [one.contact_id for one in several]})
    if talks := [one.conversation_id for one in several if one.conversation_id]:
        # A take-over holds this lock; after it, it waits for what is being sent.
        await core.fetch(session, _SHARED, {"talks": talks})
    wanted = [one.id for one in several]
    where = {"hand": hand, "now": now, **terms.at(now)}
    fenced = await core.fetch(session, _FENCE, {**where, "ones": wanted, "until": now + lease})
    left = set(wanted) - {row[0] for row in fenced}
    if not left:
        return {}
    found = await core.fetch(session, _WHY_NOT, {**where, "ones": list(left)})
    return dict.fromkeys(left, STOPPED) | {row[0]: str(row[1]) for row in found}


async def settle(
    session: AsyncSession, ends: Mapping[int, End], hand: str, *, sending: bool
) -> Set[int]:
    """Record ends by the rows' ids; return those that were lost to others. ``sending``: they had been fenced."""
    if not ends:
        return set()
    states = [RecipientState.SENDING, RecipientState.UNKNOWN]
    before = states if sending else [RecipientState.CLAIMED]
    found = await core.fetch(
        session, _OURS, {"ones": list(ends), "hand": hand, "from_states": before}
    )
    ours = {row[0] for row in found}
    final = [_values(one, ends[one]) for one in ours if ends[one].again is None]
    again = [_values(one, ends[one]) for one in ours if ends[one].again is not None]
    if final:
        await core.run(session, _SETTLE, final)
    if again:
        await core.run(session, _AGAIN, again)
    return ends.keys() - ours


def _values(one: int, end: End) -> dict[str, Any]:
    values = {"one": one, "why": end.reason}
    if end.again is not None:
        return {**values, "again": end.again}
    return {**values, "to_state": end.state, "known_as": end.external_id}


async def untold(session: AsyncSession, before: datetime, *, most: int) -> Sequence[Recipient]:
    """Return to whom something was sent before a moment of which their conversation does not know."""
    rows = await core.fetch(session, _UNTOLD, {"before": before, "most": most})
    return [Recipient(*row) for row in rows]


async def extend(session: AsyncSession, hand: str, until: datetime) -> None:
    """Keep what a hand has not begun for longer: it is alive, and the batch takes its time."""
    await core.run(session, _EXTEND, {"hand": hand, "until": until})


async def drop(session: AsyncSession, hand: str) -> None:
    """Put back what a hand has not begun."""
    await core.run(session, _DROP, {"hand": hand})


async def any_lost(session: AsyncSession, now: datetime) -> bool:
    """Say whether somebody's time with a row has run out."""
    return await core.fetch_one(session, _LOST, {"now": now}) is not None


async def recover(
    session: AsyncSession, now: datetime, local: Collection[str] = ()
) -> tuple[int, int]:
    """Return what dead processes had in hand to the queue, and mark what they may have sent as unknown.

    Of ``local`` channels it is known: what the conversation was told was sent, and nothing else.
    """
    back = await core.run(session, _LOST_CLAIMS, {"now": now})
    if local:
        back += await core.run(session, _LOST_LOCAL, {"now": now, "local": list(local)})
    return back, await core.run(session, _LOST_SENDS, {"now": now})
