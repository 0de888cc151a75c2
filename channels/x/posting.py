"""Posts of our own on X: published once, and what people did with them.

X has no key by which it would know a repeated request. When it does not say whether a post was made, our own timeline
is looked at once; a post that is not there yet may still appear, so nobody publishes it again by himself.
"""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import tweepy  # type: ignore[import-untyped]

from channels.x import render
from channels.x.client import XClient
from channels.x.ids import id_at, is_id
from channels.x.prices import MICROS, Price, things
from channels.x.refusals import DuplicateError, UnsureError
from channels.x.sending import Windows
from channels.x.spending import Spending
from channels.x.weight import LONGEST_POST, has_link, weight
from desk.clock import Clock
from desk.errors import RejectedError, RetryableError
from desk.message import Attachment
from desk.posting import Measured, Post, PostRules, Published, Reactions, UnsurePostError

MOST_AT_ONCE = 100
"""X tells of so many posts in one call."""
_LARGEST_IMAGE = 5 * 10**6
_IMAGES = frozenset({"image/jpeg", "image/png", "image/webp"})
_ADDRESS = "https://x.com/i/web/status/"
_STATUS = re.compile(
    r"https://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|\w{1,20})/status/([0-9]{1,19})/?(?:[?#].*)?",
    re.ASCII,
)
_TIMELINE = 20
_SKEW = timedelta(minutes=1)
_FIELDS = {
    "likes": "like_count",
    "reposts": "retweet_count",
    "replies": "reply_count",
    "quotes": "quote_count",
    "bookmarks": "bookmark_count",
    "views": "impression_count",
    "clicks": "url_link_clicks",
}


def price_of(text: str) -> Price:
    """Return what a post is charged as: X asks much more for one with a link."""
    return Price.POST_WITH_URL if has_link(text) else Price.POST


RULES = PostRules(
    longest=LONGEST_POST,
    length=weight,
    images=_IMAGES,
    largest_image=_LARGEST_IMAGE,
    refuses_repeats=True,
    cost=lambda text: MICROS[price_of(text)],
)


class Poster:
    """Publishes for one account, within the day's budget and X's windows."""

    def __init__(
        self,
        account: str,
        client: XClient,
        spending: Spending,
        clock: Clock,
        windows: Windows,
    ) -> None:
        self._account = account
        self._client = client
        self._spending = spending
        self._clock = clock
        self._windows = windows

    async def publish(self, post: Post) -> Published:
        """Publish a post; errors as :meth:`desk.posting.PostingChannel.publish`."""
        self._spending.check(self._clock())
        self._windows.check(Price.POST, self._clock())
        media = [await self._upload(post.image)] if post.image else None
        since = id_at(self._client.now_there() - _SKEW)

        def create(client: tweepy.Client) -> Any:
            return client.create_tweet(text=post.text, media_ids=media)

        try:
            answer = await self._client.call(create)
            made = answer.made("id")
        except DuplicateError as error:
            raise RejectedError(f"{error}: change them") from error
        except UnsureError as error:
            made = await self._looked_for(post.text, since, error)
            answer = None
        micros = self._spending.pay(price_of(post.text), self._clock())
        self._windows.note(Price.POST, answer)
        return Published(external_id=made, url=f"{_ADDRESS}{made}", cost_micros=micros)

    async def measure(self, external_ids: Sequence[str]) -> Measured:
        """Return what people did with posts of ours; errors as ``send``."""
        self._spending.check(self._clock())
        self._windows.check(Price.OWN_POST_READ, self._clock())
        wanted = [one for one in external_ids if is_id(one)]

        def look(client: tweepy.Client) -> Any:
            return client.get_tweets(
                wanted, tweet_fields=["public_metrics", "non_public_metrics"], user_auth=True
            )

        answer = await self._client.call(look)
        self._windows.note(Price.OWN_POST_READ, answer)
        micros = self._spending.read(things(answer.body, Price.OWN_POST_READ), self._clock())
        found = {str(one["id"]): _reactions(one) for one in answer.body.get("data") or []}
        return Measured(found=found, cost_micros=micros)

    async def _upload(self, image: Attachment) -> str:
        """Give X an image; return its name for it. Nothing is published by that, so it may be done again."""
        if image.content is None:
            raise RejectedError("the image has no content: choose it again")
        body = {
            "media": base64.b64encode(image.content).decode(),
            "media_category": "tweet_image",
            "media_type": image.content_type,
        }

        def upload(client: tweepy.Client) -> Any:
            return client.request("POST", "/2/media/upload", json=body, user_auth=True)

        return (await self._client.call(upload)).made("id")

    async def _looked_for(self, text: str, since: int, error: UnsureError) -> str:
        """Return the post that we may have made; UnsurePostError when it is not to be seen."""

        def timeline(client: tweepy.Client) -> Any:
            return client.get_users_tweets(
                self._account, max_results=_TIMELINE, since_id=str(since), user_auth=True
            )

        try:
            answer = await self._client.call(timeline)
        except (RetryableError, RejectedError) as other:
            raise UnsurePostError(f"{error}; look at the account") from other
        self._spending.read(things(answer.body, Price.OWN_POST_READ), self._clock())
        for one in answer.body.get("data") or []:
            if render.same_words(text, one["text"]):
                return str(one["id"])
        raise UnsurePostError(f"{error}; look at the account") from error


def id_of(url: str) -> str | None:
    """Return the number of the post at an address of X's."""
    found = _STATUS.fullmatch(url)
    return found[1] if found else None


def _reactions(post: Mapping[str, Any]) -> Reactions:
    told = {**(post.get("non_public_metrics") or {}), **(post.get("public_metrics") or {})}
    known = {ours: told.get(theirs) for ours, theirs in _FIELDS.items()}
    return Reactions(**{name: n for name, n in known.items() if isinstance(n, int)})
