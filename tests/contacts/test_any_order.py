"""Whatever is merged, split and undone, in whatever order: nothing is lost, and undoing everything is the start."""

import asyncio
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desk.clock import StoppedClock
from desk.contacts.merging import Merging
from desk.errors import ConflictError
from desk.store.database import Database
from tests.conftest import NOON
from tests.contacts.people import People

_FIELDS = ({"name": "Ada", "email": "ada@example.com"}, {"phone": "+15550100"}, {"name": "Bo"}, {})
_STEP = st.tuples(
    st.sampled_from(["merge", "merge", "split", "undo", "talk", "handle"]),
    st.integers(0, 20),
    st.integers(0, 20),
)


class _Story:
    """One run of steps on a database; refused steps are counted and change nothing."""

    def __init__(self, database: Database) -> None:
        self.people = People(database, NOON)
        self.merging = Merging(database, StoppedClock(NOON))
        self.ids: list[str] = []
        self.tried: Counter[str] = Counter()

    async def begin(self) -> None:
        customer = await self.people.customer()
        for number, fields in enumerate(_FIELDS):
            # All but the first proved to be one customer, each at another time.
            at = {"customer_id": customer, "verified_at": NOON + timedelta(hours=number)}
            contact_id = await self.people.contact(**fields, **(at if number else {}))
            self.ids.append(contact_id)
            for channel in ("memory", "other"):
                await self.people.talk(await self.people.handle(contact_id, channel))
        kinds = {"handles", "conversations", "tickets", "feedback"}
        assert {kind for kind, _ in await self.people.belongings()} >= kinds

    async def step(self, what: str, one: int, two: int) -> None:
        before = await self.people.belongings()
        try:
            await getattr(self, f"_{what}")(one, two)
        except ConflictError:
            self.tried[f"{what} refused"] += 1
            assert await self.people.belongings() == before
        else:
            self.tried[what] += 1
            assert (await self.people.belongings()).keys() >= before.keys()
        await self.people.check()

    async def _merge(self, one: int, two: int) -> None:
        ids = list(await self.people.contacts())
        kept, other = ids[one % len(ids)], ids[two % len(ids)]
        if kept != other:
            await self.merging.merge(kept, other, by="Kim")

    async def _split(self, one: int, _: int) -> None:
        handles = [key for kind, key in await self.people.belongings() if kind == "handles"]
        await self.merging.split(handles[one % len(handles)], by="Kim")

    async def _undo(self, one: int, _: int) -> None:
        made = await self.merging.list()
        if made:
            await self.merging.undo(made[one % len(made)].id, by="Kim")

    async def _talk(self, one: int, _: int) -> None:
        handles = [key for kind, key in await self.people.belongings() if kind == "handles"]
        await self.people.talk(handles[one % len(handles)])

    async def _handle(self, one: int, _: int) -> None:
        living = [i for i, row in (await self.people.contacts()).items() if not row["merged_into"]]
        await self.people.handle(living[one % len(living)], "late")

    async def undo_everything(self) -> None:
        for made in await self.merging.list(limit=200):
            if made.undone_at is None:
                await self.merging.undo(made.id, by="Kim")
                await self.people.check()


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(_STEP, max_size=12))
def test_undoing_everything_restores_the_start(
    database_url: str, steps: list[tuple[str, int, int]]
) -> None:
    async def tell() -> None:
        database = Database(database_url, pool_size=2)
        try:
            story = _Story(database)
            await story.people.clear()
            await _told(story, steps)
        finally:
            await database.close()

    asyncio.run(tell())


async def _told(story: _Story, steps: list[tuple[str, int, int]]) -> None:
    await story.begin()
    rows, people = await story.people.belongings(), await story.people.contacts()
    for step in steps:
        await story.step(*step)
    await story.undo_everything()
    after, others = await story.people.belongings(), await story.people.contacts()
    assert {key: after[key] for key in rows} == rows
    assert {key: others[key] for key in people} == people
    # Who was made by a split is nobody again, and has nothing.
    assert all(row["merged_into"] for key, row in others.items() if key not in people)
