"""The pages of webhooks."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from app import web
from app.wiring import Desk
from console.routes import routes
from console.services import ConsoleServices
from desk.tables.webhook import WebhookState
from desk.webhooks.kinds import KINDS
from desk.webhooks.post import Post
from desk.webhooks.sender import Sender
from desk.webhooks.service import OutgoingWebhooks
from tests.conftest import SECRET
from tests.console.conftest import HOST, Browser
from tests.webhooks.receiver import Receiver

WEBHOOKS = "/console/webhooks"


@pytest.fixture
def post() -> Post:
    """Return what may post to this machine."""
    return Post(allow_private=True, timeout=timedelta(seconds=1))


@pytest.fixture
def hooks(desk: Desk, post: Post) -> OutgoingWebhooks:
    """Return the service of webhooks."""
    return OutgoingWebhooks(database=desk.database, post=post, secret=SECRET, clock=desk.clock)


@pytest.fixture
async def boss(
    desk: Desk, services: ConsoleServices, hooks: OutgoingWebhooks
) -> AsyncIterator[Browser]:
    """Return the browser of somebody who may change webhooks."""
    app = web.build(desk, *routes(replace(services, webhooks=hooks)))
    transport = httpx.ASGITransport(app=app)
    async with Browser(
        transport=transport, base_url=HOST, headers={"Accept-Language": "en"}
    ) as browser:
        await browser.sign_in("Mo")
        yield browser


async def test_a_webhook_is_added_tried_and_removed(
    boss: Browser, desk: Desk, hooks: OutgoingWebhooks, post: Post
) -> None:
    assert "No webhooks yet" in await boss.see(WEBHOOKS)
    async with Receiver(script=[500]) as receiver:
        fields = {"url": receiver.url, "name": "<b>CRM</b>", "kind.ticket.*": "yes"}
        made = await boss.submit(WEBHOOKS, **fields)
        assert made.status_code == 201
        found = re.search(r'value="(whsec_[^"]+)"', made.text)
        assert found
        (webhook,) = await hooks.list()
        here = f"{WEBHOOKS}/{webhook.id}"
        page = await boss.see(here)
        assert "whsec_" not in page
        assert "&lt;b&gt;CRM&lt;/b&gt;" in page
        assert (await boss.submit(f"{here}/test")).headers["location"] == f"{here}?said=test"
        sender = Sender(database=desk.database, post=post, secret=SECRET, clock=desk.clock)
        await sender.step()
        page = await boss.see(f"{here}?said=test")
        assert "answered 500" in page
        assert "Nothing has arrived there" in page
        assert receiver.strikes["500"] == 1
        assert receiver.got[0].is_signed_with(found[1])
    assert (await boss.submit(f"{here}/remove")).headers["location"] == WEBHOOKS
    assert await hooks.list() == ()
    assert "No webhooks yet" in await boss.see(WEBHOOKS)
    await boss.see(here, 404)


async def test_what_is_wrong_is_said(boss: Browser, hooks: OutgoingWebhooks) -> None:
    none = await boss.submit(WEBHOOKS, url="http://127.0.0.1:9/", name="x")
    assert none.status_code == 422
    assert "Tick at least one" in none.text
    assert 'value="http://127.0.0.1:9/"' in none.text
    bad = await boss.submit(WEBHOOKS, **{"url": "javascript:alert(1)", "kind.sla.*": "yes"})
    assert bad.status_code == 422
    assert "Nothing can be sent to this address" in bad.text
    assert await hooks.list() == ()


async def test_a_webhook_is_changed_switched_and_gets_a_new_secret(
    boss: Browser, hooks: OutgoingWebhooks
) -> None:
    webhook, secret = await hooks.add(url="http://127.0.0.1:9/", kinds=("sla.*",), by="Mo")
    here = f"{WEBHOOKS}/{webhook.id}"
    fields = {"url": "http://127.0.0.1:9/other", "name": "Pager", "with_text": "yes"}
    await boss.submit(f"{here}/change", **fields, **{"kind.message.*": "yes"})
    changed = await hooks.get(webhook.id)
    assert (changed.name, changed.kinds, changed.with_text) == ("Pager", ("message.*",), True)
    for on, words in (("no", "It is off."), ("yes", "It is on.")):
        answer = await boss.submit(f"{here}/switch", enabled=on)
        assert words in await boss.see(answer.headers["location"])
    rotated = await boss.submit(f"{here}/rotate")
    found = re.search(r'value="(whsec_[^"]+)"', rotated.text)
    assert found
    assert found[1] != secret
    wrong = await boss.submit(f"{here}/change", url="ftp://x", **{"kind.sla.*": "yes"})
    assert wrong.status_code == 422


async def test_deliveries_are_filtered_paged_and_sent_again(
    boss: Browser, desk: Desk, hooks: OutgoingWebhooks
) -> None:
    webhook, _ = await hooks.add(url="http://127.0.0.1:9/", kinds=("sla.*",), by="Mo")
    here = f"{WEBHOOKS}/{webhook.id}"
    assert "Nothing here yet" in await boss.see(here)
    async with desk.database.write() as session:
        for number in range(35):
            await hooks.queue(session, webhook.id, f"kind-{number}", {})
    page = await boss.see(here)
    assert "kind-34" in page
    assert "kind-3<" not in page
    older = re.search(r'href="([^"]+before=\d+)"', page)
    assert older
    assert "kind-3<" in await boss.see(older[1].replace("&amp;", "&"))
    assert "Nothing here yet" in await boss.see(f"{here}?state={WebhookState.DEAD}")
    assert "kind-34" in await boss.see(f"{here}?state=nonsense&before=nonsense")
    first = (await hooks.deliveries(webhook.id))[0]
    early = await boss.submit(f"{here}/deliveries/{first.id}/replay")
    assert early.status_code == 422
    assert "on its way already" in early.text
    nothing = await boss.submit(f"{here}/replay", hours="24")
    assert "Nothing was missed" in await boss.see(nothing.headers["location"])
    assert (await boss.submit(f"{here}/deliveries/999/replay")).status_code == 404


async def test_every_kind_can_be_ticked(boss: Browser) -> None:
    page = await boss.see(WEBHOOKS)
    assert all(f'name="kind.{kind}"' in page for kind in KINDS)
    for noun in {kind.partition(".")[0] for kind in KINDS}:
        assert f'name="kind.{noun}.*"' in page
    zh = await boss.get(WEBHOOKS, headers={"Accept-Language": "zh"})
    assert "添加 Webhook" in zh.text
