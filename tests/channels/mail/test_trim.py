"""What is left of an answer, and what must never go."""

import time

import pytest

from channels.mail.trim import is_forwarded, trimmed

GMAIL = "On Mon, Mar 2, 2026 at 12:00 PM Shop <support@example.com> wrote:"
OUTLOOK = "From: Shop <support@example.com>\nSent: Monday, March 2, 2026 12:00\nTo: Anna\nSubject: Re: order"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Yes please\n\n" + GMAIL + "\n> Shall we send it?\n", "Yes please"),
        ("Yes please\n\n" + GMAIL + "\nShall we send it?\n", "Yes please"),
        (
            "On Mon, Mar 2, 2026 at 12:00 PM Shop\n<support@example.com> wrote:\n\n> a\n\nMy answer",
            "My answer",
        ),
        (GMAIL + "\n> When?\n\nTomorrow.\n\n> Where?\n\nHere.", "Tomorrow.\n\nHere."),
        ("See below.\n\n" + GMAIL + "\n> When?\nTomorrow.", "See below.\n\nTomorrow."),
        ("Yes\n\n" + OUTLOOK + "\n\nShall we?", "Yes"),
        ("Yes\n\n-----Original Message-----\n" + OUTLOOK + "\n\nShall we?", "Yes"),
        ("好的\n\n2026年3月2日 12:00，小店 <support@example.com> 写道：\n> 要发货吗？", "好的"),
        (
            '好的\n\n在 2026-03-02 12:00:00，"小店" <support@example.com> 写道：\n> 要发货吗？',
            "好的",
        ),
        (
            "好的\n\n小店 <support@example.com> 于2026年3月2日周一 12:00写道：\n\n要发货吗？",
            "好的",
        ),
        (
            '好的\n\n------------------ 原始邮件 ------------------\n发件人: "小店"\n要发货吗？',
            "好的",
        ),
        (
            "好的\n\n发件人：小店 <support@example.com>\n发送时间：2026年3月2日\n主题：订单\n\n要发货吗？",
            "好的",
        ),
        ("Yes\n\n-- \nAnna\nExample Ltd", "Yes"),
        ("Yes\n\nSent from my iPhone", "Yes"),
        ("好的\n\n发自我的iPhone", "好的"),
    ],
)
def test_quotes_and_signatures_go(text: str, left: str) -> None:
    assert trimmed(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Thanks,\nand where is the second parcel?",
        "I want\n- one\n- two\n-three",
        "Book me a train\nFrom: Ulm\nTo: Bonn\nDate: 3 March",
        "On Monday I wrote: nothing.\nPlease answer.",
        "Warning: the mail with the code never came",
        "注意：包裹坏了",
        "谢谢，还有一个问题：什么时候到？",
        "Best regards from Ulm! I would like to order.",
        "a -- b\n--- \n____",
        "Sent from my old address, please change it. I moved to Bonn, and my neighbour has it now, so send it there",
    ],
)
def test_what_a_customer_wrote_stays(text: str) -> None:
    assert trimmed(text) == text


@pytest.mark.parametrize(
    "text",
    [GMAIL + "\n> all\n> quoted", "> only a quote", "-- \nAnna", "Sent from my iPhone", OUTLOOK],
)
def test_the_whole_text_is_better_than_nothing(text: str) -> None:
    assert trimmed(text) == text


def test_forwarded_mails_are_told_by_their_subject() -> None:
    assert [is_forwarded(s) for s in ("Fwd: x", "FW: x", "转发：x", "Re: x", "forward")] == [
        *[True] * 3,
        *[False] * 2,
    ]


def test_time_grows_with_the_text_and_not_with_its_square() -> None:
    def seconds(size: int) -> float:
        text = ("On " + "a " * size + "\n") * 20 + "\n" * size
        started = time.process_time()
        trimmed(text)
        return time.process_time() - started

    seconds(100)
    # The library alone takes 100 times as long here, for 10 times the text.
    assert seconds(20_000) < 40 * max(seconds(2_000), 0.005)
