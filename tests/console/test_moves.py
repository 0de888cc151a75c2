"""What agents can do at their desk they can do here: resolve with an outcome, put off, transfer, be away."""

import re

from app.wiring import Desk
from desk.tables.agent import AgentStatus
from desk.tables.conversation import Owner
from tests.console.conftest import Browser
from tests.talk import conversation, says


async def _at(desk: Desk) -> str:
    return f"/console/conversations/{(await conversation(desk)).id}"


def _status(page: str) -> list[str]:
    return re.findall(r'name="status" value="(\w+)" aria-pressed="true"', page)


async def test_resolve_says_how_it_ended(mo: Browser, desk: Desk) -> None:
    await says(desk, "human")
    at = await _at(desk)
    await mo.submit(f"{at}/take-over")
    assert "Something is still to be done" in await mo.see(at)
    assert (await mo.submit(f"{at}/resolve", outcome="magic")).status_code == 422
    await mo.submit(f"{at}/resolve", outcome="follow_up", topic="lamps")
    talk = await conversation(desk)
    assert (talk.owner, talk.outcome, talk.topic) == (Owner.CLOSED, "follow_up", "lamps")


async def test_put_off(mo: Browser, desk: Desk) -> None:
    await says(desk, "human")
    at = await _at(desk)
    assert (await mo.submit(f"{at}/snooze", minutes="7")).status_code == 422
    assert (await mo.submit(f"{at}/snooze", minutes="60")).status_code == 303
    assert (await conversation(desk)).snoozed_until is not None


async def test_transfer_to_somebody_who_is_there(mo: Browser, desk: Desk) -> None:
    await says(desk, "human")
    at = await _at(desk)
    await mo.submit(f"{at}/take-over")
    await desk.agents.set_status("Kit", AgentStatus.AWAY)
    assert "agent:Kit" not in await mo.see(at)
    assert (await mo.submit(f"{at}/transfer", to="agent:Kit")).status_code == 409
    assert (await mo.submit(f"{at}/transfer", to="nobody")).status_code == 422
    assert (await mo.submit(f"{at}/transfer", to="team:unknown")).status_code == 422
    await desk.agents.set_status("Kit", AgentStatus.ONLINE)
    assert "agent:Kit" in await mo.see(at)
    assert (await mo.submit(f"{at}/transfer", to="agent:Kit")).status_code == 303
    assert (await conversation(desk)).agent == "Kit"


async def test_every_page_tells_whether_i_am_at_work_and_lets_me_change_it(
    mo: Browser, desk: Desk
) -> None:
    assert _status(await mo.see("/console/tickets")) == []
    for word in ("away", "offline", "online"):
        answer = await mo.submit(
            "/console/status", status=word, next="/console/tickets?status=new"
        )
        assert (answer.status_code, answer.headers["location"]) == (
            303,
            "/console/tickets?status=new",
        )
        assert (await desk.agents.get("Mo")).status == word
        assert _status(await mo.see("/console/contacts")) == [word]
    away = await mo.submit("/console/status", status="away", next="https://example.com/")
    assert away.headers["location"] == "/console"
    assert (await mo.submit("/console/status", status="asleep")).status_code == 422
