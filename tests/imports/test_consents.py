"""Consent that was given elsewhere comes in with its time, and never overrules what was said since."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from desk.clock import StoppedClock
from desk.contacts import consents
from desk.contacts.importing import ContactImporter
from desk.imports.report import ImportReport
from desk.store.database import Database
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactRow
from desk.tables.event import EventRow
from tests.conftest import NOON

BEFORE = NOON - timedelta(days=30)
WHO = {"email": "a@example.com"}


async def brought(database: Database, *rows: dict[str, Any]) -> ImportReport:
    """Import rows."""
    return await ContactImporter(database, StoppedClock(NOON)).rows(rows)


async def standing(database: Database) -> dict[str, bool | None]:
    """Return what the one contact wants."""
    async with database.read() as session:
        who = await session.scalar(select(ContactRow.id))
        return {
            purpose: await consents.said(session, str(who), purpose)
            for purpose in ("marketing", "newsletter")
        }


@pytest.mark.parametrize("said", ["marketing newsletter", "newsletter, marketing", ["marketing"]])
async def test_consent_comes_in(database: Database, said: object) -> None:
    report = await brought(database, WHO | {"consent": said, "consent_at": BEFORE.isoformat()})
    assert (report.created, report.rejected) == (1, ())
    assert await standing(database) == {
        "marketing": True,
        "newsletter": True if isinstance(said, str) else None,
    }
    async with database.read() as session:
        found = await session.execute(select(ConsentRow.said_at, ConsentRow.granted))
        assert set(found.all()) == {(BEFORE, True)}
        events = await session.scalars(
            select(EventRow.occurred_at).where(EventRow.name == "consent.granted")
        )
        assert set(events) == {BEFORE}


async def test_twice_is_once(database: Database) -> None:
    row = WHO | {"consent": "marketing", "consent_at": BEFORE.isoformat()}
    await brought(database, row)
    again = await brought(database, row)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 1)
    async with database.read() as session:
        assert len((await session.scalars(select(ConsentRow))).all()) == 1


async def test_what_was_said_since_counts(database: Database) -> None:
    await brought(database, WHO)
    async with database.write() as session:
        who = str(await session.scalar(select(ContactRow.id)))
        await consents.record(
            session,
            contact_id=who,
            conversation_id=None,
            purpose="marketing",
            granted=False,
            key="stop",
            now=NOON - timedelta(days=1),
        )
    old = WHO | {"consent": "marketing newsletter", "consent_at": BEFORE.isoformat()}
    await brought(database, old)
    assert await standing(database) == {"marketing": False, "newsletter": True}
    await brought(database, old | {"consent_at": NOON.isoformat()})
    assert await standing(database) == {"marketing": True, "newsletter": True}


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"consent": "marketing"}, "consent_at is needed"),
        ({"consent": "Marketing!", "consent_at": BEFORE.isoformat()}, "consent"),
        ({"consent": "marketing", "consent_at": "soon"}, "not a time such as"),
        (
            {"consent": "marketing", "consent_at": (NOON + timedelta(days=1)).isoformat()},
            "in the future",
        ),
    ],
)
async def test_what_is_no_proof_is_refused(
    database: Database, row: dict[str, str], reason: str
) -> None:
    report = await brought(database, WHO | row)
    assert report.created == 0
    assert reason in report.rejected[0].reason


async def test_without_a_consent_nothing_is_said(database: Database) -> None:
    await brought(database, WHO | {"consent": "", "consent_at": ""})
    assert await standing(database) == {"marketing": None, "newsletter": None}
