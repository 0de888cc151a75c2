"""What a mail says to us."""

import time
from datetime import timedelta

import pytest

from channels.mail.automatic import Ourselves
from channels.mail.loops import Loops
from channels.mail.reader import MOST_REFERENCES, Reader
from channels.mail.threads import Threads
from desk.message import Ignored, InboundMessage, OutboundMessage
from tests.channels.mail.conftest import ADDRESS
from tests.channels.mail.letters import RECEIVED, nested, parts, raw, source

ANNA = "anna@example.org"


def read(reader: Reader, mail: bytes, size: int | None = None) -> InboundMessage:
    (found,) = reader.read(raw(mail, size=size))
    assert isinstance(found, InboundMessage), found
    return found


def answer(threads: Threads, thread: str, recipient: str = ANNA) -> tuple[str, str]:
    """Return the Message-ID and the Reply-To of a mail of ours."""
    message = OutboundMessage(
        id="fd-1", conversation_id="c", channel="email", account=ADDRESS, thread=thread,
        recipient=recipient, text="",
    )  # fmt: skip
    return threads.message_id(message), threads.reply_to(thread, recipient) or ""


def test_a_plain_mail(reader: Reader) -> None:
    found = read(reader, source())
    assert (found.text, found.sender, found.sender_name) == ("Where is my order?", ANNA, "Anna")
    assert (found.sent_at, found.account) == (RECEIVED, ADDRESS)
    assert found.external_id.startswith("<one@example.org>#")
    assert found.context == {
        "subject": "My order",
        "message_id": "<one@example.org>",
        "references": ["<one@example.org>"],
    }
    assert read(reader, source()) == found


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("Auto-Submitted", "auto-replied (vacation)", "auto_reply"),
        ("Auto-Submitted", "Auto-Generated; x=y", "auto_reply"),
        ("X-Autoreply", "yes", "auto_reply"),
        ("X-Autorespond", "x", "auto_reply"),
        ("X-Auto-Response-Suppress", "DR, OOF, AutoReply", "auto_reply"),
        ("X-Auto-Response-Suppress", "All", "auto_reply"),
        ("Precedence", "auto_reply", "auto_reply"),
        ("Precedence", "Bulk", "list"),
        ("Precedence", "list", "list"),
        ("Precedence", "junk", "list"),
        ("List-Id", "News <news.example.net>", "list"),
        ("List-Unsubscribe", "<https://example.net/u>", "list"),
        ("Return-Path", "<>", "bounce"),
        ("X-Failed-Recipients", "x@example.org", "bounce"),
        ("From", "Mail <MAILER-DAEMON@example.org>", "bounce"),
        ("From", "postmaster@example.org", "bounce"),
        ("Subject", "Automatic reply: away", "auto_reply"),
        ("Subject", "=?utf-8?B?6Ieq5Yqo5Zue5aSN?=:x", "auto_reply"),
        ("From", "Support <Support@Example.com>", "own"),
        ("From", "support+x@example.com", "own"),
        ("From", "nobody", "no_sender"),
        ("From", None, "no_sender"),
        ("From", "<>", "no_sender"),
        ("Content-Type", "multipart/report; report-type=feedback-report; boundary=b", "report"),
        ("Content-Type", 'application/gzip; name="example.org!example.com!1!2.xml.gz"', "report"),
    ],
)
def test_mails_of_machines_are_ignored(
    reader: Reader, name: str, value: str | None, kind: str
) -> None:
    assert reader.read(raw(source(head={name: value}))) == [Ignored(channel="email", kind=kind)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Auto-Submitted", "no"),
        ("X-Auto-Response-Suppress", "DR, RN, NRN"),
        ("Precedence", "first-class"),
        ("Subject", "Your automatic reply was wrong"),
        ("Return-Path", "<anna@example.org>"),
        ("From", "support@example.org"),
        ("Content-Type", 'application/zip; name="holiday!.zip"'),
    ],
)
def test_mails_of_people_are_read(reader: Reader, name: str, value: str) -> None:
    read(reader, source(head={name: value}))


