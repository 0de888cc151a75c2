"""Campaign messages go out at most once, to those to whom they may go at that very moment, and every end is a row."""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from analytics.campaigns import ledger, queue
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.ledger import Recipient
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import Pace, Rate, UnreachableError
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.message import OutboundMessage, Sent
from desk.outbox.repository import Lane
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RunState
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import Author, ConversationRow, MessageRow, Owner
from desk.tables.event import EventRow
from tests.campaigns.people import TERMS, Hello, campaign, contact, outcome, people, say
from tests.conftest import NOON

LANE = Lane("memory", "a")
type Build = Callable[..., Dispatcher]


@pytest.fixture
def build(database: Database, memory: MemoryChannel, clock: StoppedClock) -> Build:
    """Return what builds a dispatcher, as a process of its own would."""

    def made(composing: Hello | None = None, channel: MemoryChannel = memory) -> Dispatcher:
        return Dispatcher(
            database=database,
            channels={"memory": channel},
            states=ChannelStates(database, clock),
            composing=composing or Hello(database),
            clock=clock,
            batch=7,
        )

    return made


async def test_everybody_gets_one_message_and_their_conversation_knows(
    database: Database, memory: MemoryChannel, build: Build
) -> None:
    await people(database, 20)
    run = await campaign(database, 20)
    await build().drain()
    assert Counter(one.recipient for one in memory.sent) == {f"u{n}": 1 for n in range(20)}
    assert await outcome(database, run) == {"sent": 20}
    async with database.read() as session:
        said = (await session.scalars(select(MessageRow).order_by(MessageRow.id))).all()
        assert {one.text for one in said} == {f"Hello {contact(n)}" for n in range(20)}
        assert {(one.author, one.seq) for one in said} == {(Author.CAMPAIGN, 1)}
        talks = (await session.scalars(select(ConversationRow))).all()
        assert {(one.contact_id, one.thread, one.last_seq) for one in talks} == {
            (contact(n), f"t{n}", 1) for n in range(20)
        }
        names = await session.scalars(
            select(EventRow.name).where(EventRow.name == "campaign.sent")
        )
        assert len(names.all()) == 20


async def test_two_processes_share_the_work(database: Database, build: Build) -> None:
    await people(database, 60)
    run = await campaign(database, 60)
    channels = [MemoryChannel(), MemoryChannel()]
    await asyncio.gather(*(build(channel=channel).drain() for channel in channels))
    got = Counter(one.recipient for channel in channels for one in channel.sent)
    assert got == {f"u{n}": 1 for n in range(60)}
    assert await outcome(database, run) == {"sent": 60}


async def test_what_was_withdrawn_in_the_middle_is_obeyed(
    database: Database, memory: MemoryChannel, build: Build
) -> None:
    await people(database, 10)
    run = await campaign(database, 10)
    withdrawn: list[str] = []
    honest = memory.send

    async def send(message: OutboundMessage) -> Sent:
        # The batch is in hand already: whoever comes after this one withdraws.
        if not withdrawn:
            withdrawn.extend(contact(n) for n in range(3, 10) if f"u{n}" != message.recipient)
            for contact_id in withdrawn:
                await say(database, contact_id, granted=False, key="no more")
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await build().drain()
    assert len(withdrawn) == 7
    assert {one.recipient for one in memory.sent} == {"u0", "u1", "u2"}
    assert await outcome(database, run) == {"sent": 3, "skipped no_consent": 7}


async def test_nobody_is_written_to_while_a_person_talks_with_them(
    database: Database, memory: MemoryChannel, build: Build
) -> None:
    await people(database, 3)
    async with database.write() as session:
        for n, owner in enumerate((Owner.HUMAN, Owner.WAITING, Owner.CLOSED)):
            session.add(
                ConversationRow(
                    id=f"c{n}",
                    contact_id=contact(n),
                    channel="memory",
                    account="a",
                    thread=f"elsewhere{n}",
                    owner=owner,
                    created_at=NOON,
                    updated_at=NOON,
                )
            )
    run = await campaign(database, 3)
    await build().drain()
    assert await outcome(database, run) == {"sent": 1, "skipped with_a_person": 2}


