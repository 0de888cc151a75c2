"""X's webhooks: signed as X signs, with its challenge and its deadline, in both of its forms."""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

import aiohttp

from tests.platforms.x.rules import DEADLINE, shortened
from tests.platforms.x.server import ACCOUNT, API_SECRET
from tests.platforms.x.world import Dm, Person, Post, moment

SIGNATURE = "x-twitter-webhooks-signature"


def signature(body: bytes, secret: str = API_SECRET) -> str:
    """Return X's signature of a body."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    return f"sha256={base64.b64encode(digest).decode()}"


def dm_event(dm: Dm, *people: Person) -> dict[str, Any]:
    """Return a direct message as an Account Activity event."""
    users = {one.id: one.v1() for one in people}
    return {"for_user_id": ACCOUNT, "direct_message_events": [dm.v1()], "users": users}


def post_event(post: Post, author: Person, above_author: str | None = None) -> dict[str, Any]:
    """Return a post as an Account Activity event; X does not tell the conversation there."""
    tweet = {
        "created_at": moment(post.id).strftime("%a %b %d %H:%M:%S +0000 %Y"),
        "id": int(post.id),
        "id_str": post.id,
        "text": shortened(post.text),
        "in_reply_to_status_id_str": post.above,
        "in_reply_to_user_id_str": above_author,
        "user": author.v1(),
        "entities": {
            "user_mentions": [{"id_str": one, "screen_name": "x"} for one in post.mentions],
            "urls": [],
        },
        "lang": post.lang,
    }
    return {"for_user_id": ACCOUNT, "user_has_blocked": False, "tweet_create_events": [tweet]}


def envelope(event_type: str, payload: Mapping[str, Any], **includes: Any) -> dict[str, Any]:
    """Return an event of the X Activity API."""
    data = {
        "event_uuid": str(secrets.randbelow(10**18)),
        "filter": {"user_id": ACCOUNT},
        "event_type": event_type,
        "tag": "frontdesk",
        "payload": payload,
    }
    return {"data": {**data, "includes": includes} if includes else data}


async def challenge(url: str) -> bool:
    """Return whether an address proves that it knows the secret, as X asks before it calls."""
    token = secrets.token_urlsafe(24)
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, params={"crc_token": token}) as answer,
    ):
        given = (await answer.json(content_type=None)).get("response_token") if answer.ok else ""
    return hmac.compare_digest(str(given), signature(token.encode()))


async def deliver(
    url: str, event: Mapping[str, Any], *, deadline: float = DEADLINE.total_seconds()
) -> int:
    """Call an address with an event; return its status, 0 when it does not answer in time."""
    body = json.dumps(event).encode()
    headers = {SIGNATURE: signature(body), "content-type": "application/json"}
    async with aiohttp.ClientSession() as session:
        try:
            async with (
                asyncio.timeout(deadline),
                session.post(url, data=body, headers=headers) as answer,
            ):
                return answer.status
        except TimeoutError:
            return 0
