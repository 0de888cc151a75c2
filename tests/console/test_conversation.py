"""An agent and a customer, through the console's own pages and forms."""

import re
from collections.abc import Sequence

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.errors import RejectedError
from desk.message import Attachment
from desk.tables.conversation import AttachmentRow, Owner
from tests.console.conftest import HOST, Browser
from tests.talk import accept, conversation, inbound, rows, says, settle, transcript

NASTY = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'{{ 7777*7777 }}"


async def _at(desk: Desk, thread: str = "ada") -> str:
    return f"/console/conversations/{(await conversation(desk, thread)).id}"


def _ordered(page: str, *parts: str) -> bool:
    places: Sequence[int] = [page.find(part) for part in parts]
    return -1 not in places and list(places) == sorted(places)


async def test_the_inbox_is_friendly_when_empty(mo: Browser) -> None:
    assert "No conversations yet" in await mo.see("/console")


async def test_the_inbox_shows_who_waits_first(mo: Browser, desk: Desk) -> None:
    await says(desk, "just a question", "bo")
    await says(desk, "human", "cy")
    await says(desk, "bye", "di")
    await says(desk, "human", "em")
    await mo.submit(f"{await _at(desk, 'em')}/take-over")
    page = await mo.see("/console")
    assert _ordered(page, "Visitor CY", "Visitor EM", "Visitor BO", "Visitor DI")
    assert 'title="1 waiting"' in page
    only = await mo.see("/console?owner=closed")
    assert "Visitor DI" in only
    assert "Visitor BO" not in only


async def test_the_inbox_tells_what_changed_and_only_that(mo: Browser, desk: Desk) -> None:
    version = re.search(r'data-version="(\w+)"', await mo.see("/console"))
    assert version is not None
    same = (await mo.get(f"/console/inbox/live?version={version[1]}")).json()
    assert same["regions"] is None
    await says(desk, "human")
    news = (await mo.get(f"/console/inbox/live?version={version[1]}")).json()
    assert news["waiting"] == 1
    assert "Visitor ADA" in news["regions"]["inbox"]
    assert news["version"] != version[1]


async def test_taking_over_and_replying_reaches_the_customer(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "human")
    at = await _at(desk)
    taken = await mo.submit(f"{at}/take-over")
    assert (taken.status_code, taken.headers["location"]) == (303, at)
    replied = await mo.submit(f"{at}/messages", mode="reply", text="Hello,\r\nI am here.")
    assert replied.status_code == 303
    await settle(desk)
    assert memory.sent[-1].text == "Hello,\nI am here."
    assert memory.sent[-1].author_name == "Mo"
    page = await mo.see(at)
    assert "You are answering" in page
    assert "Hello,\nI am here." in page
    await mo.submit(f"{at}/release")
    assert (await conversation(desk)).owner is Owner.BOT
    await mo.submit(f"{at}/resolve")
    assert (await conversation(desk)).owner is Owner.CLOSED
    assert "Reopen and take over" in await mo.see(at)


async def test_a_note_stays_with_the_agents(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "hello")
    at = await _at(desk)
    before = len(memory.sent)
    assert (await mo.submit(f"{at}/messages", mode="note", text="careful")).status_code == 303
    await settle(desk)
    assert len(memory.sent) == before
    assert _ordered(await mo.see(at), "Note for agents", "careful")


async def test_nothing_is_sent_when_the_form_does_not_say_what_it_is(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "human")
    at = await _at(desk)
    await mo.submit(f"{at}/take-over")
    before = await transcript(desk)
    assert (await mo.submit(f"{at}/messages", text="secret")).status_code == 422
    assert (await mo.submit(f"{at}/messages", mode="reply", text=" \n ")).status_code == 422
    assert (await mo.submit(f"{at}/messages", mode="note", text="x" * 8_001)).status_code == 422
    assert await transcript(desk) == before