def test_our_own_group_is_no_list(threads: Threads) -> None:
    us = Ourselves(address=ADDRESS, own_list="support.example.com", threads=threads)
    head = {"List-Id": "<support.example.com>", "Precedence": "list", "List-Unsubscribe": "<x>"}
    read(Reader(us, Loops(20)), source(head=head))
    other = source(head={"List-Id": "<news.example.net>", "Precedence": "list"})
    assert Reader(us, Loops(20)).read(raw(other)) == [Ignored(channel="email", kind="list")]


def test_an_answer_is_in_the_thread_of_what_it_answers(reader: Reader, threads: Threads) -> None:
    thread = read(reader, source()).thread
    own_id, reply_to = answer(threads, thread)
    by_id = {"Message-ID": "<two@example.org>", "In-Reply-To": own_id, "Subject": "Re: My order"}
    by_address = {"Message-ID": "<three@example.org>", "To": f'"Shop" <{reply_to}>'}
    by_delivery = {
        "Message-ID": "<four@example.org>",
        "To": "x@example.net",
        "Delivered-To": reply_to,
    }
    by_root = {
        "Message-ID": "<five@example.org>",
        "References": "<one@example.org> <x@example.net>",
    }
    for head in (by_id, by_address, by_delivery, by_root):
        assert read(reader, source(head=head)).thread == thread, head


def test_whoever_else_has_the_token_gets_a_thread_of_their_own(
    reader: Reader, threads: Threads
) -> None:
    thread = read(reader, source()).thread
    own_id, reply_to = answer(threads, thread)
    head = {
        "From": "eve@example.net",
        "To": reply_to,
        "In-Reply-To": own_id,
        "References": f"<one@example.org> {own_id}",
    }
    eve = read(reader, source(head={**head, "Message-ID": "<e1@example.net>"})).thread
    assert eve != thread
    assert read(reader, source(head={**head, "Message-ID": "<e2@example.net>"})).thread == eve


def test_two_mails_with_one_message_id_are_two_and_two_copies_one(reader: Reader) -> None:
    first = read(reader, source())
    assert read(reader, source("Another one")).external_id != first.external_id
    assert read(reader, source(head={"From": "bert@example.org"})).external_id != first.external_id
    copy = read(
        reader, source(head={"Received": "by another way", "Delivered-To": "info@example.com"})
    )
    assert copy.external_id == first.external_id


def test_a_mail_without_an_id_has_one_made_of_it(reader: Reader) -> None:
    first = read(reader, source(head={"Message-ID": None}))
    assert read(reader, source(head={"Message-ID": None})).external_id == first.external_id
    later = source(head={"Message-ID": None, "Date": "Mon, 02 Mar 2026 12:00:01 +0000"})
    assert read(reader, later).external_id != first.external_id
    assert first.context["message_id"] is None


def test_references_are_kept_short(reader: Reader) -> None:
    chain = " ".join(f"<{number}@example.org>" for number in range(100))
    kept = read(reader, source(head={"References": chain})).context["references"]
    assert len(kept) == MOST_REFERENCES
    assert (kept[0], kept[-2], kept[-1]) == (
        "<0@example.org>",
        "<99@example.org>",
        "<one@example.org>",
    )


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("utf-8", "你好，世界".encode()),
        ("gb2312", "你好，世界".encode("gb18030")),
        ("us-ascii", "你好，世界".encode()),
        ("nonsense", "你好，世界".encode("gb18030")),
        ("big5", "你好，世界".encode("big5")),
        ("punycode", "你好，世界".encode()),
        ('"UTF-8"', "你好，世界".encode()),
    ],
)
def test_texts_in_any_character_set(reader: Reader, charset: str, data: bytes) -> None:
    head = {"Content-Type": f"text/plain; charset={charset}"}
    assert read(reader, source(data, head)).text == "你好，世界"


