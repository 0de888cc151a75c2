"""Where something can be published: found by what a channel can do, never by its name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analytics.posts.model import FaultError
from desk.channel import Channel
from desk.outbox.repository import Lane
from desk.posting import MeasuringChannel, PostingChannel, PostRules


@dataclass(frozen=True, kw_only=True)
class Place:
    """An account on which something can be published."""

    channel: str
    account: str
    rules: PostRules

    @property
    def lane(self) -> Lane:
        """Its account."""
        return Lane(self.channel, self.account)


class Places:
    """The accounts of the channels that are set up."""

    def __init__(self, channels: Mapping[str, Channel]) -> None:
        self._channels = channels

    def all(self) -> Sequence[Place]:
        """Return the accounts on which something can be published."""
        return [
            Place(channel=name, account=one.account, rules=one.post_rules)
            for name, one in self._channels.items()
            if isinstance(one, PostingChannel)
        ]

    def of(self, channel: str) -> Place:
        """Return the account of a channel; raises FaultError when nothing can be published there."""
        for one in self.all():
            if one.channel == channel:
                return one
        raise FaultError("nowhere", channel=channel)

    def posting(self, lane: Lane) -> PostingChannel | None:
        """Return what publishes on an account; None when it is not set up, or another account is."""
        found = self._channels.get(lane.channel)
        if isinstance(found, PostingChannel) and found.account == lane.account:
            return found
        return None

    def measuring(self, lane: Lane) -> MeasuringChannel | None:
        """Return what tells about posts of an account; None when nothing does."""
        found = self._channels.get(lane.channel)
        if isinstance(found, MeasuringChannel) and found.account == lane.account:
            return found
        return None
