"""Which conversation a mail belongs to."""

import pytest

from channels.mail.threads import Threads
from desk.message import OutboundMessage
from tests.channels.mail.subject import SECRET

ADDRESS = "support@example.com"
ANNA, BERT = "anna@example.org", "bert@example.org"


def message(thread: str, recipient: str = ANNA, number: int = 1) -> OutboundMessage:
    return OutboundMessage(
        id=f"fd-{number}",
        conversation_id="c1",
        channel="email",
        account=ADDRESS,
        thread=thread,
        recipient=recipient,
        text="",
    )


def test_answers_come_back_to_the_thread_by_either_way(threads: Threads) -> None:
    thread = threads.begun("<root@example.org>", ANNA)
    reply_to, own_id = threads.reply_to(thread, ANNA), threads.message_id(message(thread))
    assert reply_to is not None
    assert threads.find([f"Shop <{reply_to}>"], ANNA) == thread
    assert threads.find([reply_to.upper()], "Anna@example.org") == thread
    assert threads.find([f"<other@example.net> {own_id}"], ANNA) == thread
    assert threads.find(["support@example.com", "<other@example.net>"], ANNA) is None


def test_a_token_counts_only_for_whom_it_was_made(threads: Threads) -> None:
    thread = threads.begun("<root@example.org>", ANNA)
    reply_to = threads.reply_to(thread, ANNA)
    assert reply_to is not None
    assert threads.find([reply_to], BERT) is None
    assert threads.begun("<root@example.org>", BERT) != thread
    assert Threads(ADDRESS, "another secret").find([reply_to], ANNA) is None
    assert Threads("sales@example.com", SECRET).find([reply_to], ANNA) is None


@pytest.mark.parametrize("place", [7, 8, 20, 23, 24, 30, 38])
def test_a_changed_token_is_none(threads: Threads, place: int) -> None:
    reply_to = threads.reply_to(threads.begun("<r@example.org>", ANNA), ANNA)
    assert reply_to is not None
    other = "a" if reply_to[place] != "a" else "b"
    assert threads.find([reply_to[:place] + other + reply_to[place + 1 :]], ANNA) is None


def test_somebody_who_never_wrote_has_a_thread_named_like_them(threads: Threads) -> None:
    reply_to = threads.reply_to(ANNA, ANNA)
    assert reply_to is not None
    assert threads.find([reply_to], ANNA) == ANNA
    assert threads.find([reply_to], BERT) is None


def test_message_ids_are_fixed_and_differ(threads: Threads) -> None:
    first = message(threads.begun("<r@example.org>", ANNA))
    assert threads.message_id(first) == threads.message_id(first)
    others = [message(first.thread, number=2), message(first.thread, BERT), message(ANNA)]
    assert len({threads.message_id(one) for one in [first, *others]}) == 4
    assert threads.is_ours(threads.message_id(first))
    assert not threads.is_ours("<one@example.com>")


def test_an_address_too_long_for_a_token_goes_without() -> None:
    threads = Threads(f"{'a' * 32}@example.com", SECRET)
    assert threads.reply_to("abcdefghijklmnop", ANNA) is None
