"""Sequences of steps: each once for everybody, whatever dies, waits or comes late, as a naive oracle says."""

from collections import defaultdict
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import delete, text

from analytics.campaigns.local import zone_of
from analytics.campaigns.plan import Plan
from analytics.campaigns.quiet import is_quiet
from analytics.campaigns.schedule import Otherwise, Sequence
from desk.contacts.merging import Merging
from desk.errors import InvalidError
from desk.store.database import Database
from desk.tables.behaviour import DemographicsRow
from desk.tables.campaign import CampaignState
from desk.tables.segment import SegmentMemberRow
from tests.campaigns.people import contact, say
from tests.campaigns.stage import DAY, HOUR, Stage, after, planned, said, series
from tests.conftest import NOON

RESOLVED = after("ticket.resolved", "0m")
ONCE = {"kind": "once", "at": NOON.isoformat()}
UNLESS_ORDERED = {"conditions": [{"event": "order", "happened": False}]}
PEOPLE = 6
THREE = ({"wait": "0m"}, {"wait": "1d"}, {"wait": "2d"})


@pytest.fixture
def stage(database: Database) -> Stage:
    """Return a shop with campaigns."""
    return Stage(database)


async def test_every_member_goes_all_the_steps_and_it_ends(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(5), series(ONCE, *THREE), 3))
    await stage.pass_time(4 * DAY)
    sent = stage.came()
    assert sorted(sent) == [(f"u{n}", f"step {step}") for n in range(5) for step in (1, 2, 3)]
    assert [text for _, text in sent] == sorted(text for _, text in sent)
    runs = await stage.campaigns.runs(made)
    assert [(run.occurrence, str(run.state), dict(run.counts)) for run in runs] == [
        (f"once/{step}", "finished", {"sent": 5}) for step in (3, 2, 1)
    ]
    assert (await stage.campaigns.get(made)).state is CampaignState.FINISHED


async def test_who_orders_gets_no_more(stage: Stage) -> None:
    segment = await stage.segment(3, customers=True)
    steps = ({"wait": "0m"}, {"wait": "3d", **UNLESS_ORDERED}, {"wait": "1d"})
    made = await stage.launched(planned(segment, series(RESOLVED, *steps), 3))
    for number in range(3):
        await stage.happens("ticket.resolved", number)
    await stage.order(1, 0, NOON)  # at the same moment is not since then
    await stage.work()
    stage.clock.advance(DAY)
    await stage.order(2, 1)
    await stage.pass_time(5 * DAY)
    assert sorted(stage.came()) == [
        ("u0", "step 1"),
        ("u0", "step 2"),
        ("u0", "step 3"),
        ("u1", "step 1"),
        ("u2", "step 1"),
        ("u2", "step 2"),
        ("u2", "step 3"),
    ]
    assert ("2026-03-05/2", "1", "skipped", "condition") in await stage.rows()
    assert await stage.campaigns.journeys(made) == {"condition": 1, "finished": 2}


async def test_a_step_is_left_out_and_the_next_one_comes(stage: Stage) -> None:
    clicked = {"conditions": [{"event": "link_click"}], "otherwise": "skip"}
    steps = ({"wait": "0m"}, {"wait": "1d", **clicked}, {"wait": "1d"})
    await stage.launched(planned(await stage.segment(2), series(ONCE, *steps), 3))
    await stage.work()
    stage.clock.advance(HOUR)
    await stage.does("link_click", 1)
    await stage.pass_time(4 * DAY, 4 * HOUR)
    by_person = defaultdict(list)
    for who, text_ in stage.came():
        by_person[who].append(text_)
    assert by_person == {"u0": ["step 1", "step 3"], "u1": ["step 1", "step 2", "step 3"]}
    assert ("once/2", "0", "skipped", "condition") in await stage.rows()


