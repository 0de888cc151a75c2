"""The Bot API over HTTP: every call is checked against the rules, and what breaks one is kept in ``violations``."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NoReturn, Self

from aiohttp import web

from desk.clock import Clock
from tests.platforms.telegram import rules
from tests.platforms.telegram.errors import ApiError
from tests.platforms.telegram.hook import Hook, Postman
from tests.platforms.telegram.outgoing import Delivered, Outgoing
from tests.platforms.telegram.pending import Pending
from tests.platforms.telegram.rules import Upload

BOT_ID = 123456789
TOKEN = f"{BOT_ID}:stand-in_token_of_no_real_bot_012345"
USERNAME = "example_desk_bot"


class TelegramPlatform:
    """One bot's Telegram. ``second`` is how long one of Telegram's seconds takes here, in seconds."""

    def __init__(self, clock: Clock, *, second: float = 0.002) -> None:
        self._clock = clock
        self._second = second
        self.violations: list[str] = []
        self.struck: Counter[str] = Counter()
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answered: list[str] = []
        self.files: dict[str, tuple[str, bytes]] = {}
        self.lost_files: set[str] = set()
        self.redirects: dict[str, str] = {}
        self.stated_size: int | None = None
        self.last_error_at: int | None = None
        self.username = USERNAME
        self.reads_groups = False
        self.is_revoked = False
        self.pending = Pending(clock)
        self.postman = Postman(self.pending)
        self._last_update = 700_000
        self._open_queries: set[str] = set()
        self.outgoing = Outgoing(self)
        self._poller: object | None = None
        self._changed = asyncio.Event()
        self._closing = asyncio.Event()
        self._methods: dict[str, Callable[[dict[str, Any]], Awaitable[Any]]] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._get_webhook_info,
            "answerCallbackQuery": self._answer_callback_query,
            "getFile": self._get_file,
        }

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=rules.LARGEST_UPLOAD + rules.MEGABYTE)
        app.router.add_post("/bot{token}/{method}", self._call)
        app.router.add_get("/file/bot{token}/{path:.+}", self._download)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port: int = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._closing.set()
        self._notify()
        await self.postman.close()
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where the platform is."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def hook(self) -> Hook:
        """The webhook as it is set."""
        return self.postman.hook

    def number(self) -> int:
        """Return the next update's number."""
        self._last_update += 1
        return self._last_update

    def put(self, update: dict[str, Any]) -> None:
        """Let something happen of which the bot is told."""
        self._remember(update)
        self.pending.put(update)
        self._notify()
        self.postman.look()

    @property
    def accepted(self) -> list[Delivered]:
        """What the bot sent and the platform accepted, in order."""
        return self.outgoing.accepted

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next message that the bot sends meet a fault."""
        self.outgoing.will(fault, retry_after=retry_after)

    def of(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all calls of a method."""
        return [parameters for called, parameters in self.calls if called == method]

    async def _call(self, request: web.Request) -> web.Response:
        token, method = request.match_info["token"], request.match_info["method"]
        try:
            _check_token(token)
            if self.is_revoked:
                raise ApiError(401, "Unauthorized")
            if method not in rules.METHODS:
                self.violations.append(f"{method}: there is no such method")
                raise ApiError(404, "Not Found: method not found")
            result = await self._answer(method, await _form(request))
        except ApiError as error:
            return web.json_response(error.body, status=error.code)
        return web.json_response({"ok": True, "result": result})

    async def _answer(self, method: str, given: Mapping[str, str | Upload]) -> Any:
        parameters, wrong = rules.read(method, given)
        self.calls.append((method, parameters))
        if wrong:
            self.refuse(wrong[0])
        if method in self._methods:
            return await self._methods[method](parameters)
        sent = self.outgoing.accept(method, parameters)
        if sent is None:  # accepted, and then silence
            await self._closing.wait()
        return sent

    def refuse(self, reason: str) -> NoReturn:
        """Refuse a call that breaks a rule of which the caller should have known."""
        self.violations.append(reason)
        raise ApiError(400, f"Bad Request: {reason}")

    def me(self) -> dict[str, Any]:
        """Return the bot as its messages show it."""
        name = {"first_name": "Example Desk", "username": self.username}
        return {"id": BOT_ID, "is_bot": True, **name}

    def now(self) -> int:
        """Return the time in seconds."""
        return int(self._clock().timestamp())

    async def _get_me(self, _: dict[str, Any]) -> dict[str, Any]:
        rights = {"can_join_groups": True, "can_read_all_group_messages": self.reads_groups}
        return {**self.me(), **rights, "supports_inline_queries": False}

    async def _get_updates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        if self.hook.url:
            self.struck["409"] += 1
            raise ApiError(
                409,
                "Conflict: can't use getUpdates method while webhook is active;"
                " use deleteWebhook to delete the webhook first",
            )
        mine = self._poller = object()
        self._notify()  # ends the poll that another one is waiting in
        self.pending.confirm(parameters.get("offset", 0))
        until = asyncio.get_running_loop().time() + parameters.get("timeout", 0) * self._second
        while True:
            if found := self.pending.first(parameters.get("limit", 100)):
                return list(found)
            if not await self._news(until):
                return []
            if self._poller is not mine:
                self.struck["409"] += 1
                raise ApiError(
                    409,
                    "Conflict: terminated by other getUpdates request;"
                    " make sure that only one bot instance is running",
                )

    async def _news(self, until: float) -> bool:
        """Wait until something changes; False when there is no time left, or nothing will change any more."""
        if self._closing.is_set():
            return False
        try:
            async with asyncio.timeout_at(until):
                await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def _set_webhook(self, parameters: dict[str, Any]) -> bool:
        url, secret = parameters["url"], parameters.get("secret_token")
        if not re.match(r"https://|http://127\.0\.0\.1[:/]", url):
            self.refuse("bad webhook: An HTTPS URL must be provided for webhook")
        if secret is not None and not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", secret):
            self.refuse("secret token contains unallowed characters")
        self._drop(parameters)
        allowed = parameters.get("allowed_updates", self.hook.allowed)
        self.postman.hook = Hook(url, secret, allowed)
        self.postman.look()
        return True

    async def _delete_webhook(self, parameters: dict[str, Any]) -> bool:
        self._drop(parameters)
        self.postman.hook = Hook(allowed=self.hook.allowed)
        return True

    def _drop(self, parameters: Mapping[str, Any]) -> None:
        if parameters.get("drop_pending_updates"):
            self.pending.clear()

    async def _get_webhook_info(self, _: dict[str, Any]) -> dict[str, Any]:
        info: dict[str, Any] = {
            "url": self.hook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self.pending),
        }
        if self.hook.allowed is not None:
            info["allowed_updates"] = self.hook.allowed
        if self.hook.last_error:
            info["last_error_date"] = self.last_error_at or self.now()
            info["last_error_message"] = self.hook.last_error
        return info

    async def _answer_callback_query(self, parameters: dict[str, Any]) -> bool:
        query = parameters["callback_query_id"]
        if query not in self._open_queries:
            raise ApiError(
                400,
                "Bad Request: query is too old and response timeout expired or query ID is invalid",
            )
        self._open_queries.discard(query)
        self.answered.append(query)
        return True

    async def _get_file(self, parameters: dict[str, Any]) -> dict[str, Any]:
        file_id = parameters["file_id"]
        if file_id not in self.files:
            raise ApiError(
                400, "Bad Request: wrong file_id or the file is temporarily unavailable"
            )
        path, content = self.files[file_id]
        if len(content) > rules.LARGEST_DOWNLOAD:
            raise ApiError(400, "Bad Request: file is too big")
        return {
            "file_id": file_id,
            "file_unique_id": f"u-{file_id}",
            "file_size": self.stated_size or len(content),
            "file_path": path,
        }

    async def _download(self, request: web.Request) -> web.StreamResponse:
        if request.match_info["token"] != TOKEN:
            raise web.HTTPUnauthorized
        wanted = request.match_info["path"]
        if wanted in self.redirects:
            raise web.HTTPFound(self.redirects[wanted])
        kept = dict(self.files.values())
        if wanted not in kept or wanted in self.lost_files:
            raise web.HTTPNotFound
        return web.Response(body=kept[wanted])

    def _remember(self, update: Mapping[str, Any]) -> None:
        """Keep what later calls refer to: buttons that were pressed, messages, topics."""
        query = update.get("callback_query")
        if isinstance(query, dict) and "id" in query:
            self._open_queries.add(query["id"])
        self.outgoing.remember(update)


def _check_token(token: str) -> None:
    if token == TOKEN:
        return
    if re.fullmatch(r"\d+:[\w-]{20,}", token):
        raise ApiError(401, "Unauthorized")
    raise ApiError(404, "Not Found")


async def _form(request: web.Request) -> dict[str, str | Upload]:
    given: dict[str, str | Upload] = {}
    for name, value in (await request.post()).items():
        if isinstance(value, web.FileField):
            given[name] = Upload(value.filename, value.file.read())
        else:
            given[name] = str(value)
    return given
