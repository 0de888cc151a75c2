"""Files in the console: agents see the customer's, send their own, and read why one is not there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from console.multipart import PostedFile, read_multipart
from desk.channel import Feature
from desk.errors import InvalidError
from desk.message import Attachment
from desk.tables.conversation import AttachmentRow, Author, MessageRow
from tests.console.conftest import HOST, Browser
from tests.media.samples import PROGRAMS
from tests.talk import conversation, inbound, rows, says, settle

PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
PDF = b"%PDF-1.7 the bill"


async def _talk(desk: Desk, mo: Browser) -> str:
    await says(desk, "human")
    at = f"/console/conversations/{(await conversation(desk)).id}"
    await mo.submit(f"{at}/take-over")
    return at


async def _send(
    mo: Browser, at: str, *files: tuple[str, bytes], text: str = "", mode: str = "reply"
) -> int:
    fields = {"form_token": await mo.form_token(), "mode": mode, "text": text}
    posted = [("file", (name, content, "text/html")) for name, content in files]
    answer = await mo.post(f"{at}/messages", data=fields, files=posted, headers={"Origin": HOST})
    return answer.status_code


async def test_an_agent_sends_files_where_the_channel_takes_them(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    memory.features |= {Feature.ATTACHMENTS}
    at = await _talk(desk, mo)
    assert await _send(mo, at, ("账单.pdf", PDF), ("a.png", PNG), text="Here it is") == 303
    assert await _send(mo, at, ("more.pdf", PDF)) == 303
    await settle(desk)
    first, second = memory.sent[-2:]
    assert first.text == "Here it is"
    assert [(f.name, f.content_type, f.content) for f in first.attachments] == [
        ("账单.pdf", "application/pdf", PDF),
        ("a.png", "image/png", PNG),
    ]
    assert (second.text, second.attachments[0].content) == ("", PDF)
    page = await mo.see(at)
    assert "账单.pdf" in page
    assert 'alt="Picture a.png"' in page


async def test_elsewhere_the_customer_gets_links(
    mo: Browser, desk: Desk, memory: MemoryChannel
) -> None:
    at = await _talk(desk, mo)
    assert await _send(mo, at, ("bill.pdf", PDF), text="Here it is") == 303
    await settle(desk)
    assert memory.sent[-1].attachments == ()
    # Without a public address of ours there is nothing to link to.
    assert memory.sent[-1].text == "Here it is\n\n[bill.pdf]"
    assert "bill.pdf" in await mo.see(at)


@pytest.mark.parametrize(
    ("files", "more", "status", "word"),
    [
        ([("x.pdf", PROGRAMS["Windows"])], {}, 422, "Programs cannot be sent"),
        ([("x.pdf", PDF)], {"mode": "note", "text": "n"}, 422, "Notes cannot have files"),
        ([], {}, 422, "Write something first"),
    ],
)
async def test_what_is_refused_is_said_and_nothing_is_sent(
    mo: Browser,
    desk: Desk,
    memory: MemoryChannel,
    files: list[tuple[str, bytes]],
    more: dict[str, str],
    status: int,
    word: str,
) -> None:
    at = await _talk(desk, mo)
    before = len(await rows(desk, MessageRow, MessageRow.author == Author.AGENT))
    fields = {"form_token": await mo.form_token(), "mode": "reply", "text": ""} | more
    posted = [("file", (name, content)) for name, content in files] or [("file", ("", b""))]
    answer = await mo.post(f"{at}/messages", data=fields, files=posted, headers={"Origin": HOST})
    assert (answer.status_code, word in answer.text) == (status, True)
    assert len(await rows(desk, MessageRow, MessageRow.author == Author.AGENT)) == before
    assert await rows(desk, AttachmentRow) == []


async def test_a_form_with_files_needs_the_sessions_token_and_our_own_page(
    mo: Browser, desk: Desk
) -> None:
    at = await _talk(desk, mo)
    files = [("file", ("a.pdf", PDF))]
    fields = {"mode": "reply", "text": "hi", "form_token": "forged"}
    forged = await mo.post(f"{at}/messages", data=fields, files=files, headers={"Origin": HOST})
    token = fields | {"form_token": await mo.form_token()}
    elsewhere = {"Origin": "https://evil.example"}
    foreign = await mo.post(f"{at}/messages", data=token, files=files, headers=elsewhere)
    # Files are read where they are expected, and only so much.
    other = await mo.post(f"{at}/release", data=token, files=files, headers={"Origin": HOST})
    large = [("file", ("a.pdf", bytes(desk.media.largest + 200_000)))]
    much = await mo.post(f"{at}/messages", data=token, files=large, headers={"Origin": HOST})
    found = [a.status_code for a in (forged, foreign, other, much)]
    assert found == [403, 403, 422, 413]
    assert await rows(desk, AttachmentRow) == []


async def test_pictures_are_shown_and_the_rest_is_saved(mo: Browser, desk: Desk) -> None:
    files = [
        Attachment(name="a.png", content_type="text/html", content=PNG),
        Attachment(name="b.pdf", content_type="image/png", content=PDF),
        Attachment(name="c.exe", content_type="image/png", content=PROGRAMS["Linux"]),
        Attachment(name="d.pdf", content_type="application/pdf", reference="later"),
    ]
    message = (await desk.ingest.prepare([inbound("here", attachments=tuple(files))]))[0]
    await says(desk, "here", attachments=message.attachments)  # type: ignore[union-attr]
    at = f"/console/conversations/{(await conversation(desk)).id}"
    page = await mo.see(at)
    assert 'alt="Picture a.png"' in page
    assert "c.exe.txt" in page
    assert "Not kept: a program" in page
    assert "Still being fetched" in page
    picture, bill, program, late = await rows(desk, AttachmentRow)
    found = [await mo.get(f"{at}/files/{row.id}") for row in (picture, bill, program, late)]
    assert [one.status_code for one in found] == [200, 200, 404, 404]
    kinds = [one.headers["content-disposition"].partition(";")[0] for one in found[:2]]
    assert kinds == ["inline", "attachment"]
    assert [one.content for one in found[:2]] == [PNG, PDF]
    assert {one.headers["x-content-type-options"] for one in found[:2]} == {"nosniff"}
    assert {one.headers["content-security-policy"] for one in found[:2]} == {
        "default-src 'none'; sandbox"
    }


@given(st.binary(max_size=200), st.text(st.characters(exclude_characters='"\r\n'), max_size=20))
def test_a_form_comes_apart_as_it_was_put_together(content: bytes, text: str) -> None:
    text = text.encode(errors="replace").decode()
    body = (
        b'--X\r\nContent-Disposition: form-data; name="text"\r\n\r\n'
        + text.encode()
        + b'\r\n--X\r\nContent-Disposition: form-data; name="file"; filename="'
        + text.encode()
        + b'"\r\nContent-Type: text/plain\r\n\r\n'
        + content
        + b'\r\n--X\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n--X--\r\n'
    )
    form = read_multipart("multipart/form-data; boundary=X", body)
    if b"\r\n--X" in content or "\r\n--X" in text:
        return
    assert form.fields == {"text": text}
    assert form.files == ((PostedFile(text, content),) if text or content else ())


@given(st.binary(max_size=300))
def test_any_other_body_is_refused_or_read(body: bytes) -> None:
    for whole in (body, b"--X" + body, b"--X\r\n" + body + b"\r\n--X--"):
        try:
            read_multipart("multipart/form-data; boundary=X", whole)
        except InvalidError:
            continue


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "multipart/form-data", 'multipart/form-data; boundary="a\r\nb"']
)
def test_what_is_no_form_is_refused(kind: str) -> None:
    with pytest.raises(InvalidError):
        read_multipart(kind, b"--X--")
