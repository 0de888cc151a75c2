"""How many questions each page asks the database; the number does not grow with what is there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from app.wiring import Desk
from tests.console.conftest import Browser
from tests.talk import conversation, says

# Of these, three are the gate's: who is signed in, and what goes into the record.
MOST = {
    "/console": 17,
    "/console?queue=mine": 8,
    "/console?queue=closed": 8,
    "/console/inbox/live": 17,
    "{talk}": 34,
    "{talk}/live": 34,
    "/console/search?q=lamp": 12,
    "/console/search?q=退款": 12,
    "/console/search?q=ana lamp nothing": 18,
    "/console/contacts": 6,
    "/console/contacts?q=ana": 7,
    "{contact}": 22,
    "/console/overview": 22,
    "/console/canned": 6,
    "/console/keys": 3,
}


@contextmanager
def counted(desk: Desk) -> Iterator[list[str]]:
    """Collect the statements that are run inside the block."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    engines = {desk.database.engine, desk.database._reader}
    for engine in engines:
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    yield asked
    for engine in engines:
        event.remove(engine.sync_engine, "before_cursor_execute", note)


async def _fill(desk: Desk, start: int) -> None:
    for number in range(start, start + 6):
        await says(desk, "my lamp 退款", f"v{number}", sender_name="Ana")
        await says(desk, "human" if number % 2 else "bye", f"v{number}")


async def _counts(mo: Browser, desk: Desk) -> dict[str, int]:
    talk = await conversation(desk, "v1")
    known = {
        "talk": f"/console/conversations/{talk.id}",
        "contact": f"/console/contacts/{talk.contact_id}",
    }
    found = {}
    for address in MOST:
        with counted(desk) as asked:
            response = await mo.get(address.format(**known))
        assert response.status_code == 200, address
        found[address] = len(asked)
    return found


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_pages_ask_few_questions_and_no_more_when_there_is_more(
    mo: Browser, desk: Desk
) -> None:
    await _fill(desk, 0)
    await desk.handoff.take_over((await conversation(desk, "v1")).id, agent="Mo")
    await desk.handoff.take_over((await conversation(desk, "v3")).id, agent="Kit")
    first = await _counts(mo, desk)
    assert {address: n for address, n in first.items() if n > MOST[address]} == {}
    await _fill(desk, 6)
    second = await _counts(mo, desk)
    assert {
        address: (first[address], n) for address, n in second.items() if n > first[address]
    } == {}
    assert re.search("FROM message_words", "\n".join(await _statements(mo, desk)))


async def _statements(mo: Browser, desk: Desk) -> list[str]:
    with counted(desk) as asked:
        await mo.get("/console/search?q=lamp")
    return asked
