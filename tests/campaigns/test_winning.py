"""The winner to the rest: decided once and in time, sent to nobody before, whatever dies in between."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from analytics.campaigns import plan, winning
from analytics.campaigns.aims import Winner, in_rest
from analytics.campaigns.composing import Composer
from analytics.campaigns.dispatch import Dispatcher
from analytics.campaigns.links import TrackedLinks
from analytics.campaigns.results import Results
from analytics.campaigns.results_model import By, TestState
from analytics.campaigns.service import Campaigns
from analytics.campaigns.telling import Teller
from analytics.campaigns.wake import Wake
from analytics.campaigns.winning_choice import Standing, choose
from analytics.experiments.guardrails import Guarded, Guardrail, Health
from channels.memory.adapter import MemoryChannel
from desk import events
from desk.channel_states import ChannelStates
from desk.clock import StoppedClock
from desk.contacts.suppressing import Suppressions
from desk.contacts.unsubscribe_links import UnsubscribeLinks
from desk.errors import InvalidError
from desk.events import Event
from desk.store.database import Database
from desk.tables.campaign import CampaignRecipientRow, CampaignRunRow, RecipientState, RunState
from desk.tables.event import EventRow
from tests.campaigns.people import contact, people, segment
from tests.conftest import NOON, SECRET

PEOPLE = 160
HOUR = timedelta(hours=1)
_WINNER = {"share": 0.5, "by": "clicked", "decide_after": "2h"}


def _plan(segment_id: int, **more: Any) -> plan.Plan:
    variants = [
        {"name": name, "template": {"contents": {"en": {"text": f"{name}: tea is cheap"}}}}
        for name in ("plain", "bold")
    ]
    return plan.read(
        {
            "segment_id": segment_id,
            "channels": ["memory"],
            "variants": variants,
            "schedule": {"kind": "once", "at": NOON.isoformat()},
            "winner": _WINNER,
            "budget": None,
            **more,
        }
    )


class Stage:
    """A campaign with a test, and all that moves it."""

    def __init__(self, database: Database, memory: MemoryChannel, clock: StoppedClock) -> None:
        self.database, self.clock, self.memory = database, clock, memory
        self.campaigns = Campaigns(database, clock)
        self.suppressions = Suppressions(database, clock, SECRET)
        self.wake = self.new_wake()
        channels = {"memory": memory}
        url = "https://desk.example.com"
        self.dispatcher = Dispatcher(
            database=database,
            channels=channels,
            states=ChannelStates(database, clock),
            composing=Composer(
                database=database,
                channels=channels,
                links=TrackedLinks(SECRET, public_url=url),
                ways_out=UnsubscribeLinks(SECRET, public_url=url),
                suppressions=self.suppressions,
                teller=Teller(database, clock),
            ),
            clock=clock,
        )

    def new_wake(self) -> Wake:
        """Return what another process moves campaigns on with."""
        return Wake(self.database, self.clock, self.suppressions, page=20)

    async def begin(self, **more: Any) -> int:
        """Launch a campaign and send what may be sent; return its run."""
        await people(self.database, PEOPLE)
        whom = await segment(self.database, [f"p:{contact(n)}" for n in range(PEOPLE)])
        made = await self.campaigns.create("Tea", _plan(whom, **more), by="Mo")
        await self.campaigns.launch(made.id, by="Mo")
        await self.move()
        return (await self.campaigns.runs(made.id))[0].id

    async def move(self) -> None:
        """Do what is due, and send it."""
        await self.wake.step()
        await self.dispatcher.drain()

    async def click(self, run: int, clicks: dict[str, int]) -> None:
        """Let so many people of each variant's test click."""
        left = dict(clicks)
        async with self.database.write() as session:
            for one in await self.rows(run):
                if not one.rest and left.get(one.variant, 0):
                    left[one.variant] -= 1
                    data = {"recipient_id": one.id}
                    who, now = one.contact_id, self.clock()
                    events.append(
                        session,
                        Event(name="campaign.clicked", data=data, contact_id=who, occurred_at=now),
                    )
        assert not any(left.values())

    async def rows(self, run: int) -> list[CampaignRecipientRow]:
        """Return all recipients."""
        async with self.database.read() as session:
            query = select(CampaignRecipientRow).where(CampaignRecipientRow.run_id == run)
            return list(await session.scalars(query.order_by(CampaignRecipientRow.id)))

    async def run(self, run: int) -> CampaignRunRow:
        """Return the run."""
        async with self.database.read() as session:
            return await session.get_one(CampaignRunRow, run)

    async def chosen(self) -> int:
        """Return how often a winner was chosen."""
        async with self.database.read() as session:
            query = select(EventRow.id).where(EventRow.name == "campaign.winner_chosen")
            return len(list(await session.scalars(query)))


