"""What was sent becomes part of conversations and of the event log: in batches, once each, also after a crash."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from analytics.campaigns import addresses
from analytics.campaigns.hand import Ready
from desk import events
from desk.clock import Clock
from desk.events import Event
from desk.ids import new_id
from desk.store import bulk, core
from desk.store.database import Database
from desk.tables.base import table_of
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow
from desk.tables.conversation import Author, ConversationRow, Direction, MessageRow, Owner

_ONE = table_of(CampaignRecipientRow)
_RUN = table_of(CampaignRunRow)
_TALK = table_of(ConversationRow)
_THREAD = (_TALK.c.channel, _TALK.c.account, _TALK.c.thread)
_UNTOLD = (
    select(
        _ONE.c.id,
        _ONE.c.run_id,
        _ONE.c.contact_id,
        _ONE.c.channel,
        _ONE.c.account,
        _ONE.c.thread,
        _ONE.c.address,
        _ONE.c.language,
        _ONE.c.variant,
        _ONE.c.state,
        _ONE.c.sent_at,
        _RUN.c.campaign_id,
    )
    .join(_RUN, _RUN.c.id == _ONE.c.run_id)
    .where(_ONE.c.id.in_(bindparam("ids", expanding=True)), ~_ONE.c.told)
    .order_by(_ONE.c.id)
    .with_for_update(of=_ONE, skip_locked=True)
)
_TALKS = (
    select(_TALK.c.id, *_THREAD, _TALK.c.last_seq)
    .where(tuple_(*_THREAD).in_(bindparam("threads", expanding=True)))
    .order_by(_TALK.c.id)
    .with_for_update()
)
_NEXT = (
    update(_TALK)
    .where(_TALK.c.id.in_(bindparam("ids", expanding=True)))
    .values(last_seq=_TALK.c.last_seq + bindparam("more"))
)
_ADD = insert(table_of(MessageRow))
_TOLD = (
    update(_ONE)
    .where(_ONE.c.id == bindparam("one"))
    .values(told=True, conversation_id=bindparam("talk"))
)


type _Thread = tuple[str, str, str]


class _Sent(NamedTuple):
    """A recipient of whom the conversation does not know yet."""

    id: int
    run_id: int
    contact_id: str
    channel: str
    account: str
    thread: str
    address: str
    language: str
    variant: str
    state: str
    sent_at: Any
    campaign_id: int


class Teller:
    """Writes down what was sent where agents, customers and reports look."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def tell(self, sent: Mapping[int, Ready]) -> int:
        """Add messages to their conversations, by the recipients' ids; return how many were new there."""
        if not sent:
            return 0
        async with self._database.write() as session:
            rows = await core.fetch(session, _UNTOLD, {"ids": list(sent)})
            untold = [_Sent(*row) for row in rows]
            if untold:
                await self._add(session, untold, sent)
        return len(untold)

    async def _add(
        self, session: AsyncSession, untold: Sequence[_Sent], sent: Mapping[int, Ready]
    ) -> None:
        # Two campaigns may have written to somebody in one batch.
        more = Counter(_thread(one) for one in untold)
        talks = await self._talks(session, untold, more)
        places = []
        for one in untold:
            talk, last = talks[_thread(one)]
            talks[_thread(one)] = (talk, last + 1)
            places.append((talk, last + 1))
        await core.run(
            session,
            _ADD,
            [
                _message(one, talk, seq, sent[one.id])
                for one, (talk, seq) in zip(untold, places, strict=True)
            ],
        )
        told = [
            {"one": one.id, "talk": talk} for one, (talk, _) in zip(untold, places, strict=True)
        ]
        await core.run(session, _TOLD, told)
        events.append(
            session,
            *(_event(one, talk) for one, (talk, _) in zip(untold, places, strict=True)),
        )

    async def _talks(
        self, session: AsyncSession, untold: Sequence[_Sent], more: Mapping[_Thread, int]
    ) -> dict[_Thread, tuple[str, int]]:
        """Return the conversations and their last places by thread, with room after them for ``more`` messages.

        Who never wrote gets one.
        """
        found = await self._found(session, more)
        missing = {_thread(one): one for one in untold if _thread(one) not in found}
        new: dict[_Thread, tuple[str, int]] = {}
        if missing:
            now = self._clock()
            await addresses.keep(session, missing.values(), now)
            made = {
                thread: _conversation(one, more[thread], now) for thread, one in missing.items()
            }
            await bulk.add_missing(session, ConversationRow, list(made.values()))
            kept = await bulk.known(
                session, ConversationRow, "id", [row["id"] for row in made.values()]
            )
            new = {thread: (row["id"], 0) for thread, row in made.items() if row["id"] in kept}
            # Somebody wrote at this very moment.
            found |= await self._found(session, missing.keys() - new.keys())
        for count in {more[thread] for thread in found}:
            ids = [talk for thread, (talk, _) in found.items() if more[thread] == count]
            await core.run(session, _NEXT, {"ids": ids, "more": count})
        return found | new

    async def _found(
        self, session: AsyncSession, threads: Collection[_Thread]
    ) -> dict[_Thread, tuple[str, int]]:
        """Return those conversations that there are, locked."""
        if not threads:
            return {}
        rows = await core.fetch(session, _TALKS, {"threads": list(threads)})
        return {(row[1], row[2], row[3]): (row[0], row[4]) for row in rows}


def _thread(one: _Sent) -> _Thread:
    return (one.channel, one.account, one.thread)


def _conversation(one: _Sent, messages: int, now: Any) -> dict[str, Any]:
    return {
        "id": new_id(),
        "contact_id": one.contact_id,
        "channel": one.channel,
        "account": one.account,
        "thread": one.thread,
        "handle": one.address,
        "owner": Owner.BOT,
        "epoch": 0,
        "resolution": 0,
        "last_seq": messages,
        "tier": 0,
        "language": one.language,
        "created_at": now,
        "updated_at": now,
    }


def _message(one: _Sent, talk: str, seq: int, ready: Ready) -> dict[str, Any]:
    return {
        "conversation_id": talk,
        "seq": seq,
        "direction": Direction.OUTBOUND,
        "author": Author.CAMPAIGN,
        "text": ready.message.text,
        "choices": [dict(one) for one in ready.choices],
        "created_at": one.sent_at,
    }


def _event(one: _Sent, talk: str) -> Event:
    return Event(
        name="campaign.sent",
        occurred_at=one.sent_at,
        contact_id=one.contact_id,
        conversation_id=talk,
        data={
            "campaign_id": one.campaign_id,
            "run_id": one.run_id,
            "recipient_id": one.id,
            "variant": one.variant,
            "channel": one.channel,
        },
    )
