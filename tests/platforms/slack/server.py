"""The stand-in itself: a server for the Web API, files and sockets, and the people in it."""

import asyncio
import json
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from aiohttp import web

from desk.clock import Clock
from tests.platforms.slack import payloads
from tests.platforms.slack.api import SlackRefusal, WebApi
from tests.platforms.slack.blocks import buttons
from tests.platforms.slack.delivery import HttpRoute, Reply, Route, Signing
from tests.platforms.slack.people import Person
from tests.platforms.slack.rules import METHODS, Method, faults
from tests.platforms.slack.socket import SocketRoute
from tests.platforms.slack.world import BOT, HOME, Message, Room, User, World

BOT_TOKEN = "xoxb-stand-in"
APP_TOKEN = "xapp-stand-in"
SIGNING_SECRET = "stand-in-signing-secret"
SCOPES = frozenset(
    {
        "app_mentions:read",
        "chat:write",
        "chat:write.customize",
        "commands",
        "files:read",
        "files:write",
        "reactions:write",
        "usergroups:read",
        "users:read",
        "users:read.email",
        *(f"{kind}:{may}" for kind in ("channels", "groups") for may in ("history", "read")),
        *(f"{kind}:{may}" for kind in ("im", "mpim") for may in ("history", "read", "write")),
    }
)
#: Faults by their name in the contract suite; any other word is the code of a refusal.
_CODES = {
    "blocked": "channel_not_found",
    "revoked": "token_revoked",
    "refused": "restricted_action",
}


