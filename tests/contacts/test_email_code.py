"""Codes by e-mail: who can read the mail has proved the address."""

import re
from datetime import timedelta
from typing import Any

import pytest

from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.contacts.email_code import (
    EmailCodes,
    Mailbox,
    OldCodeError,
    TooManyCodesError,
    WrongCodeError,
)
from desk.contacts.merge_model import TwoCustomersError
from desk.contacts.merging import Merging
from desk.contacts.repository import Place
from desk.conversations.service import Conversations
from desk.errors import ConflictError, InvalidError
from desk.signals import LocalSignals
from desk.store.database import Database
from desk.tables.contact import ContactIdentityRow, EmailCodeRow, Proof
from desk.tables.conversation import Author, ConversationRow, MessageRow
from desk.tables.outbox import OutboxRow, OutboxState
from tests.conftest import NOON, SECRET
from tests.contacts.people import People

ADA = Place("memory", "a", "ada")
BO = Place("memory", "a", "bo")


@pytest.fixture
def codes(database: Database, clock: StoppedClock) -> EmailCodes:
    """Return what sends codes from desk@example.com."""
    return EmailCodes(
        database=database,
        conversations=Conversations({"email": MemoryChannel("email")}),
        signals=LocalSignals(),
        clock=clock,
        secret=SECRET,
        mailbox=Mailbox(channel="email", account="desk@example.com"),
    )


async def _mails(people: People) -> list[Any]:
    return [row for row in await people.rows(MessageRow) if row.author is Author.SYSTEM]


async def _code(people: People) -> str:
    found = re.findall(r"\b\d{6}\b", (await _mails(people))[-1].text)
    assert len(found) == 1
    return str(found[0])


def _other(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06d}"


async def test_the_code_is_a_mail_and_makes_the_address_theirs(
    people: People, codes: EmailCodes
) -> None:
    contact = await people.person(name="ada")
    await codes.start(ADA, " Ada@Example.com ")
    (mail,) = await people.rows(OutboxRow)
    assert (mail.channel, mail.account, mail.thread) == (
        "email",
        "desk@example.com",
        "ada@example.com",
    )
    assert (mail.state, mail.epoch) == (OutboxState.QUEUED, None)
    code = await _code(people)
    assert code not in (await people.rows(EmailCodeRow))[0].digest
    assert len(set((await people.belongings()).values())) == 2
    assert await codes.confirm(ADA, f" {code[:3]} {code[3:]} ") == "ada@example.com"
    assert set((await people.belongings()).values()) == {contact}
    assert (await people.contacts())[contact]["email"] == "ada@example.com"
    proven = [
        row.proven_at for row in await people.rows(ContactIdentityRow) if row.channel == "email"
    ]
    assert proven == [NOON]
    names = [event.name for event in await people.events("contact.")]
    assert names == ["contact.merged", "contact.email_verified"]


async def test_it_joins_who_had_written_from_the_address(
    people: People, codes: EmailCodes, merging: Merging
) -> None:
    contact = await people.person(name="ada")
    mailed = await people.contact(name="Ada L.")
    talk = await people.talk(
        await people.handle(mailed, "email", "ada@example.com", "desk@example.com")
    )
    await codes.start(ADA, "ada@example.com", language="zh")
    assert "验证码" in (await _mails(people))[-1].text
    await codes.confirm(ADA, await _code(people))
    assert (await people.belongings())["conversations", talk] == contact
    (made,) = await merging.list()
    assert (made.proof, made.other_id) == (Proof.EMAIL_CODE, mailed)
    await people.check()


async def test_an_address_alone_gives_nobody_anything(people: People, codes: EmailCodes) -> None:
    await people.person(name="ada")
    mailed = await people.contact()
    handle = await people.handle(mailed, "email", "victim@example.com", "desk@example.com")
    await codes.start(ADA, "victim@example.com")
    code = await _code(people)
    for _ in range(5):
        with pytest.raises(WrongCodeError):
            await codes.confirm(ADA, _other(code))
    with pytest.raises(OldCodeError):
        await codes.confirm(ADA, code)
    assert (await people.belongings())["handles", handle] == mailed


async def test_a_code_counts_for_who_asked_once_and_for_15_minutes(
    people: People, codes: EmailCodes, clock: StoppedClock
) -> None:
    await people.person(name="ada")
    await people.person(name="bo")
    with pytest.raises(OldCodeError):
        await codes.confirm(ADA, "123456")
    await codes.start(ADA, "ada@example.com")
    first = await _code(people)
    with pytest.raises(OldCodeError):
        await codes.confirm(BO, first)
    clock.advance(timedelta(minutes=15))
    with pytest.raises(OldCodeError):
        await codes.confirm(ADA, first)
    await codes.start(ADA, "ada@example.com")
    second = await _code(people)
    if second != first:
        with pytest.raises(WrongCodeError):
            await codes.confirm(ADA, first)
    await codes.confirm(ADA, second)
    with pytest.raises(OldCodeError):
        await codes.confirm(ADA, second)


async def test_codes_are_few_for_an_address_and_for_a_contact(
    people: People, codes: EmailCodes, clock: StoppedClock
) -> None:
    for name in ("ada", "bo", "cy", "di"):
        await people.person(name=name)
    for name in ("ada", "bo", "cy"):
        await codes.start(Place("memory", "a", name), "one@example.com")
        clock.advance(timedelta(minutes=10))
    with pytest.raises(TooManyCodesError) as refused:
        await codes.start(Place("memory", "a", "di"), "ONE@example.com")
    assert refused.value.retry_in == timedelta(minutes=30)
    for number in range(4):
        await codes.start(ADA, f"{number}@example.com")
    with pytest.raises(TooManyCodesError):
        await codes.start(ADA, "another@example.com")
    assert len(await _mails(people)) == 7
    assert len(await people.rows(ConversationRow)) == 4 + 5
    clock.advance(timedelta(minutes=30))
    await codes.start(Place("memory", "a", "di"), "one@example.com")


async def test_wrong_input_is_said_in_words(people: People, codes: EmailCodes) -> None:
    with pytest.raises(ConflictError, match="write a message first"):
        await codes.start(ADA, "ada@example.com")
    await people.person(name="ada")
    for text in ("", "ada", "ada@", "a b@example.com", "ada@example.com\r\nBcc: x@example.com"):
        with pytest.raises(InvalidError):
            await codes.start(ADA, text)
    assert await people.rows(OutboxRow) == []


async def test_two_customers_stay_two(people: People, codes: EmailCodes) -> None:
    first, second = await people.customer(), await people.customer()
    await people.person(name="ada", customer_id=first, verified_at=NOON)
    mailed = await people.contact(customer_id=second, verified_at=NOON)
    await people.handle(mailed, "email", "bo@example.com", "desk@example.com")
    await codes.start(ADA, "bo@example.com")
    before = await people.belongings()
    with pytest.raises(TwoCustomersError):
        await codes.confirm(ADA, await _code(people))
    assert await people.belongings() == before
