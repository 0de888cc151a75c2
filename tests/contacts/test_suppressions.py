"""The list itself: in the statement that fences, through merges, and by an address that comes back."""

import asyncio
from datetime import timedelta
from time import monotonic_ns

import pytest
from sqlalchemy import delete, literal, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from desk.clock import StoppedClock
from desk.contacts import consents
from desk.contacts.merging import Merging
from desk.contacts.suppressing import Suppressions, Word
from desk.contacts.suppressions import consented, suppressed
from desk.errors import ConflictError, NotFoundError
from desk.ids import new_id
from desk.store.database import Database
from desk.tables.automation import ContactAttributeRow, TaskRow
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.conftest import SECRET
from tests.contacts.people import People

_STOPPED = SuppressionReason.STOPPED


@pytest.fixture
def suppressions(database: Database, clock: StoppedClock) -> Suppressions:
    """Return the list."""
    return Suppressions(database, clock, SECRET)


async def _consent(people: People, contact_id: str, granted: bool) -> None:
    async with people.database.write() as session:
        await _record(people, session, contact_id, granted)


async def _record(people: People, session: AsyncSession, contact_id: str, granted: bool) -> None:
    await consents.record(
        session,
        contact_id=contact_id,
        conversation_id=None,
        purpose="marketing",
        granted=granted,
        key=new_id(),
        now=people.now,
    )


async def _fence(session: AsyncSession, contact_id: str, channel: str = "memory") -> int:
    """Take the contact's row (here a task) as a dispatcher takes its recipients; return how many that were."""
    taken = await session.scalars(
        update(TaskRow)
        .where(
            TaskRow.contact_id == contact_id,
            ~suppressed(TaskRow.contact_id, literal(channel)),
            consented(TaskRow.contact_id, literal("marketing")),
        )
        .values(title="sending")
        .returning(TaskRow.id)
        .execution_options(synchronize_session=False)
    )
    return len(taken.all())


async def _standing(people: People) -> list[SuppressionRow]:
    return [row for row in await people.rows(SuppressionRow) if row.lifted_at is None]


async def _may(people: People, contact_id: str, channel: str = "memory") -> bool:
    async with people.database.write() as session:
        return bool(await _fence(session, contact_id, channel))


async def test_only_a_yes_that_stands_is_a_yes(people: People) -> None:
    contact_id = await people.person()
    assert not await _may(people, contact_id)
    for granted in (True, False, True):
        await _consent(people, contact_id, granted)
        assert await _may(people, contact_id) is granted


async def test_a_word_holds_where_it_was_said_until_it_is_lifted(
    people: People, suppressions: Suppressions
) -> None:
    contact_id = await people.person()
    await _consent(people, contact_id, True)
    word = Word(contact_id=contact_id, reason=_STOPPED, by="contact", channel="memory")
    assert await suppressions.suppress(word)
    assert not await suppressions.suppress(word), "the very same word again"
    assert [await _may(people, contact_id, one) for one in ("memory", "email")] == [False, True]
    everywhere = Word(contact_id=contact_id, reason=SuppressionReason.BY_AGENT, by="Mo")
    assert await suppressions.suppress(everywhere)
    assert not await _may(people, contact_id, "email")
    with pytest.raises(ConflictError):
        await suppressions.lift(contact_id, channel="memory", by="Mo", note="asked")
    assert await suppressions.lift(contact_id, channel=None, by="Mo", note="asked") > 0
    assert await _may(people, contact_id)
    with pytest.raises(NotFoundError):
        await suppressions.lift(contact_id, channel=None, by="Mo", note="asked")
    shown = [one for one in await suppressions.of(contact_id) if one.by != "Kim"]
    assert [(one.lifted_by, one.lifted_note) for one in shown] == [("Mo", "asked")] * 2


@pytest.mark.parametrize("way", ["consent", "word"])
async def test_what_is_withdrawn_before_the_statement_is_never_sent(
    people: People, suppressions: Suppressions, way: str
) -> None:
    """Withdrawing and fencing at once, again and again; every fourth time the withdrawal is surely over."""
    seen = {"withdrawn first": 0, "sent first": 0}
    for turn in range(40):
        contact_id = await people.contact()
        await people.handle(contact_id)
        await _consent(people, contact_id, True)
        began, ended, sent = await _race(people, suppressions, contact_id, way, lead=turn % 4)
        if ended < began:
            seen["withdrawn first"] += 1
            assert not sent, f"round {turn}"
        elif sent:
            seen["sent first"] += 1
        assert not await _may(people, contact_id)
    assert all(seen.values()), seen


