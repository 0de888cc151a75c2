"""What programs see and do stands in the record: each read a row, each change in the transaction of its row."""

from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.wiring import Desk
from desk.access import audit
from desk.access.audit import Audit, Entry, Filter
from desk.access.policy import Deed, Role
from desk.errors import RetryableError
from desk.tables.agent import AgentStatus
from tests.api.conftest import Program, Programs
from tests.talk import conversation


async def _entries(desk: Desk, **wanted: Any) -> list[Entry]:
    page = await Audit(desk.database, desk.clock).page(Filter(who="Mo", **wanted))
    return list(reversed(page))


async def test_every_read_of_customers_is_a_row(
    mo: Program, desk: Desk, talk: str, programs: Programs
) -> None:
    person = (await conversation(desk)).contact_id
    ticket = await desk.tickets.open(
        key="k", conversation_id=talk, topic="refund", title="Money", description="Back"
    )
    for path in (
        "/contacts",
        f"/contacts/{person}",
        f"/contacts/{person}",
        "/conversations",
        f"/conversations/{talk}/messages",
        f"/tickets/{ticket.number}",
        "/agents",
    ):
        await mo.ask("GET", path)
    found = [(one.deed, one.thing, one.detail["did"]) for one in await _entries(desk)]
    assert found == [
        ("contact.see", "contact", "list_contacts"),
        ("contact.see", f"contact:{person}", "get_contact"),
        ("contact.see", f"contact:{person}", "get_contact"),
        ("conversation.see", "conversation", "list_conversations"),
        ("conversation.see", f"conversation:{talk}", "list_messages"),
        ("ticket.see", f"ticket:{ticket.number}", "get_ticket"),
    ]
    # What nobody was shown is not in it.
    await mo.refused("GET", f"/contacts/{'0' * 32}", 404, "not_found")
    blind = await programs(name="Mo", role=Role.AGENT, scopes=(Deed.AGENT_SEE,))
    await blind.refused("GET", "/contacts", 403, "forbidden")
    assert len(await _entries(desk)) == len(found)


async def test_what_cannot_be_written_into_the_record_is_not_done(
    mo: Program, desk: Desk, talk: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kim = await desk.agents.add(name="Kim")
    tickets = [
        await desk.tickets.open(
            key=key, conversation_id=talk, topic="refund", title="Money", description="Back"
        )
        for key in "kl"
    ]
    await desk.handoff.take_over(talk, agent="Mo")
    struck = 0

    async def fails(_: AsyncSession) -> None:
        nonlocal struck
        struck += 1
        raise RetryableError("the record cannot be written")

    monkeypatch.setattr(audit, "_write", fails)
    here, merge = f"/conversations/{talk}", f"/tickets/{tickets[0].number}/merge"
    changes: tuple[tuple[str, str, dict[str, str]], ...] = (
        ("POST", f"{here}/release", {}),
        ("POST", f"{here}/resolve", {"outcome": "solved"}),
        ("POST", f"{here}/transfer", {"agent": "Kim"}),
        ("PUT", f"/agents/{kim.id}/status", {"status": "away"}),
        ("POST", merge, {"into": tickets[1].number}),
    )
    for method, path, given in changes:
        await mo.refused(method, path, 503, "later", json=given)
    row = await conversation(desk)
    assert (row.owner, row.agent) == ("human", "Mo")
    assert (await desk.agents.get("Kim")).status is AgentStatus.ONLINE
    assert (await desk.tickets.get(number=tickets[0].number)).number == tickets[0].number
    await desk.handoff.release(talk, agent="Mo")
    await mo.refused("POST", f"{here}/take-over", 503, "later")
    assert (await conversation(desk)).owner == "bot"
    assert struck == len(changes) + 1
