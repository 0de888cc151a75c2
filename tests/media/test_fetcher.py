"""Files are fetched after the message was accepted: late, again, once, and each on its own."""

import asyncio
import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from desk.channel import ChannelDownError
from desk.clock import StoppedClock
from desk.errors import RejectedError, RetryableError
from desk.media.fetcher import LEASE, Fetcher, after_failure
from desk.media.service import Media
from desk.media.store import MediaStore, key_of
from desk.media.sweep import Sweep
from desk.signals import LocalSignals, conversation_topic
from desk.store.database import Database
from desk.tables.conversation import FileState
from desk.tables.event import EventRow
from desk.tables.media import StoredFileRow
from tests.media.conftest import LARGEST
from tests.media.samples import PROGRAMS
from tests.media.world import Files, Platform

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.mark.parametrize(
    ("attempt", "error", "age", "expected"),
    [
        (1, RejectedError("gone"), HOUR, (FileState.REFUSED, None)),
        (1, RetryableError(), HOUR, (FileState.WAITING, timedelta(seconds=1))),
        (1, RetryableError(retry_in=MINUTE), HOUR, (FileState.WAITING, MINUTE)),
        (40, RetryableError(), DAY - MINUTE, (FileState.WAITING, 5 * MINUTE)),
        (9, ChannelDownError(), HOUR, (FileState.WAITING, timedelta(seconds=256))),
        (1, RetryableError(), DAY, (FileState.FAILED, None)),
        (11, KeyError("bug"), HOUR, (FileState.WAITING, timedelta(seconds=1024))),
        (12, KeyError("bug"), HOUR, (FileState.FAILED, None)),
        (3, TimeoutError(), HOUR, (FileState.WAITING, timedelta(seconds=4))),
    ],
)
def test_after_a_failure(
    attempt: int,
    error: Exception,
    age: timedelta,
    expected: tuple[FileState, timedelta | None],
) -> None:
    state, again = after_failure(attempt, error, sent_at=NOW - age, now=NOW)
    assert (state, again and again - NOW) == expected


@pytest.fixture
def platform() -> Platform:
    """Return a platform with files."""
    return Platform()


@pytest.fixture
def signals() -> LocalSignals:
    """Return the process's signals."""
    return LocalSignals()


@pytest.fixture
def fetcher(
    database: Database,
    platform: Platform,
    media: Media,
    signals: LocalSignals,
    clock: StoppedClock,
) -> Fetcher:
    """Return a fetcher of one platform."""
    return _fetcher(database, platform, media=media, signals=signals, clock=clock)


def _fetcher(
    database: Database,
    *platforms: Platform,
    media: Media,
    signals: LocalSignals,
    clock: StoppedClock,
) -> Fetcher:
    return Fetcher(
        database=database,
        channels={one.name: one for one in platforms},
        media=media,
        signals=signals,
        clock=clock,
        poll=timedelta(milliseconds=20),
        timeout=timedelta(seconds=0.2),
    )


async def test_a_file_is_fetched_kept_and_announced(
    fetcher: Fetcher, platform: Platform, files: Files, media: Media, signals: LocalSignals
) -> None:
    platform.files["r"] = b"%PDF-1.7 bill"
    file_id = await files.waiting("r")
    with signals.listen(conversation_topic(files.thread)) as listener:
        assert await fetcher.step() == 1
        assert await listener.get(1) == ["message"]
    row = await files.row(file_id)
    assert (row.state, row.key) == (FileState.KEPT, key_of(platform.files["r"]))
    assert (row.content_type, row.size, row.not_before) == ("application/pdf", 13, None)
    assert await media.content(row) == platform.files["r"]
    assert await fetcher.step() == 0
    assert platform.fetched == {"r": 1}
    async with files.database.read() as session:
        (event,) = await session.scalars(select(EventRow))
    assert (event.name, event.conversation_id) == ("file.kept", files.conversation_id)


