"""X as a channel: it is asked for news, or calls us, and is written to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import tweepy  # type: ignore[import-untyped]

from channels.x import media
from channels.x.activity import Activity, raws
from channels.x.client import XClient
from channels.x.ids import dm_thread
from channels.x.polling import SOONEST, Poller
from channels.x.posting import MOST_AT_ONCE, RULES, Poster, id_of
from channels.x.prices import MICROS, PRICES_OF, Price, things
from channels.x.reading import NAME
from channels.x.sending import Sender, Windows
from channels.x.settings import XSettings
from channels.x.signature import Signatures
from channels.x.sources import sources
from channels.x.spending import Spending, dollars
from channels.x.weight import has_link
from desk.channel import Check, Feature, Pace, Polled, Rate, Scope, Tariff, TextLimit
from desk.clock import Clock
from desk.message import (
    OutboundMessage,
    Sent,
    Unread,
    Update,
    WebhookAnswer,
    WebhookRequest,
    read_each,
)
from desk.posting import Measured, Post, PostRules, Published

LONGEST_DM = 10_000
_RIGHTS = "read-write-directmessages"
_SAFETY_NET = timedelta(minutes=15)
_DMS = (Rate(1_440, timedelta(hours=24)),)
"""Direct messages of a user and of an app, as published; what answers say counts when they are sent."""


class X:
    """One account of X, whose news we ask for.

    A thread is ``dm:USER`` or ``post:ROOT/USER``, a sender the number of a user. The text limit is that of a direct
    message; a longer public answer becomes a numbered thread of posts, see :mod:`channels.x.render`.
    """

    name = NAME
    features: frozenset[Feature] = frozenset()
    # Only posts are counted here. Direct messages have a narrower window, which one answer of X's tells the next.
    pace = Pace(
        account=(Rate(100, timedelta(minutes=15)), Rate(10_000, timedelta(hours=24))),
        at_once=2,
        pause=Scope.CHAT,
    )
    limit: TextLimit | None = TextLimit(longest=LONGEST_DM)
    post_rules: PostRules = RULES
    measured_at_once = MOST_AT_ONCE

    def __init__(
        self,
        settings: XSettings,
        client: XClient,
        spending: Spending,
        clock: Clock,
        *,
        soonest: timedelta = SOONEST,
    ) -> None:
        self.account = settings.account
        self._settings = settings
        self._client = client
        self._spending = spending
        self._clock = clock
        self._activity = Activity(self.account, clock)
        windows = Windows()
        self._sender = Sender(self.account, client, spending, clock, windows)
        self._poster = Poster(self.account, client, spending, clock, windows)
        lists = sources(self.account, mentions=settings.mentions, dms=settings.dms)
        self._poller = Poller(lists, client, spending, clock, soonest=soonest)

    def is_public(self, thread: str) -> bool:
        """Say whether everybody reads a thread: an answer to a post is one."""
        return not thread.startswith(dm_thread(""))

    def tariff(self, thread: str, text: str) -> Tariff:
        """Return what X charges for a direct message, or for a post, which costs more with a link in it."""
        if not thread.startswith("post:"):
            return Tariff(micros=MICROS[Price.DM], rates=_DMS)
        price = Price.POST_WITH_URL if has_link(text) else Price.POST
        return Tariff(micros=MICROS[price])

    async def send(self, message: OutboundMessage) -> Sent:
        """Send a direct message, or answer a post in public."""
        return await self._sender.send(message)

    async def publish(self, post: Post) -> Published:
        """Publish a post for everybody."""
        return await self._poster.publish(post)

    async def measure(self, external_ids: Sequence[str]) -> Measured:
        """Return what people did with posts of ours."""
        return await self._poster.measure(external_ids)

    def id_of(self, url: str) -> str | None:
        """Return the number of the post at an address of X's."""
        return id_of(url)

    async def poll(self, cursor: str | None) -> Polled:
        """Return the mentions and direct messages after a cursor; the first time those of the last minutes."""
        return await self._poller.poll(
            cursor, lambda found: read_each(NAME, self.account, found, self.read)
        )

    def read(self, raw: Mapping[str, Any]) -> Sequence[Update]:
        """Return what one update says."""
        return self._activity.read(raw)

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file that X keeps."""
        signed = media.needs_signature(reference)
        return await self._client.download(reference, most, signed=signed)

    async def start(self) -> None:
        """Do nothing: an operator registers the webhook once, while this process already answers X's challenge."""

    async def check(self) -> Check:
        """Ask X who we are, and tell what the keys allow and what the day has cost."""

        def me(client: tweepy.Client) -> Any:
            return client.get_me(user_auth=True)

        answer = await self._client.call(me)
        self._spending.read(things(answer.body, Price.USER_READ), self._clock())
        user = answer.made("id")
        return Check(
            account=f"@{answer.made('username')} ({user})",
            problems=(*self._problems(user, answer.access), *await self._webhook_problems()),
            notes=(*self._notes(), *self._webhook_notes()),
        )

    async def close(self) -> None:
        """Let go of the connections."""
        await self._client.close()

    def _problems(self, user: str, access: str) -> list[str]:
        found = []
        if user != self.account:
            found.append(
                f"the keys belong to user {user}, but FRONTDESK_X_USER_ID is {self.account}"
            )
        if access and access != _RIGHTS:
            found.append(
                f"the keys allow only '{access}': give the app read, write and direct message rights, then make "
                "new access tokens"
            )
        if self._spending.wait_at(self._clock()) is not None:
            found.append("the day's budget is spent; it begins anew at midnight UTC")
        return found

    def _notes(self) -> list[str]:
        spent, budget = dollars(self._spending.spent), dollars(self._spending.budget)
        off = [
            f"{name} are off"
            for name, is_on in (
                ("mentions", self._settings.mentions),
                ("direct messages", self._settings.dms),
            )
            if not is_on
        ]
        return [
            f"about {spent} of {budget} spent today by this process, at the prices of {PRICES_OF}",
            "encrypted chats (XChat) cannot be read or answered",
            *off,
        ]

    async def _webhook_problems(self) -> list[str]:
        return []

    def _webhook_notes(self) -> list[str]:
        return []


