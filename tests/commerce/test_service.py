"""Whose order it is: proof, limits, retries and races."""

import asyncio
from datetime import timedelta
from itertools import product

import pytest

from desk.clock import StoppedClock
from desk.commerce.demo import load_demo
from desk.commerce.importing import Importer
from desk.commerce.model import Match, MatchStatus
from desk.commerce.service import Commerce, MatchLimits
from desk.errors import NotFoundError
from desk.store.database import Database
from desk.tables.contact import ContactRow
from desk.tables.shop import MatchAttemptRow
from tests.world import Talk, World

_DAY = timedelta(hours=24)


@pytest.fixture
async def shop(database: Database, clock: StoppedClock) -> Commerce:
    await load_demo(Importer(database), clock())
    return Commerce(database, clock)


async def _match(shop: Commerce, talk: Talk, number: str, proof: str, key: str) -> Match:
    return await shop.match(conversation_id=talk.id, number=number, proof=proof, key=key)


_NUMBERS = ("10023", "#fd-10023", "订单号10023", "INV-2023", "invoice 2023", "2023")
_PROOFS = ("ana@example.com", "ANA@Example.com ", "+1 555 0123", "5550123")


async def test_the_right_proof_matches(shop: Commerce, world: World) -> None:
    for number, proof in product(_NUMBERS, _PROOFS):
        talk = await world.talk()
        match = await _match(shop, talk, number, proof, f"{number} {proof}")
        assert match.status is MatchStatus.MATCHED
        assert match.order is not None
        assert match.order.number == "10023"
        assert match.customer is not None
        assert match.customer.email == "ana@example.com"
        assert await shop.verified(conversation_id=talk.id) == match.customer


async def test_a_match_is_written_down(shop: Commerce, world: World, clock: StoppedClock) -> None:
    talk = await world.talk()
    await _match(shop, talk, "10042", "138 0000 0042", "m1")
    [contact] = await world.rows(ContactRow)
    assert (contact.customer_id, contact.verified_at) == ("C-1002", clock())
    [event] = await world.events("contact.")
    assert event.name == "contact.verified"
    assert event.data == {
        "customer_id": "C-1002",
        "order_number": "10042",
        "segment": "standard",
    }
    assert (event.contact_id, event.conversation_id) == (talk.contact_id, talk.id)


async def test_a_wrong_number_and_a_wrong_proof_look_the_same(
    shop: Commerce, world: World
) -> None:
    number = await _match(shop, await world.talk(), "99999", "ana@example.com", "m1")
    proof = await _match(shop, await world.talk(), "10023", "li@example.com", "m2")
    nonsense = await _match(shop, await world.talk(), "no idea", "none", "m3")
    assert number == proof == nonsense
    assert number == Match(status=MatchStatus.WRONG, wrong_attempts=1)


async def test_the_third_wrong_attempt_locks_even_what_is_right(
    shop: Commerce, world: World, clock: StoppedClock
) -> None:
    talk = await world.talk()
    seen = [await _match(shop, talk, "10023", "x@example.com", f"m{turn}") for turn in range(3)]
    seen.append(await _match(shop, talk, "10023", "ana@example.com", "m3"))
    assert [one.status for one in seen] == ["wrong", "wrong", "locked", "locked"]
    assert [one.wrong_attempts for one in seen] == [1, 2, 3, 3]
    assert seen[3].order is None
    assert await shop.verified(conversation_id=talk.id) is None
    clock.advance(_DAY - timedelta(seconds=1))
    assert (
        await _match(shop, talk, "10023", "ana@example.com", "m4")
    ).status is MatchStatus.LOCKED
    clock.advance(timedelta(seconds=1))
    assert (
        await _match(shop, talk, "10023", "ana@example.com", "m5")
    ).status is MatchStatus.MATCHED


async def test_another_conversation_of_the_same_contact_is_locked_too(
    shop: Commerce, world: World
) -> None:
    first = await world.talk()
    second = await world.talk(contact_id=first.contact_id)
    for turn in range(3):
        await _match(shop, first, "10023", "x@example.com", f"m{turn}")
    assert (await _match(shop, second, "10023", "ana@example.com", "m9")).status == "locked"
    stranger = await world.talk()
    assert (await _match(shop, stranger, "10023", "ana@example.com", "m10")).status == "matched"


async def test_a_lock_can_be_told_without_an_attempt_and_ends(
    shop: Commerce, world: World, clock: StoppedClock
) -> None:
    talk = await world.talk()
    for turn in range(3):
        assert not await shop.locked(conversation_id=talk.id)
        await _match(shop, talk, "10023", "x@example.com", f"m{turn}")
    assert await shop.locked(conversation_id=talk.id)
    assert not await shop.locked(conversation_id=(await world.talk()).id)
    assert not await shop.locked(conversation_id="nobody")
    clock.advance(_DAY + timedelta(seconds=1))
    assert not await shop.locked(conversation_id=talk.id)


async def test_a_match_does_not_forgive_wrong_attempts(shop: Commerce, world: World) -> None:
    talk = await world.talk()
    await _match(shop, talk, "10023", "x@example.com", "m1")
    await _match(shop, talk, "10023", "y@example.com", "m2")
    mine = await _match(shop, talk, "10042", "li@example.com", "m3")
    assert (mine.status, mine.wrong_attempts) == ("matched", 2)
    assert (await _match(shop, talk, "10023", "z@example.com", "m4")).status == "locked"


