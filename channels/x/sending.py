"""Saying something on X, once: direct messages and public answers.

X has no key by which it would know a repeated request. A post that it already has is refused as a duplicate, and our
own timeline then tells whether it is the one that we wanted to make. A direct message whose fate is unknown is looked
for in the conversation before it is sent again; after a restart this memory is gone and a message may come twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import tweepy  # type: ignore[import-untyped]

from channels.x import render
from channels.x.client import Answer, XClient
from channels.x.ids import id_at, is_id
from channels.x.prices import Price, things
from channels.x.refusals import DuplicateError, UnsureError
from channels.x.spending import Spending
from channels.x.weight import LONGEST_POST, has_link, weight
from channels.x.windows import Window
from desk.clock import Clock
from desk.errors import RejectedError, RetryableError
from desk.message import OutboundMessage, Sent

_ENOUGH = 5.0
"""Seconds after which a long thread goes on in the next try: a send has a deadline."""
_AT_ONCE = timedelta()
_MOST_KEPT = 1000
_TIMELINE = 20
_RECENT_DMS = 10
_WINDOW_OF = {Price.POST_WITH_URL: Price.POST}


class Windows:
    """The windows that X's latest answers told, for all that writes or reads on one account."""

    def __init__(self) -> None:
        self._known: dict[Price, Window] = {}

    def check(self, price: Price, now: datetime) -> None:
        """Raise when the latest answer said that the window is used up: a refusal would count against us."""
        window = self._known.get(_WINDOW_OF.get(price, price))
        closed = window.closed_for(now) if window else None
        if closed:
            raise RetryableError("X's window for this is used up", retry_in=closed)

    def note(self, price: Price, answer: Answer | None) -> None:
        """Take note of what an answer told."""
        if answer is not None and answer.window is not None:
            self._known[_WINDOW_OF.get(price, price)] = answer.window


@dataclass
class _Progress:
    """What is known of a message that is not sent completely."""

    target: str | None = None
    posted: list[str] = field(default_factory=list)
    micros: int = 0
    unsure_since: int | None = None


class Sender:
    """Sends for one account."""

    def __init__(
        self,
        account: str,
        client: XClient,
        spending: Spending,
        clock: Clock,
        windows: Windows | None = None,
    ) -> None:
        self._account = account
        self._client = client
        self._spending = spending
        self._clock = clock
        self._progress: dict[str, _Progress] = {}
        self._windows = windows or Windows()
        self._ways: Mapping[str, Callable[[OutboundMessage, _Progress], Awaitable[str]]] = {
            "dm": self._dm,
            "post": self._posts,
        }

    async def send(self, message: OutboundMessage) -> Sent:
        """Send a message; errors as :meth:`Channel.send`."""
        way = self._ways.get(message.thread.partition(":")[0])
        if way is None:
            raise RejectedError("this thread is not one of X's")
        self._spending.check(self._clock())
        progress = self._remember(message.id)
        try:
            external_id = await way(message, progress)
        except RejectedError:
            self._progress.pop(message.id, None)
            raise
        self._progress.pop(message.id, None)
        return Sent(external_id=external_id, cost_micros=progress.micros)

    async def _dm(self, message: OutboundMessage, progress: _Progress) -> str:
        user = message.recipient or message.thread.partition(":")[2]
        if not is_id(user):
            raise RejectedError("a direct message needs the number of a user")
        if progress.unsure_since is not None:
            found = await self._find_dm(user, message.text, progress)
            if found is not None:
                return found
            progress.unsure_since = None
        self._wait_for(Price.DM)
        began = id_at(self._client.now_there())

        def create(client: tweepy.Client) -> Any:
            return client.create_direct_message(participant_id=user, text=message.text)

        try:
            answer = await self._client.call(create)
        except (UnsureError, asyncio.CancelledError):
            progress.unsure_since = began
            raise
        self._charge(Price.DM, answer, progress)
        return answer.made("dm_event_id")

    async def _posts(self, message: OutboundMessage, progress: _Progress) -> str:
        # The customer may have written again since the first try; it stays one thread.
        progress.target = progress.target or message.context.get("reply_to")
        if not is_id(progress.target):
            raise RejectedError("there is no post to answer, and nobody asked to be written to")
        until = asyncio.get_running_loop().time() + _ENOUGH
        texts = render.posts(message)
        for text in texts[len(progress.posted) :]:
            if asyncio.get_running_loop().time() > until:
                raise RetryableError("the rest of the thread follows", retry_in=_AT_ONCE)
            above = progress.posted[-1] if progress.posted else str(progress.target)
            progress.posted.append(await self._post(text, above, message.context, progress))
        return progress.posted[0]

    async def _post(
        self, text: str, above: str, context: Mapping[str, Any], progress: _Progress
    ) -> str:
        try:
            return await self._create(text, above, progress)
        except DuplicateError:
            found = await self._find_post(text, above, progress)
            # The same words, but to somebody else: named at the front they are not the same any more.
            named = f"@{context.get('handle')} {text}"
            if found is not None:
                return found
            if not context.get("handle") or weight(named) > LONGEST_POST:
                raise
            return await self._create(named, above, progress)

    async def _create(self, text: str, above: str, progress: _Progress) -> str:
        self._wait_for(Price.POST)

        def create(client: tweepy.Client) -> Any:
            return client.create_tweet(text=text, in_reply_to_tweet_id=above)

        answer = await self._client.call(create)
        price = Price.POST_WITH_URL if has_link(text) else Price.POST
        self._charge(price, answer, progress)
        return answer.made("id")

    async def _find_post(self, text: str, above: str, progress: _Progress) -> str | None:
        def timeline(client: tweepy.Client) -> Any:
            return client.get_users_tweets(
                self._account,
                max_results=_TIMELINE,
                tweet_fields=["referenced_tweets", "note_tweet"],
                user_auth=True,
            )

        for post in await self._look(timeline, Price.OWN_POST_READ, progress):
            refers = post.get("referenced_tweets") or []
            answers = any(one["type"] == "replied_to" and one["id"] == above for one in refers)
            if answers and render.same_words(text, post["text"]):
                return str(post["id"])
        return None

    async def _find_dm(self, user: str, text: str, progress: _Progress) -> str | None:
        def events(client: tweepy.Client) -> Any:
            return client.get_direct_message_events(
                participant_id=user,
                max_results=_RECENT_DMS,
                dm_event_fields=["sender_id", "text"],
                user_auth=True,
            )

        for event in await self._look(events, Price.DM_READ, progress):
            is_ours = event.get("sender_id") == self._account
            is_new = int(event["id"]) >= (progress.unsure_since or 0)
            if is_ours and is_new and render.same_words(text, event.get("text") or ""):
                return str(event["id"])
        return None

    async def _look(
        self,
        work: Callable[[tweepy.Client], Any],
        price: Price,
        progress: _Progress,
    ) -> list[dict[str, Any]]:
        answer = await self._client.call(work)
        progress.micros += self._spending.read(things(answer.body, price), self._clock())
        return list(answer.body.get("data") or [])

    def _wait_for(self, price: Price) -> None:
        self._windows.check(price, self._clock())

    def _charge(self, price: Price, answer: Answer, progress: _Progress) -> None:
        progress.micros += self._spending.pay(price, self._clock())
        self._windows.note(price, answer)

    def _remember(self, message_id: str) -> _Progress:
        while len(self._progress) >= _MOST_KEPT:
            self._progress.pop(next(iter(self._progress)))
        return self._progress.setdefault(message_id, _Progress())
