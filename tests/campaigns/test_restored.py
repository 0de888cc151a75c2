"""A backup that is put back sends nothing by itself, and what may have been sent is listed as unknown."""

import asyncio
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update

from analytics.campaigns import restoring
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.marks import Mark, Marks
from analytics.campaigns.origin import PATIENCE, Origin, Verdict, judge
from analytics.campaigns.restoring import OPEN, RESTORED, InDoubtError
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.errors import ConflictError
from desk.message import OutboundMessage, Sent
from desk.store.database import Database
from desk.tables.base import Base
from desk.tables.campaign import CampaignRecipientRow, CampaignState
from tests.campaigns.people import people
from tests.campaigns.sending import dispatcher, launched, recipients, segment, wake
from tests.talk import events

type Backup = Callable[[], Awaitable[Callable[[], Awaitable[None]]]]
_KEPT = (
    "contact", "contact_identity", "consent", "segment", "segment_member", "origin", "campaign", "campaign_run",
    "campaign_recipient", "conversation", "message", "event",
)  # fmt: skip


class _DiedError(BaseException):
    """The process is gone."""


@pytest.fixture
def backup(desk: Desk, database_url: str, tmp_path: Path) -> Backup:
    """Return what makes a backup, which returns what puts it back: the file, or the rows of the tables."""

    async def copied() -> Callable[[], Awaitable[None]]:
        database = desk.database
        if not database.is_sqlite:
            return await _rows_of(database)
        file = Path(database_url.removeprefix("sqlite:///"))
        # With the log beside it, as a file system's snapshot has it.
        names = [one for one in (file, Path(f"{file}-wal")) if one.exists()]
        kept = [shutil.copy(one, tmp_path / f"backup-{one.name}") for one in names]

        async def put_back() -> None:
            await database.close()  # its connections are opened again when they are wanted
            for leftover in (file, Path(f"{file}-wal"), Path(f"{file}-shm")):
                leftover.unlink(missing_ok=True)
            for one, name in zip(kept, names, strict=True):
                shutil.copy(one, name)

        return put_back

    return copied


