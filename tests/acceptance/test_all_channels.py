"""One desk on all channels: customers are answered by the trained bot where they are, and stay one person."""

import asyncio
import re
import signal
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.guests import ByMail, Guest, Visitor
from tests.acceptance.street import CHANNELS, Street

pytestmark = [pytest.mark.rasa, pytest.mark.asyncio(loop_scope="module")]

ANA = "ana@example.com"
SENT = ("10023", "LL000010023")
"""What the demo shop says of Ana's order."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def closed(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    """Open the platforms; the desk is set up for all of them, and not started yet."""
    async with Street.open(tmp_path_factory.mktemp("street")) as street:
        yield street


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def on_x(closed: Street) -> tuple[Guest, Guest]:
    """Let two customers write on X before the start: X lets us ask for direct messages only once a minute."""
    private, public = closed.guest("x"), closed.guest("x in public")
    await private.say("Where is my order 10023? My number is +1 555 0123")
    await public.say("Hello!")
    return private, public


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def street(closed: Street, on_x: object) -> Street:
    """Start the desk, once; the very first run installs Rasa's environment and trains."""
    closed.desk.start()
    await asyncio.to_thread(closed.desk.wait, seconds=900)
    return closed


async def _talks_on_x(private: Guest, public: Guest) -> None:
    await private.hears(*SENT)
    await public.hears("1. Where is my order?")
    await public.asks("1", "order number")


async def _presses(guest: Guest) -> None:
    await guest.asks("Hi there")
    await guest.presses("Where is my order?", "order number")
    await guest.asks("10023", "e-mail")
    await guest.asks(ANA, *SENT)
    await guest.asks("How can I pay?", "PayPal")


async def _counts(guest: Guest) -> None:
    await guest.asks("你好", "1. 查物流")
    await guest.asks("1", "订单号")
    await guest.asks("10023", "邮箱")
    await guest.asks(ANA, *SENT)
    await guest.asks("怎么付款？", "PayPal")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def talks(street: Street, on_x: tuple[Guest, Guest]) -> dict[str, Any]:
    """Let customers talk on all channels at the same time; return what went wrong on each."""
    talks = {
        "telegram": _presses(street.guest("telegram")),
        "slack": _presses(street.guest("slack")),
        "webhook": _presses(street.guest("webhook")),
        "email": _counts(street.guest("email")),
        "matrix": _counts(street.guest("matrix")),
        "x": _talks_on_x(*on_x),
    }
    ends = await asyncio.gather(*talks.values(), return_exceptions=True)
    return dict(zip(talks, ends, strict=True))


@pytest.mark.parametrize("channel", CHANNELS)
async def test_a_customer_is_answered_where_they_are(talks: dict[str, Any], channel: str) -> None:
    if talks[channel] is not None:
        raise talks[channel]


async def test_every_channel_is_up_and_says_so(street: Street, talks: object) -> None:
    assert await street.health() == dict.fromkeys(("webchat", *CHANNELS), "up")
    (code, listed), (checked, answers) = await asyncio.gather(
        street.command("channels", "list"), street.command("channels", "check")
    )
    assert code == 0
    assert {row["channel"]: row["state"] for row in listed} == await street.health()
    read = {row["channel"] for row in listed if row["last_read_at"]}
    assert read == {"telegram", "x", "email"}
    assert [answer["channel"] for answer in answers if answer["problems"] == []] == [*CHANNELS]
    assert checked == 0
    assert street.webhook.pings == 1


async def test_one_channel_that_is_down_leaves_the_others_alone(street: Street) -> None:
    waiting, other = street.guest("telegram"), street.guest("slack")
    street.telegram.is_revoked = True
    try:
        health = await street.until("telegram", "down")
        assert "FRONTDESK_TELEGRAM_TOKEN" in health["telegram"]
        assert {name for name, state in health.items() if state != "up"} == {"telegram"}
        await waiting.say("How can I pay?")
        (_, listed), (code, (answer,)), _ = await asyncio.gather(
            street.command("channels", "list"),
            street.command("channels", "check", "telegram"),
            other.asks("How can I pay?", "PayPal"),
        )
        assert {row["channel"]: row["state"] for row in listed} == {
            name: "down" if name == "telegram" else "up" for name in health
        }
        assert (code, len(answer["problems"])) == (1, 1)
        assert await waiting.heard() == []
    finally:
        street.telegram.is_revoked = False
    await waiting.hears("PayPal")
    assert (await street.until("telegram", "up"))["telegram"] == "up"


async def test_from_the_page_to_telegram_and_mail_it_is_one_person(street: Street) -> None:
    async with httpx.AsyncClient(
        base_url=street.desk.base, trust_env=False, timeout=30
    ) as browser:
        visitor = await Visitor.arrive(browser)
        assert "10023" in await visitor.hears(f"Where is my order 10023? I am {ANA}")

        offered = await visitor.links()
        assert offered["email"] is True
        (url,) = [link["url"] for link in offered["links"] if link["channel"] == "telegram"]
        start = re.fullmatch(r"https://t\.me/example_desk_bot\?start=([\w-]{1,64})", url)
        assert start is not None
        phone = street.guest("telegram")
        await phone.asks(f"/start {start[1]}")
        await phone.asks("What is your refund policy?", "30 days")

        mailbox = street.guest("email")
        assert isinstance(mailbox, ByMail)
        await visitor.proves(mailbox)
        await mailbox.asks("Which delivery options are there?", "Express")
    await _is_one(street, mailbox.address)


async def _is_one(street: Street, email: str) -> None:
    """One contact with the three handles, and one history of what was said in all of them."""
    _, contact = await street.command("contacts", "show", email)
    handles = {handle["channel"]: handle["proven_at"] for handle in contact["identities"]}
    assert handles.keys() == {"webchat", "telegram", "email"}
    assert handles["telegram"]
    assert handles["email"]
    talks = sorted(talk["channel"] for talk in contact["conversations"])
    assert talks == ["email", "telegram", "webchat"]
    page = await street.console(f"/console/contacts/{contact['id']}")
    for words in ("order 10023", "refund policy", "delivery options"):
        assert words in page


async def test_it_ends_in_order_and_no_platform_has_anything_to_complain_of(
    street: Street, talks: object
) -> None:
    assert await asyncio.to_thread(street.desk.stop, signal.SIGTERM) == 0
    assert "everything is saved" in street.desk.output
    for word in ("Traceback", "loop_failed", "request_crashed"):
        assert word not in street.desk.output
    platforms = (street.telegram, street.slack, street.x, street.matrix, street.webhook)
    assert [platform.violations for platform in platforms] == [[]] * len(platforms)
