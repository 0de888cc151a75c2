"""Files over the web chat protocol: uploads are their visitor's, links lead to files and run nothing."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from app.wiring import Desk
from channels.webchat import files as chat_files
from desk.clock import StoppedClock
from desk.media.store import MediaStoreError
from desk.message import Attachment
from desk.settings import Settings
from desk.tables.conversation import Owner
from desk.tables.inbox import InboxRow
from tests.channels import test_webchat
from tests.channels.test_webchat import history, visitor
from tests.media.samples import PROGRAMS
from tests.talk import conversation, rows

client = test_webchat.client

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PAGE = b"<script>alert(1)</script>"


async def _upload(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    name: str,
    content: bytes,
) -> httpx.Response:
    params = {"name": name}
    return await client.post("/chat/v1/files", params=params, headers=headers, content=content)


async def _post(
    client: httpx.AsyncClient,
    headers: dict[str, str],
    **body: Any,
) -> httpx.Response:
    message = {"id": str(uuid4()), **body}
    return await client.post("/chat/v1/messages", headers=headers, json=message)


async def test_files_of_both_sides_are_shown_by_links(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    headers = await visitor(client)
    made = await _upload(client, headers, "../我的照片.png", PNG)
    assert made.status_code == 201
    assert made.json() | {"file_id": ""} == {
        "file_id": "",
        "name": "我的照片.png",
        "size": 48,
        "content_type": "image/png",
    }
    page = (await _upload(client, headers, "page.html", PAGE)).json()["file_id"]
    sent = await _post(client, headers, text="look", files=[made.json()["file_id"], page])
    assert sent.status_code == 200
    mine, *_ = await history(client, headers, 2)
    picture, text = mine["attachments"]
    assert (picture["name"], picture["image"], picture["state"]) == ("我的照片.png", True, "kept")
    assert (text["name"], text["image"], text["size"]) == ("page.html.txt", False, len(PAGE))
    shown, saved = await client.get(picture["url"]), await client.get(text["url"])
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["content-disposition"].startswith("inline")
    assert (saved.content, saved.headers["content-type"]) == (PAGE, "text/plain; charset=utf-8")
    assert saved.headers["content-disposition"].startswith("attachment")
    for one in (shown, saved):
        assert one.headers["content-security-policy"] == "default-src 'none'; sandbox"
        assert one.headers["x-content-type-options"] == "nosniff"
        assert one.headers["cross-origin-resource-policy"] == "cross-origin"
    await _agent_sends(desk, mine)
    *_, theirs = await history(client, headers, 4)
    (bill,) = theirs["attachments"]
    assert (theirs["author"], bill["name"]) == ("agent", "bill.pdf")
    assert (await client.get(bill["url"])).content == b"%PDF-1.7"


async def _agent_sends(desk: Desk, mine: dict[str, Any]) -> None:
    (row,) = await rows(desk, InboxRow)
    talk = await conversation(desk, row.thread)
    await desk.handoff.take_over(talk.id, agent="Mo")
    from_agent = await desk.media.keep_all(
        [Attachment(name="bill.pdf", content_type="text/html", content=b"%PDF-1.7")]
    )
    await desk.handoff.reply(talk.id, agent="Mo", text="", attachments=from_agent)
    assert (await conversation(desk, row.thread)).owner is Owner.HUMAN


async def test_an_upload_is_nobody_elses_and_not_for_ever(
    client: httpx.AsyncClient,
    clock: StoppedClock,
    desk: Desk,
) -> None:
    ada, bo = await visitor(client), await visitor(client)
    file_id = (await _upload(client, ada, "a.png", PNG)).json()["file_id"]
    assert (await _post(client, bo, files=[file_id])).status_code == 422
    assert (await _post(client, ada, files=["x" * 64])).status_code == 422
    assert (await _post(client, ada, files=[file_id] * 6)).status_code == 422
    assert await rows(desk, InboxRow) == []
    same = str(uuid4())
    for _ in range(2):  # the answer was lost: it is the same message
        assert (await _post(client, ada, id=same, files=[file_id])).status_code == 200
    assert len(await rows(desk, InboxRow)) == 1
    clock.advance(timedelta(days=1))
    late = await _post(client, ada, files=[file_id])
    assert (late.status_code, late.json()["error"]) == (422, "invalid")


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", 422), (PROGRAMS["Windows"], 422), (bytes(25 * 2**20 + 1), 413), (bytes(2**20), 201)],
)
async def test_what_is_taken(client: httpx.AsyncClient, content: bytes, status: int) -> None:
    answer = await _upload(client, await visitor(client), "a", content)
    assert answer.status_code == status


async def test_who_may_upload(client: httpx.AsyncClient) -> None:
    assert (await _upload(client, {}, "a.png", PNG)).status_code == 401
    elsewhere = await visitor(client) | {"Origin": "https://evil.example"}
    assert (await _upload(client, elsewhere, "a.png", PNG)).status_code == 403


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Return settings with a rate that a test can reach."""
    return settings.model_copy(update={"chat_rate_files": "12/minute"})