async def test_the_variant_and_the_holdout_stay_through_all_steps(stage: Stage) -> None:
    variants = [
        {"name": name, "template": said(f"{name} 1"), "then": [said(f"{name} 2")]}
        for name in ("a", "b")
    ]
    steps = series(ONCE, {"wait": "0m"}, {"wait": "1d"})
    decided = planned(await stage.segment(40), steps, variants=variants, holdout=0.2)
    made = await stage.launched(decided)
    await stage.pass_time(DAY)
    arms = decided.split(made).all(contact(n) for n in range(40))
    expected = [(f"u{n}", f"{arm} {s}") for n, arm in enumerate(arms) if arm for s in (1, 2)]
    assert sorted(stage.came()) == sorted(expected)
    out = {row[1] for row in await stage.rows() if row[2] == "holdout"}
    assert out == {str(n) for n, arm in enumerate(arms) if arm is None}
    await stage.check_sums(made)


async def test_consent_withdrawn_or_the_segment_left_before_a_step(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(3), series(ONCE, *THREE), 3))
    await stage.work()
    await say(stage.database, contact(1), granted=False, key="no")
    async with stage.database.write() as session:
        left = SegmentMemberRow.person_id == f"p:{contact(2)}"
        await session.execute(delete(SegmentMemberRow).where(left))
    await stage.pass_time(2 * DAY)
    await say(stage.database, contact(1), granted=True, key="yes")
    await stage.pass_time(2 * DAY)
    rows = [(key, who, state, why) for key, who, state, why in await stage.rows() if who != "0"]
    assert rows == [
        ("once/1", "1", "sent", ""),
        ("once/1", "2", "sent", ""),
        ("once/2", "1", "skipped", "no_consent"),
        ("once/3", "1", "sent", ""),
    ]
    assert await stage.campaigns.journeys(made) == {"finished": 2, "not_in_segment": 1}
    assert (await stage.campaigns.get(made)).state is CampaignState.FINISHED


async def test_who_is_merged_between_two_steps_gets_each_once(stage: Stage) -> None:
    await stage.launched(planned(await stage.segment(3), series(ONCE, *THREE), 3))
    await stage.work()
    await Merging(stage.database, stage.clock).merge(contact(0), contact(1), by="Mo")
    await stage.pass_time(4 * DAY)
    later = [one for one in stage.came() if one[1] != "step 1"]
    assert sorted(later) == [(f"u{n}", f"step {s}") for n in (0, 2) for s in (2, 3)]


async def test_it_stands_still_between_two_steps_and_goes_on(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(2), series(ONCE, *THREE), 3))
    await stage.work()
    await stage.campaigns.pause(made, by="Mo")
    await stage.campaigns.resume(made, by="Mo")
    assert (await stage.campaigns.get(made)).state is CampaignState.RUNNING
    await stage.campaigns.pause(made, by="Mo")
    await stage.pass_time(DAY + 3 * HOUR, HOUR)
    await stage.campaigns.resume(made, by="Mo")  # three hours late: in time still
    await stage.work()
    await stage.campaigns.pause(made, by="Mo")
    await stage.pass_time(3 * DAY)
    await stage.campaigns.resume(made, by="Mo")
    await stage.work()
    assert [row for row in await stage.rows() if row[0] != "once/1"] == [
        ("once/2", "0", "sent", ""),
        ("once/2", "1", "sent", ""),
        ("once/3", "0", "skipped", "too_late"),
        ("once/3", "1", "skipped", "too_late"),
    ]
    assert (await stage.campaigns.get(made)).state is CampaignState.FINISHED


async def test_cancelled_between_two_steps_nobody_goes_on(stage: Stage) -> None:
    made = await stage.launched(planned(await stage.segment(2), series(ONCE, *THREE), 3))
    await stage.work()
    assert await stage.campaigns.cancel(made, by="Mo") == 2
    await stage.pass_time(4 * DAY)
    assert len(stage.came()) == 2


async def test_every_monday_a_new_series_begins(stage: Stage) -> None:
    weekly = {"kind": "recurring", "cron": "0 12 * * 1", "zone": "Europe/Berlin"}
    steps = series(weekly, {"wait": "0m"}, {"wait": "10d"})
    made = await stage.launched(planned(await stage.segment(2), steps, 2))
    await stage.pass_time(20 * DAY, 12 * HOUR)
    keys = sorted({row[0] for row in await stage.rows()})
    # The first began an hour before the launch, as late as is allowed.
    days = ("2026-03-02", "2026-03-09", "2026-03-16")
    assert keys == sorted([*(f"{day}/1" for day in days), "2026-03-02/2", "2026-03-09/2"])
    assert len(await stage.rows()) == len(stage.came()) == 10
    await stage.campaigns.cancel(made, by="Mo")