@pytest.mark.parametrize(
    ("content", "error", "reason"),
    [
        (PROGRAMS["Linux"], None, "program"),
        (b"x" * (LARGEST + 1), None, "too_large"),
        (b"", RejectedError("the file is gone"), "the file is gone"),
    ],
)
async def test_what_is_refused_says_why_and_is_not_tried_again(
    fetcher: Fetcher,
    platform: Platform,
    files: Files,
    content: bytes,
    error: Exception | None,
    reason: str,
) -> None:
    platform.files["r"] = content
    platform.fails["r"] = [error] if error else []
    file_id = await files.waiting("r")
    assert [await fetcher.step() for _ in range(2)] == [1, 0]
    row = await files.row(file_id)
    assert (row.state, row.key, row.reason) == (FileState.REFUSED, None, reason)
    assert await files.count(StoredFileRow) == 0


async def test_an_outage_of_an_hour_ends_well(
    fetcher: Fetcher, platform: Platform, files: Files, clock: StoppedClock
) -> None:
    platform.files["r"] = b"late"
    platform.fails["r"] = [RetryableError("away")] * 1_000
    file_id = await files.waiting("r")
    for _ in range(60):
        await fetcher.step()
        clock.advance(MINUTE)
    assert platform.struck["RetryableError"] >= 10
    assert (await files.row(file_id)).reason == "away"
    platform.fails["r"] = []
    for _ in range(6):  # the longest pause is five minutes
        await fetcher.step()
        clock.advance(MINUTE)
    row = await files.row(file_id)
    assert (row.state, row.reason) == (FileState.KEPT, None)
    assert row.attempts == platform.struck["RetryableError"] + 1


async def test_an_outage_of_a_day_ends_in_a_word(
    fetcher: Fetcher, platform: Platform, files: Files, clock: StoppedClock
) -> None:
    platform.fails["r"] = [RetryableError("away")] * 3
    file_id = await files.waiting("r")
    await fetcher.step()
    clock.advance(DAY)
    await fetcher.step()
    assert platform.struck["RetryableError"] == 2
    row = await files.row(file_id)
    assert (row.state, row.reason) == (FileState.FAILED, "away")
    assert await fetcher.step() == 0


async def test_what_the_platform_asks_for_is_obeyed_for_all_its_files(
    fetcher: Fetcher, platform: Platform, files: Files, clock: StoppedClock
) -> None:
    platform.files = {"a": b"a", "b": b"b"}
    platform.fails["a"] = [RetryableError("slow down", retry_in=30 * timedelta(seconds=1))]
    await files.waiting("a")
    await fetcher.step()
    await files.waiting("b")
    clock.advance(timedelta(seconds=29))
    assert await fetcher.step() == 0
    clock.advance(timedelta(seconds=1))
    assert await fetcher.step() == 2
    assert platform.struck == {"RetryableError": 1}
    assert platform.fetched == {"a": 2, "b": 1}


async def test_a_file_that_hangs_or_fails_holds_up_no_other(
    database: Database, media: Media, signals: LocalSignals, clock: StoppedClock, files: Files
) -> None:
    bad, good = Platform(), Platform("good")
    bad.hangs, bad.files["later"] = {"h1", "h2"}, b"later"
    bad.fails["bug"] = [KeyError("bug")]
    good.files["g"] = b"good"
    others = Files(database, clock, channel="good", thread="g")
    await others.begin()
    hanging = [await files.waiting(one) for one in ("h1", "h2", "bug", "later")]
    there = await others.waiting("g")
    fetcher = _fetcher(database, bad, good, media=media, signals=signals, clock=clock)
    running = asyncio.create_task(fetcher.run())
    await _until(lambda: good.fetched["g"] == 1 and bad.fetched["later"] == 1)
    await _until_state(files, hanging[3], FileState.KEPT)
    await _until_state(files, there, FileState.KEPT)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert bad.struck == {"hang": 2, "KeyError": 1}
    states = [(await files.row(one)).state for one in hanging[:3]]
    assert states == [FileState.WAITING] * 3


