"""From a customer's mail through real servers to the answer in their mailbox, and back."""

import asyncio
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from glob import glob
from pathlib import Path

from channels.mail.adapter import MailChannel
from channels.mail.spec import SPEC
from channels.spec import Tools
from desk.channel import Polled
from desk.clock import StoppedClock
from desk.message import Attachment, DeliveryStatus, InboundMessage, OutboundMessage, StatusUpdate
from tests.channels.mail.letters import source
from tests.channels.mail.subject import Place, new_place

type Open = Callable[..., MailChannel]


async def news(channel: MailChannel, cursor: str) -> Polled:
    for _ in range(10):
        polled = await channel.poll(cursor)
        if polled.updates:
            return polled
        cursor = polled.cursor
    raise AssertionError("no mail came")


async def mail_in(folder: Path) -> EmailMessage:
    for _ in range(200):
        found = sorted(glob(f"{folder}/new/*"))
        if found:
            mail = await asyncio.to_thread(Path(found[-1]).read_bytes)
            return message_from_bytes(mail, policy=policy.default)
        await asyncio.sleep(0.05)
    raise AssertionError(f"no mail came into {folder}")


async def test_a_conversation_by_mail(place: Place, open_channel: Open) -> None:
    customer = Place(place.servers, new_place(place.servers).address.replace(".com", ".org"))
    channel = open_channel(from_name="小店")
    cursor = (await channel.poll(None)).cursor
    place.deliver(source("Where is my order?", {"From": customer.address}))
    polled = await news(channel, cursor)
    (asked,) = polled.updates
    assert isinstance(asked, InboundMessage)

    answer = OutboundMessage(
        id="fd-1",
        conversation_id="c1",
        channel="email",
        account=channel.account,
        thread=asked.thread,
        recipient=asked.sender,
        text="在路上了。\n\n1. 谢谢",
        attachments=(
            Attachment(name="发票.pdf", content_type="application/pdf", content=b"%PDF"),
        ),
        context=asked.context,
    )
    sent = await channel.send(answer)
    got = await mail_in(customer.folder)
    assert got["Message-ID"] == sent.external_id
    assert got["In-Reply-To"] == "<one@example.org>"
    assert [part.get_filename() for part in got.iter_attachments()] == ["发票.pdf"]
    body = got.get_body(("plain",))
    assert body is not None

    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines())
    reply = source(
        f"Thanks! And the second?\n\nOn Mon, Mar 2, 2026 at 12:00 PM 小店 <{place.address}> wrote:\n{quoted}",
        {"From": customer.address, "To": got["Reply-To"], "Message-ID": "<two@example.org>",
         "In-Reply-To": got["Message-ID"], "Subject": got["Subject"]},
    )  # fmt: skip
    place.deliver(reply, to=got["Reply-To"])
    (more,) = (await news(channel, polled.cursor)).updates
    assert isinstance(more, InboundMessage)
    assert (more.thread, more.text) == (asked.thread, "Thanks! And the second?")


async def test_a_real_bounce(place: Place, open_channel: Open, clock: StoppedClock) -> None:
    channel = open_channel()
    cursor = (await channel.poll(None)).cursor
    lost = OutboundMessage(
        id="fd-9",
        conversation_id="c9",
        channel="email",
        account=channel.account,
        thread="gone@example.org",
        recipient="gone@example.org",
        text="Your code is 123456",
    )
    sent = await channel.send(lost)
    (bounce,) = (await news(channel, cursor)).updates
    assert isinstance(bounce, StatusUpdate)
    assert bounce.external_id == sent.external_id
    assert (bounce.status, bounce.unreachable) == (DeliveryStatus.FAILED, True)
    assert "5.1.1" in (bounce.reason or "")


def test_the_registry_can_build_it(clock: StoppedClock) -> None:
    assert (SPEC.name, SPEC.prefix) == ("email", "FRONTDESK_EMAIL_")
    assert SPEC.load(Tools(clock=clock, secret="x" * 32, public_url=None)) is None