async def test_two_agents_cannot_have_it_and_the_late_words_are_kept(
    mo: Browser, kit: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    await says(desk, "human")
    at = await _at(desk)
    await mo.submit(f"{at}/take-over")
    late = await kit.submit(f"{at}/take-over")
    assert late.status_code == 409
    assert "Mo has this conversation" in late.text
    seen = await kit.see(at)
    assert "Mo is answering" in seen
    assert 'value="reply"' not in seen
    assert "Give back" not in seen
    before = len(memory.sent)
    refused = await kit.submit(f"{at}/messages", mode="reply", text="my own words")
    assert refused.status_code == 409
    assert "my own words" in refused.text
    await settle(desk)
    assert "my own words" not in [message.text for message in memory.sent[before:]]
    assert (await kit.submit(f"{at}/messages", mode="note", text="a note")).status_code == 303


async def test_who_was_released_meanwhile_is_told(mo: Browser, desk: Desk) -> None:
    await says(desk, "hello")
    at = await _at(desk)
    refused = await mo.submit(f"{at}/messages", mode="reply", text="too early")
    assert refused.status_code == 409
    assert "Take it over first" in refused.text


@pytest.mark.parametrize("verb", ["take-over", "release", "resolve", "messages"])
async def test_forms_from_elsewhere_change_nothing(mo: Browser, desk: Desk, verb: str) -> None:
    await says(desk, "human")
    at = await _at(desk)
    ours, fields = {"Origin": HOST}, {"mode": "note", "text": "x"}
    right = fields | {"form_token": await mo.form_token()}
    asked = [
        (right, {"Origin": "https://evil.test"}),
        (right, {"Origin": "null"}),
        (right, {}),
        (right, ours | {"Sec-Fetch-Site": "cross-site"}),
        (fields, ours),
        (fields | {"form_token": "é"}, ours),
    ]
    for data, headers in asked:
        refused = await mo.post(f"{at}/{verb}", data=data, headers=headers)
        assert refused.status_code == 403
    assert (await conversation(desk)).owner is Owner.WAITING
    assert len(await transcript(desk)) == 2


async def test_a_stranger_changes_nothing(stranger: Browser, desk: Desk) -> None:
    await says(desk, "human")
    at = await _at(desk)
    assert (await stranger.submit(f"{at}/take-over")).status_code == 303
    assert (await stranger.get(f"{at}/files/1")).status_code == 303
    assert (await stranger.get(f"{at}/live")).status_code == 401
    assert (await conversation(desk)).owner is Owner.WAITING


async def test_what_customers_write_is_only_ever_text(mo: Browser, desk: Desk) -> None:
    file = Attachment(name=NASTY, content_type="text/html", content=b"<b>x</b>")
    await says(desk, NASTY, sender_name=NASTY, attachments=(file,))
    at = await _at(desk)
    await mo.submit(f"{at}/messages", mode="note", text=NASTY)
    live = (await mo.get(f"{at}/live")).json()["regions"]
    pages = [await mo.see("/console"), await mo.see(at), *live.values()]
    assert len(pages) == 8
    assert sum("&lt;script&gt;alert(1)" in page for page in pages) >= 4
    for page in pages:
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "60481729" not in page  # a template inside the text was not computed


async def test_a_file_is_downloaded_and_never_shown(mo: Browser, desk: Desk) -> None:
    name = 'in"voice\r\n发票.html'
    file = Attachment(name=name, content_type="text/html", content=b"<script>alert(1)</script>")
    await says(desk, "here", attachments=(file,))
    await says(desk, "other", "bo")
    (row,) = await rows(desk, AttachmentRow)
    response = await mo.get(f"{await _at(desk)}/files/{row.id}")
    assert response.status_code == 200
    assert response.content == file.content
    disposition = response.headers["content-disposition"]
    assert disposition.startswith('attachment; filename="in_voice __.html.txt"; filename*=UTF-8')
    assert "%E5%8F%91%E7%A5%A8.html.txt" in disposition
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in response.headers["content-security-policy"]
    assert (await mo.get(f"{await _at(desk, 'bo')}/files/{row.id}")).status_code == 404
    assert (await mo.get(f"{await _at(desk)}/files/{10**30}")).status_code == 404


async def test_what_the_customer_never_got_is_marked(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    memory.fail_with = [RejectedError("blocked")]
    await says(desk, "hello")
    assert "Refused by the channel" in await mo.see(await _at(desk))


async def test_a_long_conversation_shows_its_end_first(mo: Browser, desk: Desk) -> None:
    await accept(desk, *(inbound(f"line {n:03}") for n in range(6)))
    await settle(desk)
    at = await _at(desk)
    page = await mo.see(f"{at}?limit=5")
    assert "You said: line 005" in page
    assert "line 001" not in page
    assert "?limit=10" in page
    everything = await mo.see(at)
    assert "line 001" in everything
    assert "Show earlier messages" not in everything


async def test_everything_is_there_in_chinese(mo: Browser, desk: Desk) -> None:
    await says(desk, "human")
    switched = await mo.submit("/console/language", language="zh", next=await _at(desk))
    assert switched.headers["location"] == await _at(desk)
    page = await mo.see(await _at(desk))
    assert 'lang="zh-CN"' in page
    for words in ("等待人工", "接手", "未验证", "智能助手", "退出"):
        assert words in page
    for path in ("/console", "/console/tickets", "/console/overview"):
        text = re.sub(r"<[^>]+>", " ", await mo.see(path))
        for word in ("Inbox", "Tickets", "Overview", "Waiting", "Sign out", "Resolved"):
            assert word not in text


async def test_the_browsers_language_is_the_first_choice(stranger: Browser) -> None:
    response = await stranger.get("/console/sign-in", headers={"Accept-Language": "zh-CN,en;q=1"})
    assert "控制台令牌" in response.text