@pytest.fixture
async def stage(database: Database, memory: MemoryChannel, clock: StoppedClock) -> Stage:
    """Return a stage at noon."""
    clock.at = NOON
    return Stage(database, memory, clock)


def _texts(memory: MemoryChannel) -> Counter[str]:
    return Counter(one.text.partition(":")[0] for one in memory.sent)


async def test_the_rest_waits_until_a_variant_is_proved_better_and_gets_that(stage: Stage) -> None:
    run = await stage.begin()
    rows = await stage.rows(run)
    rest = [one for one in rows if one.rest]
    test = Counter(one.variant for one in rows if not one.rest)
    assert 0.4 < len(rest) / PEOPLE < 0.6
    assert {(one.state, one.variant) for one in rest} == {(RecipientState.HELD, "")}
    assert _texts(stage.memory) == test

    await stage.click(run, {"plain": 1, "bold": 25})
    stage.clock.advance(winning.EVERY)
    await stage.move()

    found = await stage.run(run)
    assert (found.winner, found.decided_at) == ("bold", stage.clock())
    assert found.decision is not None
    assert found.decision["why"] == "winner"
    assert found.decision["arms"]["bold"] == {"sent": test["bold"], "hits": 25}
    assert _texts(stage.memory) == {"plain": test["plain"], "bold": test["bold"] + len(rest)}
    assert len({one.conversation_id for one in await stage.rows(run)}) == PEOPLE
    await stage.move()
    assert (await stage.run(run)).state is RunState.FINISHED
    assert await stage.chosen() == 1


async def test_results_tell_of_the_test_and_the_rest(stage: Stage) -> None:
    run = await stage.begin(holdout=0.1)
    results = Results(stage.database, stage.clock)
    (shown,) = (await results.of(1)).winners
    held = sum(one.rest for one in await stage.rows(run))
    assert (shown.state, shown.variant, shown.waiting) == (TestState.OPEN, None, held)
    assert shown.deadline == NOON + 2 * HOUR

    await stage.click(run, {"plain": 0, "bold": 25})
    stage.clock.advance(winning.EVERY)
    await stage.move()
    found = await results.of(1)
    (shown,) = found.winners
    assert (shown.state, shown.variant, shown.why) == (TestState.DECIDED, "bold", "winner")
    assert shown.waiting == 0
    parts = {line.key: line.counts.sent for line in found.by[By.PART]}
    assert parts["rest"] == held
    assert sum(parts.values()) == found.total.sent
    # Who got the winner later is no part of the comparison of variants.
    variants = {line.key: line.counts for line in found.by[By.VARIANT]}
    assert set(variants) == {"plain", "bold", "(rest)", "(holdout)"}
    assert variants["bold"].clicked == 25
    assert found.sound


