"""``frontdesk sla`` and ``frontdesk automation``."""

import json
from pathlib import Path

import pytest

from desk.calendars.service import Calendars
from desk.clock import StoppedClock
from desk.follow import Follower
from desk.sla.keeper import READER, ClockKeeper
from desk.sla.service import Sla
from desk.store.database import Database
from desk.tables.automation import AutomationRuleRow
from desk.tickets.service import Tickets
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure, frontdesk, invoke, nowhere
from tests.sla.conftest import shop_hours
from tests.world import World

__all__ = ["frontdesk", "invoke", "nowhere"]

RULES = """rules:
- name: 紧急投诉
  when: [ticket.opened]
  if: {field: ticket.priority, is: high}
  then:
  - {kind: set, field: priority, value: urgent}
- name: calm
  when: [ticket.opened]
  then:
  - {kind: set, field: priority, value: low}
"""


@pytest.fixture
def file(nowhere: Path) -> Path:
    """Return a file of two rules that contradict each other."""
    path = nowhere / "rules.yml"
    path.write_text(RULES, encoding="utf-8")
    return path


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


@SQLITE_ONLY
async def test_nothing_yet(frontdesk: Frontdesk) -> None:
    assert "no rules yet" in (await frontdesk("automation", "list")).stdout
    assert "Nothing is odd" in (await frontdesk("automation", "check")).stdout
    assert "no policies yet" in (await frontdesk("sla", "list")).stdout
    assert "No clock is running" in (await frontdesk("sla", "due")).stdout
    for command in (("sla", "list"), ("sla", "due"), ("automation", "list")):
        assert json.loads((await frontdesk(*command, "--json")).stdout) == []


async def test_rules_from_a_file_and_what_they_would_have_done(
    frontdesk: Frontdesk, file: Path, database: Database, clock: StoppedClock
) -> None:
    talk = await World(database, clock).talk()
    tickets = Tickets(database, clock)
    for key, priority in (("a", "high"), ("b", "normal")):
        await tickets.open(
            key=key,
            conversation_id=talk.id,
            topic="question",
            title="t",
            description="d",
            priority=priority,
        )
    done = await frontdesk("automation", "import", str(file), "--by", "mo")
    assert done.stdout.strip() == "2 added, 0 changed."
    assert "0 added, 2 changed" in (await frontdesk("automation", "import", str(file))).stdout
    assert "紧急投诉" in (await frontdesk("automation", "list")).stdout
    odd = await frontdesk("automation", "check", "--json")
    assert odd.exit_code == 1
    assert [row["kind"] for row in json.loads(odd.stdout)] == ["contradiction"]
    found = json.loads((await frontdesk("automation", "dry-run", "--json")).stdout)
    assert [(row["runs"], row["tickets"]) for row in found["rules"]] == [
        (1, ["T-000001"]),
        (2, ["T-000001", "T-000002"]),
    ]
    table = (await frontdesk("automation", "dry-run", "--rule", "1", "--days", "1")).stdout
    assert "nothing was done" in table
    assert "calm" not in table
    _write(file, (await frontdesk("automation", "export")).stdout)
    assert "0 added, 2 changed" in (await frontdesk("automation", "import", str(file))).stdout


@SQLITE_ONLY
async def test_what_is_wrong_is_one_line_and_changes_nothing(
    frontdesk: Frontdesk, file: Path, database: Database, clock: StoppedClock
) -> None:
    _write(file, RULES.replace("value: low", "value: none"))
    assert "rule 2: then, 1" in failure(await frontdesk("automation", "import", str(file)))
    assert "cannot be read" in failure(await frontdesk("automation", "import", "nowhere.yml"))
    assert "no rule 7" in failure(await frontdesk("automation", "dry-run", "--rule", "7"))
    assert await World(database, clock).rows(AutomationRuleRow) == []


@SQLITE_ONLY
async def test_clocks_that_run(
    frontdesk: Frontdesk, database: Database, clock: StoppedClock
) -> None:
    calendars = Calendars(database, clock, shop=shop_hours)
    given = {"name": "all", "targets": {"first_response": {"within": "1h"}}}
    await Sla(database, clock, calendars).save(given, by="mo")
    talk = await World(database, clock).talk()
    await Tickets(database, clock).open(
        key="a", conversation_id=talk.id, topic="question", title="t", description="d"
    )
    await Follower(READER, ClockKeeper(calendars).handle, database=database, clock=clock).step()
    (row,) = json.loads((await frontdesk("sla", "due", "--json")).stdout)
    assert (row["ticket"], row["kind"], row["state"]) == ("T-000001", "first_response", "running")
    assert "first response" in (await frontdesk("sla", "due")).stdout
    assert "1h shop" in (await frontdesk("sla", "list")).stdout