async def test_uploads_have_a_rate(client: httpx.AsyncClient) -> None:
    headers = await visitor(client)
    codes = [(await _upload(client, headers, "a", b"a")).status_code for _ in range(13)]
    assert codes[:8] == [201] * 8
    assert codes[12] == 429


async def test_only_so_many_uploads_are_held_at_once(
    client: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chat_files, "_AT_ONCE", 2)
    headers, gate = await visitor(client), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"a"
        await gate.wait()

    url = "/chat/v1/files?name=a"
    slow = [
        asyncio.create_task(client.post(url, headers=headers, content=slowly())) for _ in range(2)
    ]
    async with asyncio.timeout(10):
        while (busy := await _upload(client, headers, "b", b"b")).status_code == 201:
            await asyncio.sleep(0.01)
    assert (busy.status_code, busy.headers["retry-after"]) == (503, "2")
    gate.set()
    assert [one.status_code for one in await asyncio.gather(*slow)] == [201, 201]
    assert (await _upload(client, headers, "b", b"b")).status_code == 201


async def test_while_the_store_is_away_texts_are_accepted_and_files_come_again(
    client: httpx.AsyncClient,
    desk: Desk,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers, struck = await visitor(client), 0

    async def away(*_: object) -> str:
        nonlocal struck
        struck += 1
        raise MediaStoreError

    monkeypatch.setattr(desk.media._store, "keep", away)
    assert (await _post(client, headers, text="hello")).status_code == 200
    file = {"name": "a.txt", "data": "aGVsbG8="}
    body = {"id": str(uuid4()), "text": "see", "attachments": [file]}
    assert (await _post(client, headers, **body)).status_code == 503
    assert (await _upload(client, headers, "a.png", PNG)).status_code == 503
    assert struck == 2
    monkeypatch.undo()
    assert (await _post(client, headers, **body)).status_code == 200
    assert len(await rows(desk, InboxRow)) == 2


@pytest.mark.parametrize(
    "path",
    [
        "/files/x/a.pdf",
        "/files/v1.{key}.9999999999.{sign}/a.pdf",
        "/files/v1.{key}.9999999999./a.pdf",
        "/files/..%2f..%2fetc/passwd",
    ],
)
async def test_forged_links_lead_nowhere(client: httpx.AsyncClient, path: str) -> None:
    asked = path.format(key="0" * 64, sign="A" * 43)
    assert (await client.get(asked)).status_code in (403, 404)


async def test_a_link_to_what_is_gone_says_so(client: httpx.AsyncClient, desk: Desk) -> None:
    path = desk.chat.files._links.path("0" * 64, "a.pdf")
    assert (await client.get(path)).status_code == 404
