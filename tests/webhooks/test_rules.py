"""What is decided without a database: kinds, schedule, addresses, signatures."""

from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from desk.errors import InvalidError
from desk.tables.event import EventRow
from desk.webhooks.kinds import FIELDS, KINDS, data_of, schema, wish
from desk.webhooks.post import Post, retry_after
from desk.webhooks.schedule import STEPS, SWITCHED_OFF_AFTER, is_given_up, next_try
from desk.webhooks.signing import headers, secret_of
from tests.conftest import NOON, SECRET


@pytest.mark.parametrize(
    ("kinds", "fits", "does_not"),
    [
        (("ticket.opened",), {"ticket.opened"}, {"ticket.assigned", "message.received"}),
        (("ticket.*", "sla.breached"), {"ticket.opened", "sla.breached"}, {"sla.met"}),
        (("*",), set(KINDS), {"consent.granted", "webhook.tested", "turn.answered"}),
    ],
)
def test_wishes(kinds: tuple[str, ...], fits: set[str], does_not: set[str]) -> None:
    wanted = wish(kinds)
    assert {kind for kind in fits | does_not if wanted.fits(kind)} == fits


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("", "at least one"),
        ("ticket.open", "ticket.opened"),
        ("tickets.*", "conversation"),
        ("turn.answered", "there is no event"),
        ("<script>.*", "there is no event"),
    ],
)
def test_kinds_that_are_none(kind: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words.replace("*", r"\*")):
        wish([kind])


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_told_fits_the_schema_and_has_no_words(kind: str) -> None:
    data = dict.fromkeys(("text", "description", "title", "name", "email"), "secret words")
    event = EventRow(
        id=1, name=kind, contact_id="c", conversation_id="t", data=data, occurred_at=NOON
    )
    told = data_of(event)
    jsonschema.validate(told, schema(kind))
    assert "secret words" not in told.values()
    assert set(KINDS[kind]) <= FIELDS.keys()


def test_a_ticket_is_told_by_its_number() -> None:
    event = EventRow(
        id=1,
        name="ticket.merged",
        occurred_at=NOON,
        data={"ticket_id": 7, "into": 8, "why": "twice"},
    )
    told = data_of(event)
    assert (told["ticket"], told["into"], told["reason"]) == ("T-000007", "T-000008", "twice")


def test_an_offer_is_told_by_its_numbers() -> None:
    data = {"offer_id": 3, "shown_id": 9, "position": 1, "reason": "bought", "score": 0.25}
    event = EventRow(id=1, name="offer.clicked", occurred_at=NOON, contact_id="c", data=data)
    assert data_of(event) == {
        "contact_id": "c",
        "conversation_id": None,
        "offer_id": 3,
        "shown_id": 9,
        "position": 1,
        "reason": "bought",
    }


def test_the_schedule() -> None:
    waits = [next_try(failures, NOON) for failures in range(1, len(STEPS) + 2)]
    assert waits == [*(NOON + step for step in STEPS), None]
    assert sum(STEPS, timedelta()) > timedelta(days=3)


@pytest.mark.parametrize(
    ("asked", "waits"),
    [
        (timedelta(0), timedelta(seconds=5)),
        (timedelta(minutes=3), timedelta(minutes=3)),
        (timedelta(days=9), timedelta(hours=24)),
    ],
)
def test_a_receiver_may_ask_for_time(asked: timedelta, waits: timedelta) -> None:
    assert next_try(1, NOON, asked=asked) == NOON + waits


def test_what_failed_together_does_not_come_back_together() -> None:
    times = [next_try(2, NOON, chance=chance / 10) for chance in range(11)]
    assert len(set(times)) == 11
    assert min(filter(None, times)) == NOON + STEPS[1]
    assert max(filter(None, times)) == NOON + STEPS[1] * 1.2


def test_giving_up() -> None:
    assert not is_given_up(None, NOON)
    assert not is_given_up(NOON - SWITCHED_OFF_AFTER + timedelta(seconds=1), NOON)
    assert is_given_up(NOON - SWITCHED_OFF_AFTER, NOON)


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("90", 90),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("Mon, 02 Mar 2026 12:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("\u0661", None),
    ],
)
def test_retry_after(text: str, wait: int | None) -> None:
    assert retry_after(text, NOON) == (None if wait is None else timedelta(seconds=wait))


def test_signatures_are_those_of_the_standard() -> None:
    now, secret, old = datetime.now(UTC), secret_of(SECRET, "new"), secret_of(SECRET, "old")
    sent = headers("msg_1", now, '{"a":1}', secrets=[secret, old])
    for known in (secret, old):
        assert Webhook(known).verify('{"a":1}', sent) == {"a": 1}
    for body, other in (('{"a":2}', secret), ('{"a":1}', secret_of(SECRET, "third"))):
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body, sent)
    assert secret_of(SECRET, "new") != secret_of("another-key", "new")


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/hook",
        "https://",
        "https://user:pass@example.com/",
        "https://example.com/#part",
        "ftp://example.com/",
        "javascript:alert(1)",
        "https://exa mple.com/",
        "https://example.com/" + "a" * 2_000,
        "",
        "https://[::1",
        "https://\ud800.example.com/",
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(InvalidError):
        Post().check(url)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "192.168.0.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ],
)
async def test_private_addresses_are_refused(address: str) -> None:
    asked = []

    async def resolve(host: str) -> list[str]:
        asked.append(host)
        return ["203.0.113.9", address]

    post = Post(resolve=resolve)
    with pytest.raises(InvalidError, match="not out in the internet"):
        await post.allow("https://inside.example.com/")
    answer = await post.send("https://inside.example.com/", b"{}", {})
    assert answer.error == "inside.example.com is not out in the internet"
    assert asked == ["inside.example.com"] * 2


async def test_a_name_without_an_address() -> None:
    async def resolve(_: str) -> list[str]:
        raise OSError

    with pytest.raises(InvalidError, match="cannot be found"):
        await Post(resolve=resolve).allow("https://nowhere.example.com/")
