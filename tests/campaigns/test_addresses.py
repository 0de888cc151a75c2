"""Who came in with a list is written to at the address it has, once their consent came in with it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.channel import UnreachableError
from desk.contacts.importing import ContactImporter
from desk.tables.contact import ContactIdentityRow, ContactRow
from tests.campaigns.sending import dispatcher, launched, recipients, segment_of, wake
from tests.conftest import NOON

_ROW = {"consent": "marketing", "consent_at": "2026-01-01"}


async def listed(desk: Desk, *people: Mapping[str, str]) -> tuple[int, MemoryChannel]:
    """Bring people in; return a segment of them all, and the mail account, which is up."""
    report = await ContactImporter(desk.database, desk.clock).rows([_ROW | one for one in people])
    assert report.rejected == ()
    mail = MemoryChannel("email")
    await desk.states.tell("email", mail.account, None)
    async with desk.database.read() as session:
        ids = (await session.scalars(select(ContactRow.id))).all()
    number = await segment_of(desk.database, [f"p:{one}" for one in ids])
    return number, mail


async def by_mail(desk: Desk, number: int, mail: MemoryChannel, name: str = "Spring") -> None:
    """Send a campaign by mail."""
    await launched(desk, number, name, channels=["email"])
    await wake(desk).step()
    await dispatcher(desk, {"email": mail}).drain()


async def identity(desk: Desk, **values: Any) -> None:
    """Let a contact have come by a channel."""
    async with desk.database.write() as session:
        row = {"id": "i1", "account": "a", "created_at": NOON, **values}
        await session.execute(insert(ContactIdentityRow), [row])


async def who(desk: Desk, email: str) -> str:
    """Return a contact's id."""
    async with desk.database.read() as session:
        found = await session.scalar(select(ContactRow.id).where(ContactRow.email == email))
    return str(found)


async def test_they_are_written_to_and_known_when_they_answer(desk: Desk) -> None:
    number, mail = await listed(desk, {"email": "a@example.com"}, {"email": "b@example.com"})
    await by_mail(desk, number, mail)
    assert {one.recipient for one in mail.sent} == {"a@example.com", "b@example.com"}
    async with desk.database.read() as session:
        handles = await session.scalars(select(ContactIdentityRow))
        assert {(one.channel, one.external_id, one.contact_id) for one in handles} == {
            ("email", "a@example.com", await who(desk, "a@example.com")),
            ("email", "b@example.com", await who(desk, "b@example.com")),
        }


async def test_without_a_consent_nobody_is(desk: Desk) -> None:
    number, mail = await listed(desk, {"email": "a@example.com", "consent": "", "consent_at": ""})
    await by_mail(desk, number, mail)
    assert mail.sent == []
    assert [one.reason for one in await recipients(desk.database)] == ["no_consent"]


async def test_what_somebody_typed_into_a_chat_is_not_trusted(desk: Desk) -> None:
    number, mail = await listed(desk, {"email": "a@example.com"})
    contact = await who(desk, "a@example.com")
    await identity(desk, contact_id=contact, channel="webchat", external_id="v1")
    await by_mail(desk, number, mail)
    assert mail.sent == []
    assert [one.reason for one in await recipients(desk.database)] == ["no_channel"]


async def test_an_address_from_which_somebody_else_came_is_theirs(desk: Desk) -> None:
    number, mail = await listed(desk, {"email": "a@example.com"}, {"phone": "+1 555 0100"})
    async with desk.database.read() as session:
        other = await session.scalar(select(ContactRow.id).where(ContactRow.email.is_(None)))
    await identity(desk, contact_id=other, channel="email", external_id="a@example.com")
    await by_mail(desk, number, mail)
    assert [one.recipient for one in mail.sent] == ["a@example.com"]
    found = {one.contact_id: one.reason for one in await recipients(desk.database)}
    assert found == {other: None, await who(desk, "a@example.com"): "no_channel"}


async def test_an_address_that_does_not_exist_is_not_tried_again(desk: Desk) -> None:
    number, mail = await listed(desk, {"email": "a@example.com"})
    mail.fail_with = [UnreachableError("no such user")]
    await by_mail(desk, number, mail)
    await by_mail(desk, number, mail, "Again")
    assert mail.sent == []
    assert [one.reason for one in await recipients(desk.database)][1] == "unreachable"


async def test_nobody_is_without_a_mail_account(desk: Desk) -> None:
    number, _ = await listed(desk, {"email": "a@example.com"})
    funnel = await desk.campaigns.campaigns.funnel(
        (await desk.campaigns.campaigns.get(await launched(desk, number, channels=["email"]))).plan
    )
    assert funnel == {"queued": 1}
    other = await launched(desk, number, "Other", channels=["telegram"])
    plan = (await desk.campaigns.campaigns.get(other)).plan
    assert await desk.campaigns.campaigns.funnel(plan) == {"no_channel": 1}
