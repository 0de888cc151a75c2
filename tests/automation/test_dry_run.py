"""What would have happened: counted on the past, and nothing is done."""

from datetime import UTC, datetime, timedelta

import pytest

from desk.automation.dry_run import fired
from desk.automation.model import Waited
from desk.errors import InvalidError
from desk.tables.base import Base
from tests.automation.conftest import House
from tests.automation.test_rules import NOTE, _set

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


async def _everything(house: House) -> dict[str, int]:
    async with house.database.read() as session:
        return {
            table.name: len((await session.execute(table.select())).all())
            for table in Base.metadata.sorted_tables
        }


async def test_the_past_is_counted_and_left_alone(house: House) -> None:
    urgent = {"if": {"field": "ticket.priority", "is": "urgent"}}
    for number, priority in enumerate(("urgent", "low", "urgent")):
        await house.ticket(key=str(number), priority=priority)
        house.clock.advance(timedelta(days=2))
    await house.rule(NOTE, stop=True, name="urgent ones", **urgent)
    await house.rule(_set("status", "open"), name="all others")
    await house.rule(NOTE, name="off", enabled=False)
    before = await _everything(house)
    outlook = await house.rules.dry_run(5)
    assert await _everything(house) == before
    # The first ticket is six days old. The first rule stops the second.
    assert [(w.rule.name, w.runs, w.tickets) for w in outlook.rules] == [
        ("urgent ones", 1, ["T-000003"]),
        ("all others", 1, ["T-000002"]),
    ]
    assert outlook.events == 2
    off = await house.rules.dry_run(30, [await house.rules.get(3)])
    assert [would.runs for would in off.rules] == [3]


async def test_a_draft_can_be_tried_before_it_is_kept(house: House) -> None:
    ticket = await house.ticket()
    await house.desk.tickets.set(number=ticket.number, priority="high", by="Mo")
    draft = await house.rules.draft(
        {
            "name": "draft",
            "when": "ticket.priority_changed",
            "if": {"field": "event.old", "is": "normal"},
            "then": [NOTE],
        }
    )
    (would,) = (await house.rules.dry_run(1, [draft])).rules
    assert (would.runs, would.tickets) == (1, [ticket.number])
    assert await house.rules.list() == ()


async def test_what_would_have_waited_long_enough(house: House) -> None:
    ticket = await house.ticket()
    house.clock.advance(timedelta(days=1))
    for status, days in (("pending", 4), ("open", 1), ("pending", 2), ("open", 1), ("pending", 3)):
        await house.desk.tickets.set(number=ticket.number, status=status, by="Mo")
        house.clock.advance(timedelta(days=days))
    when = {"field": "status", "value": "pending", "for": "3d"}
    await house.rule(NOTE, when=when, name="waits")
    (would,) = (await house.rules.dry_run(30)).rules
    assert (would.runs, would.tickets) == (2, [ticket.number])
    (would,) = (await house.rules.dry_run(1)).rules
    assert would.runs == 1


@pytest.mark.parametrize("days", [0, 366])
async def test_how_far_back(house: House, days: int) -> None:
    with pytest.raises(InvalidError, match="1 to 365"):
        await house.rules.dry_run(days)


def test_when_something_would_have_waited_long_enough() -> None:
    waited = Waited(field="assignee", value="", span=timedelta(hours=2))
    hour = timedelta(hours=1)
    values = [(NOON, None), (NOON + 3 * hour, "Mo"), (NOON + 4 * hour, None)]
    assert list(fired(values, waited, NOON, NOON + 6 * hour)) == [NOON + 2 * hour, NOON + 6 * hour]
    assert list(fired(values, waited, NOON + 3 * hour, NOON + 5 * hour)) == []


async def test_rules_go_out_and_come_back_as_yaml(house: House) -> None:
    await house.rule(NOTE, name="一", **{"if": {"field": "shop.open", "is": "no"}})
    await house.rule(_set("priority", "high"), when={"field": "assignee", "for": "2h"}, name="二")
    text = await house.rules.export()
    assert "一" in text
    before = [rule.written() for rule in await house.rules.list()]
    await house.rules.delete((await house.rules.list())[0].id or 0, by="mo")
    done = await house.rules.import_(text, by="mo")
    assert (done.added, done.changed) == (1, 1)
    assert [rule.written() for rule in await house.rules.list()] == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "no YAML"),
        ("- a", "write rules:"),
        ("rules: [a]", "write rules:"),
        ("rules: [{name: x}]", "rule 1: when"),
        ("rules: [{name: x}, {name: x}]", "same name"),
        ("a: &a [1]\nrules: [*a]", "aliases"),
    ],
)
async def test_a_wrong_file_changes_nothing(house: House, text: str, words: str) -> None:
    await house.rule(NOTE)
    with pytest.raises(InvalidError, match=words):
        await house.rules.import_(text, by="mo")
    assert len(await house.rules.list()) == 1
