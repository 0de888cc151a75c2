"""A desk that remembers what it was shown and can be told to fail."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from desk.agentdesk.port import (
    Card,
    CardPost,
    Person,
    Place,
    PlaceGoneError,
    Post,
    Posted,
)
from desk.errors import RejectedError


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One post as the platform has it."""

    id: str
    post: Post
    place: Place
    key: str


class AcceptedThenLostError(TimeoutError):
    """The platform took the post, and its answer did not come through."""


@dataclass
class MemoryDesk:
    """Keeps posts in ``shown``; a key that comes again after a failure is the same post.

    ``fail_with`` is raised in order, one a post; :class:`AcceptedThenLostError` after the post was taken. Channels
    and threads in ``gone`` refuse.
    """

    name: str = "memory"
    channel: str = "desk"
    shown: list[Shown] = field(default_factory=list)
    fail_with: list[Exception] = field(default_factory=list)
    gone: set[str] = field(default_factory=set)
    people: dict[str, Person] = field(default_factory=dict)
    strangers: set[str] = field(default_factory=set)
    files: dict[str, bytes] = field(default_factory=dict)
    doubled: int = 0
    cards: dict[Place, Card] = field(default_factory=dict)
    _at_once: Counter[Place] = field(default_factory=Counter)
    overlapped: int = 0

    async def post(self, post: Post, place: Place, *, key: str, again: bool) -> Posted:
        """Show it, or fail as told."""
        error = self.fail_with.pop(0) if self.fail_with else None
        if error is not None and not isinstance(error, AcceptedThenLostError):
            raise error
        if place.channel in self.gone or (place.thread and place.thread in self.gone):
            raise PlaceGoneError(f"{place} is gone")
        posted = await self._take(post, place, key, again)
        if error is not None:
            raise error
        return posted

    async def _take(self, post: Post, place: Place, key: str, again: bool) -> Posted:
        known = next((one for one in self.shown if one.key == key), None)
        if known is not None and again:
            return Posted(external_id=known.id)
        self.doubled += known is not None
        shown = Shown(id=f"m{len(self.shown) + 1}", post=post, place=place, key=key)
        self.shown.append(shown)
        if isinstance(post, CardPost):
            root = Place(channel=place.channel, thread=place.thread or shown.id)
            # Two updates of one card at a time would be a race.
            self._at_once[root] += 1
            self.overlapped += self._at_once[root] > 1
            await asyncio.sleep(0)
            self._at_once[root] -= 1
            self.cards[root] = post.card
        return Posted(external_id=shown.id)

    async def fetch(self, reference: str, most: int) -> bytes:
        """Return a file."""
        if reference not in self.files:
            raise RejectedError(f"there is no file {reference}")
        return self.files[reference][:most]

    async def person(self, external_id: str) -> Person:
        """Return who somebody is."""
        return self.people.get(external_id) or Person(external_id=external_id, name=external_id)

    async def may_act(self, external_id: str) -> bool:
        """Say whether somebody is an agent: everybody but strangers."""
        return external_id not in self.strangers

    def at(self, place: Place) -> list[Shown]:
        """Return what was shown in a thread, the card left out."""
        return [
            one for one in self.shown if one.place == place and not isinstance(one.post, CardPost)
        ]