async def _race(
    people: People, suppressions: Suppressions, contact_id: str, way: str, *, lead: int
) -> tuple[int, int, bool]:
    """Return when the statement began, when the withdrawal was committed, and whether the row was taken."""
    began = ended = 0
    sent, withdrawn = False, asyncio.Event()

    async def fence() -> None:
        nonlocal began, sent
        if lead == 3:
            await withdrawn.wait()
        for _ in range(30 * lead):
            await asyncio.sleep(0)
        async with people.database.write() as session:
            began = monotonic_ns()
            sent = bool(await _fence(session, contact_id))

    async def withdraw() -> None:
        nonlocal ended
        for _ in range(30 * (3 - lead)):
            await asyncio.sleep(0)
        if way == "consent":
            await _consent(people, contact_id, False)
        else:
            await suppressions.suppress(Word(contact_id=contact_id, reason=_STOPPED, by="contact"))
        ended = monotonic_ns()
        withdrawn.set()

    await asyncio.gather(fence(), withdraw())
    return began, ended, sent


async def test_a_transaction_that_is_open_already_sees_it_too(
    people: People, suppressions: Suppressions
) -> None:
    """Where writers are side by side; SQLite has one at a time."""
    contact_id = await people.person()
    await _consent(people, contact_id, True)
    if people.database.is_sqlite:
        await _consent(people, contact_id, False)
        assert not await _may(people, contact_id)
        return
    async with people.database.write() as session:
        assert await session.scalar(select(ContactRow.id).where(ContactRow.id == contact_id))
        await _consent(people, contact_id, False)
        assert await _fence(session, contact_id) == 0


async def test_it_is_found_by_an_index(people: People) -> None:
    contact_id = await people.person()
    query = select(TaskRow.id).where(
        TaskRow.contact_id == contact_id,
        ~suppressed(TaskRow.contact_id, literal("memory"), literal("00")),
        consented(TaskRow.contact_id, literal("marketing")),
    )
    async with people.database.write() as session:
        is_sqlite = people.database.is_sqlite
        statement = query.compile(
            dialect=session.get_bind().dialect, compile_kwargs={"literal_binds": True}
        )
        if not is_sqlite:  # a small table is read whole, whatever indexes it has
            await session.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if is_sqlite else "EXPLAIN"
        plan = "\n".join(
            str(tuple(row)) for row in await session.execute(text(f"{explain} {statement}"))
        )
    for index in (
        "ix_suppression_contact_id",
        "ix_suppression_digest",
        "ix_consent_contact_id_purpose_id",
    ):
        assert index in plan, plan
    assert "SCAN suppression" not in plan
    assert "Seq Scan on suppression" not in plan


async def test_whoever_was_frozen_before_a_merge_is_asked_for_as_who_they_are_now(
    people: People, merging: Merging, suppressions: Suppressions
) -> None:
    kept, other = await people.person(), await people.person()
    await _consent(people, kept, True)
    await _consent(people, other, True)
    await suppressions.suppress(Word(contact_id=kept, reason=_STOPPED, by="contact"))
    made = await merging.merge(kept, other, by="Kim")

    async def frozen() -> bool:
        """Ask for the one who is gone, as a list that was made before."""
        query = select(
            ~suppressed(literal(other), literal("memory"))
            & consented(literal(other), literal("marketing"))
        )
        async with people.database.read() as session:
            return bool(await session.scalar(query))

    assert not await frozen()
    await merging.undo(made.id, by="Kim")
    assert await frozen()
    assert not await _may(people, kept)


async def test_words_follow_a_merge_and_its_undo(
    people: People, merging: Merging, suppressions: Suppressions
) -> None:
    kept, other = await people.person(), await people.person()
    await _consent(people, kept, True)
    await suppressions.suppress(Word(contact_id=other, reason=_STOPPED, by="contact"))
    assert await _may(people, kept)
    made = await merging.merge(kept, other, by="Kim")
    assert not await _may(people, kept)
    assert {row.contact_id for row in await _standing(people)} == {kept}
    await merging.undo(made.id, by="Kim")
    assert await _may(people, kept)
    assert {row.contact_id for row in await _standing(people)} == {other}


