"""The two modes of the channel, each with a platform of its own."""

from collections.abc import AsyncIterator, Callable

import pytest

from desk.clock import StoppedClock
from desk.message import OutboundMessage
from tests.channels.telegram.subject import PollingSubject, TelegramSubject, WebhookSubject
from tests.conftest import NOON
from tests.platforms.telegram.people import user_of


@pytest.fixture
def clock() -> StoppedClock:
    """Return a clock that stands at noon."""
    return StoppedClock(NOON)


@pytest.fixture
async def polling(clock: StoppedClock) -> AsyncIterator[PollingSubject]:
    """Return the polling channel; whatever a test does, no rule of the platform may have been broken."""
    async with PollingSubject.open(clock) as subject:
        yield subject
    assert subject.platform.violations == []


@pytest.fixture
async def webhook(clock: StoppedClock) -> AsyncIterator[WebhookSubject]:
    """Return the channel that is called."""
    async with WebhookSubject.open(clock) as subject:
        yield subject
    assert subject.platform.violations == []


@pytest.fixture(params=[PollingSubject, WebhookSubject], ids=["polling", "webhook"])
async def either(
    request: pytest.FixtureRequest, clock: StoppedClock
) -> AsyncIterator[TelegramSubject]:
    """Return each mode in turn."""
    async with request.param.open(clock) as subject:
        yield subject
    assert subject.platform.violations == []


@pytest.fixture
def to() -> Callable[..., OutboundMessage]:
    """Return what makes a message to a customer."""

    def message(thread: str = str(user_of(1)), **more: object) -> OutboundMessage:
        known = {
            "id": "m1",
            "conversation_id": "c1",
            "channel": "telegram",
            "account": "123456789",
            "thread": thread,
            "text": "Hello",
        }
        return OutboundMessage(**(known | more))  # type: ignore[arg-type]

    return message
