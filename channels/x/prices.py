"""What X charges for a call, in millionths of a dollar.

As published in X's documentation ("X API pricing") on 22 August 2026; the Developer Console has today's prices. Reads
are charged for each thing returned, once in a UTC day; expanded users and media are counted as things, too, which
makes the sum an upper estimate.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

PRICES_OF = "22 August 2026"


class Price(StrEnum):
    """What is charged for."""

    POST_READ = "post_read"
    OWN_POST_READ = "own_post_read"
    USER_READ = "user_read"
    DM_READ = "dm_read"
    MEDIA_READ = "media_read"
    POST = "post"
    POST_WITH_URL = "post_with_url"
    DM = "dm"


MICROS: Mapping[Price, int] = {
    Price.POST_READ: 5_000,
    Price.OWN_POST_READ: 1_000,
    Price.USER_READ: 10_000,
    Price.DM_READ: 10_000,
    Price.MEDIA_READ: 5_000,
    Price.POST: 15_000,
    Price.POST_WITH_URL: 200_000,
    Price.DM: 15_000,
}
_EXPANDED = (
    ("users", "id", Price.USER_READ),
    ("media", "media_key", Price.MEDIA_READ),
    ("tweets", "id", Price.POST_READ),
)


def things(body: Mapping[str, Any], price: Price) -> Iterator[tuple[str, Price]]:
    """Return what an answer is charged for: each thing's name, by which it is charged once a day, and its price."""
    data = body.get("data") or []
    for one in [data] if isinstance(data, dict) else data:
        yield f"{price}:{one.get('id')}", price
    includes = body.get("includes") or {}
    for kind, key, each in _EXPANDED:
        for one in includes.get(kind) or []:
            yield f"{each}:{one.get(key)}", each
