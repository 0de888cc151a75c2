"""The calls about posts of one's own: images, posts that answer nobody, and what people did with them."""

import base64
import binascii
import json
import secrets
from collections.abc import Mapping
from typing import Any

from tests.platforms.x import rules
from tests.platforms.x.world import Post, World, moment

_SIGNATURES = {"image/png": b"\x89PNG", "image/jpeg": b"\xff\xd8\xff", "image/webp": b"RIFF"}


def wrong_image(body: bytes) -> str | None:
    """Return what is wrong with a request to keep an image; None when nothing is."""
    try:
        sent: Any = json.loads(body)
        content = base64.b64decode(sent["media"], validate=True)
    except (ValueError, KeyError, TypeError, binascii.Error):
        return "no image in base64"
    kind = sent.get("media_type")
    if sent.get("media_category") != "tweet_image" or kind not in rules.IMAGES:
        return f"{sent.get('media_category')} of type {kind}"
    if len(content) > rules.LARGEST_IMAGE:
        return f"{len(content)} bytes"
    return None if content.startswith(_SIGNATURES.get(kind, b"")) else f"no {kind}"


def kept() -> dict[str, Any]:
    """Return what X answers to an image."""
    number = str(10**18 + secrets.randbelow(10**17))
    return {"data": {"id": number, "media_key": f"3_{number}", "expires_after_secs": 86_400}}


def looked_up(world: World, query: Mapping[str, str], now: Any) -> dict[str, Any]:
    """Return posts by their ids; those that are gone are named apart, and what is private only to their author."""
    wanted = set((query.get("tweet.fields") or "").split(",")) | {"id", "text"}
    data, errors = [], []
    for one in query["ids"].split(","):
        post = world.posts.get(one)
        if post is None or post.deleted or not post.visible:
            errors.append({"resource_id": one, "title": "Not Found Error", "parameter": "ids"})
            continue
        data.append(_shown(world, post, wanted, now))
    found: dict[str, Any] = {}
    if data:
        found["data"] = data
    return found | ({"errors": errors} if errors else {})


def _shown(world: World, post: Post, wanted: set[str], now: Any) -> dict[str, Any]:
    known = post.v2(world.people)
    if post.author != world.account or now - moment(post.id) > rules.PRIVATE_FOR:
        known.pop("non_public_metrics")
    return {name: value for name, value in known.items() if name in wanted}
