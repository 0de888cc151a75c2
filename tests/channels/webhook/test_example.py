"""The client that the documentation prints does what it says."""

import asyncio
import os
import re
import socket
import sys
from pathlib import Path

import pytest
from aiohttp import web

from channels.webhook.adapter import SignedWebhook
from channels.webhook.files import Files
from channels.webhook.signature import Signer
from desk.channel import ChannelDownError
from desk.clock import now
from desk.message import InboundMessage, OutboundMessage, WebhookRequest
from tests.channels.webhook.subject import OTHER_SECRET, SECRET

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "connect-webhook.md"


def example() -> str:
    """Return the client as printed."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return str(code)


def free_port() -> int:
    """Return a port that nobody uses at the moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Desk:
    """As much of a desk as the example needs: it verifies, reads and remembers."""

    def __init__(self, channel: SignedWebhook) -> None:
        self.channel = channel
        self.heard: asyncio.Queue[InboundMessage] = asyncio.Queue()

    async def receive(self, request: web.Request) -> web.Response:
        """Take one request."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        asked = WebhookRequest(method="POST", headers=headers, query={}, body=await request.read())
        self.channel.verify(asked)
        for update in self.channel.parse(asked):
            assert isinstance(update, InboundMessage)
            self.heard.put_nowait(update)
        return web.json_response({})


def message(number: int, text: str, to: InboundMessage) -> OutboundMessage:
    """Return an answer."""
    return OutboundMessage(
        id=f"d-{number}",
        conversation_id="c",
        channel="webhook",
        account="default",
        thread=to.thread,
        recipient=to.sender,
        text=text,
    )


def test_it_is_as_short_as_promised() -> None:
    assert len([line for line in example().splitlines() if line.strip()]) <= 30


async def test_it_talks_in_both_directions_and_believes_no_forgery(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    channel = SignedWebhook(url, Signer(SECRET), Files("", timeout=2), now, timeout=5)
    forger = SignedWebhook(url, Signer(OTHER_SECRET), Files("", timeout=2), now, timeout=5)
    desk = Desk(channel)
    app = web.Application()
    app.router.add_post("/channels/webhook", desk.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    code = tmp_path / "client.py"
    code.write_text(example(), encoding="utf-8")
    client = await asyncio.create_subprocess_exec(
        sys.executable,
        str(code),
        "Where is my order?",
        env={
            "DESK_URL": f"http://127.0.0.1:{runner.addresses[0][1]}/channels/webhook",
            "SECRET": SECRET,
            "PORT": str(port),
            "PATH": os.environ["PATH"],
        },
        stdout=asyncio.subprocess.PIPE,
    )
    assert client.stdout is not None
    try:
        async with asyncio.timeout(30):
            asked = await desk.heard.get()
            assert (asked.text, asked.thread) == ("Where is my order?", "7")
            await channel.send(message(1, "On its way", asked))
            await channel.send(message(1, "On its way", asked))  # as after a lost answer
            with pytest.raises(ChannelDownError, match="401"):
                await forger.send(message(2, "Pay here", asked))
            await channel.send(message(3, "Anything else?", asked))
            lines = [await client.stdout.readline() for _ in range(2)]
    finally:
        client.kill()
        await client.wait()
        await runner.cleanup()
        await channel.close()
        await forger.close()
    assert lines == [b"7 < On its way\n", b"7 < Anything else?\n"]
