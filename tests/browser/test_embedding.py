"""The chat on somebody else's site: only where the owner allowed it (FRONTDESK_CHAT_ORIGINS)."""

import pytest

from tests.browser.conftest import Visit
from tests.browser.site import Site
from tests.running import RunningDesk
from tests.stored import Stored

pytestmark = [
    pytest.mark.browser,
    pytest.mark.rasa,
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_an_allowed_site(visit: Visit, own_desk: RunningDesk, other_site: Site) -> None:
    chat = await visit(other_site.page(own_desk.base))
    await chat.open()
    assert "order number" in (await chat.says("Where is my order?"))[0]
    await chat.page.reload()
    await chat.until(chat.own, "the history")
    visitor = await chat.visitor()
    assert len(Stored(own_desk.database_url).accepted(visitor)) == 1


async def test_a_site_that_is_not_allowed(
    visit: Visit, running: RunningDesk, other_site: Site, stored: Stored
) -> None:
    before = stored.rows("SELECT count(*) FROM inbox")
    chat = await visit(other_site.page(running.base))
    chat.network_may_fail = True
    await chat.open()
    await chat.type("Where is my order?")
    # The browser keeps the refusal from the page, so it can only say that nothing goes through.
    await chat.until(chat.part(".bar, .isfailed").first.is_visible, "a word that it does not work")
    assert [author for author, _ in await chat.transcript()] == ["own"]
    assert stored.rows("SELECT count(*) FROM inbox") == before
    assert any("CORS" in line for line in chat.network)
