"""A platform that remembers what it was sent and can be told to fail."""

from collections.abc import Sequence

from desk.channel import Feature, Pace, TextLimit
from desk.message import OutboundMessage, Sent
from desk.posting import Measured, Post, PostRules, Published, Reactions

_POSTS = "https://memory.example.com/"


class MemoryChannel:
    """Keeps sent messages in ``sent`` and posts in ``published``; raises what is put into ``fail_with``, in order.

    ``reactions`` are those of posts by their ids; one that is taken out is deleted.
    """

    features: frozenset[Feature] = frozenset({Feature.BUTTONS, Feature.LINKS})
    post_rules = PostRules(longest=500, images=frozenset({"image/png"}), largest_image=100_000)
    measured_at_once = 50

    def __init__(self, name: str = "memory", pace: Pace | None = None) -> None:
        self.name = name
        self.account = "a"
        self.limit: TextLimit | None = None
        self.pace = pace or Pace()
        self.sent: list[OutboundMessage] = []
        self.published: list[Post] = []
        self.reactions: dict[str, Reactions] = {}
        self.fail_with: list[Exception] = []

    async def send(self, message: OutboundMessage) -> Sent:
        """Keep the message, or fail as told."""
        self._maybe_fail()
        self.sent.append(message)
        return Sent(external_id=message.id)

    async def publish(self, post: Post) -> Published:
        """Keep the post, or fail as told."""
        self._maybe_fail()
        self.published.append(post)
        self.reactions[post.id] = Reactions(likes=0, views=0)
        return Published(external_id=post.id, url=f"{_POSTS}{post.id}")

    async def measure(self, external_ids: Sequence[str]) -> Measured:
        """Tell the reactions, or fail as told."""
        self._maybe_fail()
        found = {one: self.reactions[one] for one in external_ids if one in self.reactions}
        return Measured(found=found)

    def id_of(self, url: str) -> str | None:
        """Return the end of one of our addresses."""
        return url.removeprefix(_POSTS) if url.startswith(_POSTS) else None

    def _maybe_fail(self) -> None:
        if self.fail_with:
            raise self.fail_with.pop(0)