@pytest.mark.parametrize(
    ("value", "address", "name"),
    [
        ('"Li, Anna" <Anna.Li@Example.ORG>', "Anna.Li@example.org", "Li, Anna"),
        ("=?gb2312?B?1cXI/Q==?= <z@example.org>", "z@example.org", "张三"),
        ("张三 <z@example.org>", "z@example.org", "张三"),
        ("z@example.org", "z@example.org", None),
        ("a@example.net <z@example.org>", "z@example.org", None),
        ("z@bücher.example", "z@xn--bcher-kva.example", None),
        ("=?bad?X?zzz?= <z@example.org>", "z@example.org", "=?bad?X?zzz?="),
    ],
)
def test_senders(reader: Reader, value: str, address: str, name: str | None) -> None:
    found = read(reader, source(head={"From": value}))
    assert found.sender == address
    if value[0] != "a":  # what stands before an address and is one itself may be read either way
        assert found.sender_name == name


def test_headers_cannot_be_injected(reader: Reader) -> None:
    subject = "=?utf-8?Q?Hi=0D=0ABcc:_all=40example.org?="
    found = read(reader, source(head={"Subject": subject, "From": f"{subject} <{ANNA}>"}))
    assert found.context["subject"] == "Hi Bcc: all@example.org"
    assert found.sender_name == "Hi Bcc: all@example.org"


def test_html_becomes_text_without_what_acts(reader: Reader) -> None:
    page = (
        "<html><style>p{}</style><script>alert(1)</script><p onclick='x()'>One<br>two</p>"
        "<img src='https://example.net/spy'><a href='javascript:x()'>link</a>"
        "<blockquote>quoted</blockquote></html>"
    )
    found = read(reader, source(page, {"Content-Type": "text/html; charset=utf-8"}))
    assert found.text.split() == ["One", "two", "link"]
    for bad in ("script", "onclick", "img", "style"):
        assert bad not in found.raw["html"]


def test_the_plain_text_of_alternatives_is_read(reader: Reader) -> None:
    kind, body = parts("alternative", ("text/plain", "plain"), ("text/html", "<p>rich</p>"))
    assert read(reader, source(body, {"Content-Type": kind})).text == "plain"
    kind, body = parts("alternative", ("text/plain", " \r\n"), ("text/html", "<p>rich</p>"))
    assert read(reader, source(body, {"Content-Type": kind})).text == "rich"
    kind, body = parts("mixed", ("text/html", "<p>rich</p>"), ("text/plain", "footer"))
    assert read(reader, source(body, {"Content-Type": kind})).text == "rich\n\nfooter"


def test_files_are_kept_with_safe_names(reader: Reader) -> None:
    inner = parts("alternative", ("text/plain", "see files"), ("text/html", "x"), boundary="inner")
    letter = source("inner", {"Subject": "a/b"})
    kind, body = parts(
        "mixed",
        inner,
        ('application/pdf; name="../../etc/a.pdf"', b"%PDF"),
        ("image/png; name*=utf-8''%E5%9B%BE.png", b"\x89PNG"),
        ("application/ms-tnef", b"tnef"),
        ("text/calendar; name=.ics", b"BEGIN"),
        ('text/plain; name="C:\\x\\n\u202egpj.exe"', b"text"),
        ("message/rfc822", letter),
    )
    found = read(reader, source(body, {"Content-Type": kind}))
    assert found.text == "see files"
    names = [file.name for file in found.attachments]
    assert names == ["a.pdf", "图.png", "file", "ics", "n_gpj.exe", "b.eml"]
    assert found.attachments[0].content == b"%PDF"
    assert found.attachments[-1].content == letter.replace(b"\r\n", b"\n")


def test_too_many_files_are_named(reader: Reader) -> None:
    kind, body = parts("mixed", *[("image/png; name=a.png", b"x")] * 70)
    found = read(reader, source(body, {"Content-Type": kind}))
    assert len(found.attachments) == 50
    assert found.text.endswith("[a.png: too large, not taken]\n[10 more files: not taken]")


