"""The web chat as a campaign's channel: the message appears there, once, whatever dies meanwhile."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from analytics.campaigns import ledger
from analytics.campaigns.hand import Ready
from analytics.campaigns.telling import Teller
from app.wiring import Desk
from channels.webchat.adapter import ACCOUNT, WebChat
from desk.clock import StoppedClock
from desk.conversations.reader import Shown
from desk.dialogue.memory import MemoryDialogue
from desk.message import InboundMessage
from desk.store.database import Database
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import Author
from desk.tables.outbox import OutboxRow
from tests.campaigns.people import contact, say
from tests.campaigns.sending import dispatcher, launched, recipients, segment, wake
from tests.conftest import NOON
from tests.talk import accept, conversation, events, rows, settle

CHAT = WebChat.name


async def _visitors(database: Database, count: int) -> None:
    """Let people come by the web chat who agreed to be written to."""
    async with database.write() as session:
        await session.execute(
            insert(ContactRow),
            [{"id": contact(n), "name": f"C. {n}", "created_at": NOON} for n in range(count)],
        )
        await session.execute(
            insert(ContactIdentityRow),
            [
                {
                    "id": f"i{n}",
                    "contact_id": contact(n),
                    "channel": CHAT,
                    "account": ACCOUNT,
                    "external_id": f"v{n}",
                    "created_at": NOON,
                }
                for n in range(count)
            ],
        )
    for n in range(count):
        await say(database, contact(n), granted=True, key="first")


async def _shown(desk: Desk, visitor: str) -> list[Shown]:
    """Return what the widget of a visitor shows."""
    return await desk.reader.shown_after(channel=CHAT, account=ACCOUNT, thread=visitor, after=0)


async def _planned(desk: Desk, count: int) -> int:
    await _visitors(desk.database, count)
    campaign_id = await launched(desk, await segment(desk.database, count), channels=[CHAT])
    await wake(desk).step()
    return campaign_id


def _writes(text: str, visitor: str, **more: Any) -> InboundMessage:
    return InboundMessage(
        channel=CHAT,
        account=ACCOUNT,
        external_id=f"{visitor} {text}",
        thread=visitor,
        sender=visitor,
        sent_at=NOON,
        text=text,
        **more,
    )


async def test_it_appears_in_the_chat_as_the_campaign_s_and_its_button_works(
    desk: Desk, dialogue: MemoryDialogue
) -> None:
    campaign_id = await _planned(desk, 3)
    await dispatcher(desk).drain()
    for n in range(3):
        (one,) = await _shown(desk, f"v{n}")
        assert (one.author, one.seq) == (Author.CAMPAIGN, 1)
        assert one.text == "Tea is half the price this week. Shall I show you?"
        assert [choice.title for choice in one.choices] == ["Show me"]
    assert [one.state for one in await recipients(desk.database)] == ["sent"] * 3
    # What is stored is shown; nothing has to be sent anywhere.
    assert await rows(desk, OutboxRow) == []
    (choice,) = one.choices
    await accept(desk, _writes("", "v2", choice=choice.id))
    await settle(desk)
    assert [turn.payload for turn in dialogue.turns] == ['/recommend_offer{"product": "tea"}']
    (event,) = await events(desk, "campaign.replied")
    assert event.data["campaign_id"] == campaign_id
    assert event.conversation_id == (await conversation(desk, "v2")).id


async def test_who_writes_already_gets_it_below_what_was_said(desk: Desk) -> None:
    await _visitors(desk.database, 1)
    await accept(desk, _writes("hello", "v0"))
    await settle(desk)
    await launched(desk, await segment(desk.database, 1), channels=[CHAT])
    await wake(desk).step()
    await dispatcher(desk).drain()
    shown = await _shown(desk, "v0")
    assert [(one.seq, one.author) for one in shown] == [
        (1, Author.CONTACT), (2, Author.BOT), (3, Author.CAMPAIGN),
    ]  # fmt: skip


class _DiedError(BaseException):
    """The process is gone."""


@pytest.fixture(params=["before it is told", "after it was told"])
def dies(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Let a process die once around the third telling and at all that it would do after; return how often it did."""
    honest, tells = Teller.tell, [0]
    struck: list[bool] = []

    async def tell(self: Teller, sent: Mapping[int, Ready]) -> int:
        if struck:
            return await honest(self, sent)
        tells[0] += 1
        if tells[0] < 3:
            return await honest(self, sent)
        struck.append(True)
        if request.param == "after it was told":
            await honest(self, sent)
        raise _DiedError

    monkeypatch.setattr(Teller, "tell", tell)
    return lambda: len(struck)


async def test_a_crash_leaves_nobody_without_it_and_nobody_with_two(
    desk: Desk, clock: StoppedClock, dies: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    await _planned(desk, 10)
    monkeypatch.setattr(WebChat, "pace", WebChat.pace.__class__(together=3))
    process = dispatcher(desk)
    with monkeypatch.context() as patch:
        # Who is dead puts nothing back and records no end.
        patch.setattr(process, "_close", _nothing)
        with pytest.raises(_DiedError):
            await process.drain()
    assert dies() == 1
    states = {one.state.value for one in await recipients(desk.database)}
    assert "sending" in states
    clock.advance(ledger.LEASE + timedelta(seconds=1))
    await dispatcher(desk).drain()
    found = await recipients(desk.database)
    assert {(one.state.value, one.told) for one in found} == {("sent", True)}
    for n in range(10):
        assert [one.author for one in await _shown(desk, f"v{n}")] == [Author.CAMPAIGN]
    assert len(await events(desk, "campaign.sent")) == 10


async def _nothing(*_: object) -> None:
    """Do nothing."""


async def test_who_withdrew_while_it_was_down_gets_nothing(
    desk: Desk, clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await _planned(desk, 1)
    process = dispatcher(desk)
    with monkeypatch.context() as patch:

        async def dead(*_: object) -> int:
            raise _DiedError

        patch.setattr(Teller, "tell", dead)
        patch.setattr(process, "_close", _nothing)
        with suppress(_DiedError):
            await process.drain()
    (one,) = await recipients(desk.database)
    assert (one.state.value, one.told) == ("sending", False)
    await say(desk.database, contact(0), granted=False, key="no more")
    clock.advance(ledger.LEASE + timedelta(seconds=1))
    await dispatcher(desk).drain()
    (one,) = await recipients(desk.database)
    assert (one.state.value, one.reason) == ("skipped", "no_consent")
    assert await _shown(desk, "v0") == []
