"""Every platform at once, and a running desk that is set up for all of them."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, Self

import httpx

from desk.clock import now
from tests.acceptance import guests
from tests.acceptance.guests import Guest, until
from tests.channels.mail.subject import new_place
from tests.channels.webhook.subject import SECRET as WEBHOOK_SECRET
from tests.platforms.mail.servers import PASSWORD
from tests.platforms.mail.servers import shared as mail_servers
from tests.platforms.matrix.proxy import Proxy
from tests.platforms.matrix.pushes import Push
from tests.platforms.matrix.server import APP_ID, AS_TOKEN, BOT, HS_TOKEN
from tests.platforms.matrix.server import shared as synapse
from tests.platforms.slack.server import BOT_TOKEN, SIGNING_SECRET, SlackPlatform
from tests.platforms.telegram.server import TOKEN, TelegramPlatform
from tests.platforms.webhook.receiver import Receiver
from tests.platforms.x import server as x
from tests.platforms.x.server import XServer
from tests.running import ROOT, RunningDesk, clean_environment

CHANNELS = ("telegram", "slack", "x", "email", "matrix", "webhook")


class Street:
    """The platforms, and the desk that serves them all; ``env`` is what an operator has set."""

    def __init__(
        self,
        folder: Path,
        telegram: TelegramPlatform,
        slack: SlackPlatform,
        x_: XServer,
        matrix: Proxy,
        webhook: Receiver,
    ) -> None:
        self.telegram = telegram
        self.slack = slack
        self.x = x_
        self.matrix = matrix
        self.webhook = webhook
        self.mail = new_place(mail_servers())
        self.env = self._settings()
        self.desk = RunningDesk(folder, "--demo", env=self.env)
        self._guests: list[Guest] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self]:
        """Open all platforms; the desk is not started yet, and stopped in the end."""
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            street = cls(
                folder,
                await enter(TelegramPlatform(now, second=0.02)),
                await enter(SlackPlatform.open(now)),
                await enter(XServer.open(now)),
                await enter(Proxy.open(synapse().url)),
                await enter(Receiver.open(WEBHOOK_SECRET, now)),
            )
            street.slack.over_http(*[street.address("slack")] * 3)
            synapse().pushes.take = street._take
            try:
                yield street
            finally:
                await asyncio.to_thread(street.desk.stop)
                synapse().pushes.take = None
                for guest in street._guests:
                    guest.leave()

    def address(self, channel: str) -> str:
        """Return where a platform reaches the desk."""
        return f"{self.desk.base}/channels/{channel}"

    def guest(self, channel: str) -> Guest:
        """Return a new customer on a channel."""
        number = len(self._guests) + 1
        makers: dict[str, Callable[[], Guest]] = {
            "telegram": lambda: guests.OnTelegram(self.telegram, number),
            "slack": lambda: guests.OnSlack(self.slack, f"g{number}"),
            "x": lambda: guests.OnX(self.x, f"700000{number:04}", public=False),
            "x in public": lambda: guests.OnX(self.x, f"700000{number:04}", public=True),
            "email": lambda: guests.ByMail(self.mail),
            "matrix": guests.OnMatrix,
            "webhook": lambda: guests.OverWebhook(
                self.webhook, self.address("webhook"), f"chat-{number}"
            ),
        }
        self._guests.append(makers[channel]())
        return self._guests[-1]

    async def health(self) -> Mapping[str, str]:
        """Return what the health check says of each channel."""
        async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
            answer = await client.get(f"{self.desk.base}/health/ready")
        channels: dict[str, str] = answer.json()["channels"]
        return channels

    async def until(self, channel: str, state: str) -> Mapping[str, str]:
        """Return the channels' health once a channel's begins so."""
        health: Mapping[str, str] = {}

        async def so() -> bool:
            nonlocal health
            health = await self.health()
            return health[channel].startswith(state)

        await until(so, lambda: f"{channel} is not {state}: {health}")
        return health

    async def console(self, path: str) -> str:
        """Return a page as an agent sees it."""
        base, _, token = self.desk.console_url.partition("/console?key=")
        async with httpx.AsyncClient(base_url=base, trust_env=False, timeout=30) as browser:
            form = {"token": token, "agent": "Ray"}
            await browser.post("/console/sign-in", data=form, headers={"Origin": base})
            page = await browser.get(path)
        assert page.status_code == 200, page
        return page.text

    async def command(self, *words: str) -> tuple[int, Any]:
        """Run ``frontdesk`` as an operator does beside the desk; return its exit code and JSON."""
        database = {"FRONTDESK_DATABASE_URL": self.desk.database_url}
        folder = {"FRONTDESK_DATA_DIR": str(self.desk.folder / "var")}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "app", *words, "--json"),
            cwd=ROOT,
            env=clean_environment(**self.env, **database, **folder),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, errors = await process.communicate()
        assert out, errors.decode()
        return process.returncode or 0, json.loads(out)

    def _take(self, push: Push) -> tuple[int, bytes]:
        """Pass on what synapse pushes; called in a thread of its own."""
        path = push.path.partition("/channels/matrix")[2]
        headers = {n: v for n, v in push.headers.items() if n in ("authorization", "content-type")}
        try:
            answer = httpx.request(
                push.method,
                self.address("matrix") + path,
                content=push.body,
                headers=headers,
                trust_env=False,
                timeout=30,
            )
        except httpx.TransportError:
            return 503, b"{}"
        return answer.status_code, answer.content

    def _settings(self) -> dict[str, str]:
        keys = {
            "TELEGRAM": {"TOKEN": TOKEN, "API_URL": self.telegram.url},
            "SLACK": {
                "BOT_TOKEN": BOT_TOKEN,
                "SIGNING_SECRET": SIGNING_SECRET,
                "API_URL": self.slack.api_url,
            },
            "X": {
                "API_KEY": x.API_KEY,
                "API_SECRET": x.API_SECRET,
                "ACCESS_TOKEN": x.ACCESS_TOKEN,
                "ACCESS_SECRET": x.ACCESS_SECRET,
                "API_URL": self.x.url,
            },
            "EMAIL": {
                "ADDRESS": self.mail.address,
                "IMAP_HOST": "127.0.0.1",
                "IMAP_PORT": str(self.mail.servers.imaps),
                "IMAP_USER": self.mail.user,
                "IMAP_PASSWORD": PASSWORD,
                "SMTP_HOST": "127.0.0.1",
                "SMTP_PORT": str(self.mail.servers.smtp),
                "SMTP_PASSWORD": PASSWORD,
                "CA_FILE": str(self.mail.servers.certificate),
            },
            "MATRIX": {
                "HOMESERVER": self.matrix.url,
                "USER": BOT,
                "AS_TOKEN": AS_TOKEN,
                "HS_TOKEN": HS_TOKEN,
                "ID": APP_ID,
            },
            "WEBHOOK": {"URL": self.webhook.url, "SECRET": WEBHOOK_SECRET},
        }
        return {
            f"FRONTDESK_{channel}_{key}": value
            for channel, values in keys.items()
            for key, value in values.items()
        }