async def test_a_retried_turn_gets_the_same_answer_and_counts_once(
    shop: Commerce, world: World
) -> None:
    talk = await world.talk()
    wrong = [await _match(shop, talk, "10023", "x@example.com", "m1") for _ in range(5)]
    assert {one.status for one in wrong} == {MatchStatus.WRONG}
    right = [await _match(shop, talk, "10023", "ana@example.com", "m2") for _ in range(2)]
    assert right[0] == right[1]
    assert right[0].status is MatchStatus.MATCHED
    assert len(await world.rows(MatchAttemptRow)) == 2
    assert len(await world.events("contact.verified")) == 1


async def test_racing_guesses_are_all_counted(shop: Commerce, world: World) -> None:
    talk = await world.talk()
    guesses = [_match(shop, talk, "10023", f"guess{n}@example.com", f"m{n}") for n in range(8)]
    found = await asyncio.gather(*guesses)
    assert sorted(one.status for one in found) == ["locked"] * 6 + ["wrong"] * 2
    compared = [row for row in await world.rows(MatchAttemptRow) if row.matched is not None]
    assert len(compared) == 3


async def test_one_key_at_once_is_one_attempt(shop: Commerce, world: World) -> None:
    talk = await world.talk()
    tries = [_match(shop, talk, "10023", "ana@example.com", "m1") for _ in range(6)]
    found = await asyncio.gather(*tries)
    assert all(one == found[0] for one in found)
    assert len(await world.rows(MatchAttemptRow)) == 1


async def test_a_new_conversation_for_every_guess_does_not_help(
    shop: Commerce, world: World, database: Database, clock: StoppedClock
) -> None:
    commerce = Commerce(database, clock, MatchLimits(wrong_per_number=4))
    for guess in range(4):
        await _match(commerce, await world.talk(), "10023", f"g{guess}@example.com", f"m{guess}")
    found = await _match(commerce, await world.talk(), "10023", "ana@example.com", "m9")
    assert (found.status, found.wrong_attempts) == ("locked", 0)
    other = await _match(commerce, await world.talk(), "10042", "li@example.com", "m10")
    assert other.status == "matched"


async def test_a_proof_holds_for_a_day(shop: Commerce, world: World, clock: StoppedClock) -> None:
    talk = await world.talk()
    assert await shop.verified(conversation_id=talk.id) is None
    await _match(shop, talk, "10023", "ana@example.com", "m1")
    clock.advance(_DAY - timedelta(seconds=1))
    assert await shop.verified(conversation_id=talk.id) is not None
    clock.advance(timedelta(seconds=1))
    assert await shop.verified(conversation_id=talk.id) is None


async def test_an_unknown_conversation_is_an_error(shop: Commerce) -> None:
    with pytest.raises(NotFoundError):
        await shop.match(conversation_id="none", number="10023", proof="ana@example.com", key="m")
    assert await shop.verified(conversation_id="none") is None


async def test_orders_come_newest_first_with_everything(shop: Commerce) -> None:
    orders = await shop.orders_of(customer_id="C-1001")
    assert [order.number for order in orders] == ["10023", "10031"]
    delivered = orders[1]
    assert [line.name_zh for line in delivered.lines] == [
        "玻璃茶壶 600 毫升",
        "双层玻璃杯（2 只装）",
    ]
    assert delivered.lines[0].name("en") == "Glass teapot 600 ml"
    assert [invoice.number for invoice in delivered.invoices] == ["INV-2031"]
    assert [(refund.status, refund.amount_cents) for refund in delivered.refunds] == [
        ("paid", 1890)
    ]
    assert await shop.orders_of(customer_id="C-1001", limit=1) == orders[:1]
    assert await shop.orders_of(customer_id="nobody") == []


async def test_another_persons_order_is_never_shown(shop: Commerce) -> None:
    for number in ("10042", "INV-2042", "2042", "99999", "", "words"):
        assert await shop.order(customer_id="C-1001", number=number) is None
    for number in ("10023", "INV-2023", "2023", "订单10023"):
        order = await shop.order(customer_id="C-1001", number=number)
        assert order is not None
        assert order.number == "10023"


async def test_a_bare_number_may_be_an_order_or_another_orders_invoice(
    shop: Commerce, world: World, database: Database, clock: StoppedClock
) -> None:
    order = {
        "number": "2023", "customer_id": "C-1002", "status": "processing", "placed_at": clock(), "currency": "USD",
        "total": "1.00", "ship_name": "小李", "ship_address": "样板路", "email": "li@example.com",
        "lines": [{"sku": "A", "name_en": "A", "quantity": 1, "price": "1.00"}],
    }  # fmt: skip
    assert (await Importer(database).rows("orders", [order])).created == 1
    mine = await _match(shop, await world.talk(), "2023", "li@example.com", "m1")
    theirs = await _match(shop, await world.talk(), "2023", "ana@example.com", "m2")
    assert mine.order is not None
    assert theirs.order is not None
    assert (mine.order.number, theirs.order.number) == ("2023", "10023")
