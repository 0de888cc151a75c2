"""X's API v2 on a free port, as strict as the real one; faults are injected by methods and counted."""

import asyncio
import json
import math
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Self

from aiohttp import web

from desk.clock import Clock
from tests.platforms.x import posts, rules
from tests.platforms.x.oauth import Keys
from tests.platforms.x.rules import CALLS, FIELDS, Call
from tests.platforms.x.world import Dm, Post, World, snowflake

ACCOUNT = "9000000000000000001"
API_KEY = "anAppKeyForTestsOnly12345"
API_SECRET = "an-app-secret-for-tests-only-0123456789"
ACCESS_TOKEN = f"{ACCOUNT}-aTokenForTestsOnly0123456789"
ACCESS_SECRET = "a-token-secret-for-tests-only-0123456789"
BEARER = "a-bearer-token-for-tests-only"
type Handler = Any


class Refused(Exception):
    """X's problem details."""

    def __init__(
        self, status: int, detail: str, title: str = "", kind: str = "about:blank"
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {
            "title": title or "Forbidden",
            "detail": detail,
            "type": kind,
            "status": status,
        }
        self.headers: dict[str, str] = {}


@dataclass
class _Window:
    ends_at: datetime
    used: int = 0


class XServer:
    """The stand-in; ``violations`` are requests that break X's rules, whatever they were answered."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.world = World(ACCOUNT)
        self.world.person(ACCOUNT, "frontdesk", "Front Desk")
        self.violations: list[str] = []
        self.struck: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self.accepted: list[tuple[str, str, list[str]]] = []
        self.files: dict[str, bytes] = {}
        self.images: dict[str, bytes] = {}
        self.announcing = False  # whether we may say something that answers nobody
        self.webhooks: list[dict[str, Any]] = []
        self.revoked = self.suspended = self.broke = False
        self.access = "read-write-directmessages"
        self.ahead = timedelta()
        self.url = ""
        self._keys = Keys(API_KEY, API_SECRET, ACCESS_TOKEN, ACCESS_SECRET)
        self._faults: deque[tuple[str, float]] = deque()
        self._read_faults: dict[str, deque[str]] = {}
        self._windows: dict[tuple[str, timedelta], _Window] = {}
        self._tokens: dict[str, int] = {}
        self._closing = asyncio.Event()
        self._number = 0
        self._handlers: Mapping[str, Handler] = {
            "me": self._me,
            "mentions": self._mentions,
            "timeline": self._timeline,
            "dms": self._dms,
            "dms_with": self._dms,
            "post": self._post,
            "lookup": self._lookup,
            "upload": self._upload,
            "dm": self._dm,
            "webhooks": self._webhooks,
        }

    @classmethod
    @asynccontextmanager
    async def open(cls, clock: Clock) -> AsyncIterator[Self]:
        """Serve on a free port until the end of the block."""
        server = cls(clock)
        app = web.Application(client_max_size=10_000_000)
        app.router.add_route("*", "/{path:.*}", server.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        server.url = f"http://127.0.0.1:{port}"
        try:
            yield server
        finally:
            server._closing.set()
            await runner.cleanup()

    def now(self) -> datetime:
        """Return the time by X's clock, which may be ahead of ours."""
        return self.clock() + self.ahead

    def next_id(self) -> str:
        """Return the id of something that happens now."""
        self._number += 1
        return snowflake(self.now(), self._number)

    def will(self, fault: str, *, retry_after: float = 0) -> None:
        """Let the next thing that is said meet a fault."""
        self._faults.append((fault, retry_after))

    def will_reading(self, call: str, fault: str) -> None:
        """Let the next reading call of this name meet a fault."""
        self._read_faults.setdefault(call, deque()).append(fault)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        if request.path in self.files:
            return self._file(request)
        headers = {"date": format_datetime(self.now()), "x-access-level": self.access}
        try:
            call = self._call_of(request)
            self.calls[call.name] += 1
            self._authorise(call, request)
            self._count(call, headers)
            body = await self._handlers[call.name](call, request, headers)
            status = 201 if request.method == "POST" else 200
        except Refused as refused:
            body, status = refused.body, refused.status
            headers.update(refused.headers)
        return web.json_response(body, status=status, headers=headers)

    def _call_of(self, request: web.Request) -> Call:
        for call in CALLS:
            if call.method == request.method and call.path.fullmatch(request.path):
                return call
        self.violations.append(f"{request.method} {request.path}: no such call")
        raise Refused(404, "Not Found", "Not Found Error")

    def _authorise(self, call: Call, request: web.Request) -> None:
        given = request.headers.get("Authorization", "")
        if call.app_only:
            if given != f"Bearer {BEARER}":
                raise Refused(403, "use the app's bearer token", "Unsupported Authentication")
            return
        headers = {
            name: request.headers[name]
            for name in ("Authorization", "Content-Type")
            if name in request.headers
        }
        if self.revoked or not self._keys.signed(request.method, request.raw_path, headers):
            raise Refused(401, "Unauthorized", "Unauthorized")
        if self.suspended:
            detail = "Your account is suspended and is not permitted to access this feature."
            raise Refused(403, detail)
        if self.broke:
            kind = "https://api.x.com/2/problems/credits-depleted"
            raise Refused(402, "credits depleted", "Payment Required", kind)

    def _count(self, call: Call, headers: dict[str, str]) -> None:
        limits = [("x-rate-limit", call.limit, rules.QUARTER)]
        if call.day_limit:
            limits.append(("x-user-limit-24hour", call.day_limit, rules.DAY))
        over = False
        for name, limit, period in limits:
            window = self._windows.get((call.name, period))
            if window is None or window.ends_at <= self.now():
                window = self._windows[call.name, period] = _Window(self.now() + period)
            window.used += 1
            over = over or window.used > limit
            headers[f"{name}-limit"] = str(limit)
            headers[f"{name}-remaining"] = str(max(0, limit - window.used))
            headers[f"{name}-reset"] = str(math.ceil(window.ends_at.timestamp()))
        if over:
            self.violations.append(f"{call.name}: more calls than the window allows")
            raise Refused(429, "Too Many Requests", "Too Many Requests")

    # -- reading

    async def _me(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        self._params(call, request)
        return {"data": self.world.people[ACCOUNT].v2()}

    async def _webhooks(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        return {"data": self.webhooks, "meta": {"result_count": len(self.webhooks)}}

    async def _mentions(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        posts = self.world.mentions()
        return self._list(call, request, headers, posts, lambda post: post.v2(self.world.people))

    async def _timeline(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        posts = self.world.own_posts()
        return self._list(call, request, headers, posts, lambda post: post.v2(self.world.people))

    async def _dms(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        user = call.path.fullmatch(request.path).groupdict().get("id")  # type: ignore[union-attr]
        return self._list(call, request, headers, self.world.dms_of(user), lambda dm: dm.v2())

    async def _lookup(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        query = self._params(call, request)
        faults = self._read_faults.get(call.name)
        if faults:
            self._fail(faults.popleft(), 0, headers, public=False)
        ids = query.get("ids", "").split(",")
        if not 1 <= len(ids) <= rules.MOST_LOOKED_UP or not all(one.isdigit() for one in ids):
            self.violations.append(f"lookup: {len(ids)} ids")
            raise Refused(400, "ids: 1 to 100 numbers", "Invalid Request")
        return posts.looked_up(self.world, query, self.now())

    def _list(
        self,
        call: Call,
        request: web.Request,
        headers: dict[str, str],
        found: list[Any],
        write: Any,
    ) -> Any:
        query = self._params(call, request)
        faults = self._read_faults.get(call.name)
        if faults:
            self._fail(faults.popleft(), 0, headers, public=False)
        owner = (call.path.fullmatch(request.path) or {"id": None}).groupdict().get("id")  # type: ignore[union-attr]
        if call.name in ("mentions", "timeline") and owner != ACCOUNT:
            raise Refused(404, "Could not find user", "Not Found Error")
        if "since_id" in query:
            found = [one for one in found if int(one.id) > int(query["since_id"])]
        size = int(query.get("max_results", "10"))
        first = self._tokens[query["pagination_token"]] if "pagination_token" in query else None
        if first is not None:
            found = [one for one in found if int(one.id) < first]
        page = found[:size]
        meta: dict[str, Any] = {"result_count": len(page)}
        if len(found) > size:
            meta["next_token"] = secrets.token_hex(8)
            self._tokens[meta["next_token"]] = int(page[-1].id)
        if not page:
            return {"meta": meta}
        key = "dm_event.fields" if call.name.startswith("dms") else "tweet.fields"
        default = (
            {"id", "event_type", "text"}
            if key == "dm_event.fields"
            else {"id", "text", "edit_history_tweet_ids"}
        )
        wanted = default | _split(query.get(key))
        data = [
            {name: value for name, value in write(one).items() if name in wanted} for one in page
        ]
        return {"data": data, "meta": meta, **self._includes(query, page)}

    def _includes(self, query: Mapping[str, str], page: list[Any]) -> Any:
        asked = _split(query.get("expansions"))
        includes: dict[str, Any] = {}
        if asked & {"author_id", "sender_id"}:
            fields = {"id", "name", "username"} | _split(query.get("user.fields"))
            authors = {getattr(one, "author", None) or one.sender for one in page}
            people = [self.world.person(author).v2() for author in sorted(authors)]
            includes["users"] = [{k: v for k, v in one.items() if k in fields} for one in people]
        if "attachments.media_keys" in asked:
            fields = {"media_key", "type"} | _split(query.get("media.fields"))
            files = [file for one in page for file in one.media]
            if files:
                includes["media"] = [
                    {k: v for k, v in one.items() if k in fields} for one in files
                ]
        return {"includes": includes} if includes else {}

    def _params(self, call: Call, request: web.Request) -> dict[str, str]:
        query = dict(request.query)
        wrong = set(query) - call.params
        wrong |= {name for name in ("since_id", "until_id") if not query.get(name, "0").isdigit()}
        wrong |= {name for name, known in FIELDS.items() if _split(query.get(name)) - known}
        if _split(query.get("expansions")) - call.expansions:
            wrong.add("expansions")
        if call.page and not call.page[0] <= int(query.get("max_results", "10")) <= call.page[1]:
            wrong.add("max_results")
        if query.get("pagination_token", "x") not in (*self._tokens, "x"):
            wrong.add("pagination_token")
        if wrong:
            self.violations.append(f"{call.name}: wrong parameters {sorted(wrong)}")
            raise Refused(400, f"invalid parameters {sorted(wrong)}", "Invalid Request")
        return query

    # -- writing

    async def _dm(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        body = await self._body(call, request)
        user = call.path.fullmatch(request.path)["id"]  # type: ignore[index]
        text = body["text"]
        if len(text) > rules.LONGEST_DM:
            self.violations.append("dm: too long")
            raise Refused(400, "text is too long", "Invalid Request")
        fault, retry_after = self._faults.popleft() if self._faults else ("", 0.0)
        self._fail(fault, retry_after, headers, public=False)
        if user not in self.world.people:
            raise Refused(404, f"Could not find user with id: [{user}].", "Not Found Error")
        if user in self.world.blocked:
            raise Refused(403, "You cannot send messages to this user.")
        dm = Dm(self.next_id(), ACCOUNT, user, text)
        self.world.dms[dm.id] = dm
        self.accepted.append((f"dm:{user}", text, []))
        await self._maybe_silent(fault)
        pair = "-".join(sorted((ACCOUNT, user), key=int))
        return {"data": {"dm_conversation_id": pair, "dm_event_id": dm.id}}

    async def _post(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        body = await self._body(call, request)
        text, reply = body["text"], body.get("reply") or {}
        if rules.weight(text) > rules.LONGEST_POST:
            self.violations.append(f"post: {rules.weight(text)} weighted characters")
            raise Refused(403, "Tweet needs to be a bit shorter.")
        fault, retry_after = self._faults.popleft() if self._faults else ("", 0.0)
        self._fail(fault, retry_after, headers, public=True)
        if self.announcing and not reply:
            return await self._announced(body, text, fault)
        above = self._above(reply)
        if any(one.text == text for one in self.world.own_posts() if not one.deleted):
            self.struck["duplicate"] += 1
            raise Refused(403, "You are not allowed to create a Tweet with duplicate content.")
        author = self._asker(above)
        post = Post(self.next_id(), ACCOUNT, text, root=above.root or above.id, above=above.id)
        self.world.posts[post.id] = post
        self.accepted.append((f"post:{post.root}/{author}", text, []))
        await self._maybe_silent(fault)
        return {"data": {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}}

    async def _announced(self, body: Mapping[str, Any], text: str, fault: str) -> Any:
        """Publish what answers nobody; words that are there already are refused, also those of an image."""
        named = (body.get("media") or {}).get("media_ids") or []
        if not all(isinstance(one, str) and one in self.images for one in named):
            self.violations.append("post: an image that X does not have")
            raise Refused(400, "Your media IDs are invalid.", "Invalid Request")
        if any(one.text == text for one in self.world.own_posts() if not one.deleted):
            self.struck["duplicate"] += 1
            raise Refused(403, "You are not allowed to create a Tweet with duplicate content.")
        media = tuple({"media_key": f"3_{one}", "type": "photo"} for one in named)
        post = Post(self.next_id(), ACCOUNT, text, media=media)
        if fault == "lost":  # it was never made, and nobody says so
            self.struck[fault] += 1
            await self._closing.wait()
        self.world.posts[post.id] = post
        self.accepted.append(("", text, []))
        await self._maybe_silent(fault)
        return {"data": {"id": post.id, "text": text, "edit_history_tweet_ids": [post.id]}}

    async def _upload(self, call: Call, request: web.Request, headers: dict[str, str]) -> Any:
        body = await request.read()
        wrong = posts.wrong_image(body)
        if wrong or set(json.loads(body)) - call.body:
            self.violations.append(f"upload: {wrong}")
            raise Refused(400, wrong or "unknown fields", "Invalid Request")
        answer = posts.kept()
        self.images[answer["data"]["id"]] = body
        return answer

    def _above(self, reply: Mapping[str, Any]) -> Post:
        target = reply.get("in_reply_to_tweet_id")
        if not isinstance(target, str):
            self.violations.append("post: says something that nobody asked for")
            raise Refused(400, "reply.in_reply_to_tweet_id: missing", "Invalid Request")
        above = self.world.posts.get(target)
        if above is None or above.deleted or not above.visible:
            raise Refused(
                403, "You attempted to reply to a Tweet that is deleted or not visible to you."
            )
        if above.author in self.world.blocked:
            raise Refused(403, "You have been blocked from the author of this tweet.")
        if above.author != ACCOUNT and ACCOUNT not in above.mentions:
            self.violations.append("post: a reply to somebody who did not mention us")
            raise Refused(
                403,
                "Reply to this conversation is not allowed because you have not been mentioned.",
            )
        return above

    def _asker(self, above: Post) -> str:
        while above.author == ACCOUNT and above.above:
            above = self.world.posts[above.above]
        return above.author

    async def _body(self, call: Call, request: web.Request) -> dict[str, Any]:
        try:
            body = json.loads(await request.read())
        except ValueError:
            body = None
        wrong = (
            not isinstance(body, dict)
            or set(body) - call.body
            or not isinstance(body.get("text"), str)
        )
        if wrong or not body["text"].strip():
            self.violations.append(f"{call.name}: wrong body")
            raise Refused(400, "wrong body", "Invalid Request")
        return body

    def _fail(
        self, fault: str, retry_after: float, headers: dict[str, str], *, public: bool
    ) -> None:
        blocked = (
            "You have been blocked from the author of this tweet."
            if public
            else "You cannot send messages to this user."
        )
        faults = {
            "429": Refused(429, "Too Many Requests", "Too Many Requests"),
            "500": Refused(500, "Internal Server Error", "Internal Server Error"),
            "503": Refused(503, "Service Unavailable", "Service Unavailable"),
            "blocked": Refused(403, blocked),
            "revoked": Refused(401, "Unauthorized", "Unauthorized"),
            "refused": Refused(403, "You are not permitted to perform this action."),
        }
        if fault not in faults:
            return
        self.struck[fault] += 1
        if fault == "429":
            reset = math.ceil(self.now().timestamp() + retry_after)
            headers.update({"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)})
        raise faults[fault]

    async def _maybe_silent(self, fault: str) -> None:
        if fault == "timeout":
            self.struck[fault] += 1
            await self._closing.wait()

    def _file(self, request: web.Request) -> web.Response:
        is_private = request.path.startswith("/1.1/ton/")
        headers = {"Authorization": request.headers.get("Authorization", "")}
        host = request.headers["Host"]
        if is_private and "OAuth" not in headers["Authorization"]:
            return web.Response(status=401, text=f"sign it for {host}")
        return web.Response(body=self.files[request.path])


def _split(text: str | None) -> set[str]:
    return set(text.split(",")) if text else set()
