"""Two and a half years of the demo shop: 2,000 customers, what they bought, looked at and opened.

With the same day the rows are the same. They are made for the tables, without an import's checks: many at once.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from desk.commerce.demo_data import (
    CARRIERS,
    CARRIERS_ZH,
    CITIES_ZH,
    CURRENCY,
    PRODUCTS,
    STREETS,
    Row,
    shipping_cents,
)
from desk.commerce.demo_people import (
    COUNTRIES,
    DAYS,
    GENDERS,
    TASTES,
    TIERS,
    Column,
    Numbers,
    People,
    people,
)
from desk.commerce.model import OrderStatus

CUSTOMERS = 2_000
FIRST_NUMBER = 200_001
"""Far from those that the documentation speaks of, which are five digits long."""
_SEED = 20_260_101
_MOST_ORDERS = 64
"""Of one customer."""
_MONTHS = np.array([0.9, 0.8, 0.9, 0.95, 1.0, 0.9, 0.85, 0.85, 1.0, 1.1, 1.35, 1.45])
"""How much is bought in each month of the year, January first."""
_NEVER_BOUGHT = 0.07
_LETTERS = 28
"""Days between two newsletters."""
_CHINA = next(n for n, one in enumerate(COUNTRIES) if one[0] == "CN")
_INITIALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclass(frozen=True, kw_only=True)
class DemoYears:
    """Rows of the tables, parents first."""

    customers: list[Row]
    demographics: list[Row]
    behaviour: list[Row]
    orders: list[Row]
    lines: list[Row]


@dataclass(frozen=True, kw_only=True)
class _Bought:
    """A row for each order: whose, and how many days ago. ``last`` is when each customer left, 0 is not yet."""

    who: Numbers
    ago: Column
    last: Column


def demo_years(now: datetime, count: int = CUSTOMERS) -> DemoYears:
    """Return the rows of so many customers as of the beginning of the day."""
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    chance = np.random.default_rng(_SEED)
    crowd = people(chance, count)
    bought = _bought(crowd, chance, today)
    basket = _basket(crowd, bought, chance)
    customers = _customers(crowd, chance, today)
    orders = _orders(crowd, bought, basket, customers, chance, today)
    return DemoYears(
        customers=customers,
        demographics=_demographics(crowd, chance, customers, today),
        behaviour=_behaviour(crowd, bought, chance, today),
        orders=orders,
        lines=_lines(basket, [one["number"] for one in orders]),
    )


def _id(number: int) -> str:
    return f"C-{20_001 + number}"


def _bought(crowd: People, chance: np.random.Generator, today: datetime) -> _Bought:
    """Draw purchases: waiting times, thinned by the time of the year, until somebody leaves."""
    most = _MONTHS.max()
    gaps = chance.exponential(1.0, (crowd.count, _MOST_ORDERS)) / (crowd.rate * most)[:, None]
    gaps[:, 0] = chance.exponential(2.0, crowd.count)  # who joins has something in the basket
    ago = crowd.joined[:, None] - np.cumsum(gaps, axis=1)
    month = np.datetime64(today.date(), "D") - np.ceil(ago).astype("timedelta64[D]")
    of_year = month.astype("datetime64[M]").astype(int) % 12
    taken = chance.random(ago.shape) < _MONTHS[of_year] / most
    taken[:, 0] = True
    # A chance of leaving after each purchase: the number of purchases in a lifetime is geometric.
    number, lifetime = np.cumsum(taken, axis=1), chance.geometric(crowd.leaves)[:, None]
    buys = (chance.random(crowd.count) >= _NEVER_BOUGHT)[:, None]
    who, place = np.nonzero(taken & (number <= lifetime) & buys & (ago > 0.05))
    last = np.where(taken & (number == lifetime) & (ago > 0), ago, 0.0).max(axis=1)
    return _Bought(who=who, ago=ago[who, place], last=last)


@dataclass(frozen=True, kw_only=True)
class _Basket:
    """A row for each line: of which order, which product, how many at what price."""

    order: Numbers
    position: Numbers
    product: Numbers
    quantity: Numbers
    cents: Numbers


def _basket(crowd: People, bought: _Bought, chance: np.random.Generator) -> _Basket:
    count = 1 + chance.choice(3, len(bought.who), p=[0.5, 0.32, 0.18])
    order = np.repeat(np.arange(len(count)), count)
    position = np.arange(len(order)) - np.repeat(np.cumsum(count) - count, count) + 1
    who = bought.who[order]
    product = _liked(crowd, who, chance)
    more = chance.random(len(order)) < 0.22
    quantity = np.maximum(1, np.round(crowd.spends[who] * np.where(more, 2, 1) * 0.8)).astype(int)
    cents = np.array([one[3] for one in PRODUCTS])[product]
    return _Basket(order=order, position=position, product=product, quantity=quantity, cents=cents)


def _liked(crowd: People, who: Numbers, chance: np.random.Generator) -> Numbers:
    """Draw a product for each of the people: of the kind they like mostly, a cheap one rather than a dear one."""
    kinds = sorted({one[0][:3] for one in PRODUCTS})
    kind = np.array([kinds.index(one[0][:3]) for one in PRODUCTS])
    weight = np.array([one[3] ** -0.5 for one in PRODUCTS])
    shares = np.zeros((len(TASTES), len(PRODUCTS)))
    shares[kind, np.arange(len(PRODUCTS))] = weight
    shares /= shares.sum(axis=1, keepdims=True)
    reach = np.cumsum((0.85 * crowd.taste + 0.15 / len(TASTES)) @ shares, axis=1)
    drawn = chance.random(len(who)) * reach[who, -1]
    return np.asarray((reach[who] < drawn[:, None]).sum(axis=1), np.int64)


def _customers(crowd: People, chance: np.random.Generator, today: datetime) -> list[Row]:
    letters = chance.integers(len(_INITIALS), size=(crowd.count, 2))
    return [
        {
            "id": _id(n),
            "name": " ".join(f"{_INITIALS[one]}." for one in letters[n]),
            "email": f"shopper{20_001 + n}@example.com",
            "phone": None,
            "account_type": TIERS[crowd.tier[n]][0],
            "created_at": today - timedelta(days=float(crowd.joined[n])),
        }
        for n in range(crowd.count)
    ]


def _demographics(
    crowd: People, chance: np.random.Generator, customers: list[Row], today: datetime
) -> list[Row]:
    knows_city = chance.random(crowd.count) < 0.92
    return [
        {
            "customer_id": customer["id"],
            "gender": GENDERS[crowd.gender[n]][0] if crowd.gender[n] >= 0 else None,
            "born": (today - timedelta(days=float(crowd.age[n]) * 365.25)).date()
            if crowd.knows_birthday[n]
            else None,
            "country": COUNTRIES[crowd.country[n]][0] if crowd.country[n] >= 0 else None,
            "city": COUNTRIES[crowd.country[n]][3][crowd.city[n]]
            if crowd.country[n] >= 0 and knows_city[n]
            else None,
        }
        for n, customer in enumerate(customers)
    ]


def _orders(
    crowd: People,
    bought: _Bought,
    basket: _Basket,
    customers: list[Row],
    chance: np.random.Generator,
    today: datetime,
) -> list[Row]:
    goods = np.bincount(basket.order, basket.quantity * basket.cents, len(bought.who)).astype(int)
    numbers = chance.permutation(len(bought.who))
    status = _status(bought.ago, chance)
    found = []
    for n, (who, ago) in enumerate(zip(bought.who.tolist(), bought.ago.tolist(), strict=True)):
        chinese = crowd.country[who] == _CHINA
        carriers, streets = (CARRIERS_ZH, CITIES_ZH) if chinese else (CARRIERS, STREETS)
        total = int(goods[n]) + shipping_cents(int(goods[n]))
        found.append(
            {
                "number": str(FIRST_NUMBER + numbers[n]),
                "customer_id": customers[who]["id"],
                "total_cents": total,
                "currency": CURRENCY,
                "ship_name": customers[who]["name"],
                "ship_address": f"{streets[who % len(streets)]} {who % 180 + 1}",
                "email": customers[who]["email"],
                "phone": None,
                **_journey(status[n], today - timedelta(days=ago), carriers[n % len(carriers)], n),
            }
        )
    return found


def _status(ago: Column, chance: np.random.Generator) -> list[OrderStatus]:
    drawn = chance.random(len(ago))
    conditions = (drawn < 0.04, ago < 1, ago < 2, ago < 5, ago < 6, (drawn > 0.94) & (ago > 12))
    words = (
        OrderStatus.CANCELLED,
        OrderStatus.PROCESSING,
        OrderStatus.PACKED,
        OrderStatus.SHIPPED,
        OrderStatus.OUT_FOR_DELIVERY,
        OrderStatus.RETURNED,
    )
    which = np.select(conditions, range(len(words)), default=len(words))
    return [(*words, OrderStatus.DELIVERED)[one] for one in which.tolist()]


def _journey(status: OrderStatus, placed_at: datetime, carrier: str, number: int) -> Row:
    arrived = status in (OrderStatus.DELIVERED, OrderStatus.RETURNED)
    sent = arrived or status in (OrderStatus.SHIPPED, OrderStatus.OUT_FOR_DELIVERY)
    expected = None if status is OrderStatus.CANCELLED else placed_at + timedelta(days=6.5)
    return {
        "status": status,
        "placed_at": placed_at,
        "expected_at": expected,
        "shipped_at": placed_at + timedelta(days=1.3) if sent else None,
        "delivered_at": placed_at + timedelta(days=5) if arrived else None,
        "carrier": carrier if sent else None,
        "tracking_number": f"LL{200_000_000 + number}" if sent else None,
    }


def _lines(basket: _Basket, numbers: list[str]) -> list[Row]:
    columns = (basket.order, basket.position, basket.product, basket.quantity)
    found = []
    for order, position, product, quantity in zip(*(one.tolist() for one in columns), strict=True):
        sku, english, chinese, cents = PRODUCTS[product]
        found.append(
            {
                "order_number": numbers[order],
                "position": position,
                "sku": sku,
                "name_en": english,
                "name_zh": chinese,
                "quantity": quantity,
                "price_cents": cents,
            }
        )
    return found


def _behaviour(
    crowd: People, bought: _Bought, chance: np.random.Generator, today: datetime
) -> list[Row]:
    """Draw what they looked at, mostly while they bought, and which newsletters they opened."""
    who, ago = _looks(crowd, bought, chance)
    item = [PRODUCTS[one][0] for one in _liked(crowd, who, chance).tolist()]
    found = [
        _done(n, one, "page_view", "web", today - timedelta(days=days), item[n])
        for n, (one, days) in enumerate(zip(who.tolist(), ago.tolist(), strict=True))
    ]
    for name, share, later in (("email_open", 1.0, 0.2), ("link_click", 0.22, 0.25)):
        for one, days in _opened(crowd, bought, np.random.default_rng(_SEED + 1), share):
            at = today - timedelta(days=days - later)
            letter = f"newsletter {(today - timedelta(days=days)):%Y-%m}"
            found.append(_done(len(found), one, name, "email", at, letter))
    return found


def _looks(crowd: People, bought: _Bought, chance: np.random.Generator) -> tuple[Numbers, Column]:
    before = chance.poisson(1.2, len(bought.who))
    near = np.repeat(bought.ago, before) + chance.exponential(1.5, int(before.sum()))
    weeks = (crowd.joined - bought.last) / 7
    idle = chance.poisson(weeks * crowd.keen * 0.25 + bought.last / 7 * crowd.keen * 0.02)
    someone = np.repeat(np.arange(crowd.count), idle)
    after = bought.last[someone]
    far = after + chance.random(len(someone)) * (crowd.joined[someone] - after)
    who = np.concatenate([np.repeat(bought.who, before), someone])
    ago = np.concatenate([np.minimum(near, crowd.joined[np.repeat(bought.who, before)]), far])
    return who, ago


def _opened(
    crowd: People, bought: _Bought, chance: np.random.Generator, share: float
) -> list[tuple[int, float]]:
    sent = np.arange(5.5, DAYS, _LETTERS)
    here = sent[None, :] < crowd.joined[:, None]
    buys: NDArray[np.bool_] = sent[None, :] >= bought.last[:, None]
    opens = crowd.keen[:, None] * np.where(buys, 0.9, 0.25)
    drawn = chance.random(opens.shape)
    who, letter = np.nonzero(here & (drawn < opens * share))
    return list(zip(who.tolist(), sent[letter].tolist(), strict=True))


def _done(number: int, who: int, name: str, channel: str, at: datetime, item: str) -> Row:
    return {
        "key": f"demo-{number}",
        "customer_id": _id(who),
        "contact_id": None,
        "name": name,
        "occurred_at": at,
        "channel": channel,
        "item": item,
        "value": None,
    }
