"""Customers and what they say at the stand-in."""

from datetime import timedelta
from typing import Any

from desk.message import OutboundMessage
from tests.platforms.x.server import ACCOUNT, XServer
from tests.platforms.x.world import Dm, Post, snowflake

JO = "7000000001"
MIN = "7000000002"


def mention(server: XServer, text: str, *, by: str = JO, **more: Any) -> Post:
    """Let somebody mention us."""
    server.world.person(by)
    post = Post(server.next_id(), by, text, **{"mentions": (ACCOUNT,), **more})
    server.world.posts[post.id] = post
    return post


def dm(
    server: XServer, text: str, *, by: str = JO, ago: timedelta = timedelta(), **more: Any
) -> Dm:
    """Let somebody write to us."""
    server.world.person(by)
    number = int(server.next_id()) % 4096
    one = Dm(snowflake(server.now() - ago, number), by, ACCOUNT, text, **more)
    server.world.dms[one.id] = one
    return one


def private(text: str, *, to: str = JO, number: str = "m-1", **more: Any) -> OutboundMessage:
    """Return a direct message of ours."""
    return _outbound(number, f"dm:{to}", text, to, more)


def public(text: str, post: Post, *, number: str = "m-1", **more: Any) -> OutboundMessage:
    """Return a public answer of ours."""
    more = {"context": {"reply_to": post.id, "handle": f"user{post.author}"}, **more}
    return _outbound(number, f"post:{post.root or post.id}/{post.author}", text, post.author, more)


def _outbound(number: str, thread: str, text: str, to: str, more: Any) -> OutboundMessage:
    place = {"conversation_id": "c-1", "channel": "x", "account": ACCOUNT}
    return OutboundMessage(id=number, thread=thread, text=text, recipient=to, **place, **more)
