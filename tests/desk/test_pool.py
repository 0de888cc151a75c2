"""Several processes of the assistant behind one port: who is asked, who moves, who comes back."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from desk.clock import StoppedClock
from desk.dialogue.pool import RasaPool
from desk.dialogue.port import DialogueUnavailableError, Turn, TurnBrokeOffError, TurnFailedError
from desk.dialogue.rasa import RasaDialogue
from tests.faults.assistant import Assistant, Fault, answer

SECOND = timedelta(seconds=1)
TIMEOUT = timedelta(milliseconds=300)
CONVERSATIONS = [
    f"c{number}" for number in range(60)
]  # so many that every process surely has some


class House:
    """Three stand-ins with one journal, as Rasa's processes have one, and the pool in front of them."""

    def __init__(self, assistants: list[Assistant], clock: StoppedClock) -> None:
        self.assistants = assistants
        self.clock = clock
        self.asked: Counter[tuple[str, str]] = Counter()
        self.last = ""
        members = [
            RasaDialogue(url=one.url, token="t", clock=clock, timeout=TIMEOUT, name=str(number))
            for number, one in enumerate(assistants)
        ]
        self.pool = RasaPool(members, clock=clock, settled_after=20 * SECOND, on_turn=self._count)
        self._ids = iter(range(10_000))

    def _count(self, name: str, outcome: str) -> None:
        self.asked[name, outcome] += 1
        self.last = name

    async def say(self, conversation: str, message: str | None = None) -> str:
        """Send a turn and return who answered; the answer must fit."""
        message = message or f"{conversation}-{next(self._ids)}"
        turn = Turn(conversation_id=conversation, message_id=message, text="hi", language="en")
        (reply,) = await self.pool.turn(turn)
        assert reply.text == answer("hi")
        return self.last

    async def strike(self, number: int, fault: Fault) -> None:
        """Break one, and let everybody notice which connections have gone."""
        await self.assistants[number].strike(fault)
        await self.pool.health()

    async def homes(self) -> dict[str, str]:
        """Return who answers each conversation."""
        return {one: await self.say(one) for one in CONVERSATIONS}

    async def looked(self) -> None:
        """Let the time pass after which an absent process is looked for, and wait for the look."""
        self.clock.advance(2 * SECOND)
        await self.say(CONVERSATIONS[0])
        async with asyncio.timeout(5):
            await asyncio.gather(*(m._looking for m in self.pool._members if m._looking))


@pytest.fixture
async def house(clock: StoppedClock) -> AsyncIterator[House]:
    """Return three processes that are well."""
    async with Assistant() as a, Assistant() as b, Assistant() as c:
        b._journal = c._journal = a._journal
        b.runs = c.runs = a.runs
        house = House([a, b, c], clock)
        yield house
        await house.pool.close()


async def test_every_conversation_has_its_process(house: House) -> None:
    homes = await house.homes()
    assert set(homes.values()) == {"0", "1", "2"}
    assert await house.homes() == homes
    assert all(outcome == "answered" for _, outcome in house.asked)


@pytest.mark.parametrize(
    "fault", [Fault.REFUSED, Fault.NOT_READY, Fault.UNAUTHORISED], ids=lambda fault: fault.value
)
async def test_an_absent_process_is_replaced_at_once_and_gets_its_conversations_back(
    house: House, fault: Fault
) -> None:
    homes = await house.homes()
    await house.strike(1, fault)
    # Nobody sees an error, and who was not there stays where they are.
    away = await house.homes()
    assert "1" not in away.values()
    assert {one: who for one, who in away.items() if homes[one] != "1"} == {
        one: who for one, who in homes.items() if who != "1"
    }
    assert house.asked["1", "unavailable"] == 5, "after five failures it is left alone"
    await house.looked()
    assert await house.homes() == away
    await house.assistants[1].mend()
    await house.looked()
    assert await house.homes() == homes
    assert set(house.assistants[0].runs.values()) == {1}


@pytest.mark.parametrize(
    ("away", "at_home"),
    [((), 1.0), ((0,), 0.0), ((1, 2), 1.0), ((0, 1), 0.0), ((0, 2), 0.0)],
    ids=str,
)
async def test_liveness_decides_who_is_asked_first(
    house: House, away: tuple[int, ...], at_home: float
) -> None:
    homes = await house.homes()
    for number in away:
        for _ in range(5):
            house.pool._members[number]._breaker.failed("x")
    own = [one for one, who in homes.items() if who == "0"]
    first = [house.pool.order(one)[0].name for one in own]
    assert first.count("0") / len(first) == at_home
    assert not {str(number) for number in away} & set(first)


