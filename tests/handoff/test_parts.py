"""What an agent writes may be several messages in the customer's channel; the mark at the words is that of all."""

from collections import deque

import pytest

from desk.agentdesk.mirror import together
from desk.agentdesk.port import Button, LinePost, Retried, Tick
from desk.channel import TextLimit
from desk.errors import RejectedError
from desk.message import DeliveryStatus, OutboundMessage, Sent, StatusUpdate
from desk.tables.outbox import OutboxRow, OutboxState
from tests.handoff.floor import KIM, Floor
from tests.talk import rows

WORDS = " ".join(f"word{number}" for number in range(16))


@pytest.mark.parametrize(
    ("states", "tick"),
    [
        ([OutboxState.SENT], Tick.SENT),
        ([OutboxState.SENT, OutboxState.QUEUED], None),
        ([OutboxState.DELIVERED, OutboxState.SENDING], None),
        ([OutboxState.DELIVERED, OutboxState.SENT], Tick.SENT),
        ([OutboxState.READ, OutboxState.DELIVERED], Tick.DELIVERED),
        ([OutboxState.READ, OutboxState.READ], Tick.READ),
        ([OutboxState.FAILED, OutboxState.QUEUED], Tick.FAILED),
        ([OutboxState.READ, OutboxState.DEAD], Tick.FAILED),
        ([], None),
    ],
)
def test_together(states: list[OutboxState], tick: Tick | None) -> None:
    assert together(states) is tick


async def _told(floor: Floor, row: OutboxRow, status: DeliveryStatus) -> None:
    assert row.external_id
    update = StatusUpdate(
        channel="memory",
        account="a",
        external_id=row.external_id,
        status=status,
        at=floor.clock(),
    )
    assert await floor.desk.relay.report(update)
    await floor.rest()


@pytest.fixture
async def talking(floor: Floor) -> Floor:
    """Return a floor on which Kim has a customer whose channel takes 40 characters."""
    floor.memory.limit = TextLimit(longest=40)
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)
    floor.memory.sent.clear()
    return floor


async def _parts(floor: Floor) -> list[OutboxRow]:
    last = len(floor.memory.sent)
    return (await rows(floor.desk, OutboxRow))[-last:]


async def test_words_are_delivered_when_all_their_parts_are(talking: Floor) -> None:
    words = await talking.writes(KIM, WORDS)
    assert len(talking.memory.sent) == 3
    assert talking.ticks() == [(words, Tick.SENT)]
    first, second, third = await _parts(talking)
    await _told(talking, third, DeliveryStatus.DELIVERED)
    await _told(talking, first, DeliveryStatus.READ)
    assert {tick for _, tick in talking.ticks()} == {Tick.SENT}
    await _told(talking, second, DeliveryStatus.DELIVERED)
    assert talking.ticks()[-1] == (words, Tick.DELIVERED)
    await _told(talking, third, DeliveryStatus.READ)
    assert talking.ticks()[-1] == (words, Tick.DELIVERED)
    await _told(talking, second, DeliveryStatus.READ)
    assert talking.ticks()[-1] == (words, Tick.READ)


async def test_words_of_which_a_part_failed_have_failed_until_it_is_sent(
    talking: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = deque([None, RejectedError("no"), None])
    send = talking.memory.send

    async def stumble(message: OutboundMessage) -> Sent:
        error = failures.popleft() if failures else None
        if error is not None:
            raise error
        return await send(message)

    monkeypatch.setattr(talking.memory, "send", stumble)
    words = await talking.writes(KIM, WORDS)
    assert not failures
    assert len(talking.memory.sent) == 2
    assert talking.ticks()[-1] == (words, Tick.FAILED)
    again = [
        s.post.retry
        for s in talking.platform.shown
        if isinstance(s.post, LinePost) and s.post.retry
    ]
    assert len(again) == 1, "only what failed is offered to be sent once more"
    await talking.tell(KIM, Retried(message_id=again[0]))
    assert len(talking.memory.sent) == 3
    assert talking.ticks()[-1] == (words, Tick.SENT)
