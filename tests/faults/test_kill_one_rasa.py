"""One of two real Rasa processes dies or stands still under load: its conversations move and come back unharmed."""

import asyncio
import os
import re
import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.customer import Customer
from tests.running import RunningDesk
from tests.stored import Stored

# The first start may have to install Rasa's environment and train.
pytestmark = [pytest.mark.rasa, pytest.mark.timeout(1_200)]

CUSTOMERS = 8
ROUNDS = 3
TIMEOUT = 5
_STANDSTILL = 3.0
ROUND = ("where is my order?", "10023", "ana@example.com", "how can I pay?")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDesk]:
    """Return the whole product with two Rasa processes, both ready."""
    patience = {"FRONTDESK_DIALOGUE_TIMEOUT": str(TIMEOUT)}
    folder = tmp_path_factory.mktemp("two")
    desk = RunningDesk(folder, "--demo", "--rasa-processes", "2", env=patience)
    desk.start()
    try:
        desk.wait(seconds=900, whole=True)
        yield desk
    finally:
        desk.stop()


@pytest.fixture
async def client(desk: RunningDesk) -> AsyncIterator[httpx.AsyncClient]:
    """Return connections to it."""
    async with httpx.AsyncClient(base_url=desk.base, trust_env=False, timeout=30) as client:
        yield client


@pytest.fixture
def stored(desk: RunningDesk) -> Stored:
    """Return what the application has written down."""
    return Stored(desk.database_url)


@pytest.fixture
async def people(client: httpx.AsyncClient) -> list[Customer]:
    """Return customers who write at the same time."""
    return [await Customer.arrive(client) for _ in range(CUSTOMERS)]


@pytest.fixture
async def wanted(client: httpx.AsyncClient) -> list[tuple[str, str]]:
    """Return what a customer sees whom nothing disturbs."""
    alone = await Customer.arrive(client)
    await talk(alone, ROUNDS)
    return await shown(alone)


def processes(desk: RunningDesk) -> dict[str, int]:
    """Return the process ids of the Rasa processes by the names that the figures have for them."""
    found = {}
    for child in Path(f"/proc/{desk.pid}/task/{desk.pid}/children").read_text().split():
        log = re.fullmatch(r"rasa(?:-(\d+))?\.log", Path(f"/proc/{child}/fd/1").readlink().name)
        if log:
            found[log[1] or "1"] = int(child)
    return found


async def answered(client: httpx.AsyncClient) -> Counter[str]:
    """Return how many turns each process has answered."""
    text = (await client.get("/metrics")).text
    pattern = r'frontdesk_assistant_turns_total\{outcome="answered",process="(\d+)"\} (\S+)'
    return Counter({name: int(float(count)) for name, count in re.findall(pattern, text)})


async def until(happened: Callable[[], bool], seconds: float) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not happened():
            await asyncio.sleep(0.05)


async def talk(customer: Customer, rounds: int, *, after: int = 0) -> None:
    """Write whole rounds at once, as people do who do not wait for the answer, and read what comes."""
    for number in range(after + 1, rounds + 1):
        for text in ROUND:
            assert (await customer.post(text=text)).status_code == 200
        async with asyncio.timeout(60):
            while len(await questions_answered(customer)) < number * len(ROUND):
                await asyncio.sleep(0.1)


async def questions_answered(customer: Customer) -> list[str]:
    """Return the questions that have an answer of the bot before the next question."""
    found, question = [], ""
    for author, text in await shown(customer):
        if author == "contact":
            question = text
        elif question:
            found.append(question)
            question = ""
    return found


async def shown(customer: Customer) -> list[tuple[str, str]]:
    """Return (author, text) of what a customer sees, without the word about the trouble."""
    history = await customer.history()
    return [(m["author"], m["text"]) for m in history if m["author"] != "system"]