@pytest.mark.parametrize(("otherwise", "wins"), [("best", "bold"), ("plain", "plain")])
async def test_at_the_deadline_the_plan_says_who_wins(
    stage: Stage, otherwise: str, wins: str
) -> None:
    run = await stage.begin(winner={**_WINNER, "otherwise": otherwise})
    sent = len(stage.memory.sent)
    await stage.click(run, {"plain": 5, "bold": 6})
    stage.clock.advance(2 * HOUR - timedelta(seconds=1))
    await stage.move()
    assert (await stage.run(run)).winner is None
    assert len(stage.memory.sent) == sent

    stage.clock.advance(timedelta(seconds=1))
    await stage.move()
    found = await stage.run(run)
    assert found.winner == wins
    assert found.decision is not None
    assert found.decision["why"] == "deadline"
    assert len(stage.memory.sent) == PEOPLE


async def test_a_crash_while_deciding_leaves_everything_as_it_was(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.begin()
    await stage.click(run, {"plain": 1, "bold": 25})
    stage.clock.advance(winning.EVERY)
    struck = 0

    def die(*_: object) -> None:
        nonlocal struck
        struck += 1
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(events, "append", die)
        with pytest.raises(RuntimeError, match="killed"):
            await stage.wake.step()
    assert struck == 1
    assert (await stage.run(run)).winner is None
    assert {one.state for one in await stage.rows(run) if one.rest} == {RecipientState.HELD}

    stage.wake = stage.new_wake()
    await stage.move()
    assert await stage.chosen() == 1
    assert len(stage.memory.sent) == PEOPLE


async def test_after_a_crash_while_letting_go_the_rest_gets_the_same_once(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await stage.begin()
    await stage.click(run, {"plain": 1, "bold": 25})
    stage.clock.advance(winning.EVERY)
    page, struck = winning._page, 0

    async def one_page(*given: Any) -> int:
        nonlocal struck
        struck += 1
        if struck == 3:
            raise RuntimeError("killed")
        return await page(*given)

    with monkeypatch.context() as patch:
        patch.setattr(winning, "_page", one_page)
        with pytest.raises(RuntimeError, match="killed"):
            await stage.wake.step()
    assert struck == 3
    held = [one for one in await stage.rows(run) if one.state is RecipientState.HELD]
    let_go = [one for one in await stage.rows(run) if one.rest and one not in held]
    assert held
    assert sum(one.state is RecipientState.QUEUED for one in await stage.rows(run)) == 40
    assert {one.variant for one in held} == {""}
    assert let_go
    # By now the other variant is ahead: what was decided stands.
    await stage.click(run, {"plain": 30})
    stage.wake = stage.new_wake()
    await stage.move()
    assert {one.variant for one in await stage.rows(run) if one.rest} == {"bold"}
    assert len(stage.memory.sent) == PEOPLE
    assert len({one.thread for one in stage.memory.sent}) == PEOPLE
    assert await stage.chosen() == 1


async def test_of_several_processes_one_decides(stage: Stage) -> None:
    run = await stage.begin()
    await stage.click(run, {"plain": 1, "bold": 25})
    stage.clock.advance(winning.EVERY)
    await asyncio.gather(*(stage.new_wake().step() for _ in range(4)))
    await stage.dispatcher.drain()
    assert await stage.chosen() == 1
    assert len(stage.memory.sent) == PEOPLE


async def test_a_paused_run_decides_nothing_and_a_cancelled_one_lets_nobody_go(
    stage: Stage,
) -> None:
    run = await stage.begin()
    sent = len(stage.memory.sent)
    await stage.click(run, {"plain": 1, "bold": 25})
    await stage.campaigns.pause(1, by="Mo")
    stage.clock.advance(3 * HOUR)
    await stage.move()
    assert (await stage.run(run)).winner is None
    assert await stage.campaigns.cancel(1, by="Mo") == PEOPLE - sent
    await stage.move()
    rest = {(one.state, one.reason) for one in await stage.rows(run) if one.rest}
    assert rest == {(RecipientState.SKIPPED, "cancelled")}
    assert len(stage.memory.sent) == sent


async def test_who_comes_back_long_after_the_deadline_does_not_write_to_the_rest(
    stage: Stage,
) -> None:
    run = await stage.begin()
    sent = len(stage.memory.sent)
    stage.clock.advance(2 * HOUR + 5 * HOUR)
    await stage.move()
    await stage.move()
    rest = {(one.state, one.reason) for one in await stage.rows(run) if one.rest}
    assert rest == {(RecipientState.SKIPPED, "too_late")}
    assert len(stage.memory.sent) == sent


async def test_the_rest_is_not_woken_at_night(stage: Stage) -> None:
    stage.clock.at = NOON + 8 * HOUR
    at = stage.clock().isoformat()
    run = await stage.begin(schedule={"kind": "once", "at": at})
    stage.clock.advance(2 * HOUR)
    await stage.move()
    due = {one.not_before for one in await stage.rows(run) if one.rest}
    assert due == {NOON + 21 * HOUR}


def test_the_rest_is_drawn_apart_from_the_variants() -> None:
    names = [f"n{n}" for n in range(4_000)]
    rest = in_rest("campaign:1", names, 0.2)
    assert sum(rest) == pytest.approx(3_200, abs=120)
    arms = _plan(1).split(1).all(names)
    plain = sum(arm == "plain" for arm, waits in zip(arms, rest, strict=True) if not waits)
    assert plain == pytest.approx((4_000 - sum(rest)) / 2, abs=60)
    # A larger share only takes people in.
    wider = in_rest("campaign:1", names, 0.5)
    assert all(was or not now for was, now in zip(rest, wider, strict=True))


def _standing(**more: Any) -> Standing:
    given: dict[str, Any] = {
        "winner": Winner.model_validate(_WINNER),
        "variants": ("a", "b", "c"),
        "sent": {"a": 1_000, "b": 1_000, "c": 1_000},
        "hits": {"a": 100, "b": 105, "c": 110},
        "ratio_p": 0.5,
        "planned": 3_000,
        **more,
    }
    return Standing(**given)


def _harmed(variant: str) -> Guarded:
    rail = Guardrail(name="opted_out")
    return Guarded(
        guardrail=rail, variant=variant, estimate=0.2, low=0.1, high=0.3, health=Health.HARMED
    )


@pytest.mark.parametrize(
    ("standing", "now", "later"),
    [
        (_standing(), None, ("c", "deadline")),
        (_standing(hits={"a": 100, "b": 105, "c": 300}), ("c", "winner"), ("c", "winner")),
        (
            _standing(hits={"a": 300, "b": 105, "c": 100}),
            ("a", "control is better"),
            ("a", "control is better"),
        ),
        (_standing(guarded=[_harmed("c")]), None, ("b", "deadline")),
        (
            _standing(guarded=[_harmed("b"), _harmed("c")]),
            ("a", "harmful"),
            ("a", "harmful"),
        ),
        (
            _standing(ratio_p=0.0001, hits={"a": 1, "b": 2, "c": 900}),
            None,
            ("a", "broken split"),
        ),
        (_standing(sent={}, hits={}), None, ("a", "deadline")),
    ],
)
def test_what_is_chosen(
    standing: Standing, now: tuple[str, str] | None, later: tuple[str, str]
) -> None:
    found = choose(standing, is_over=False)
    assert (found and (found.variant, found.why)) == now
    last = choose(standing, is_over=True)
    assert last is not None
    assert (last.variant, last.why) == later


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"winner": {**_WINNER, "otherwise": "loud"}}, "write best or one of: plain, bold"),
        ({"winner": {**_WINNER, "share": 1}}, "less than 1"),
        (
            {"schedule": {"kind": "after_event", "event": "ticket.opened", "delay": "7d"}},
            "goes to all at one time",
        ),
    ],
)
def test_a_plan_that_cannot_have_a_winner_says_so(more: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidError, match=said):
        _plan(1, **more)
