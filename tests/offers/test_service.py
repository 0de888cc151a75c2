"""Offers that are kept, chosen, shown, clicked and bought, on both databases."""

import asyncio
from collections import Counter
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from ibis.backends import BaseBackend
from sqlalchemy import select

from analytics.offers import bandit, build, repository
from analytics.offers.bandit import Arms
from analytics.offers.model import Draft, Offer, Reason, Recommended, State
from desk.errors import ConflictError, InvalidError, NotFoundError
from desk.tables.event import EventRow
from desk.tables.offer import OfferShownRow
from desk.tables.segment import SegmentMemberRow, SegmentRow
from desk.tables.shop import OrderLineRow, OrderRow, OrderStatus
from tests.conftest import NOON
from tests.offers.conftest import AT, READ, SHIPPING, TEA, THINGS, House, draft, tables
from tests.offers.test_index import order
from tests.scoring.conftest import put


async def events(house: House) -> Counter[str]:
    """What was told about offers."""
    async with house.database.read() as session:
        query = select(EventRow.name).where(EventRow.name.like("offer.%"))
        return Counter(await session.scalars(query))


async def ask(house: House, who: str, key: str = "m1", count: int = 3) -> list[Recommended]:
    """Let somebody ask in their conversation; customers have proved who they are."""
    customer = None if who == "v" else who
    return await house.recommender.answer(
        conversation_id=f"t{who}", customer_id=customer, key=key, count=count
    )


async def arm(house: House, offer_id: int) -> Arms:
    """What was learnt of an offer."""
    async with house.database.read() as session:
        return await repository.arms(session, [offer_id])


# --- kept


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"code": "no blanks"}, "code"),
    ({"code": ""}, "code"),
    ({"title_zh": " "}, "title_zh"),
    ({"text_en": "x" * 1001}, "text_en"),
    ({"url": "javascript:alert(1)"}, "url"),
    ({"starts_at": NOON, "ends_at": NOON}, "ends_at"),
    ({"most_shown": 0}, "most_shown"),
    ({"most_taken": 10**12}, "most_taken"),
]


@pytest.mark.parametrize(("wrong", "what"), WRONG)
def test_what_is_wrong_with_an_offer_is_said(wrong: dict[str, Any], what: str) -> None:
    with pytest.raises(InvalidError, match=what):
        replace(TEA, **wrong).check()


async def test_added_changed_stopped_and_brought_back(house: House) -> None:
    made = await house.offers.add(TEA, by="Mira")
    assert Draft(**{name: getattr(made, name) for name in asdict(TEA)}) == TEA
    with pytest.raises(ConflictError, match="already"):
        await house.offers.add(TEA, by="Mira")
    changed = await house.offers.change(made.id, replace(TEA, sku=None), edition=1, by="Ben")
    assert (changed.sku, changed.edition, changed.updated_by) == (None, 2, "Ben")
    with pytest.raises(ConflictError, match="meanwhile"):
        await house.offers.change(made.id, TEA, edition=1, by="Mira")
    stopped = await house.offers.stop(made.id, by="Mira")
    assert stopped.state(NOON) is State.STOPPED
    assert (await house.offers.stop(made.id, by="Mira")).edition == stopped.edition
    assert (await house.offers.stop(made.id, by="Mira", stopped=False)).state(NOON) is State.ACTIVE
    assert [one.code for one in await house.offers.list()] == ["tea"]
    assert (await house.offers.named("tea")).id == made.id
    for missing in (
        house.offers.get(99),
        house.offers.named("sofa"),
        house.offers.stop(99, by="M"),
    ):
        with pytest.raises(NotFoundError):
            await missing


STATES: list[tuple[dict[str, Any], State]] = [
    ({}, State.ACTIVE),
    ({"starts_at": NOON}, State.ACTIVE),
    ({"starts_at": NOON + timedelta(seconds=1)}, State.PLANNED),
    ({"ends_at": NOON}, State.ENDED),
    ({"ends_at": NOON + timedelta(seconds=1)}, State.ACTIVE),
    ({"most_shown": 5, "shown": 5}, State.USED_UP),
    ({"most_taken": 1, "converted": 1}, State.USED_UP),
    ({"stopped_at": NOON, "ends_at": NOON}, State.STOPPED),
]


@pytest.mark.parametrize(("known", "state"), STATES)
def test_an_offer_is_on_within_its_time_and_limits(known: dict[str, Any], state: State) -> None:
    counts = dict.fromkeys(("id", "shown", "clicked", "converted", "edition"), 0)
    times = {"stopped_at": None, "created_at": NOON, "updated_at": NOON}
    who = {"created_by": "", "updated_by": ""}
    assert Offer(**(asdict(TEA) | counts | times | who | known)).state(NOON) is state


# --- chosen


