"""What the chat is like to use: text stays text, buttons, keyboard, phone, dark, Chinese."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import Visit
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]

ROOT = "document.querySelector('frontdesk-chat').shadowRoot"
MARKUP = (
    "<img src=x onerror=\"window.struck='img';alert(1)\"><script>window.struck='script'</script>"
    "<b>bold</b> javascript:alert(2) <a href='javascript:alert(3)'>link</a>"
)


async def test_what_a_customer_types_is_shown_as_text(visit: Visit) -> None:
    chat = await visit()
    await chat.open()
    await chat.says(MARKUP)
    await chat.says("open a ticket")
    title = "<svg onload=alert(4)> lamp & <i>teapot</i>"
    await chat.says(title)
    await chat.says("<script>window.struck='description'</script> it is broken")
    await chat.presses("Low")
    (opened,) = await chat.presses("Here in the chat")
    number = re.findall(r"T-\d{6}", opened)[0]
    # The bot repeats the title: what comes back must be text as well.
    (state,) = await chat.says(f"what about {number}")
    assert "<svg onload=alert(4)>" in state

    for _ in range(2):
        assert (await chat.own())[0] == MARKUP
        made = f"{ROOT}.querySelectorAll('.log :is(img, script, b, i, svg[onload])').length"
        links = f"[...{ROOT}.querySelectorAll('.log a')].map(a => a.getAttribute('href'))"
        assert await chat.page.evaluate(f"[{made}, {links}, window.struck ?? null]") == [
            await chat.page.locator("frontdesk-chat .log .typing i").count(),
            [],
            None,
        ]
        await chat.page.reload()
        await chat.field.wait_for()
        await chat.until(chat.own, "the history")


async def test_a_button_is_pressed_once_and_then_rests(visit: Visit, stored: Stored) -> None:
    chat = await visit()
    await chat.open()
    await chat.says("open a ticket")
    await chat.says("A cup is missing")
    await chat.says("There was only one cup in the box.")
    await chat.button("High").dblclick()
    await chat.answer(4)
    assert (await chat.own())[3:] == ["High"]
    pressed = chat.part(".choices button[aria-pressed=true]")
    assert await pressed.all_inner_texts() == ["High"]
    assert await pressed.is_disabled()
    assert await chat.part(".choices button:disabled").count() == 4
    rows = stored.messages(await chat.visitor())
    assert [row["text"] for row in rows if row["author"] == "contact"][3:] == ["High"]


async def test_keyboard_only(visit: Visit) -> None:
    chat = await visit()
    keys = chat.page.keyboard
    focus = f"{ROOT}.activeElement?.className"

    async def tab_to(name: str, key: str = "Tab") -> None:
        for _ in range(30):
            await keys.press(key)
            if name in str(await chat.page.evaluate(focus)):
                return
        raise AssertionError(f"{name} is not reached by {key}")

    await tab_to("launcher")
    await keys.press("Enter")
    await chat.field.wait_for()
    assert await chat.page.evaluate(f"{ROOT}.activeElement.tagName") == "TEXTAREA"
    await keys.type("hello")
    await keys.press("Shift+Enter")
    await keys.type("are you there")
    await keys.press("Enter")
    await chat.answer(1)
    assert await chat.own() == ["hello\nare you there"]

    await tab_to("chip", "Shift+Tab")
    title = await chat.page.evaluate(f"{ROOT}.activeElement.textContent")
    await keys.press("Enter")
    await chat.answer(2)
    assert (await chat.own())[1] == title
    # The chip is spent, so the focus goes back to where the customer writes.
    assert await chat.page.evaluate(f"{ROOT}.activeElement.tagName") == "TEXTAREA"
    await keys.press("Escape")
    assert await chat.part(".panel").is_hidden()
    assert "launcher" in await chat.page.evaluate(focus)


async def test_a_screen_reader_hears_what_things_are(visit: Visit) -> None:
    chat = await visit()
    await chat.open()
    await chat.says("hello")
    page = chat.page
    dialog = page.get_by_role("dialog", name="Chat with us")
    assert await dialog.count() == 1
    # For a moment after opening it is off, so that the past is not read out; an answer may be faster.
    await expect(dialog.get_by_role("log")).to_have_attribute("aria-live", "polite")
    for name in ("Send", "Attach a file", "Close chat"):
        assert await dialog.get_by_role("button", name=name).count() == 1, name
    assert await dialog.get_by_role("textbox", name="Your message").count() == 1
    unnamed = f"""[...{ROOT}.querySelectorAll("button, textarea, a")].filter(node =>
      !(node.getAttribute("aria-label") || node.textContent.trim())).length"""
    assert await page.evaluate(unnamed) == 0


async def test_phone_width(visit: Visit) -> None:
    phone = {"width": 360, "height": 740}
    chat = await visit(viewport=phone, is_mobile=True, has_touch=True, device_scale_factor=2)
    await chat.part(".launcher").tap()
    await chat.field.wait_for()
    await chat.says("Pneumonoultramicroscopicsilicovolcanoconiosis" * 5)
    await chat.says("open a ticket")
    await chat.says("A cup is missing")
    await chat.says("There was only one cup in the box.")
    assert await chat.part(".panel").bounding_box() == {"x": 0, "y": 0, **phone}
    wide = f"""[...{ROOT}.querySelectorAll(".panel *")].filter(node =>
      node.getClientRects().length && node.getBoundingClientRect().right > innerWidth + 1)
      .map(node => node.className)"""
    assert await chat.page.evaluate(wide) == []
    sideways = f"(s => s.scrollWidth - s.clientWidth)({ROOT}.querySelector('.scroll'))"
    assert await chat.page.evaluate(sideways) == 0
    # Below 16 px iOS zooms in at the first tap.
    size = f"parseFloat(getComputedStyle({ROOT}.querySelector('textarea')).fontSize)"
    assert await chat.page.evaluate(size) >= 16
    for name in ("send", "attach", "close"):
        box = await chat.part(f"button.{name}").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44, name


def _luminance(colour: list[float]) -> float:
    # Relative luminance as in WCAG 2.2.
    parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: list[float], other: list[float]) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


# Draws text colour and the first solid colour behind it on a canvas, to read them as numbers.
_COLOURS = """
selector => {
  const root = document.querySelector("frontdesk-chat").shadowRoot, node = root.querySelector(selector);
  const pen = Object.assign(document.createElement("canvas"), {width: 1, height: 1})
    .getContext("2d", {willReadFrequently: true});
  const read = colour => {
    pen.clearRect(0, 0, 1, 1); pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data];
  };
  let behind = node;
  while (behind && read(getComputedStyle(behind).backgroundColor)[3] < 255) behind = behind.parentElement;
  return [getComputedStyle(node).color, getComputedStyle(behind).backgroundColor]
    .map(colour => read(colour).slice(0, 3).map(value => value / 255));
}
"""


async def _contrasts(chat: ChatPage) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in (".bot .bubble", ".own .bubble", ".own .meta", ".bot .name", ".choices .chip:enabled",
                 "header h2", "header p", "textarea"):  # fmt: skip
        text, behind = await chat.page.evaluate(_COLOURS, part)
        found[part] = contrast(text, behind)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_can_be_read(visit: Visit, scheme: str) -> None:
    chat = await visit(color_scheme=scheme)
    await chat.open()
    await chat.says("hello")
    weak = {part: value for part, value in (await _contrasts(chat)).items() if value < 4.5}
    assert weak == {}
    _, panel = await chat.page.evaluate(_COLOURS, ".panel .scroll")
    assert (_luminance(panel) < 0.1) == (scheme == "dark")


async def test_chinese_interface(visit: Visit) -> None:
    chat = await visit(locale="zh-CN")
    page = chat.page
    assert await page.evaluate("document.documentElement.lang") == "zh-CN"
    await chat.open()
    assert await chat.field.get_attribute("placeholder") == "请输入消息"
    english = f"[...{ROOT}.querySelectorAll('.panel :is(h2, h3, p, button.chip)')].map(n => n.textContent)"
    texts: list[Any] = await page.evaluate(english)
    assert [text for text in texts if text and not re.search("[一-鿿]", text)] == []
    (answer,) = await chat.says("有哪些配送方式？")
    assert "配送" in answer

    await page.get_by_role("button", name="Switch to English").last.click()
    assert await chat.field.get_attribute("placeholder") == "Write a message"
    await page.reload()
    await chat.field.wait_for()
    assert await chat.field.get_attribute("placeholder") == "Write a message"