async def test_on_everybodys_own_clock_over_a_night_in_which_it_changes(stage: Stage) -> None:
    stage.clock.at = datetime.fromisoformat("2026-03-27T00:00Z")
    segment = await stage.segment(3)
    async with stage.database.write() as session:
        for n, country in enumerate(("DE", "CN", "GB")):
            session.add(DemographicsRow(contact_id=contact(n), country=country))
    start = {"kind": "local", "day": "2026-03-28", "clock": "20:30"}
    quiet = {"start": "21:00", "end": "09:00"}
    steps = series(start, {"wait": "0m"}, {"wait": "1d"}, {"wait": "1h"})
    made = await stage.launched(planned(segment, steps, 3, quiet=quiet))
    came: dict[tuple[str, str], datetime] = {}
    await stage.work()
    stage.clock.at = datetime.fromisoformat("2026-03-28T12:00Z")
    for _ in range(2 * 46):
        await stage.work()
        for one in stage.came()[len(came) :]:
            assert one not in came
            came[one] = stage.clock()
        stage.clock.advance(HOUR / 2)
    there = {
        one: at.astimezone(zone_of(zone)).strftime("%d %H:%M")
        for one, at in came.items()
        for who, zone in (
            ("u0", "Europe/Berlin"),
            ("u1", "Asia/Shanghai"),
            ("u2", "Europe/London"),
        )
        if one[0] == who
    }
    # A day is 24 hours. In Europe that is half past nine, in the night, so it waits for the morning.
    assert there == {
        ("u0", "step 1"): "28 20:30",
        ("u0", "step 2"): "30 09:00",
        ("u0", "step 3"): "30 10:00",
        ("u1", "step 1"): "28 20:30",
        ("u1", "step 2"): "29 20:30",
        ("u1", "step 3"): "30 09:00",
        ("u2", "step 1"): "28 20:30",
        ("u2", "step 2"): "30 09:00",
        ("u2", "step 3"): "30 10:00",
    }
    assert (await stage.campaigns.get(made)).state is CampaignState.FINISHED


async def test_each_step_has_to_have_its_message(stage: Stage) -> None:
    segment = await stage.segment(1)
    made = await stage.campaigns.create("Tea", planned(segment, series(ONCE, *THREE)), by="Mo")
    with pytest.raises(InvalidError, match=r"variants\[1\].then: there are 3 steps and 1 mess"):
        await stage.campaigns.launch(made.id, by="Mo")
    spare = await stage.campaigns.create("More", planned(segment, ONCE, 2), by="Mo")
    with pytest.raises(InvalidError, match="1 steps and 2 messages"):
        await stage.campaigns.launch(spare.id, by="Mo")


async def test_a_page_touches_only_who_is_due(stage: Stage) -> None:
    stage.page = 500
    made = await stage.launched(planned(await stage.segment(1), series(ONCE, *THREE), 3))
    explain = "EXPLAIN QUERY PLAN " if stage.database.is_sqlite else "EXPLAIN "
    many = (
        "INSERT INTO campaign_journey (campaign_id, occurrence, person_id, state, done, since, due_at)"
        " SELECT :campaign, 'once', 'p:' || n, 'waiting', 1, :at, :at FROM "
    )
    numbers = {
        True: "(WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 100000) SELECT n FROM c)",
        False: "generate_series(1, 100000) AS n",
    }
    later = NOON + 30 * DAY
    at = later.replace(tzinfo=None) if stage.database.is_sqlite else later
    async with stage.database.write() as session:
        statement = text(many + numbers[stage.database.is_sqlite])
        await session.execute(statement, {"campaign": made, "at": at})
    if not stage.database.is_sqlite:
        async with stage.database.write() as session:
            await session.execute(text("ANALYZE campaign_journey"))
    question = (
        "SELECT id FROM campaign_journey WHERE campaign_id = :campaign AND state = 'waiting' AND due_at <= :at"
        " ORDER BY due_at LIMIT 500"
    )
    early = NOON.replace(tzinfo=None) if stage.database.is_sqlite else NOON
    async with stage.database.read() as session:
        found = await session.execute(text(explain + question), {"campaign": made, "at": early})
        assert "ix_campaign_journey_due" in " ".join(str(row) for row in found)
    await stage.work()
    assert stage.came() == [("u0", "step 1")]