async def test_each_taste_gets_its_offer_with_a_true_reason(house: House) -> None:
    for one in (TEA, READ, SHIPPING):
        await house.offers.add(one, by="Mira")
    for who, code, item in (("k0", "tea", "kitchen"), ("k1", "read", "light")):
        answers = [await house.recommender.recommend(who, 1, seed=seed) for seed in range(60)]
        firsts = Counter(answer[0].offer.code for answer in answers)
        assert firsts.most_common(1)[0][0] == code, firsts
        found = await house.recommender.recommend(who, 3, seed=1)
        by_code = {one.offer.code: one for one in found}
        best = by_code[code]
        assert best.because.reason in (Reason.BOUGHT, Reason.ALIKE)
        bought = {t[0]: t[3] for t in THINGS}[best.because.item or ""]
        assert bought == item
        assert best.score > max(one.score for key, one in by_code.items() if key != code)
        assert best.because.name_zh in {t[2] for t in THINGS}


async def test_who_is_not_known_gets_what_is_popular_and_is_told_so(house: House) -> None:
    for one in (TEA, SHIPPING):
        await house.offers.add(one, by="Mira")
    found = {one.offer.code: one.because for one in await ask(house, "v")}
    assert found["tea"].reason is Reason.POPULAR
    assert found["shipping"].reason is Reason.CURRENT
    assert all(because.item is None for because in found.values())


async def test_without_proof_nothing_of_a_customers_purchases_is_said(house: House) -> None:
    await house.offers.add(TEA, by="Mira")
    unproved = await house.recommender.answer(conversation_id="t0", customer_id=None, key="m")
    assert unproved[0].because.reason is Reason.POPULAR
    assert unproved[0].because.item is None
    (proved,) = await ask(house, "0", "m2")
    assert proved.because.reason in (Reason.BOUGHT, Reason.ALIKE)


async def test_before_anything_is_computed_offers_are_merely_on(house: House) -> None:
    house.path.unlink()
    await house.offers.add(TEA, by="Mira")
    (found,) = await ask(house, "0")
    assert found.because.reason is Reason.CURRENT


async def test_what_was_seen_is_a_reason_of_its_own(house: House, engine: BaseBackend) -> None:
    looks = [
        {
            "activity_id": f"a{n}",
            "person_id": "p:kv",
            "name": "page_view",
            "occurred_at": AT - timedelta(days=1),
            "item": "lamp",
        }
        for n in range(3)
    ]
    put(engine, "activity", looks)
    build.build(tables(engine), AT, house.path)
    await house.offers.add(draft("lamp", "Desk lamps", "台灯"), by="Mira")
    (found,) = await ask(house, "v")
    assert (found.because.reason, found.because.item) == (Reason.SEEN, "lamp")
    assert found.because.name("zh") == "台灯"


async def test_a_segments_offer_is_for_its_people_alone(house: House) -> None:
    who = {"created_by": "Mira", "updated_by": "Mira", "created_at": NOON, "updated_at": NOON}
    async with house.database.write() as session:
        segment = SegmentRow(name="Readers", rule={}, **who)
        session.add(segment)
        await session.flush()
        session.add(SegmentMemberRow(segment_id=segment.id, person_id="c:1", since=NOON))
    await house.offers.add(replace(SHIPPING, segment_id=segment.id), by="Mira")
    assert [one.offer.code for one in await ask(house, "1")] == ["shipping"]
    assert await ask(house, "0", "m2") == []
    assert await ask(house, "v", "m3") == []
    async with house.database.write() as session:
        await session.delete(await session.get(SegmentRow, segment.id))
    assert await ask(house, "1", "m4") == []


async def test_no_offers_no_answer(house: House) -> None:
    assert await ask(house, "0") == []
    assert await house.recommender.recommend("k0") == []
    with pytest.raises(NotFoundError):
        await house.recommender.recommend("nobody")


async def test_what_changes_is_seen_at_once(house: House, engine: BaseBackend) -> None:
    made = await house.offers.add(TEA, by="Mira")
    assert len(await house.recommender.recommend("k0")) == 1
    await house.offers.stop(made.id, by="Mira")
    assert await house.recommender.recommend("k0") == []
    await house.offers.stop(made.id, by="Mira", stopped=False)
    purchase, line = order("z", "c:0", "tea-cup", 1)
    put(engine, "purchase", [purchase])
    put(engine, "purchase_line", [line])
    build.build(tables(engine), AT, house.path)
    (found,) = await house.recommender.recommend("k0")
    assert found.context[bandit.FEATURES.index("owned")] == 1.0


# --- shown, clicked, bought


async def test_shown_is_noted_once_however_often_the_message_is_tried(house: House) -> None:
    for one in (TEA, READ, SHIPPING):
        await house.offers.add(one, by="Mira")
    first = await ask(house, "0")
    again = await ask(house, "0")
    elsewhere = await house.another().answer(conversation_id="t0", customer_id="0", key="m1")
    told = [(one.shown_id, one.offer.id, one.because.reason) for one in first]
    for other in (again, elsewhere):
        assert [(one.shown_id, one.offer.id, one.because.reason) for one in other] == told
    assert await events(house) == {"offer.shown": 3}
    assert [one.shown for one in await house.offers.list()] == [1, 1, 1]
    learnt = await arm(house, first[0].offer.id)
    fresh = Arms.fresh(1)
    fresh.shown(0, np.array(first[0].context))
    assert np.allclose(learnt.precision, fresh.precision)


