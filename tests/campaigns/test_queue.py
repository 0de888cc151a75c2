"""Who is due is found without looking at those who are not, and the run that waits longest comes first."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, update

from analytics.campaigns import queue
from analytics.campaigns.dispatch import Dispatcher
from channels.memory.adapter import MemoryChannel
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.outbox.repository import Lane
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RunState
from tests.campaigns.people import Hello, campaign, outcome, people
from tests.conftest import NOON

LANE = Lane("memory", "a")
_OF_FEW = {"ix_campaign_recipient_held", "ix_campaign_recipient_untold"}
"""Partial indexes of those whom somebody has in hand at the moment."""


@pytest.fixture
def looked() -> Iterator[list[tuple[str, str]]]:
    """Collect how each statement comes to the recipients, with the statement."""
    steps: list[tuple[str, str]] = []

    def explain(connection, cursor, statement, parameters, context, executemany) -> None:  # type: ignore[no-untyped-def]
        if "campaign_recipient" not in statement or statement.startswith("INSERT"):
            return
        own = connection.connection.cursor()
        own.execute(
            f"EXPLAIN QUERY PLAN {statement}", parameters[0] if executemany else parameters
        )
        steps.extend(
            (row[3], statement) for row in own.fetchall() if " campaign_recipient" in row[3]
        )
        own.close()

    # Of reading and of writing.
    event.listen(Engine, "before_cursor_execute", explain)
    yield steps
    event.remove(Engine, "before_cursor_execute", explain)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_nothing_looks_at_every_recipient(
    database: Database,
    memory: MemoryChannel,
    clock: StoppedClock,
    looked: list[tuple[str, str]],
) -> None:
    await people(database, 40)
    run = await campaign(database, 20)
    still = await campaign(database, 20, name="Autumn", first=20)
    async with database.write() as session:
        await session.execute(
            update(CampaignRunRow).where(CampaignRunRow.id == still).values(state=RunState.PAUSED)
        )
    looked.clear()
    dispatcher = Dispatcher(
        database=database,
        channels={"memory": memory},
        states=ChannelStates(database, clock),
        composing=Hello(database),
        clock=clock,
        batch=7,
    )
    await dispatcher.drain()
    assert await outcome(database, run) == {"sent": 20}
    assert await outcome(database, still) == {"queued": 20}
    assert len({statement for _, statement in looked}) > 10
    whole = [
        (step, statement)
        for step, statement in looked
        if not step.startswith("SEARCH") and step.split()[-1] not in _OF_FEW
    ]
    assert not whole


async def test_the_run_that_waits_longest_comes_first_and_others_fill_the_batch(
    database: Database, clock: StoppedClock
) -> None:
    await people(database, 9)
    later, first, still = [
        await campaign(database, 3, name=f"Of {n}", first=3 * n) for n in range(3)
    ]
    async with database.write() as session:
        for run, minutes in ((later, 5), (first, 9), (still, 60)):
            await session.execute(
                update(CampaignRecipientRow)
                .where(CampaignRecipientRow.run_id == run)
                .values(not_before=NOON - timedelta(minutes=minutes))
            )
        await session.execute(
            update(CampaignRunRow).where(CampaignRunRow.id == still).values(state=RunState.PAUSED)
        )
    async with database.read() as session:
        assert await queue.lanes(session, clock()) == [LANE]
        assert await queue.lanes(session, clock() - timedelta(minutes=10)) == []
    claimed = []
    for _ in range(3):
        async with database.write() as session:
            _, batch = await queue.claim(session, LANE, most=4, now=clock())
            claimed.append(sorted(one.run_id for one in batch))
    assert claimed == [sorted([first] * 3 + [later]), [later] * 2, []]