async def _rows_of(database: Database) -> Callable[[], Awaitable[None]]:
    tables = [Base.metadata.tables[name] for name in _KEPT]
    async with database.read() as session:
        kept = {
            table: [dict(row._mapping) for row in await session.execute(select(table))]
            for table in tables
        }

    async def put_back() -> None:
        async with database.write() as session:
            for table in reversed(tables):
                await session.execute(delete(table))
            for table, found in kept.items():
                if found:
                    await session.execute(insert(table), found)

    return put_back


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return what a machine knows."""
    return tmp_path / "here"


@pytest.fixture
def machine(desk: Desk, tmp_path: Path) -> Callable[..., Any]:
    """Return what starts a process that sends, on a machine of this name."""

    def started(name: str = "here", **more: Any) -> Any:
        origin = Origin(desk.database, desk.clock, Marks(tmp_path / name))
        return dispatcher(desk, origin=origin, **more)

    return started


async def _planned(desk: Desk, count: int = 10) -> int:
    """Launch a campaign of which nothing is sent yet; return its id."""
    await people(desk.database, count)
    campaign_id = await launched(desk, await segment(desk.database, count))
    await wake(desk).step()
    return campaign_id


async def _states(desk: Desk) -> Counter[tuple[str, str | None]]:
    return Counter((one.state.value, one.reason) for one in await recipients(desk.database))


async def _stands_still(desk: Desk, campaign_id: int) -> None:
    found = await desk.campaigns.campaigns.get(campaign_id)
    assert (found.state, found.reason) == (CampaignState.PAUSED, RESTORED)
    with pytest.raises(InDoubtError):
        await desk.campaigns.campaigns.resume(campaign_id, by="Mo")


async def _confirm(desk: Desk, folder: Path, **more: Any) -> restoring.Confirmed:
    return await restoring.confirm(desk.database, Marks(folder), desk.clock(), by="Mo", **more)


async def _interrupted(
    memory: MemoryChannel, process: Dispatcher, after: int, deed: Callable[[], Awaitable[Any]]
) -> Any:
    """Let a process send all, and something happen after so many messages; return what came of it."""
    honest, made = memory.send, []

    async def send(message: OutboundMessage) -> Sent:
        done = await honest(message)
        if len(memory.sent) == after:
            made.append(await deed())
        return done

    memory.send = send  # type: ignore[method-assign]
    await process.drain()
    memory.send = honest  # type: ignore[method-assign]
    (found,) = made
    return found


@pytest.mark.parametrize("after", [1, 9])
async def test_a_backup_that_is_put_back_sends_nothing(
    desk: Desk,
    memory: MemoryChannel,
    backup: Backup,
    machine: Callable[..., Any],
    here: Path,
    after: int,
) -> None:
    campaign_id = await _planned(desk)
    put_back = await _interrupted(memory, machine(), after, backup)
    assert len(memory.sent) == 10
    await put_back()
    assert (await _states(desk))["sent", None] < 10
    await machine().drain()
    await machine().drain()
    assert len(memory.sent) == 10
    await _stands_still(desk, campaign_id)
    (event,) = await events(desk, "campaigns.doubted")
    assert event.data == {"why": "older", "campaigns": [campaign_id]}
    found = await _confirm(desk, here)
    assert found.campaigns == ["Spring"]
    assert (await _states(desk))["unknown", "restored"] == found.unknown > 0
    await machine().drain()
    await wake(desk).step()
    assert len(memory.sent) == 10
    assert (await desk.campaigns.campaigns.get(campaign_id)).state is CampaignState.FINISHED
    with pytest.raises(ConflictError):
        await _confirm(desk, here)


async def test_also_when_it_was_made_in_the_middle_of_a_batch_and_the_process_died_in_it(
    desk: Desk, memory: MemoryChannel, backup: Backup, machine: Callable[..., Any], here: Path
) -> None:
    await _planned(desk)
    honest = memory.send
    made: list[Callable[[], Awaitable[None]]] = []

    async def send(message: OutboundMessage) -> Sent:
        done = await honest(message)
        if len(memory.sent) == 3:
            made.append(await backup())
        if len(memory.sent) == 6:
            raise _DiedError
        return done

    memory.send = send  # type: ignore[method-assign]
    with pytest.raises(_DiedError):
        await machine().drain()
    memory.send = honest  # type: ignore[method-assign]
    await made[0]()
    await machine().drain()
    assert len(memory.sent) == 6
    await _confirm(desk, here)
    await machine().drain()
    assert len({one.recipient for one in memory.sent}) == len(memory.sent) == 6
    states = await _states(desk)
    assert states["sent", None] + states["unknown", "restored"] == 10


async def test_a_campaign_that_had_not_begun_is_listed_and_not_sent(
    desk: Desk,
    memory: MemoryChannel,
    backup: Backup,
    machine: Callable[..., Any],
    here: Path,
) -> None:
    await people(desk.database, 10)
    campaign_id = await launched(desk, await segment(desk.database, 10))
    assert await machine().look() == 0
    put_back = await backup()
    await wake(desk).step()
    await machine().drain()
    assert len(memory.sent) == 10
    await put_back()
    await machine().drain()
    await wake(desk).step()
    assert await recipients(desk.database) == []
    await _stands_still(desk, campaign_id)
    assert (await _confirm(desk, here)).unknown == 0
    await wake(desk).step()
    await machine().drain()
    assert len(memory.sent) == 10
    assert await _states(desk) == {("unknown", "restored"): 10}


async def test_what_is_due_later_is_sent_at_its_time(
    desk: Desk,
    memory: MemoryChannel,
    clock: StoppedClock,
    backup: Backup,
    machine: Callable[..., Any],
    here: Path,
) -> None:
    await _planned(desk)
    later = {"kind": "once", "at": (clock() + timedelta(hours=2)).isoformat()}
    await launched(desk, await segment(desk.database, 3), "Later", schedule=later)
    put_back = await _interrupted(memory, machine(), 1, backup)
    await put_back()
    await machine().drain()
    before = len(memory.sent)
    assert before == 10
    assert (await _confirm(desk, here)).campaigns == ["Spring", "Later"]
    clock.advance(timedelta(hours=2))
    await wake(desk).step()
    await machine().drain()
    assert len(memory.sent) == before + 3


async def test_those_of_whom_nobody_knows_do_not_stop_the_rest(
    desk: Desk,
    memory: MemoryChannel,
    clock: StoppedClock,
    machine: Callable[..., Any],
    here: Path,
) -> None:
    """More than the brake allows of 52 are unknown; two wait for a later hour."""
    await machine().look()  # the database begins its life
    campaign_id = await _planned(desk, 52)
    async with desk.database.write() as session:
        later = {"not_before": clock() + timedelta(hours=1)}
        last = update(CampaignRecipientRow).where(CampaignRecipientRow.id > 50)
        await session.execute(last.values(later))
    async with desk.database.write() as session:
        await restoring.doubt(session, "older", clock())
    assert (await _confirm(desk, here)).unknown == 50
    await wake(desk).step()
    assert (await desk.campaigns.campaigns.get(campaign_id)).state is CampaignState.RUNNING
    clock.advance(timedelta(hours=1))
    await machine().drain()
    assert len(memory.sent) == 2


async def test_a_copy_that_is_started_elsewhere_sends_nothing(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock, machine: Callable[..., Any]
) -> None:
    await machine("here").look()
    clock.advance(OPEN)
    campaign_id = await _planned(desk)
    copy = machine("elsewhere")
    await copy.drain()
    clock.advance(PATIENCE - timedelta(seconds=1))
    await copy.drain()
    assert (await desk.campaigns.campaigns.get(campaign_id)).state is CampaignState.RUNNING
    clock.advance(timedelta(seconds=1))
    await copy.drain()
    await _stands_still(desk, campaign_id)
    await machine("here").drain()
    assert memory.sent == []


async def test_a_new_machine_joins_those_that_send(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock, machine: Callable[..., Any]
) -> None:
    first, second = machine("one", batch=2), machine("two")
    await first.look()
    clock.advance(OPEN)
    await _planned(desk)
    assert await second.look() == 0
    assert memory.sent == []
    joined: list[int] = []
    honest = memory.send

    async def send(message: OutboundMessage) -> Sent:
        if not joined:
            joined.append(await second.look())
        return await honest(message)

    memory.send = send  # type: ignore[method-assign]
    await first.drain()
    async with asyncio.timeout(10):
        while not all(one.told for one in await recipients(desk.database)):
            await asyncio.sleep(0.05)
    assert joined == [1]
    assert len({one.recipient for one in memory.sent}) == 10


async def test_who_is_moved_and_no_copy_goes_on(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock, machine: Callable[..., Any], here: Path
) -> None:
    await machine("here").look()
    clock.advance(OPEN)
    await _planned(desk)
    moved = machine("moved")
    await moved.drain()
    clock.advance(PATIENCE)
    await moved.drain()
    assert (await _confirm(desk, here, is_copy=False)).unknown == 0
    await machine("moved").drain()
    assert len(memory.sent) == 10
    assert await _states(desk) == {("sent", None): 10}


async def test_restarts_are_no_matter(
    desk: Desk, memory: MemoryChannel, clock: StoppedClock, machine: Callable[..., Any]
) -> None:
    await machine().look()
    clock.advance(OPEN)
    await _planned(desk)
    honest = memory.send

    async def send(message: OutboundMessage) -> Sent:
        done = await honest(message)
        if len(memory.sent) in (2, 5):
            raise _DiedError
        return done

    memory.send = send  # type: ignore[method-assign]
    for _ in range(2):
        with pytest.raises(_DiedError):
            await machine().drain()
        clock.advance(timedelta(minutes=5))
    await machine().drain()
    assert len({one.recipient for one in memory.sent}) == len(memory.sent) == 10
    async with desk.database.read() as session:
        assert await restoring.in_doubt(session) is False


async def test_without_campaigns_nothing_stands_still(
    desk: Desk,
    memory: MemoryChannel,
    clock: StoppedClock,
    backup: Backup,
    machine: Callable[..., Any],
) -> None:
    await machine().look()
    put_back = await backup()
    await _planned(desk)
    await machine().drain()
    await put_back()
    clock.advance(OPEN)
    await machine().look()
    await _planned(desk)
    await machine().drain()
    assert len(memory.sent) == 20
    async with desk.database.read() as session:
        assert await restoring.in_doubt(session) is False


@pytest.mark.parametrize(
    ("known", "found", "verdict"),
    [
        (None, {}, Verdict.STRANGE),
        (None, {"is_open": True}, Verdict.NEW),
        (None, {"seen": 7}, Verdict.STRANGE),
        (None, {"seen": 6}, Verdict.NEW),
        (Mark(beat=7), {}, Verdict.OURS),
        (Mark(beat=6), {}, Verdict.OURS),
        (Mark(beat=8), {}, Verdict.OLDER),
        (Mark(beat=8), {"is_open": True, "seen": 6}, Verdict.OLDER),
        (Mark(beat=7, row=3, attempts=2), {"attempts": 2}, Verdict.OURS),
        (Mark(beat=7, row=3, attempts=2), {"attempts": 3}, Verdict.OURS),
        (Mark(beat=7, row=3, attempts=2), {"attempts": 1}, Verdict.OLDER),
        (Mark(beat=7, row=3, attempts=2), {"attempts": None}, Verdict.OLDER),
    ],
)
def test_what_a_machine_thinks(
    known: Mark | None, found: dict[str, Any], verdict: Verdict
) -> None:
    given: dict[str, Any] = {"beat": 7, "attempts": None, "is_open": False, "seen": None, **found}
    assert judge(known, **given) is verdict


def test_marks_are_kept_and_what_cannot_be_read_is_not_known(tmp_path: Path) -> None:
    marks, again = Marks(tmp_path / "marks"), Marks(tmp_path / "marks")
    assert marks.read("x") is None
    marks.write("x", Mark(beat=123_456, row=99, attempts=1))
    marks.write("x", Mark(beat=1))
    assert again.read("x") == Mark(beat=1)
    assert again.read("y") is None
    (tmp_path / "marks" / "x.json").write_text("{")
    assert again.read("x") is None
    marks.close()