async def test_many_at_once_with_one_key_are_one(house: House) -> None:
    await house.offers.add(TEA, by="Mira")
    others = [house.another() for _ in range(4)]
    found = await asyncio.gather(
        *(one.answer(conversation_id="t0", customer_id="0", key="same") for one in others)
    )
    assert len({answer[0].shown_id for answer in found}) == 1
    assert await events(house) == {"offer.shown": 1}


async def test_a_click_is_learnt_from_once_and_only_where_it_was_shown(house: House) -> None:
    made = await house.offers.add(TEA, by="Mira")
    (shown,) = await ask(house, "0")
    before = await arm(house, made.id)
    with pytest.raises(NotFoundError):
        await house.offers.clicked(shown.shown_id or 0, conversation_id="t1")
    with pytest.raises(NotFoundError):
        await house.offers.clicked(999, conversation_id="t0")
    house.clock.advance(timedelta(days=3))  # late clicks count like all others
    for _ in range(3):
        await house.offers.clicked(shown.shown_id or 0, conversation_id="t0")
    after = await arm(house, made.id)
    assert np.allclose(after.evidence - before.evidence, [shown.context])
    assert np.allclose(after.precision, before.precision)
    assert await events(house) == {"offer.shown": 1, "offer.clicked": 1}
    assert (await house.offers.get(made.id)).clicked == 1
    (row,) = await house.offers.shown_to(made.id)
    assert row.clicked_at == NOON + timedelta(days=3)
    assert 0 < row.propensity <= 1


async def test_a_limit_holds_even_for_who_has_an_old_picture(house: House) -> None:
    made = await house.offers.add(replace(TEA, most_shown=2), by="Mira")
    await house.offers.add(SHIPPING, by="Mira")
    for n in range(5):
        found = await house.another().answer(conversation_id="t0", customer_id="0", key=f"m{n}")
        assert {one.offer.code for one in found} >= {"shipping"}
        # This one loaded its offers before any was shown and still thinks that both go on.
        assert await ask(house, "0", f"old{n}")
    assert (await house.offers.get(made.id)).shown == 2
    async with house.database.read() as session:
        rows = await session.scalars(
            select(OfferShownRow).where(OfferShownRow.offer_id == made.id)
        )
        assert len(list(rows)) == 2


async def test_clicks_change_what_is_shown(house: House) -> None:
    """Two offers that are equal but for their name: the one that people click is shown first soon."""
    liked = await house.offers.add(draft("aaa", "Surprise box", "惊喜盒"), by="Mira")
    await house.offers.add(draft("bbb", "Mystery box", "神秘盒"), by="Mira")
    firsts = []
    for n in range(80):
        house.clock.advance(timedelta(minutes=1))
        found = await ask(house, "v", f"m{n}", count=1)
        firsts.append(found[0].offer.code)
        if found[0].offer.id == liked.id:
            await house.offers.clicked(found[0].shown_id or 0, conversation_id="tv")
    assert firsts[40:].count("aaa") >= 34
    outcome = await house.offers.outcome(liked.id)
    assert outcome.always is not None
    assert outcome.always.snips == pytest.approx(1.0)


async def test_a_purchase_counts_once_for_what_was_shown_last(house: House) -> None:
    made = await house.offers.add(TEA, by="Mira")
    for n in range(2):
        await ask(house, "0", f"m{n}")
        house.clock.advance(timedelta(days=1))
    await _buys(house, "900", "tea-cup", NOON + timedelta(days=2))
    await _buys(house, "901", "tea-cup", NOON + timedelta(days=30))  # too late
    await _buys(house, "902", "lamp", NOON + timedelta(days=2))  # something else
    await _buys(house, "903", "tea-cup", NOON - timedelta(days=2))  # before
    await _buys(house, "904", "tea-cup", NOON + timedelta(days=2), OrderStatus.CANCELLED)
    assert [await house.offers.convert() for _ in range(2)] == [1, 0]
    newest, oldest = await house.offers.shown_to(made.id)
    assert newest.converted_at == NOON + timedelta(days=2)
    assert oldest.converted_at is None
    assert (await house.offers.get(made.id)).converted == 1
    assert (await events(house))["offer.converted"] == 1


async def _buys(
    house: House, number: str, sku: str, at: Any, status: OrderStatus = OrderStatus.DELIVERED
) -> None:
    line = {"name_en": sku, "name_zh": sku, "quantity": 1, "price_cents": 100}
    async with house.database.write() as session:
        session.add(
            OrderRow(
                number=number,
                customer_id="0",
                status=status,
                placed_at=at,
                total_cents=100,
                currency="USD",
                ship_name="P. 0",
                ship_address="12 Example Street",
            )
        )
        await session.flush()
        session.add(OrderLineRow(order_number=number, position=1, sku=sku, **line))


async def test_an_outcome_without_a_log_estimates_nothing(house: House) -> None:
    made = await house.offers.add(TEA, by="Mira")
    assert (await house.offers.outcome(made.id)).always is None