def test_a_mail_whose_end_is_missing_names_its_files(reader: Reader) -> None:
    kind, body = parts(
        "mixed", ("text/plain", "see file"), ("video/mp4; name=film.mp4", b"x" * 99)
    )
    mail = source(body, {"Content-Type": kind})[:-50]
    found = read(reader, mail, size=30_000_000)
    assert found.text == "see file\n\n[film.mp4: too large, not taken]"
    assert found.attachments == ()


def test_long_texts_stay_whole(reader: Reader) -> None:
    assert read(reader, source("word " * 2000)).text == ("word " * 2000).strip()
    found = read(reader, source("a line of a long text\r\n" * 10_000))
    assert len(found.text) <= 100_000
    assert found.attachments[0].content == ("a line of a long text\n" * 10_000).strip().encode()


def test_the_subject_is_the_text_of_a_mail_without_one(reader: Reader) -> None:
    assert read(reader, source("\r\n")).text == "My order"
    empty = source("", {"Subject": None})
    assert reader.read(raw(empty)) == [Ignored(channel="email", kind="empty")]


def test_a_forwarded_mail_is_read_whole(reader: Reader) -> None:
    text = "FYI\n\nOn Mon, Mar 2, 2026 at 12:00 PM Bert <b@example.org> wrote:\n> the goods are broken"
    assert "broken" in read(reader, source(text, {"Subject": "Fwd: complaint"})).text
    assert read(reader, source(text)).text == "FYI"


def test_encrypted_mails_are_told(reader: Reader) -> None:
    head = {"Content-Type": "application/pkcs7-mime; smime-type=enveloped-data"}
    found = read(reader, source("x", head))
    assert (found.text, found.unsupported) == ("", "encrypted")


def test_machines_that_answer_each_other_are_stopped(reader: Reader) -> None:
    def at(minute: int, mail: int) -> str:
        letter = source(head={"Message-ID": f"<{mail}@example.org>"})
        (found,) = reader.read(raw(letter, at=RECEIVED + timedelta(minutes=minute)))
        return found.kind if isinstance(found, Ignored) else "read"

    assert [at(number, number) for number in range(22)] == ["read"] * 20 + ["loop"] * 2
    assert [at(number, number) for number in range(22)] == ["read"] * 20 + ["loop"] * 2  # again
    assert at(200, 3) == "read"  # a copy of one of them
    assert at(59, 90) == "loop"
    assert at(90, 91) == "read"  # an hour after most of them
    other = source(head={"From": "bert@example.org", "Message-ID": "<b@example.org>"})
    assert isinstance(reader.read(raw(other))[0], InboundMessage)


@pytest.mark.parametrize(
    "mail",
    [
        source("<div>" * 100_000, {"Content-Type": "text/html"}),
        source("\r\n" * 200_000 + "x"),
        source(head={"Subject": "=?utf-8?q?a?= " * 50_000}),
        source(head={"References": "<a@example.org> " * 100_000}),
        source(head={"Content-Type": "text/plain; " + "a=b; " * 100_000}),
        source("On " + "a " * 300_000),
    ],
    ids=["html", "lines", "subject", "references", "parameters", "quote"],
)
def test_mails_made_to_be_slow_are_not(reader: Reader, mail: bytes) -> None:
    def seconds(letter: bytes) -> float:
        started = time.process_time()
        read(reader, letter)
        return time.process_time() - started

    ordinary = max(seconds(source("a line of text\r\n" * 60_000)), 0.05)
    assert seconds(mail) < 20 * ordinary  # each was hundreds of times as slow


def test_a_mail_that_nobody_can_read_raises(reader: Reader) -> None:
    with pytest.raises(RecursionError):
        reader.read(raw(nested(3000)))
    read(reader, nested(200) + b"--b200\r\n\r\nhi")