async def test_the_budget_counts_all_campaigns(
    database: Database, clock: StoppedClock, build: Build
) -> None:
    await people(database, 4)
    terms = replace(TERMS, budget=2)
    for number, (count, sent) in enumerate(((4, 4), (2, 2), (4, 2)), 1):
        run = await campaign(database, count, name=f"Number {number}")
        await build(Hello(database, terms=terms)).drain()
        over = {"skipped over_budget": count - sent} if count > sent else {}
        assert await outcome(database, run) == {"sent": sent} | over
    clock.advance(timedelta(days=8))
    run = await campaign(database, 4, name="A week later", not_after=clock() + timedelta(days=1))
    await build(Hello(database, terms=terms)).drain()
    assert await outcome(database, run) == {"sent": 4}


async def test_the_budget_holds_between_processes(database: Database, clock: StoppedClock) -> None:
    """Two campaigns want the same one at the same moment, and each is sent by another process."""
    await people(database, 1)
    terms, now = replace(TERMS, budget=1), clock()
    runs = [await campaign(database, 1, name=name) for name in ("One", "Two")]
    hands = []
    for _ in runs:
        async with database.write() as session:
            hands.append(await queue.claim(session, LANE, most=1, now=now))

    async def begin(token: str, batch: Sequence[Recipient]) -> Mapping[int, str]:
        async with database.write() as session:
            return await ledger.fence(session, batch, token, terms, now)

    async with database.write() as session:
        token, batch = hands[0]
        assert await ledger.fence(session, batch, token, terms, now) == {}
        other = asyncio.create_task(begin(*hands[1]))
        done, _ = await asyncio.wait({other}, timeout=0.3)
        assert not done, "it has to wait for what the first one decides"
    assert list((await other).values()) == ["over_budget"]


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (RejectedError("too long"), "failed RejectedError: too long"),
        (UnreachableError("blocked"), "failed UnreachableError: blocked"),
        (TimeoutError(), "unknown TimeoutError:"),
        (ConnectionResetError("reset"), "unknown ConnectionResetError: reset"),
    ],
)
async def test_an_end_is_one_recipient_s_own(
    database: Database, memory: MemoryChannel, build: Build, error: Exception, state: str
) -> None:
    await people(database, 3)
    run = await campaign(database, 3)
    memory.fail_with = [error]
    await build().drain()
    ends = {name.strip(): count for name, count in (await outcome(database, run)).items()}
    assert ends == {"sent": 2, state: 1}
    await build().drain()
    assert len(memory.sent) == 2
    async with database.read() as session:
        lost = await session.scalars(
            select(ContactIdentityRow.contact_id).where(
                ContactIdentityRow.unreachable_at.is_not(None)
            )
        )
        assert len(lost.all()) == isinstance(error, UnreachableError)


async def test_a_platform_that_asks_to_wait_is_waited_for(
    database: Database, memory: MemoryChannel, clock: StoppedClock, build: Build
) -> None:
    await people(database, 3)
    run = await campaign(database, 3)
    memory.fail_with = [RetryableError("slow down", retry_in=timedelta(minutes=5))]
    await build().drain()
    assert memory.sent == []
    states = await outcome(database, run)
    assert states.pop("queued RetryableError: slow down") == 1
    assert states == {"queued": 2}
    clock.advance(timedelta(minutes=4))
    await build().drain()
    assert memory.sent == []
    clock.advance(timedelta(minutes=2))
    await build().drain()
    assert len(memory.sent) == 3


async def test_a_run_that_is_paused_in_the_middle_stops_there_and_goes_on(
    database: Database, memory: MemoryChannel, build: Build
) -> None:
    await people(database, 10)
    run = await campaign(database, 10)
    honest = memory.send

    async def send(message: OutboundMessage) -> Sent:
        if len(memory.sent) == 3:
            await _turn(database, run, RunState.PAUSED)
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await build().drain()
    assert await outcome(database, run) == {"sent": 4, "queued": 6}
    await _turn(database, run, RunState.RUNNING)
    memory.send = honest  # type: ignore[method-assign]
    await build().drain()
    assert await outcome(database, run) == {"sent": 10}
    assert len({one.recipient for one in memory.sent}) == len(memory.sent) == 10


