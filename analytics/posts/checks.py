"""Whether a post may be published as it is written. Pure; nothing is fetched."""

import re

from analytics.campaigns.lint_links import link_faults
from analytics.posts.model import Draft, FaultError
from desk.posting import PostRules

_LINK = re.compile(r"https?://[^\s/]")
_LONGEST_LINK = 2_000
_CODES = {"broken_link": "no_link", "glued_link": "glued_link", "not_https": "not_https"}
"""Faults of links that stop a post; that a link is short stops none, as platforms shorten all of them."""


def check(draft: Draft, rules: PostRules) -> None:
    """Raise FaultError, which says what to do, unless the platform will take the words and the link."""
    if not draft.text.strip():
        raise FaultError("no_text")
    if draft.link and not (_LINK.match(draft.link) and len(draft.link) <= _LONGEST_LINK):
        raise FaultError("no_link", link=draft.link[:100])
    for code, link in link_faults(draft.words):
        if code in _CODES:
            raise FaultError(_CODES[code], link=link)
    length = rules.length(draft.words)
    if rules.longest is not None and length > rules.longest:
        raise FaultError("too_long", length=length, longest=rules.longest, channel=draft.channel)
    if draft.image is not None:
        check_image(draft.channel, draft.image.content_type, 0, rules)


def check_image(channel: str, content_type: str, size: int, rules: PostRules) -> None:
    """Raise FaultError unless the platform takes such an image of so many bytes."""
    if not rules.images:
        raise FaultError("no_images", channel=channel)
    if content_type not in rules.images:
        raise FaultError("image_type", channel=channel)
    if size > rules.largest_image:
        raise FaultError("image_size", channel=channel, largest=rules.largest_image)