async def test_a_word_goes_with_the_handle_that_said_it(
    people: People, merging: Merging, suppressions: Suppressions
) -> None:
    contact_id = await people.person()
    handle = await people.handle(contact_id)
    talk = await people.talk(handle)
    await suppressions.suppress(
        Word(contact_id=contact_id, reason=_STOPPED, by="contact", conversation_id=talk)
    )
    made = await merging.split(handle, by="Kim")
    assert {row.contact_id for row in await _standing(people)} == {made.other_id}
    await merging.undo(made.id, by="Kim")
    assert {row.contact_id for row in await _standing(people)} == {contact_id}


async def _erase(people: People, contact_id: str) -> None:
    async with people.database.write() as session:
        for table in (TaskRow, ContactAttributeRow, ConsentRow, ContactIdentityRow):
            await session.execute(delete(table).where(table.contact_id == contact_id))
        await session.execute(delete(ContactRow).where(ContactRow.id == contact_id))


async def test_who_was_erased_and_is_imported_again_is_still_obeyed(
    people: People, suppressions: Suppressions
) -> None:
    address = "A.Customer@example.com"
    first = await people.contact(email=address)
    await suppressions.suppress(Word(contact_id=first, reason=_STOPPED, by="contact"))
    await _erase(people, first)
    left = await _standing(people)
    assert {row.contact_id for row in left} == {None}
    assert not [row for row in left if "customer" in str(vars(row)).lower()], "no address is kept"
    again = await people.contact(email=address.lower())
    await _consent(people, again, True)
    whom = [(again, "email", address.lower()), (again, "memory", "somebody")]
    async with people.database.write() as session:
        assert await suppressions.adopt_in(session, whom) == 1
        assert await suppressions.adopt_in(session, whom) == 0
    assert not await _may(people, again, "email")
    assert await _may(people, again, "memory")
    assert await suppressions.lift(again, channel="email", by="contact", note="wants them") == 2
    assert await _may(people, again, "email")


async def test_an_address_is_suppressed_whoever_has_it(
    people: People, suppressions: Suppressions
) -> None:
    digest = suppressions.digest("email", "a.customer@example.com")
    word = Word(
        contact_id=None,
        reason=SuppressionReason.BOUNCED,
        by="email",
        channel="email",
        digest=digest,
    )
    assert await suppressions.suppress(word)
    assert not await suppressions.suppress(word)
    contact_id = await people.contact()
    async with people.database.read() as session:
        for asked, held in (
            (digest, True),
            (suppressions.digest("email", "b@example.com"), False),
        ):
            query = select(suppressed(literal(contact_id), literal("email"), literal(asked)))
            assert bool(await session.scalar(query)) is held


def test_a_digest_tells_nothing_and_is_ours_alone(
    suppressions: Suppressions, database: Database, clock: StoppedClock
) -> None:
    one = suppressions.digest("email", "A.B@Example.com")
    assert one == suppressions.digest("email", " a.b@example.com ")
    assert len(one) == 64
    others = {
        suppressions.digest("memory", "a.b@example.com"),
        Suppressions(database, clock, "another secret").digest("email", "a.b@example.com"),
    }
    assert one not in others


async def test_nobody_knows_this_contact(suppressions: Suppressions) -> None:
    with pytest.raises(NotFoundError):
        await suppressions.suppress(Word(contact_id="0" * 32, reason=_STOPPED, by="Mo"))


async def test_events_tell_what_happened(
    people: People, suppressions: Suppressions, clock: StoppedClock
) -> None:
    contact_id = await people.person()
    await suppressions.suppress(
        Word(contact_id=contact_id, reason=_STOPPED, by="contact", campaign_id=5)
    )
    clock.advance(timedelta(minutes=1))
    await suppressions.lift(contact_id, channel=None, by="Mo", note="phoned")
    out, back = await people.events("contact.opted")
    assert (out.name, out.data["reason"], out.data["campaign_id"]) == (
        "contact.opted_out", "stopped", 5,
    )  # fmt: skip
    assert (back.name, back.data["by"]) == ("contact.opted_in", "Mo")
