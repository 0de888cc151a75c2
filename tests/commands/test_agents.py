"""``frontdesk agents``: list, add, status."""

import json

from tests.commands.conftest import Frontdesk, failure


async def test_agents_are_added_listed_and_sent_away(frontdesk: Frontdesk) -> None:
    assert "There are no agents yet" in (await frontdesk("agents", "list")).stdout
    added = await frontdesk(
        "agents", "add", "Kim", "--email", "Kim@example.com", "--team", "refunds"
    )
    assert added.stdout == "Kim is an agent now.\n"
    again = failure(await frontdesk("agents", "add", "Lee", "--email", "kim@example.com"))
    assert again == "kim@example.com is another agent's email"
    (row,) = json.loads((await frontdesk("agents", "list", "--json")).stdout)
    assert (row["name"], row["email"], row["status"]) == ("Kim", "kim@example.com", "online")
    assert (
        "Kim is away since 2026-03-02 12:00 UTC."
        in (await frontdesk("agents", "status", "kim", "away")).stdout
    )
    assert "Kim is away" in (await frontdesk("agents", "status", "Kim")).stdout
    assert "Kim" in (await frontdesk("agents", "list")).stdout
    assert failure(await frontdesk("agents", "status", "Mo")) == "there is no agent Mo"
    assert "none of" in failure(await frontdesk("agents", "status", "Kim", "asleep"))
