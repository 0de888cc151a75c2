"""Files in the chat: attached, pasted, shown, refused, and tried again; with the assistant's twin behind it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Route

from app import serve, web
from app.wiring import Desk, build
from desk.clock import now
from desk.dialogue.memory import MemoryDialogue
from desk.message import Attachment
from desk.settings import Settings
from desk.tables.conversation import AttachmentRow
from tests.browser.chat_page import ChatPage
from tests.browser.conftest import NewContext
from tests.conftest import ROOT, SECRET, TOKEN
from tests.databases import template_in
from tests.media.samples import PROGRAMS
from tests.talk import conversation, rows

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# One green pixel.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PDF = b"%PDF-1.7 the bill"
DRAWN = """() => { const image = document.querySelector('frontdesk-chat').shadowRoot
  .querySelector('.picture img'); return image && image.complete && image.naturalWidth }"""
PASTE = """([name, data]) => { const files = new DataTransfer();
  files.items.add(new File([Uint8Array.from(atob(data), c => c.charCodeAt(0))], name));
  document.querySelector('frontdesk-chat').shadowRoot.querySelector('textarea')
  .dispatchEvent(new ClipboardEvent('paste', { clipboardData: files, bubbles: true })) }"""


class Shop:
    """A desk with the assistant's twin, on a port of its own."""

    def __init__(self, desk: Desk, base: str) -> None:
        self.desk = desk
        self.base = base

    async def files(self) -> list[AttachmentRow]:
        """Return every file that was received."""
        return await rows(self.desk, AttachmentRow)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """Serve a desk."""
    settings = Settings(
        _env_file=None,
        data_dir=tmp_path,
        database_url=f"sqlite:///{await asyncio.to_thread(_template, tmp_path)}",
        secret_key=SECRET,
        rasa_token=TOKEN,
        media_largest_mb=2,
        policies=ROOT / "policies.yml",
    )
    desk = build(settings, dialogue=MemoryDialogue(), channels={}, clock=now)
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(web.build(desk))
    loops = [asyncio.create_task(loop()) for loop in (desk.acceptor.run, desk.router.run)]
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield Shop(desk, f"http://127.0.0.1:{sock.getsockname()[1]}")
    desk.chat.stop()
    server.should_exit = True
    await serving
    for loop in loops:
        loop.cancel()
        with suppress(asyncio.CancelledError):
            await loop
    await desk.close()


def _template(folder: Path) -> Path:
    return asyncio.run(template_in(folder))


async def _chat(shop: Shop, new_context: NewContext, **options: object) -> ChatPage:
    chat = await ChatPage.visit(await new_context(**options), shop.base)
    await chat.open()
    return chat


async def _choose(chat: ChatPage, name: str, content: bytes) -> None:
    file = {"name": name, "mimeType": "text/html", "buffer": content}
    await chat.part("input[type=file]").set_input_files(file)  # type: ignore[arg-type]


async def test_files_go_with_their_text_in_one_message_and_pictures_are_shown(
    shop: Shop, new_context: NewContext
) -> None:
    chat = await _chat(shop, new_context)
    await _choose(chat, "broken lamp.png", PNG)
    await chat.page.evaluate(PASTE, ["bill.pdf", base64.b64encode(PDF).decode()])
    await chat.part(".files span b").nth(1).wait_for()
    await chat.field.fill("look at this")
    await chat.part(".send:enabled").wait_for()
    await chat.field.press("Enter")
    await chat.until(lambda: chat.page.evaluate(DRAWN), "the picture")
    names = [(row.name, row.content_type) for row in await shop.files()]
    assert names == [("broken lamp.png", "image/png"), ("bill.pdf", "application/pdf")]
    assert len({row.message_id for row in await shop.files()}) == 1
    assert await chat.part(".picture img").get_attribute("alt") == "Picture broken lamp.png"
    async with chat.page.expect_download() as saving:
        await chat.part("a.file").click()
    saved = await saving.value
    assert saved.suggested_filename == "bill.pdf"
    assert await asyncio.to_thread(Path(await saved.path()).read_bytes) == PDF
    # The same after a reload, and what an agent sends is shown, too.
    await chat.page.reload()
    await chat.until(lambda: chat.page.evaluate(DRAWN), "the picture after a reload")
    talk = await conversation(shop.desk, await chat.visitor())
    await shop.desk.handoff.take_over(talk.id, agent="Mo")
    sent = Attachment(name="label.pdf", content_type="x/y", content=PDF)
    files = await shop.desk.media.keep_all([sent])
    await shop.desk.handoff.reply(talk.id, agent="Mo", text="", attachments=files)
    await chat.part(".agent a.file").wait_for()
    assert chat.trouble == []


