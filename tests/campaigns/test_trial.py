"""A copy for oneself: marked, over the real channel, to nobody who said stop, in the record, counted nowhere."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from analytics.campaigns import trial
from analytics.campaigns.model import Campaign
from analytics.campaigns.service import Campaigns
from analytics.campaigns.trial import Trials
from analytics.campaigns.trial_model import Myself, NotTestedError, Wish
from channels.memory.adapter import MemoryChannel
from desk.channel import Channel, Feature, Pace, Rate
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions, Word
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.errors import RejectedError, RetryableError
from desk.store.database import Database
from desk.tables.access import AuditRow
from desk.tables.campaign import CampaignRecipientRow
from desk.tables.contact import ContactIdentityRow
from desk.tables.event import EventRow
from desk.tables.suppression import SuppressionReason
from tests.campaigns.compose import tea_drinkers
from tests.campaigns.people import contact
from tests.campaigns.test_trying import HERE, planned
from tests.conftest import NOON, SECRET

MO = Myself(name="Mo", email="mo@example.com")


@pytest.fixture
def letters() -> MemoryChannel:
    """Return a channel that carries e-mail."""
    return MemoryChannel("email")


@pytest.fixture
def stopped(database: Database, clock: StoppedClock) -> Suppressions:
    """Return who has said stop."""
    return Suppressions(database, clock, SECRET)


@pytest.fixture
def trials(
    database: Database,
    memory: MemoryChannel,
    letters: MemoryChannel,
    stopped: Suppressions,
    clock: StoppedClock,
) -> Trials:
    """Return what sends tests over two channels."""
    return _trials(database, stopped, clock, memory, letters)


def _trials(
    database: Database, stopped: Suppressions, clock: StoppedClock, *channels: Channel
) -> Trials:
    return Trials(
        database,
        clock,
        channels={one.name: one for one in channels},
        ways_out=UnsubscribeLinks(SECRET, public_url=HERE),
        suppressions=stopped,
    )


async def _spring(database: Database, clock: StoppedClock, **more: Any) -> Campaign:
    segment = await tea_drinkers(database)
    return await Campaigns(database, clock).create("Spring", planned(segment, **more), by="Mo")


async def _rows(database: Database, table: Any, **where: Any) -> int:
    async with database.read() as session:
        found = await session.scalar(select(func.count()).select_from(table).filter_by(**where))
        return found or 0


def _wish(to: str = "u1", channel: str = "memory", **more: Any) -> Wish:
    return Wish(channel=channel, to=to, variant="a", **more)


async def test_it_is_marked_recorded_and_counted_nowhere(
    trials: Trials, memory: MemoryChannel, database: Database, clock: StoppedClock
) -> None:
    spring = await _spring(database, clock)
    assert (await trials.find(_wish(), MO)).name == "C. 1"
    assert memory.sent == []
    reader = await trials.send(spring, _wish(), MO)
    assert (reader.contact_id, reader.is_sender) == (contact(1), False)
    await trials.send(spring, _wish("u1", language="zh"), MO)
    english, chinese = memory.sent
    assert english.text.startswith("[Test] Hi C. 1, tea is half the price")
    assert chinese.text.startswith("【测试】C. 1，本周日前茶叶半价")
    assert (english.recipient, english.thread) == ("u1", "u1")
    assert english.id != chinese.id
    assert await _rows(database, CampaignRecipientRow) == 0
    assert await Campaigns(database, clock).runs(spring.id) == []
    assert await _rows(database, AuditRow, who="Mo", deed=trial.DEED) == 2
    assert await _rows(database, EventRow, name="campaign.tested") == 2
    way_out = UnsubscribeLinks(SECRET, public_url=HERE).read(
        (english.unsubscribe_url or "").rpartition("/")[2]
    )
    assert (way_out.contact_id, way_out.campaign_id) == (contact(1), None)


async def test_ones_own_address_needs_no_contact(
    trials: Trials, letters: MemoryChannel, database: Database, clock: StoppedClock
) -> None:
    text = {"contents": {"en": {"text": "Hi {name}, in {city} it is {tier|fine}."}}}
    spring = await _spring(database, clock, variants=[{"name": "a", "template": text}])
    reader = await trials.send(spring, _wish(" MO@example.com ", "email"), MO)
    assert (reader.is_sender, reader.contact_id, reader.address) == (True, None, "mo@example.com")
    (mail,) = letters.sent
    assert mail.text == "[Test] Hi Mo, in <city> it is fine."
    with pytest.raises(NotTestedError) as refused:
        await trials.find(_wish("kit@example.com", "email"), MO)
    assert refused.value.word == "nobody"


async def test_who_said_stop_gets_no_test(
    trials: Trials,
    memory: MemoryChannel,
    letters: MemoryChannel,
    stopped: Suppressions,
    database: Database,
    clock: StoppedClock,
) -> None:
    spring = await _spring(database, clock)
    word = Word(contact_id=contact(1), reason=SuppressionReason.STOPPED, by="them")
    await stopped.suppress(word)
    own = Word(
        contact_id=None,
        reason=SuppressionReason.STOPPED,
        by="them",
        channel="email",
        digest=stopped.digest("email", "mo@example.com"),
    )
    await stopped.suppress(own)
    for wish in (_wish("u1"), _wish("mo@example.com", "email")):
        with pytest.raises(NotTestedError) as refused:
            await trials.send(spring, wish, MO)
        assert refused.value.word == "suppressed"
    assert memory.sent == letters.sent == []
    assert await _rows(database, AuditRow, deed=trial.DEED) == 0


async def test_who_cannot_be_reached_and_channels_without_a_platform_are_refused(
    trials: Trials, stopped: Suppressions, database: Database, clock: StoppedClock
) -> None:
    spring = await _spring(database, clock)
    async with database.write() as session:
        gone = update(ContactIdentityRow).where(ContactIdentityRow.external_id == "u2")
        await session.execute(gone.values(unreachable_at=NOON))
    for wish, word in (
        (_wish("u2"), "unreachable"),
        (_wish("u99"), "nobody"),
        (_wish(channel="x"), "channel"),
    ):
        with pytest.raises(NotTestedError) as refused:
            await trials.send(spring, wish, MO)
        assert refused.value.word == word
    with pytest.raises(NotTestedError) as refused:
        await trials.send(spring, Wish(channel="memory", to="u1", variant="z"), MO)
    assert refused.value.word == "variant"
    chat = MemoryChannel("webchat")
    chat.features = frozenset({Feature.LOCAL})
    assert _trials(database, stopped, clock, chat).channels == ()


async def test_the_limits_of_the_channel_and_of_people_hold(
    trials: Trials, stopped: Suppressions, database: Database, clock: StoppedClock
) -> None:
    spring = await _spring(database, clock)
    slow = MemoryChannel(pace=Pace(account=(Rate(1, timedelta(seconds=10)),)))
    slowly = _trials(database, stopped, clock, slow)
    await slowly.send(spring, _wish(), MO)
    with pytest.raises(RetryableError):
        await slowly.send(spring, _wish(), MO)
    assert len(slow.sent) == 1
    clock.advance(timedelta(seconds=11))
    for _ in range(trial.MOST - 1):
        await trials.send(spring, _wish(), MO)
    with pytest.raises(NotTestedError) as refused:
        await trials.send(spring, _wish(), MO)
    assert refused.value.word == "many"
    await trials.send(spring, _wish(), Myself(name="Kit"))
    clock.advance(timedelta(hours=1, seconds=1))
    await trials.send(spring, _wish(), MO)


async def test_what_the_platform_refuses_is_told(
    trials: Trials, memory: MemoryChannel, database: Database, clock: StoppedClock
) -> None:
    spring = await _spring(database, clock)
    memory.fail_with = [RejectedError("chat not found")]
    with pytest.raises(RejectedError, match="chat not found"):
        await trials.send(spring, _wish(), MO)
    await trials.send(spring, _wish(), MO)
    assert len(memory.sent) == 1