async def _turn(database: Database, run: int, state: RunState) -> None:
    async with database.write() as session:
        await session.execute(
            update(CampaignRunRow).where(CampaignRunRow.id == run).values(state=state)
        )


async def test_what_a_dead_process_held_is_free_again_and_what_it_was_sending_is_unknown(
    database: Database, memory: MemoryChannel, clock: StoppedClock, build: Build
) -> None:
    await people(database, 10)
    run = await campaign(database, 10)
    async with database.write() as session:
        token, batch = await queue.claim(session, LANE, most=4, now=clock())
        assert await ledger.fence(session, batch[:1], token, TERMS, clock()) == {}
    await build().drain()
    assert await outcome(database, run) == {"sent": 6, "claimed": 3, "sending": 1}
    clock.advance(ledger.LEASE + timedelta(seconds=1))
    await build().drain()
    assert await outcome(database, run) == {"sent": 9, "unknown": 1}
    assert batch[0].address not in {one.recipient for one in memory.sent}
    # The one who was thought dead comes back: the row is not theirs any more.
    async with database.write() as session:
        assert await ledger.fence(session, batch[1:2], token, TERMS, clock()) == {
            batch[1].id: ledger.STOPPED
        }


async def test_too_late_is_too_late(
    database: Database, memory: MemoryChannel, clock: StoppedClock, build: Build
) -> None:
    await people(database, 3)
    run = await campaign(database, 3, not_after=NOON + timedelta(hours=4))
    clock.advance(timedelta(hours=4, seconds=1))
    await build().drain()
    assert memory.sent == []
    assert await outcome(database, run) == {"skipped too_late": 3}


async def test_who_sleeps_is_written_to_later(
    database: Database, memory: MemoryChannel, clock: StoppedClock, build: Build
) -> None:
    await people(database, 2)
    run = await campaign(database, 2)
    await build(Hello(database, quiet_until=NOON + timedelta(hours=3))).drain()
    assert await outcome(database, run) == {"queued": 2}
    clock.advance(timedelta(hours=3))
    await build().drain()
    assert await outcome(database, run) == {"sent": 2}


async def test_a_reply_that_waits_comes_first(
    database: Database, clock: StoppedClock, build: Build
) -> None:
    """The lane has room for two in this hour, and one is what a reply waits for."""
    channel = MemoryChannel(pace=Pace(account=(Rate(2, timedelta(hours=1)),)))
    await people(database, 3)
    run = await campaign(database, 3)
    await build(channel=channel).drain()
    assert len(channel.sent) == 2
    assert await outcome(database, run) == {"sent": 2, "queued": 1}
    async with database.read() as session:
        later = await session.scalar(
            select(CampaignRecipientRow.not_before).where(CampaignRecipientRow.state == "queued")
        )
    assert later == NOON + timedelta(hours=1)


async def test_a_take_over_waits_for_what_is_being_sent(
    desk: Desk, database: Database, memory: MemoryChannel, build: Build
) -> None:
    """When it is confirmed nothing comes any more: not from a campaign either."""
    await people(database, 1)
    talk = ConversationRow(
        id="c0",
        contact_id=contact(0),
        channel="memory",
        account="a",
        thread="t0",
        created_at=NOON,
        updated_at=NOON,
    )
    async with database.write() as session:
        session.add(talk)
    run = await campaign(database, 1)
    async with database.write() as session:
        await session.execute(update(CampaignRecipientRow).values(conversation_id="c0"))
    honest = memory.send
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def send(message: OutboundMessage) -> Sent:
        begun.set()
        await may_end.wait()
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    sending = asyncio.create_task(build().drain())
    await begun.wait()
    taking = asyncio.create_task(desk.handoff.take_over("c0", agent="Mo"))
    done, _ = await asyncio.wait({taking}, timeout=0.3)
    assert not done
    may_end.set()
    await taking
    await sending
    assert await outcome(database, run) == {"sent": 1}
    again = await campaign(database, 1, name="Again")
    await build().drain()
    assert await outcome(database, again) == {"skipped with_a_person": 1}
