"""Which offer for whom: how long an answer takes among many offers and people, beside a plain recipe; and the bandit.

Run: ``uv run python -m bench.offers --people 100000 --offers 1000 --out FILE``

The recipe is what one writes first: a DataFrame of purchases, TfidfVectorizer and cosine_similarity for each question.
It answers from content alone, notes nothing and has no reasons, so it does less than what it is compared to.
"""

import argparse
import asyncio
import random
import resource
import tempfile
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import ibis
import numpy as np
import pandas as pd  # type: ignore[import-untyped]
import pyarrow as pa
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from analytics.offers import build as building
from analytics.offers.index import FILE
from analytics.offers.recommender import Recommender
from analytics.warehouse.store import prepare
from analytics.warehouse.tables import SCHEMAS
from bench.figures import deliver, percentile, table
from desk import clock
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.base import Base, table_of
from desk.tables.contact import ContactRow
from desk.tables.conversation import ConversationRow
from desk.tables.offer import OfferRow
from desk.tables.shop import CustomerRow, ProductRow
from tests.offers.worlds import World, at_random, lin_ucb, popular, run, thompson

_WORDS = (
    "glass copper bamboo cotton paper wooden steel linen clay cork lamp teapot kettle tray chair notebook pen mug "
    "bowl candle rug pillow blanket shelf clock mirror vase basket towel apron garden kitchen office bath travel"
)
_CHINESE = "玻璃铜竹棉纸木钢麻陶台灯茶壶水托盘椅笔记本杯碗蜡烛地毯枕头毛架钟镜花瓶篮巾围裙厨房办公浴室旅行"
_PRODUCTS, _ORDERS = 5_000, 5
_POLICIES = (thompson, lin_ucb, popular, at_random)


def _names(chance: random.Random, count: int) -> list[tuple[str, str]]:
    words = _WORDS.split()
    return [
        (" ".join(chance.sample(words, 3)), "".join(chance.sample(_CHINESE, 4)))
        for _ in range(count)
    ]


