"""``frontdesk tickets``."""

import json

import pytest

from desk.clock import StoppedClock
from desk.store.database import Database
from desk.tickets.service import Ticket, Tickets
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.world import World


@pytest.fixture
async def ticket(database: Database, clock: StoppedClock) -> Ticket:
    """Return a ticket about a refund."""
    talk = await World(database, clock).talk()
    return await Tickets(database, clock).open(
        key="k1",
        conversation_id=talk.id,
        topic="refund",
        title="Money [red]back[/red]",
        description="It came broken.\nPlease help, 请帮忙",
        order_number="10023",
    )


async def test_no_tickets_is_said_in_words(frontdesk: Frontdesk) -> None:
    assert "There are no tickets yet." in (await frontdesk("tickets", "list")).stdout
    assert (
        "No ticket is like that." in (await frontdesk("tickets", "list", "--status", "new")).stdout
    )
    assert json.loads((await frontdesk("tickets", "list", "--json")).stdout) == []


async def test_tickets_are_listed_by_status_and_topic(
    frontdesk: Frontdesk, ticket: Ticket
) -> None:
    (listed,) = json.loads((await frontdesk("tickets", "list", "--json")).stdout)
    assert listed["number"] == ticket.number
    assert listed["created_at"] == ticket.created_at.isoformat()
    assert "entries" not in listed
    for option, right, wrong in (("--status", "new", "open"), ("--topic", "refund", "error")):
        found = json.loads((await frontdesk("tickets", "list", option, right, "--json")).stdout)
        assert len(found) == 1
        found = json.loads((await frontdesk("tickets", "list", option, wrong, "--json")).stdout)
        assert found == []
    table = (await frontdesk("tickets", "list")).stdout
    assert ticket.number in table
    assert "Money [red]back[/red]" in table


async def test_unknown_words_name_the_allowed_ones(frontdesk: Frontdesk) -> None:
    line = failure(await frontdesk("tickets", "list", "--status", "lost"))
    assert "'lost' is none of: new, open, pending, on_hold, resolved, closed" in line
    assert "address_change" in failure(await frontdesk("tickets", "list", "--topic", "x"))


async def test_a_ticket_is_shown_with_its_history(frontdesk: Frontdesk, ticket: Ticket) -> None:
    shown = (await frontdesk("tickets", "show", f"t{ticket.id}")).stdout
    assert "请帮忙" in shown
    assert "created" in shown
    assert "10023" in shown
    data = json.loads((await frontdesk("tickets", "show", ticket.number, "--json")).stdout)
    assert data["description"] == "It came broken.\nPlease help, 请帮忙"
    assert [entry["kind"] for entry in data["entries"]] == ["created"]


@SQLITE_ONLY
@pytest.mark.parametrize("number", ["T-000999", "abc", "", "-1"])
async def test_an_unknown_number_is_one_line(frontdesk: Frontdesk, number: str) -> None:
    assert failure(await frontdesk("tickets", "show", "--", number)).startswith(
        "There is no ticket"
    )
    line = failure(await frontdesk("tickets", "set", "--status", "open", "--", number))
    assert line.startswith("There is no ticket")


async def test_a_ticket_is_changed_and_the_history_says_by_whom(
    frontdesk: Frontdesk, ticket: Ticket
) -> None:
    words = ["--status", "pending", "--priority", "urgent", "--assignee", "B", "--by", "B"]
    result = await frontdesk(
        "tickets", "set", ticket.number, *words, "--comment", "Asked", "--json"
    )
    changed = json.loads(result.stdout)
    assert (changed["status"], changed["priority"]) == ("pending", "urgent")
    assert changed["assignee"] == "B"
    kinds = [(e["kind"], e["author_name"], e["public"]) for e in changed["entries"][1:]]
    assert kinds == [
        ("status", "B", True),
        ("priority", "B", False),
        ("assignee", "B", False),
        ("comment", "B", True),
    ]
    nobody = await frontdesk("tickets", "set", ticket.number, "--assignee", "", "--json")
    assert json.loads(nobody.stdout)["assignee"] is None


async def test_a_comment_can_be_kept_from_the_customer(
    frontdesk: Frontdesk, ticket: Ticket
) -> None:
    words = ["set", ticket.number, "--comment", "Rude", "--internal", "--json"]
    entry = json.loads((await frontdesk("tickets", *words)).stdout)["entries"][-1]
    assert (entry["text"], entry["public"]) == ("Rude", False)
    assert entry["author_name"]


async def test_a_move_that_is_not_allowed_says_what_is_and_leaves_no_comment(
    frontdesk: Frontdesk, ticket: Ticket
) -> None:
    await frontdesk("tickets", "set", ticket.number, "--status", "resolved")
    line = failure(
        await frontdesk("tickets", "set", ticket.number, "--status", "pending", "--comment", "x")
    )
    assert "Allowed from here: open, closed" in line
    data = json.loads((await frontdesk("tickets", "show", ticket.number, "--json")).stdout)
    assert data["status"] == "resolved"
    assert "x" not in [entry["text"] for entry in data["entries"]]


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([], "nothing to change"),
        (["--status", "lost"], "none of: new"),
        (["--priority", "asap"], "none of: low, normal, high, urgent"),
        (["--status", ""], "--status is empty"),
        (["--comment", "  ", "--status", "open"], "--comment is empty"),
    ],
)
async def test_bad_input_changes_nothing(
    frontdesk: Frontdesk, ticket: Ticket, words: list[str], reason: str
) -> None:
    assert reason in failure(await frontdesk("tickets", "set", ticket.number, *words))
    data = json.loads((await frontdesk("tickets", "show", ticket.number, "--json")).stdout)
    assert (data["status"], len(data["entries"])) == ("new", 1)
