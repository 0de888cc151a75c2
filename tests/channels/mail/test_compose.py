"""Our mails."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from channels.mail.compose import AddressError, Composer, source
from channels.mail.threads import Threads
from desk.errors import RejectedError
from desk.message import Attachment, OutboundMessage
from desk.tables.conversation import Author
from tests.channels.mail.conftest import ADDRESS

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ASKED = {
    "subject": "订单 123",
    "message_id": "<one@example.org>",
    "references": ["<zero@example.org>", "<one@example.org>"],
}
PLAIN = OutboundMessage(
    id="fd-1",
    conversation_id="c1",
    channel="email",
    account=ADDRESS,
    thread="abcdefghijklmnop",
    recipient="anna@example.org",
    text="On its way.\n\n1. Thanks\n2. <b>Call me</b>",
    context=ASKED,
)


@pytest.fixture
def composer(threads: Threads) -> Composer:
    return Composer(address=ADDRESS, name="小店", threads=threads, plus_address=True)


def sent(composer: Composer, **changes: Any) -> EmailMessage:
    data = source(composer.mail(replace(PLAIN, **changes), NOW))
    assert data.isascii()
    return message_from_bytes(data, policy=policy.default)


def test_an_answer_stands_below_what_it_answers(composer: Composer, threads: Threads) -> None:
    mail = sent(composer)
    assert mail["Subject"] == "Re: 订单 123"
    assert mail["In-Reply-To"] == "<one@example.org>"
    assert mail["References"] == "<zero@example.org> <one@example.org>"
    assert mail["From"] == f"小店 <{ADDRESS}>"
    assert mail["To"] == "anna@example.org"
    assert mail["Message-ID"] == threads.message_id(PLAIN)
    assert mail["Date"].datetime == NOW
    assert threads.find([mail["Reply-To"]], "anna@example.org") == PLAIN.thread
    assert mail["Auto-Submitted"] == "auto-replied"
    assert source(composer.mail(PLAIN, NOW)).count(b"Message-ID: <") == 1


def test_both_parts_say_the_same_and_html_is_no_code(composer: Composer) -> None:
    mail = sent(composer)
    plain, page = mail.get_body(("plain",)), mail.get_body(("html",))
    assert plain is not None
    assert page is not None
    assert plain.get_content().replace("\r\n", "\n") == PLAIN.text + "\n"
    assert "<p>1. Thanks<br>2. &lt;b&gt;Call me&lt;/b&gt;</p>" in page.get_content().replace(
        "\r", ""
    )


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"author": Author.AGENT, "author_name": "Li"}, None),
        ({"author": Author.SYSTEM}, "auto-replied"),
        ({"author": Author.CAMPAIGN}, "auto-generated"),
        ({"author": Author.BOT, "context": {}}, "auto-generated"),
    ],
)
def test_only_machines_say_that_they_are(
    composer: Composer, changes: dict[str, Any], expected: str | None
) -> None:
    mail = sent(composer, **changes)
    assert mail["Auto-Submitted"] == expected
    assert bool(mail["X-Auto-Response-Suppress"]) is (expected is not None)


def test_agents_have_a_name(composer: Composer) -> None:
    mail = sent(composer, author=Author.AGENT, author_name="Li\r\nBcc: x@example.org")
    assert mail["From"].addresses[0].display_name == "Li Bcc: x@example.org · 小店"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({"context": {"subject": "RE: x"}}, "RE: x"),
        ({"context": {"subject": "回复：x"}}, "回复：x"),
        ({"context": {"subject": "a\r\nBcc: x@example.org"}}, "Re: a Bcc: x@example.org"),
        ({"context": {}}, "On its way."),
        ({"author": Author.CAMPAIGN, "text": "\nSpring sale\nmore"}, "Spring sale"),
        ({"context": {}, "text": "word " * 100}, "word " * 23 + "word …"),
        ({"context": {}, "text": ""}, "小店"),
    ],
)
def test_subjects(composer: Composer, changes: dict[str, Any], subject: str) -> None:
    mail = sent(composer, **changes)
    assert mail["Subject"] == subject
    assert mail["Bcc"] is None


def test_a_campaign_answers_nothing_and_is_left_with_one_click(composer: Composer) -> None:
    url = "https://desk.example.com/u/abc"
    mail = sent(composer, author=Author.CAMPAIGN, unsubscribe_url=url)
    assert mail["In-Reply-To"] is None
    assert mail["List-Unsubscribe"] == f"<{url}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert sent(composer)["List-Unsubscribe"] is None


def test_files_go_along(composer: Composer) -> None:
    files = (
        Attachment(name="../发票.pdf", content_type="application/pdf", content=b"%PDF"),
        Attachment(name="a\r\nb", content_type="nonsense", content=b"\x00"),
        Attachment(name="m.eml", content_type="message/rfc822", content=b"x"),
    )
    found = list(sent(composer, attachments=files).iter_attachments())
    assert [part.get_filename() for part in found] == ["发票.pdf", "a b", "m.eml"]
    assert [part.get_payload(decode=True) for part in found] == [b"%PDF", b"\x00", b"x"]
    with pytest.raises(RejectedError, match="no content"):
        sent(composer, attachments=(Attachment(name="a", content_type="text/plain"),))


@pytest.mark.parametrize(
    "recipient",
    ["", "anna", "a@b@", "a b@example.org", "a@example.org\r\nBcc: x@example.org", "a,b@example.org",
     "<a@example.org>", "=?utf-8?q?x?=@example.org", f"{'a' * 65}@example.org", "@example.org"],
)  # fmt: skip
def test_only_addresses_are_written_to(composer: Composer, recipient: str) -> None:
    with pytest.raises(AddressError):
        sent(composer, recipient=recipient)


def test_without_plus_addresses_the_thread_is_in_the_ids(threads: Threads) -> None:
    composer = Composer(address=ADDRESS, name="", threads=threads, plus_address=False)
    mail = sent(composer)
    assert mail["Reply-To"] is None
    assert threads.find([mail["Message-ID"]], PLAIN.recipient) == PLAIN.thread