async def struck_by_standstill(pid: int, stored: Stored) -> set[int]:
    """Stop a process and return the messages that it has in hand.

    Nothing says which process has a message; the others are done with theirs long before ``_STANDSTILL`` is over.
    """
    os.kill(pid, signal.SIGSTOP)
    query = "SELECT id FROM inbox WHERE state = 'working'"
    async with asyncio.timeout(15):
        while True:
            struck = {row["id"] for row in stored.rows(query)}
            await asyncio.sleep(_STANDSTILL)
            if struck := struck & {row["id"] for row in stored.rows(query)}:
                return struck


async def serves_again(client: httpx.AsyncClient, name: str) -> None:
    """Wait until a process answers turns; messages make the others look for it."""
    before = (await answered(client))[name]
    async with asyncio.timeout(30):
        while (await answered(client))[name] == before:
            someone = await Customer.arrive(client)
            await someone.says("how can I pay?")


def assert_each_turn_once(desk: RunningDesk, stored: Stored, struck: set[int]) -> None:
    """Everything is done, each message is one turn, and those that were struck were tried again."""
    assert {row["state"] for row in stored.rows("SELECT state FROM inbox")} == {"done"}
    with closing(sqlite3.connect(desk.folder / "var" / "trackers.sqlite")) as journal:
        turns = [one for (one,) in journal.execute("SELECT message_id FROM rasa_turns")]
    (count,) = stored.rows("SELECT count(*) AS inbox FROM inbox")
    assert len(turns) == len(set(turns)) == count["inbox"]
    again = {row["id"] for row in stored.rows("SELECT id FROM inbox WHERE attempts > 1")}
    assert struck, "it must strike in mid-turn"
    assert struck <= again


async def test_a_process_that_is_killed(
    desk: RunningDesk,
    client: httpx.AsyncClient,
    stored: Stored,
    people: list[Customer],
    wanted: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    talks = [asyncio.create_task(talk(person, ROUNDS)) for person in people]
    await asyncio.sleep(1)
    victim, served = (await answered(client)).most_common(1)[0]
    pid = processes(desk)[victim]
    # It stands still first, so that turns are surely in its hands when it dies.
    struck = await struck_by_standstill(pid, stored)
    os.kill(pid, signal.SIGKILL)
    await asyncio.gather(*talks)

    for person in people:
        assert await shown(person) == wanted, "nothing lost, nothing doubled, in order"
    assert_each_turn_once(desk, stored, struck)
    await until(lambda: processes(desk).get(victim, pid) != pid, 20)
    await asyncio.to_thread(desk.wait, whole=True)
    await serves_again(client, victim)
    with capsys.disabled():
        print(f"\n  kill -9 after {served} turns, in the middle of {len(struck)}")


async def test_a_process_that_stands_still_and_comes_back(
    desk: RunningDesk,
    client: httpx.AsyncClient,
    stored: Stored,
    people: list[Customer],
    wanted: list[tuple[str, str]],
    capsys: pytest.CaptureFixture[str],
) -> None:
    await asyncio.gather(*(talk(person, 1) for person in people))
    before = await answered(client)
    talks = [asyncio.create_task(talk(person, 2, after=1)) for person in people]
    await asyncio.sleep(0.3)
    victim = before.most_common(1)[0][0]
    pid = processes(desk)[victim]
    struck = await struck_by_standstill(pid, stored)
    try:
        await asyncio.gather(*talks)
        elsewhere = await answered(client)
    finally:
        os.kill(pid, signal.SIGCONT)
    # Now it finishes turns that were repeated elsewhere, and remembers conversations as they were.
    await serves_again(client, victim)
    await asyncio.gather(*(talk(person, ROUNDS, after=2) for person in people))

    for person in people:
        assert await shown(person) == wanted, "nothing lost, nothing doubled, in order"
    assert_each_turn_once(desk, stored, struck)
    after = await answered(client)
    assert after[victim] >= elsewhere[victim] + len(ROUND), "its conversations came back"
    assert processes(desk)[victim] == pid
    with capsys.disabled():
        print(
            f"\n  stood still in the middle of {len(struck)}; answered {before} {elsewhere} {after}"
        )