def _engine(people: int, products: list[tuple[str, str]]) -> Any:
    """Return an engine in which everybody bought five things, popular ones more often."""
    engine, chance = ibis.duckdb.connect(), np.random.default_rng(1)
    prepare(engine)
    number = np.arange(people * _ORDERS)
    # Half of what somebody buys is near their own taste.
    taste = (number // _ORDERS * 7919) % len(products)
    near = (taste + chance.integers(0, 40, len(number))) % len(products)
    any_ = np.minimum(chance.zipf(1.3, len(number)), len(products)) - 1
    bought = np.where(chance.random(len(number)) < 0.5, near, any_)
    orders = np.char.add("o", number.astype(str))
    at = np.datetime64("2025-01-01") + chance.integers(0, 365 * 86_400, len(number)).astype(
        "m8[s]"
    )
    _put(
        engine,
        "purchase",
        order_number=orders,
        person_id=np.char.add("c:", (number // _ORDERS).astype(str)),
        placed_at=at,
        status=np.full(len(number), "delivered"),
        amount=np.ones(len(number)),
    )
    _put(
        engine,
        "purchase_line",
        order_number=orders,
        position=np.ones(len(number), int),
        sku=np.char.add("s", bought.astype(str)),
        name=np.array([name for name, _ in products])[bought],
        quantity=np.ones(len(number), int),
    )
    return engine


def _put(engine: Any, name: str, /, **columns: Any) -> None:
    schema = SCHEMAS[name].to_pyarrow().remove_metadata()
    size = len(next(iter(columns.values())))
    filled = {
        field.name: pa.array(columns[field.name]).cast(field.type)
        if field.name in columns
        else pa.nulls(size, field.type)
        for field in schema
    }
    engine.insert(name, pa.table(filled, schema=schema))


async def _database(
    path: Path, offers: int, products: list[tuple[str, str]], asked: list[str]
) -> Database:
    database, now = Database(f"sqlite:///{path}"), clock.now()
    async with database.engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    made = {"created_at": now, "created_by": "b", "updated_at": now, "updated_by": "b"}
    counts = {"shown": 0, "clicked": 0, "converted": 0, "edition": 1}
    rows: dict[type[Base], list[dict[str, Any]]] = {
        ProductRow: [
            {"sku": f"s{n}", "name_en": en, "name_zh": zh, "price_cents": 100, "currency": "USD"}
            for n, (en, zh) in enumerate(products)
        ],
        OfferRow: [
            {
                "code": f"o{n}",
                "title_en": f"{en} deal",
                "title_zh": f"{zh}特惠",
                "sku": f"s{place}",
            }
            | {"text_en": f"Get your {en}, 15% off.", "text_zh": f"{zh}立减。"}
            | made
            | counts
            for n in range(offers)
            for place in [n * len(products) // offers]
            for en, zh in [products[place]]
        ],
        CustomerRow: [
            {"id": one, "name": one, "created_at": now, "account_type": "x"} for one in asked
        ],
        ContactRow: [{"id": f"k{one}", "customer_id": one, "created_at": now} for one in asked],
    }
    async with database.write() as session:
        for kind, values in rows.items():
            await session.execute(table_of(kind).insert(), values)
        for one in asked:
            session.add(
                ConversationRow(
                    id=f"t{one}",
                    contact_id=f"k{one}",
                    channel="webchat",
                    account="web",
                    thread=one,
                    created_at=now,
                    updated_at=now,
                )
            )
    return database


def _megabytes() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


async def _ours(
    recommender: Recommender, asked: list[str]
) -> tuple[list[float], list[float], float]:
    await recommender.recommend(f"k{asked[0]}")
    chosen, noted = [], []
    spent = process_time()
    for one in asked:
        began = perf_counter()
        await recommender.recommend(f"k{one}", 3)
        chosen.append((perf_counter() - began) * 1000)
    spent = (process_time() - spent) * 1000 / len(asked)
    for one in asked:
        began = perf_counter()
        await recommender.answer(conversation_id=f"t{one}", customer_id=one, key=new_id(), count=3)
        noted.append((perf_counter() - began) * 1000)
    return chosen, noted, spent


def _recipe(
    engine: Any, products: list[tuple[str, str]], offers: int, asked: list[str]
) -> list[float]:
    joined = engine.table("purchase").inner_join(engine.table("purchase_line"), "order_number")
    bought = joined.select("person_id", "name").to_pyarrow().to_pandas()
    texts = [f"{products[n * len(products) // offers][0]} deal" for n in range(offers)]
    vectorizer = TfidfVectorizer().fit([*texts, *bought["name"].unique()])
    vectors = vectorizer.transform(texts)
    times = []
    for one in asked:
        began = perf_counter()
        history = " ".join(bought.loc[bought["person_id"] == f"c:{one}", "name"])
        found = cosine_similarity(vectorizer.transform([history]), vectors)[0]
        pd.Series(found).nlargest(3)
        times.append((perf_counter() - began) * 1000)
    return times


def _regrets(rounds: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for policy in _POLICIES:
        sums = [
            np.mean([run(policy, World(seed), rounds, delay=delay).regret for seed in range(5)])
            for delay in (0, 200)
        ]
        rows.append([policy.__name__, *(f"{one:,.0f}" for one in sums)])
    return rows


async def _measure(
    people: int, offers: int, questions: int
) -> tuple[list[list[str]], dict[str, Any]]:
    chance = random.Random(1)
    products = _names(chance, _PRODUCTS)
    asked = [str(chance.randrange(people)) for _ in range(questions)]
    asked = list(dict.fromkeys(asked))
    engine = _engine(people, products)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / FILE
        built = building.build(
            {name: engine.table(name) for name in SCHEMAS}, clock.now().replace(tzinfo=None), path
        )
        size = path.stat().st_size / 2**20
        database = await _database(Path(folder) / "desk.sqlite", offers, products, asked)
        before = _megabytes()
        recommender = Recommender(database, clock.now, path)
        began = perf_counter()
        await recommender.recommend(f"k{asked[0]}")
        first = perf_counter() - began
        chosen, noted, spent = await _ours(recommender, asked)
        grown = _megabytes() - before
        recipe = _recipe(engine, products, offers, asked[: max(20, len(asked) // 10)])
        await database.close()
    engine.disconnect()
    rows: list[list[str]] = [
        [
            name,
            f"{percentile(times, 50):.1f}",
            f"{percentile(times, 95):.1f}",
            f"{max(times):.1f}",
            str(len(times)),
        ]
        for name, times in (
            ("chosen, with reasons", chosen),
            ("chosen and noted (a transaction on disk)", noted),
            ("recipe: pandas and scikit-learn", recipe),
        )
    ]
    known = {
        "people": built.people,
        "items": built.items,
        "build_seconds": round(built.seconds, 1),
        "index_megabytes": round(size, 1),
        "first_answer_seconds": round(first, 2),
        "memory_megabytes": round(grown, 1),
        "processor_milliseconds_per_choice": round(spent, 1),
        "recipe_to_ours_p95": round(percentile(recipe, 95) / percentile(chosen, 95), 1),
    }
    return rows, known


def main() -> None:
    """Measure and print."""
    reads = argparse.ArgumentParser(description=__doc__)
    reads.add_argument("--people", type=int, default=100_000)
    reads.add_argument("--offers", type=int, default=1_000)
    reads.add_argument("--questions", type=int, default=400)
    reads.add_argument("--rounds", type=int, default=3_000)
    reads.add_argument("--json", action="store_true")
    reads.add_argument("--out", type=Path)
    given = reads.parse_args()
    rows, known = asyncio.run(_measure(given.people, given.offers, given.questions))
    answers = table(["", "p50 ms", "p95 ms", "most ms", "questions"], rows)
    regrets = table(
        ["policy", "clicks lost", "clicks lost, clicks 200 late"], _regrets(given.rounds)
    )
    facts = "\n".join(f"- {name.replace('_', ' ')}: {value:,}" for name, value in known.items())
    text = "\n\n".join((answers, facts, regrets))
    deliver(text, {"answers": rows, **known}, as_json=given.json, out=given.out)


if __name__ == "__main__":
    main()