async def test_the_first_files_of_a_new_customer_belong_to_one_visitor(
    shop: Shop, new_context: NewContext
) -> None:
    chat = await _chat(shop, new_context)
    other = await ChatPage.visit(chat.page.context, shop.base)
    await other.open()
    joined, answer = 0, asyncio.Event()

    async def late(route: Route) -> None:
        nonlocal joined
        joined += 1
        await answer.wait()
        await route.continue_()

    await chat.page.context.route("**/chat/v1/visitors", late)
    both = [{"name": name, "mimeType": "", "buffer": PDF} for name in ("a.pdf", "b.pdf")]
    await chat.part("input[type=file]").set_input_files(both)  # type: ignore[arg-type]
    await _choose(other, "c.pdf", PDF)
    await chat.part("progress").nth(1).wait_for()
    await other.part("progress").wait_for()
    answer.set()
    for page in (chat, other):
        await page.part(".send:enabled").wait_for()
    assert joined == 1
    for page in (chat, other):
        await page.part(".send").click()
    await chat.part("a.file").nth(2).wait_for()
    assert sorted(row.name for row in await shop.files()) == ["a.pdf", "b.pdf", "c.pdf"]
    assert chat.trouble == other.trouble == []


async def test_what_is_refused_is_said_in_the_customers_language(
    shop: Shop, new_context: NewContext
) -> None:
    chat = await _chat(shop, new_context, locale="zh-CN")
    chat.network_may_fail = True
    if await chat.part(".swap").text_content() == "中文":
        await chat.part(".swap").click()
    for name, content, words in (
        ("工具.exe", PROGRAMS["Windows"], "“工具.exe”是不支持的文件类型。"),
        ("大.txt", b"x" * (2**21 + 1), "“大.txt”太大了，无法发送。"),
        ("空.txt", b"", "“空.txt”无法读取或内容为空。"),
    ):
        await _choose(chat, name, content)
        await chat.part(".notice").filter(has_text=words).wait_for()
        assert await chat.part(".files b").count() == 0
    assert await chat.part(".send").is_disabled()
    assert await shop.files() == []


async def test_an_upload_that_broke_off_is_tried_again_by_the_keyboard(
    shop: Shop, new_context: NewContext
) -> None:
    chat = await _chat(shop, new_context)
    chat.network_may_fail = True
    struck = 0

    async def cut(route: object) -> None:
        nonlocal struck
        struck += 1
        await route.abort()  # type: ignore[attr-defined]

    await chat.page.route("**/chat/v1/files?*", cut)
    await _choose(chat, "bill.pdf", PDF)
    await chat.part(".notice").filter(has_text="could not be uploaded").wait_for()
    assert struck == 1
    await chat.page.unroute("**/chat/v1/files?*")
    again = chat.part('button[aria-label="Try bill.pdf again"]')
    await again.focus()
    await chat.page.keyboard.press("Enter")
    await chat.part(".send:enabled").wait_for()
    await chat.field.press("Enter")
    await chat.part("a.file").wait_for()
    assert [row.name for row in await shop.files()] == ["bill.pdf"]


async def test_a_large_photo_is_made_smaller(shop: Shop, new_context: NewContext) -> None:
    chat = await _chat(shop, new_context)
    # Noise does not pack well: some 9 MB as it is.
    draw = """async () => { const canvas = new OffscreenCanvas(1800, 1400), pen = canvas.getContext('2d');
      const data = pen.createImageData(1800, 1400);
      for (let i = 0; i < data.data.length; i++) data.data[i] = i % 4 === 3 ? 255 : Math.random() * 256;
      pen.putImageData(data, 0, 0);
      const files = new DataTransfer();
      files.items.add(new File([await canvas.convertToBlob({ type: 'image/png' })], 'p.png', { type: 'image/png' }));
      const size = files.files[0].size;
      document.querySelector('frontdesk-chat').shadowRoot.querySelector('.panel')
        .dispatchEvent(new DragEvent('drop', { dataTransfer: files, bubbles: true }));
      return size; }"""
    before = await chat.page.evaluate(draw)
    await chat.part(".send:enabled").wait_for()
    await chat.part(".send").click()
    await chat.until(lambda: chat.page.evaluate(DRAWN), "the photo")
    (photo,) = await shop.files()
    assert (photo.name, photo.content_type) == ("p.jpg", "image/jpeg")
    assert photo.size < 2 * 2**20 < before
    assert chat.trouble == []
