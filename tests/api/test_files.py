"""What is in the files of messages, through the API."""

import pytest

from app.wiring import Desk
from desk.access.audit import Audit, Filter
from desk.access.policy import Deed
from desk.message import Attachment
from tests.api.conftest import Program, Programs
from tests.talk import conversation, says

PAGE = b"<script>alert(1)</script>"


@pytest.fixture
async def file(desk: Desk, mo: Program) -> int:
    """Return the id of a file that a customer sent."""
    sent = Attachment(name='a "page".html', content_type="text/html", content=PAGE)
    await says(desk, "look at this", attachments=(sent,))
    talk = (await conversation(desk)).id
    found = await mo.ask("GET", f"/conversations/{talk}/messages")
    (one,) = found["items"][0]["files"]
    return int(one["id"])


async def test_a_file_is_given_as_bytes_and_noted(mo: Program, desk: Desk, file: int) -> None:
    answer = await mo.get(f"/api/v1/files/{file}")
    assert (answer.status_code, answer.content) == (200, PAGE)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "ratelimit" in answer.headers
    (row,) = await Audit(desk.database, desk.clock).page(Filter(thing=f"file:{file}"))
    assert (row.who, row.deed) == ("Mo", Deed.CONVERSATION_SEE)


async def test_files_that_are_not_given(mo: Program, programs: Programs, file: int) -> None:
    await mo.refused("GET", f"/files/{file + 1}", 404, "not_found")
    for wrong in ("0", "x", str(2**63)):
        await mo.refused("GET", f"/files/{wrong}", 422, "invalid")
    blind = await programs(scopes=(Deed.TICKET_SEE,))
    await blind.refused("GET", f"/files/{file}", 403, "forbidden")