async def test_a_turn_that_broke_off_is_repeated_where_it_may_still_be_running(
    house: House,
) -> None:
    homes = await house.homes()
    (mine, *_) = [one for one, who in homes.items() if who == "0"]
    for _ in range(5):
        house.pool._members[0]._breaker.failed("x")
    place = int(await house.say(mine))
    assert place != 0
    await house.assistants[place].strike(Fault.HANGING)
    with pytest.raises(TurnBrokeOffError):
        await house.say(mine, "slow")
    # Home is back meanwhile, yet the repetition goes where the first try went, and only then it goes home.
    house.pool._members[0]._breaker.succeeded()
    await house.assistants[place].mend()
    assert await house.say(mine, "slow") == str(place)
    assert await house.say(mine) == "0"
    assert house.assistants[0].runs["slow"] == 1


async def test_it_is_not_held_for_ever_nor_by_a_dead_process(house: House) -> None:
    homes = await house.homes()
    mine, other = (next(one for one, who in homes.items() if who == n) for n in ("0", "1"))
    for number, conversation in ((0, mine), (1, other)):
        await house.assistants[number].strike(Fault.RESET)
        with pytest.raises(TurnBrokeOffError):
            await house.say(conversation, f"broken-{number}")
    await house.assistants[1].mend()
    await house.strike(0, Fault.REFUSED)
    assert await house.say(mine, "broken-0") != "0"
    assert other in house.pool._unsettled
    house.clock.advance(21 * SECOND)
    assert house.pool._held(other) is None
    await house.assistants[2].strike(Fault.RESET)
    third = next(one for one, who in homes.items() if who == "2")
    with pytest.raises(TurnBrokeOffError):
        await house.say(third)
    assert set(house.pool._unsettled) == {third}, "what is over is forgotten"


async def test_a_message_that_fails_is_not_carried_from_one_process_to_the_next(
    house: House,
) -> None:
    await house.assistants[0].strike(Fault.ERROR_503)
    homes = [house.pool.order(one)[0].name for one in CONVERSATIONS]
    with pytest.raises(TurnFailedError):
        await house.say(CONVERSATIONS[homes.index("0")])
    assert house.asked == {("0", "failed"): 1}


async def test_a_process_that_fails_everybody_is_left(house: House) -> None:
    homes = await house.homes()
    await house.assistants[0].strike(Fault.ERROR_503)
    failed = 0
    for one in CONVERSATIONS:
        try:
            await house.say(one)
        except TurnFailedError:
            failed += 1
    # Two may think it is their own fault; from the third on it is the process's, and the next one answers.
    assert failed == 2 < list(homes.values()).count("0")


async def test_no_turn_waits_for_a_look_at_an_absent_process(house: House) -> None:
    await house.assistants[0].strike(Fault.HANGING)
    for _ in range(5):
        house.pool._members[0]._breaker.failed("x")
    house.clock.advance(2 * SECOND)
    calls = house.assistants[0].calls
    async with asyncio.timeout(TIMEOUT.total_seconds()):
        for one in CONVERSATIONS:
            await house.say(one)
    assert house.pool._members[0]._looking is not None
    assert not house.pool._members[0]._looking.done()
    assert house.assistants[0].calls == calls, "no message is risked to find out"


async def test_all_away_is_one_clear_error_and_over_when_one_is_back(house: House) -> None:
    for number in range(3):
        await house.strike(number, Fault.REFUSED)
    for conversation in CONVERSATIONS:
        with pytest.raises(DialogueUnavailableError):
            await house.say(conversation)
    assert all(member.is_away for member in house.pool._members)
    await house.assistants[2].mend()
    house.clock.advance(2 * SECOND)
    assert set((await house.homes()).values()) == {"2"}


async def test_health_names_each_process(house: House) -> None:
    await house.assistants[1].strike(Fault.REFUSED)
    await house.assistants[2].strike(Fault.HANGING)
    health = await house.pool.health()
    assert [(one.name, one.ready) for one in health] == [("0", True), ("1", False), ("2", False)]