class SlackPlatform:
    """A workspace with one app in it. Faults are ordered with :meth:`will` and counted in ``struck``."""

    def __init__(self, clock: Clock) -> None:
        self.world = World(clock)
        self.signing = Signing(SIGNING_SECRET, clock)
        self.api = WebApi(self.world, self.emit)
        self.scopes = self.api.scopes = set(SCOPES)
        self.violations: list[str] = []
        self.calls: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        #: Everything that went to the app, whether there was a way or not.
        self.events: list[Mapping[str, Any]] = []
        self.responses: list[Mapping[str, Any]] = []
        self.route: Route | None = None
        self.files_elsewhere = False
        self._faults: deque[tuple[str, str, float]] = deque()
        self._under_way: set[asyncio.Task[None]] = set()
        self._closing = asyncio.Event()
        self._socket: SocketRoute | None = None

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Serve on a free port of this machine."""
        slack = cls(clock)
        app = web.Application()
        app.router.add_route("*", "/api/{method}", slack._api)
        app.router.add_post("/upload/v1/{file}", slack._upload)
        app.router.add_get("/files-pri/{file}/{rest:.*}", slack._download)
        app.router.add_post("/response/{number}", slack._respond)
        app.router.add_get("/link/", slack._link)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        slack.api.base = f"http://{host}:{port}"
        try:
            yield slack
        finally:
            slack._closing.set()
            for task in slack._under_way:
                task.cancel()
            if slack._socket is not None:
                await slack._socket.close()
            await runner.cleanup()

    @property
    def api_url(self) -> str:
        """Where the Web API is."""
        return f"{self.api.base}/api/"

    def over_http(self, events: str, interactions: str, commands: str) -> HttpRoute:
        """Call the app at these addresses from now on."""
        self.route = route = HttpRoute(
            self.signing, events=events, interactions=interactions, commands=commands
        )
        return route

    def over_socket(self) -> SocketRoute:
        """Wait for the app to connect, and use its connection from now on."""
        self.route = self._socket = SocketRoute(self.violations)
        return self._socket

    def person(self, name: str, *, team: str = HOME, email: str | None = None) -> Person:
        """Add somebody; of another company if the team is another one."""
        user = User(f"U{name.upper()}", name, team, email)
        self.world.users[user.id] = user
        return Person(self, user)

    def channel(
        self, name: str, *members: Person, kind: str = "channel", bot: bool = True
    ) -> Room:
        """Add a channel; it is shared (Slack Connect) if somebody in it is of another company."""
        return self._room(f"C{name.upper()}", name, kind, members, bot=bot)

    def direct(self, person: Person) -> Room:
        """Add the direct message between somebody and the bot."""
        return self._room(f"D{person.id}", "directmessage", "im", (person,), bot=True)

    async def emit(self, room: Room, event: Mapping[str, Any]) -> None:
        """Tell the app of something in a room, if its bot is there."""
        if BOT in room.members:
            await self.deliver(payloads.wrapped(self.world, event, shared=room.shared))

    async def deliver(self, payload: Mapping[str, Any]) -> None:
        """Hand an event over; retries go on by themselves, see :meth:`settled`."""
        payload = self._addressed(payload)
        self.events.append(payload)
        if self.route is not None:
            task = asyncio.create_task(self.route.event(payload))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def archives(self, room: Room) -> None:
        """Archive a channel."""
        event = {"type": "channel_archive", "channel": room.id, "user": "UADMIN"}
        await self.emit(room, {**event, "event_ts": self.world.ts()})
        room.archived = True

    async def removes_bot(self, room: Room) -> None:
        """Remove the bot from a channel."""
        event = {"type": "member_left_channel", "user": BOT, "channel": room.id}
        await self.emit(room, {**event, "event_ts": self.world.ts()})
        room.members.remove(BOT)

    async def interact(self, payload: Mapping[str, Any]) -> Reply:
        """Hand an interaction over."""
        payload = self._addressed(payload)
        self.events.append(payload)
        return await self.route.interaction(payload) if self.route else Reply(0)

    async def command(self, form: Mapping[str, str]) -> Reply:
        """Hand a slash command over."""
        form = self._addressed(form)
        self.events.append(form)
        return await self.route.command(form) if self.route else Reply(0)

    async def settled(self) -> None:
        """Wait until every event was delivered, or given up."""
        while self._under_way:
            await asyncio.gather(*self._under_way)
            await asyncio.sleep(0)  # for what is done already, gather waits for nothing

    async def idle(self) -> None:
        """Wait until everything was delivered, and over a socket acknowledged, too."""
        await self.settled()
        if self._socket is not None:
            await self._socket.settled()

    def will(
        self, fault: str, *, retry_after: float = 0, method: str = "chat.postMessage"
    ) -> None:
        """Meet the next call of a method with ``429``, ``500``, ``timeout``, ``disconnect`` or a refusal."""
        self._faults.append((method, fault, retry_after))

    def posted(self) -> list[tuple[Room, Message]]:
        """Return what the bot wrote and is still there, in order."""
        found = [(r, m) for r in self.world.rooms.values() for m in r.messages if m.bot]
        return sorted(found, key=lambda pair: float(pair[1].ts))

    def _room(
        self, room_id: str, name: str, kind: str, members: tuple[Person, ...], *, bot: bool
    ) -> Room:
        ids = [one.id for one in members] + ([BOT] if bot else [])
        shared = any(one.user.team != HOME for one in members)
        room = Room(room_id, name, kind, ids, shared=shared)
        self.world.rooms[room.id] = room
        return room

    def _addressed[T: Mapping[str, Any]](self, payload: T) -> T:
        addressed: T = json.loads(json.dumps(payload).replace("{base}", self.api.base))
        return addressed

    async def _api(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["method"]
        self.calls[name] += 1
        headers = {"x-oauth-scopes": ",".join(sorted(self.scopes))}
        fault, retry_after = self._fault(name)
        if fault == "429":
            headers["Retry-After"] = str(int(retry_after))
            answer = {"ok": False, "error": "ratelimited"}
            return web.json_response(answer, status=429, headers=headers)
        if fault == "500":
            return web.Response(status=500, text="server error", headers=headers)
        try:
            if fault not in (None, "timeout", "disconnect"):
                raise SlackRefusal(_CODES.get(fault, fault))
            answer = self._addressed({"ok": True, **await self._answer(name, request)})
        except SlackRefusal as refusal:
            answer = {"ok": False, "error": refusal.code}
            if refusal.code == "missing_scope":
                answer |= {"needed": refusal.fault, "provided": ",".join(sorted(self.scopes))}
            elif refusal.fault:
                self.violations.append(f"{name}: {refusal.code}: {refusal.fault}")
        if fault == "timeout":
            await self._closing.wait()
        if fault == "disconnect" and request.transport is not None:
            request.transport.abort()
        return web.json_response(answer, headers=headers)

    async def _answer(self, name: str, request: web.Request) -> dict[str, Any]:
        method = METHODS.get(name)
        if method is None:
            raise SlackRefusal("unknown_method", "there is no such method")
        if request.method not in method.verbs:
            raise SlackRefusal("invalid_post_type", f"called with {request.method}")
        given = await _arguments(request)
        if "token" in given:
            raise SlackRefusal("invalid_auth", "the token belongs into the Authorization header")
        self._authorize(request, method, given)
        wrong = faults(method, given)
        if wrong:
            raise SlackRefusal("invalid_arguments", "; ".join(wrong))
        return await self.api.call(name, given)

    def _authorize(self, request: web.Request, method: Method, given: Mapping[str, Any]) -> None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not token:
            raise SlackRefusal("not_authed", "no token")
        wants_app = "connections:write" in method.scopes
        if token != (APP_TOKEN if wants_app else BOT_TOKEN):
            wrong_kind = token in (APP_TOKEN, BOT_TOKEN)
            raise SlackRefusal("not_allowed_token_type" if wrong_kind else "invalid_auth")
        if wants_app:
            return
        if method.scopes and not self.scopes & set(method.scopes):
            raise SlackRefusal("missing_scope", method.scopes[0])
        named = {"username", "icon_url", "icon_emoji"} & given.keys()
        if named and "chat:write.customize" not in self.scopes:
            raise SlackRefusal("missing_scope", "chat:write.customize")

    def _fault(self, method: str) -> tuple[str | None, float]:
        for one in self._faults:
            if one[0] == method:
                self._faults.remove(one)
                self.struck[one[1]] += 1
                return one[1], one[2]
        return None, 0

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        file = self.world.files.get(request.match_info["file"])
        content = await request.read()
        if file is None or file.content is not None:
            self.violations.append("uploaded to an address that was not given out for it")
            return web.Response(status=400)
        if len(content) != file.size:
            self.violations.append(f"announced {file.size} bytes and sent {len(content)}")
            return web.Response(status=400)
        file.content = content
        return web.Response(text=f"OK - {len(content)}")

    async def _download(self, request: web.Request) -> web.StreamResponse:
        fault, retry_after = self._fault("download")
        if fault == "429":
            return web.Response(status=429, headers={"Retry-After": str(int(retry_after))})
        if fault == "500":
            return web.Response(status=500)
        if self.files_elsewhere:
            raise web.HTTPFound("http://127.0.0.1:9/elsewhere")
        file = self.world.files.get(request.match_info["file"])
        authorized = request.headers.get("Authorization") == f"Bearer {BOT_TOKEN}"
        if not authorized or "files:read" not in self.scopes:
            return web.Response(text="<html>Sign in</html>", content_type="text/html")
        if file is None or file.content is None:
            return web.Response(status=404)
        return web.Response(body=file.content, content_type=file.mimetype)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        said, number = await request.json(), int(request.match_info["number"])
        self.responses.append(said)
        if said.get("delete_original"):
            shown = self.world.ephemerals
            self.world.ephemerals = [one for one in shown if number not in one.responses]
        return web.Response(text="ok")

    async def _link(self, request: web.Request) -> web.StreamResponse:
        ticket = request.query.get("ticket", "")
        if ticket not in self.api.tickets or self._socket is None:
            self.violations.append("connected without a ticket")
            return web.Response(status=403)
        self.api.tickets.remove(ticket)
        return await self._socket.serve(request)


def titles(message: Message) -> list[str]:
    """Return what the buttons under a message say."""
    return [button["text"]["text"] for _, button in buttons(message.blocks)]


async def _arguments(request: web.Request) -> dict[str, Any]:
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        body = await request.json()
        if not isinstance(body, dict):
            raise SlackRefusal("json_not_object", "JSON that is no object")
        return {**given, **body}
    return {**given, **{k: v for k, v in (await request.post()).items() if isinstance(v, str)}}