async def test_a_stop_gives_back_what_is_in_hand(
    database: Database,
    platform: Platform,
    media: Media,
    signals: LocalSignals,
    clock: StoppedClock,
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("desk.media.fetcher._GRACE", 0.01)
    platform.hangs, platform.files["r"] = {"r"}, b"file"
    file_id = await files.waiting("r")
    fetcher = Fetcher(
        database=database, channels={"remote": platform}, media=media, signals=signals, clock=clock
    )
    running = asyncio.create_task(fetcher.run())
    await _until(lambda: platform.struck["hang"] == 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await files.row(file_id)).not_before == clock()
    platform.hangs.clear()
    assert await fetcher.step() == 1
    assert (await files.row(file_id)).state is FileState.KEPT


async def test_two_fetchers_do_not_fetch_the_same_file_twice(
    database: Database,
    platform: Platform,
    media: Media,
    signals: LocalSignals,
    clock: StoppedClock,
    files: Files,
) -> None:
    for number in range(8):
        platform.files[str(number)] = b"file"
        await files.waiting(str(number))
    many = [
        _fetcher(database, platform, media=media, signals=signals, clock=clock) for _ in range(3)
    ]
    while sum(await asyncio.gather(*(one.step() for one in many))):
        pass
    assert set(platform.fetched.values()) == {1}
    assert {row.state for row in await files.rows()} == {FileState.KEPT}


async def test_a_claim_that_was_lost_changes_nothing(
    fetcher: Fetcher,
    database: Database,
    media: Media,
    signals: LocalSignals,
    clock: StoppedClock,
    files: Files,
    platform: Platform,
) -> None:
    file_id = await files.waiting("r")
    slow, gate = Platform(), asyncio.Event()

    async def fetch(_: str, __: int) -> bytes:
        await gate.wait()
        return b"from the slow one"

    slow.fetch = fetch
    late = Fetcher(
        database=database, channels={"remote": slow}, media=media, signals=signals, clock=clock
    )
    step = asyncio.create_task(late.step())
    await _until(lambda: bool(late._running["remote"]))
    clock.advance(LEASE + timedelta(seconds=1))
    platform.files["r"] = b"from the quick one"
    assert await fetcher.step() == 1
    gate.set()
    await step
    assert (await files.row(file_id)).key == key_of(b"from the quick one")


async def test_files_of_a_channel_that_was_taken_away_are_given_up(
    database: Database, store: MediaStore, clock: StoppedClock, files: Files
) -> None:
    file_id = await files.waiting("r")
    sweep = Sweep(database=database, store=store, clock=clock)
    clock.advance(DAY)
    await sweep.step()
    assert (await files.row(file_id)).state is FileState.WAITING
    clock.advance(MINUTE)
    await sweep.step()
    row = await files.row(file_id)
    assert (row.state, row.reason) == (FileState.FAILED, "nobody could fetch it")


@pytest.mark.parametrize("where", ["fetching", "settling"])
async def test_a_fetch_that_was_killed_is_done_once_more_when_its_lease_is_over(
    where: str,
    database_url: str,
    tmp_path: Path,
    database: Database,
    fetcher: Fetcher,
    platform: Platform,
    files: Files,
    clock: StoppedClock,
) -> None:
    platform.files["r"] = b"a file"
    file_id = await files.waiting("r")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.media.victim"),
        *(where, database_url, str(tmp_path / "media"), clock().isoformat()),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    async with asyncio.timeout(60):
        assert await process.stdout.readline() == f"{where}\n".encode()
    process.kill()
    assert await process.wait() == -signal.SIGKILL
    row = await files.row(file_id)
    assert (row.state, row.attempts, row.key) == (FileState.WAITING, 1, None)
    clock.advance(LEASE - timedelta(seconds=1))
    assert await fetcher.step() == 0
    clock.advance(timedelta(seconds=1))
    assert await fetcher.step() == 1
    (row,) = await files.rows()
    assert (row.state, row.attempts, row.key) == (FileState.KEPT, 2, key_of(b"a file"))
    assert platform.fetched == {"r": 1}
    assert await files.count(StoredFileRow) == 1


async def _until(true: object) -> None:
    async with asyncio.timeout(20):
        while not true():  # type: ignore[operator]
            await asyncio.sleep(0.005)


async def _until_state(files: Files, file_id: int, state: FileState) -> None:
    async with asyncio.timeout(20):
        while (await files.row(file_id)).state is not state:
            await asyncio.sleep(0.01)