class WebhookX(X):
    """One account of X, which calls us; it is also asked now and then, for what a call missed."""

    def __init__(
        self,
        settings: XSettings,
        client: XClient,
        spending: Spending,
        clock: Clock,
        signatures: Signatures,
        *,
        public_url: str | None,
    ) -> None:
        super().__init__(settings, client, spending, clock, soonest=_SAFETY_NET)
        self._signatures = signatures
        self._address = f"{public_url.rstrip('/')}/channels/{NAME}" if public_url else None
        self._challenged_at: datetime | None = None

    def verify(self, request: WebhookRequest) -> None:
        """Raise SignatureError unless X sent this."""
        self._signatures.verify(request)

    def answer(self, request: WebhookRequest) -> WebhookAnswer | None:
        """Return the answer to X's challenge."""
        answer = self._signatures.answer(request)
        if answer is not None:
            self._challenged_at = self._clock()
        return answer

    def parse(self, request: WebhookRequest) -> Sequence[Update | Unread]:
        """Return what the events of a request say."""
        return read_each(NAME, self.account, raws(request.body), self.read)

    async def _webhook_problems(self) -> list[str]:
        if self._address is None:
            return ["FRONTDESK_PUBLIC_URL is not set, so X cannot call us"]
        if not self._client.has_bearer:
            return []

        def webhooks(client: tweepy.Client) -> Any:
            return client.request("GET", "/2/webhooks")

        answer = await self._client.call(webhooks)
        ours = [one for one in answer.body.get("data") or [] if one.get("url") == self._address]
        if not ours:
            return [f"X does not know the webhook {self._address}: register it, see connect-x"]
        if not any(one.get("valid") for one in ours):
            return [f"X has switched the webhook {self._address} off: validate it, see connect-x"]
        return []

    def _webhook_notes(self) -> list[str]:
        at = self._challenged_at
        last = f"at {at:%Y-%m-%d %H:%M} UTC" if at else "not since this process started"
        hint = "set FRONTDESK_X_BEARER_TOKEN to have X asked about the webhook"
        return [
            f"X's challenge was answered last: {last}",
            *([] if self._client.has_bearer else [hint]),
        ]
