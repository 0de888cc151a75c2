"""A platform that remembers what it was sent and can be told to fail."""

from desk.channel import (
    Feature,
    InboundMessage,
    OutboundMessage,
    Pace,
    Sent,
    StatusUpdate,
    WebhookRequest,
)


class MemoryChannel:
    """Keeps sent messages in ``sent``; raises what is put into ``fail_with``, in order."""

    features: frozenset[Feature] = frozenset({Feature.BUTTONS, Feature.LINKS})

    def __init__(self, name: str = "memory", pace: Pace | None = None) -> None:
        self.name = name
        self.pace = pace or Pace()
        self.sent: list[OutboundMessage] = []
        self.fail_with: list[Exception] = []

    def verify(self, request: WebhookRequest) -> None:
        """Trust everybody: it is for tests and demonstrations."""

    def parse(self, request: WebhookRequest) -> list[InboundMessage | StatusUpdate]:
        """Understand nothing; messages are handed to the inbox directly."""
        return []

    async def send(self, message: OutboundMessage) -> Sent:
        """Keep the message, or fail as told."""
        if self.fail_with:
            raise self.fail_with.pop(0)
        self.sent.append(message)
        return Sent(external_id=message.id)
