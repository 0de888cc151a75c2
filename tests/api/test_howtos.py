"""What the pages for users show is run as it stands there."""

import asyncio
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from starlette.applications import Starlette

from app import serve
from app.wiring import Desk
from console.api.application import mount
from desk import clock as clocks
from desk.webhooks.post import Post
from desk.webhooks.sender import Sender
from desk.webhooks.service import OutgoingWebhooks
from tests.api.conftest import api_services, token_of
from tests.conftest import ROOT, SECRET
from tests.running import free_port
from tests.talk import conversation, says, transcript

HOWTO = ROOT / "docs" / "howto"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (HOWTO / page).read_text(), re.DOTALL)


@pytest.fixture
async def address(desk: Desk) -> AsyncIterator[str]:
    """Return where the API is served."""
    app = Starlette(routes=mount(api_services(desk)))
    sock = serve.listen("127.0.0.1", 0)
    server = serve.server(app)
    serving = asyncio.create_task(server.serve(sockets=[sock]))
    yield f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    await serving


async def test_the_curl_examples_work(desk: Desk, address: str) -> None:
    assert shutil.which("curl"), "this test needs curl; install it"
    await says(desk, "hello")
    talk = await conversation(desk)
    env = {
        "PATH": os.environ["PATH"],
        "FRONTDESK": address,
        "TOKEN": await token_of(desk, name="Kim"),
        "CONVERSATION": talk.id,
    }
    first, *examples = _blocks("use-the-api.md", "sh")
    assert "export" in first
    assert len(examples) == 5
    for example in examples:
        process = await asyncio.create_subprocess_exec(
            "bash", "-euc", example, env=env, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0, printed.decode()
    said = await transcript(desk)
    assert ("agent", "Your parcel left our warehouse this morning.") in said
    ticket = await desk.tickets.get(number="T-000001")
    assert (ticket.priority, ticket.topic) == ("high", "delivery")
    (campaign,) = await desk.campaigns.campaigns.list()
    assert (campaign.name, campaign.state) == ("Spring tea", "scheduled")


async def test_the_receiver_takes_what_is_ours_once(desk: Desk, tmp_path: Path) -> None:
    (code,) = _blocks("receive-webhooks.md", "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 22
    port = free_port()
    post = Post(allow_private=True, timeout=timedelta(seconds=5))
    hooks = OutgoingWebhooks(database=desk.database, post=post, secret=SECRET, clock=clocks.now)
    webhook, secret = await hooks.add(url=f"http://127.0.0.1:{port}/", kinds=("*",), by="Mo")
    env = {**os.environ, "WEBHOOK_SECRET": secret, "PORT": str(port)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=env, cwd=tmp_path, stdout=asyncio.subprocess.PIPE
    )
    try:
        await _listens(port)
        sender = Sender(database=desk.database, post=post, secret=SECRET, clock=clocks.now)
        delivery_id = await hooks.test(webhook.id)
        await sender.step()
        await hooks.replay(delivery_id)
        await sender.step()
        delivery = await hooks.delivery(delivery_id)
        assert (delivery.state, delivery.status, delivery.attempts) == ("delivered", 204, 2)
        forged = await post.send(
            webhook.url, b'{"id": "msg_1", "type": "x", "data": {}}', {"webhook-id": "msg_1"}
        )
        assert forged.error == "answered 401"
    finally:
        process.terminate()
    printed, _ = await process.communicate()
    assert printed.decode().splitlines() == [
        f"webhook.tested {{'webhook_id': '{webhook.id}', 'test': True}}"
    ]


async def _listens(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
