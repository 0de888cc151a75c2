"""What people did elsewhere: whose it is, what is refused, and that twice is once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from desk.behaviour.importing import BehaviourImporter
from desk.clock import StoppedClock
from desk.commerce.importing import Importer
from desk.contacts.importing import ContactImporter
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactRow
from tests.conftest import NOON

_CUSTOMER = {"id": "s1", "name": "A.", "email": "Shop@Example.com", "created_at": "2026-01-01"}


@pytest.fixture
def importer(database: Database) -> BehaviourImporter:
    """Return what imports behaviour."""
    return BehaviourImporter(database, StoppedClock(NOON))


@pytest.fixture
async def contact(database: Database) -> str:
    """Let there be a customer and a contact; return the contact's id."""
    await Importer(database).rows("customers", [_CUSTOMER])
    clock = StoppedClock(NOON)
    await ContactImporter(database, clock).rows(
        [{"email": "a@example.com", "phone": "+1 555 0100 123"}]
    )
    async with database.read() as session:
        return str(await session.scalar(select(ContactRow.id)))


async def rows(database: Database) -> list[BehaviourRow]:
    async with database.read() as session:
        return list(await session.scalars(select(BehaviourRow).order_by(BehaviourRow.id)))


def deed(**changes: Any) -> dict[str, Any]:
    return {"email": "a@example.com", "name": "Page view", "occurred_at": "2026-02-01"} | changes


@pytest.mark.parametrize(
    ("who", "owner"),
    [
        ({"email": "A@example.com"}, "contact"),
        ({"email": None, "phone": "0015550100123"}, "contact"),
        ({"email": "Shop@Example.com"}, "customer"),
        ({"email": "a@example.com", "customer_id": "s1"}, "customer"),
    ],
)
async def test_whose_it_is(
    database: Database, importer: BehaviourImporter, contact: str, who: dict[str, Any], owner: str
) -> None:
    report = await importer.rows([deed(**who)])
    assert report.rejected == ()
    [row] = await rows(database)
    expected = (None, contact) if owner == "contact" else ("s1", None)
    assert (row.customer_id, row.contact_id) == expected
    assert (row.name, row.occurred_at) == ("page_view", datetime(2026, 2, 1, tzinfo=UTC))


async def test_twice_is_once(
    database: Database, importer: BehaviourImporter, contact: str
) -> None:
    some = [deed(key="k1", item="/tea", value="1.5"), deed(item="/cup"), deed(item="/pot")]
    first = await importer.rows(some)
    assert (first.created, first.unchanged) == (3, 0)
    again = await importer.rows(some)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 3)
    assert len(await rows(database)) == 3
    changed = await importer.rows([deed(key="k1", item="/tea", value=2)])
    assert (changed.created, changed.updated) == (0, 1)
    assert [row.value for row in await rows(database)] == [2.0, None, None]


_WRONG: list[tuple[dict[str, Any], str]] = [
    ({"email": None}, "a customer_id, contact_id, email or phone is needed: who was it?"),
    ({"email": "nobody@example.com"}, "email: there is no 'nobody@example.com'"),
    ({"customer_id": "s9"}, "customer_id: there is no 's9'"),
    ({"email": None, "contact_id": "x"}, "contact_id: there is no 'x'"),
    ({"email": None, "phone": "12"}, "phone: not a phone number"),
    ({"name": "message.received"}, "name: String should match pattern"),
    ({"name": ""}, "name: String should match pattern"),
    ({"name": "x" * 65}, "name: String should match pattern"),
    ({"occurred_at": "2026-03-04"}, "occurred_at: a time in the future"),
    ({"occurred_at": "1970-01-01"}, "occurred_at: a time before 1970-01-02 is not believed"),
    ({"occurred_at": "2026-02-30"}, "occurred_at: not a time such as"),
    ({"value": "much"}, "value: Input should be a valid number"),
    ({"value": "inf"}, "value: Input should be a finite number"),
    ({"item": "x" * 201}, "item: String should have at most 200 characters"),
    ({"item": "a\x00"}, "contains a NUL character"),
    ({"key": "k" * 129}, "key: String should have at most 128 characters"),
]


async def test_bad_rows_of_every_kind(
    database: Database, importer: BehaviourImporter, contact: str
) -> None:
    report = await importer.rows([deed(**changes) for changes, _ in _WRONG])
    assert [r.line for r in report.rejected] == list(range(1, len(_WRONG) + 1))
    for rejection, (changes, said) in zip(report.rejected, _WRONG, strict=True):
        assert said in rejection.reason, changes
    assert await rows(database) == []


async def test_what_is_said_and_what_is_missing_is_counted(
    database: Database, importer: BehaviourImporter, contact: str
) -> None:
    report = await importer.rows([deed(item="/a"), deed(item="/a"), deed(value="", channel="")])
    assert report.cleaned == {"duplicate": 1}
    assert report.missing == {"channel": 2, "item": 1, "value": 2}
    assert "stands on line 1 already" in report.rejected[0].reason