# --- against an oracle


def oracle(
    decided: Plan, start: datetime, happened: list[tuple[datetime, str]], looks: list[datetime]
) -> list[tuple[str, str]]:
    """Return the run and what becomes of it for each step, written as simply as can be."""
    assert isinstance(decided.schedule, Sequence)
    found, since = [], start
    for number, step in enumerate(decided.schedule.steps, 1):
        due = since + step.wait
        while _is_quiet(decided, due):
            due += timedelta(minutes=15)
        now = next((at for at in looks if at >= due and not _is_quiet(decided, at)), None)
        if now is None:
            break
        names = {name for at, name in happened if since < at <= now}
        run = f"{due.astimezone(decided.zone):%Y-%m-%d}/{number}"
        since = due
        if any((one.event in names) is not one.happened for one in step.conditions):
            found.append((run, "condition"))
            if step.otherwise is Otherwise.END:
                break
        else:
            found.append((run, "too_late" if now - due >= decided.late else ""))
    return found


def _is_quiet(decided: Plan, at: datetime) -> bool:
    return decided.quiet is not None and is_quiet(at, decided.zone, decided.quiet)


def _invented(chance: Random, segment: int) -> Plan:
    steps: list[dict[str, Any]] = []
    for _ in range(chance.randint(1, 5)):
        names = chance.sample(["page_view", "ticket.opened"], chance.randint(0, 2))
        asked = [{"event": name, "happened": chance.random() < 0.3} for name in names]
        wait = chance.choice((0, 15, 60, 7 * 60, 24 * 60, 50 * 60))
        step = {"wait": f"{wait}m", "conditions": asked}
        steps.append(step | {"otherwise": chance.choice(("skip", "end"))})
    quiet = chance.choice((None, {"start": "21:00", "end": "09:00"}))
    more = {"quiet": quiet, "late": "3h", "default_zone": "Europe/Berlin", "holdout": 0.2}
    return planned(segment, series(RESOLVED, *steps), len(steps), **more)


@pytest.mark.parametrize("seed", range(8))
async def test_as_the_oracle_says(database: Database, seed: int) -> None:
    chance = Random(seed)
    stage = Stage(database, page=chance.choice((2, 500)))
    launched = stage.clock.at = datetime.fromisoformat("2026-03-27T00:00Z")
    decided = _invented(chance, await stage.segment(PEOPLE))
    made = await stage.launched(decided)
    looks = [launched]  # now and then nobody looks for hours, or for a day
    while looks[-1] < launched + 6 * DAY:
        looks.append(looks[-1] + timedelta(minutes=chance.choice((1, 15, 60, 240, 1_500))))
    happened = _things(chance, launched)
    for look in looks:
        for at, name, who in happened:
            if stage.clock() < at <= look:
                await stage.happens(name, who, at)
        stage.clock.at = look
        await stage.work()
    await stage.check_sums(made)
    expected = []
    for start, name, who in happened:
        if name == "ticket.resolved":
            theirs = [(at, what) for at, what, whose in happened if whose == who]
            sent = "holdout" if decided.split(made).arm(contact(who)) is None else "sent"
            for run, why in oracle(decided, start, theirs, looks):
                expected.append((run, str(who), "skipped" if why else sent, why))
    rows = [(key.partition(" ")[0], *rest) for key, *rest in await stage.rows()]
    assert sorted(rows) == sorted(expected)
    assert len(expected) > PEOPLE


def _things(chance: Random, launched: datetime) -> list[tuple[datetime, str, int]]:
    """Return what happens to people in six days over which the clocks change."""
    names = ["ticket.resolved"] * PEOPLE * 2 + ["page_view", "ticket.opened"] * PEOPLE
    return sorted(
        (launched + timedelta(minutes=15 * chance.randrange(1, 500)), name, number % PEOPLE)
        for number, name in enumerate(names)
    )
