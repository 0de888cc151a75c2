"""``frontdesk contacts`` and ``frontdesk shop``: files as people have them."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from typer.testing import Result

from app.intake import KINDS, wanted_columns
from app.wiring import Desk
from desk.commerce.importing import Kind
from desk.errors import InvalidError
from desk.imports import run
from desk.store.database import Database
from desk.tables.behaviour import BehaviourRow
from desk.tables.contact import ContactRow
from desk.tables.event import EventRow
from desk.tables.shop import CustomerRow, OrderLineRow, OrderRow
from tests.commands.conftest import SQLITE_ONLY, Frontdesk, failure
from tests.talk import conversation, says

PEOPLE = (
    "\ufeffName,EMAIL,phone,language,shoe size\r\n"
    "A. Customer,A.Customer@Example.com,,en,42\r\n"
    '"李, 先生",li@example.com,+86 138 0000 0042,zh-CN,\r\n'
    "\r\n"
    "Nobody,,,,\r\n"
    "Bad,not-an-address,,,\r\n"
    "Again,a.customer@example.com,,,\r\n"
    "Phone,,+1 (555) 010-0123,fr,\r\n"
    "Too many,b@example.com,,,1,2,3\r\n"
    ",,0044 (0)20 7946 0123,,\r\n"
)


async def contacts(database: Database) -> list[ContactRow]:
    async with database.read() as session:
        query = select(ContactRow).order_by(ContactRow.email.is_(None), ContactRow.email)
        return list((await session.scalars(query)).all())


async def count(database: Database, table: Any) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def write(path: Path, text: str) -> str:
    path.write_bytes(text.encode())
    return str(path)


def outcome(result: Result) -> dict[str, Any]:
    data = json.loads(result.stdout)
    assert isinstance(data, dict)
    return data


async def test_contacts_with_bom_crlf_and_bad_rows(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    result = await frontdesk("contacts", "import", write(tmp_path / "p.csv", PEOPLE), "--json")
    assert result.exit_code == 1
    data = outcome(result)
    assert (data["read"], data["created"], data["unchanged"]) == (8, 3, 0)
    assert [(r["line"], r["reason"]) for r in data["rejected"]] == [
        (5, "an e-mail or a phone number is needed: by it the contact is known again"),
        (6, "email: not an e-mail address"),
        (7, "a.customer@example.com stands on line 2 already"),
        (8, "language: 'fr' is none of: en, zh"),
        (9, "7 cells in 5 columns"),
    ]
    first, second, third = await contacts(database)
    assert (first.name, first.email, first.language) == (
        "A. Customer",
        "a.customer@example.com",
        "en",
    )
    assert (second.name, second.phone, second.language) == ("李, 先生", "+8613800000042", "zh")
    assert (third.name, third.phone, third.email) == (None, "+442079460123", None)


async def test_the_same_file_again_changes_nothing(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    path = write(tmp_path / "p.csv", PEOPLE)
    await frontdesk("contacts", "import", path)
    before = [(row.id, row.created_at) for row in await contacts(database)]
    events = await count(database, EventRow)
    data = outcome(await frontdesk("contacts", "import", path, "--json"))
    assert (data["created"], data["updated"], data["unchanged"], data["accepted"]) == (0, 0, 3, 3)
    assert [(row.id, row.created_at) for row in await contacts(database)] == before
    assert await count(database, EventRow) == events == 3


async def test_new_cells_update_and_empty_cells_keep(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    await frontdesk(
        "contacts", "import", write(tmp_path / "1.csv", "email,name\na@example.com,A\n")
    )
    path = write(tmp_path / "2.csv", "email,name,phone\nA@EXAMPLE.COM,,+1 555 0100\n")
    data = outcome(await frontdesk("contacts", "import", path, "--json"))
    assert (data["created"], data["updated"]) == (0, 1)
    (row,) = await contacts(database)
    assert (row.name, row.phone) == ("A", "+15550100")
    # Who is known by phone is found by it when no e-mail is given.
    path = write(tmp_path / "3.csv", "phone;name\n+1-555-0100;B\n")
    data = outcome(await frontdesk("contacts", "import", path, "--json"))
    assert data["updated"] == 1
    assert [row.name for row in await contacts(database)] == ["B"]


async def test_many_contacts_in_batches(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    lines = [f"c{n}@example.com,C{n}" for n in range(450)]
    lines.insert(430, "c3@example.com,twice")
    path = write(tmp_path / "p.csv", "email,name\n" + "\n".join(lines))
    data = outcome(await frontdesk("contacts", "import", path, "--json"))
    assert (data["created"], len(data["rejected"])) == (450, 1)
    assert data["rejected"][0] == {
        "line": 432,
        "reason": "c3@example.com stands on line 5 already",
    }
    assert await count(database, ContactRow) == 450


async def test_people_read_a_table_and_a_sentence(frontdesk: Frontdesk, tmp_path: Path) -> None:
    result = await frontdesk("contacts", "import", write(tmp_path / "p.csv", PEOPLE))
    assert result.exit_code == 1
    assert "Contacts: 8 read, 3 new, 0 updated, 0 unchanged, 5 rejected." in result.stdout
    assert "stands on line 2 already" in result.stdout


async def test_an_encoding_is_named(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    path = tmp_path / "p.csv"
    path.write_bytes("email,name\nli@example.com,李\n".encode("gb18030"))
    line = failure(await frontdesk("contacts", "import", str(path)))
    assert "p.csv is not utf-8-sig; save it as CSV UTF-8" in line
    await frontdesk("contacts", "import", str(path), "--encoding", "gb18030")
    assert [row.name for row in await contacts(database)] == ["李"]
    line = failure(await frontdesk("contacts", "import", str(path), "--encoding", "nonsense"))
    assert "is not nonsense" in line


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "p.csv cannot be read: No such file or directory"),
        ("", "p.csv has no header"),
        ("\ufeff\r\n", "p.csv has no header"),
        (
            "name,language\r\nA,en\r\n",
            "p.csv has no column email or phone; wanted: email or phone;",
        ),
    ],
)
async def test_files_that_are_none(
    frontdesk: Frontdesk, tmp_path: Path, content: str | None, reason: str
) -> None:
    path = tmp_path / "p.csv"
    if content is not None:
        write(path, content)
    assert reason in failure(await frontdesk("contacts", "import", str(path)))


async def test_a_header_alone_is_said_in_words(frontdesk: Frontdesk, tmp_path: Path) -> None:
    result = await frontdesk("contacts", "import", write(tmp_path / "p.csv", "email\r\n"))
    assert result.exit_code == 0
    assert "has a header and no rows" in result.stdout


async def test_a_contact_is_shown_with_handles_and_conversations(
    frontdesk: Frontdesk, desk: Desk
) -> None:
    await says(desk, "hello")
    talk = await conversation(desk)
    data = outcome(await frontdesk("contacts", "show", talk.contact_id, "--json"))
    assert [handle["external_id"] for handle in data["identities"]] == ["ada"]
    assert [found["id"] for found in data["conversations"]] == [talk.id]
    shown = (await frontdesk("contacts", "show", talk.contact_id)).stdout
    assert talk.id in shown
    assert "ada" in shown


async def test_contacts_that_are_not_to_be_found(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    line = failure(await frontdesk("contacts", "show", "x"))
    assert line == "there is no contact 'x'; give an id or an e-mail"
    await frontdesk("contacts", "import", write(tmp_path / "p.csv", "email\na@example.com\n"))
    assert outcome(await frontdesk("contacts", "show", "A@example.com", "--json"))["email"]
    (row,) = await contacts(database)
    async with database.write() as session:
        session.add(ContactRow(id="other", email="a@example.com", created_at=row.created_at))
    line = failure(await frontdesk("contacts", "show", "a@example.com"))
    assert "2 contacts have the e-mail a@example.com" in line
    assert row.id in line


CUSTOMERS = "id;name;created_at\r\nc1;A;2026-01-01\r\nc2;B;yesterday\r\n"
ORDERS = (
    "number,customer_id,status,placed_at,total,currency,ship_name,ship_address,email,"
    "sku,name_en,quantity,price\n"
    "10023,c1,Out for delivery,2026-02-01,25.00,USD,A,Street 1,a@example.com,S1,Lamp,1,5.00\n"
    ",,,,,,,,,S2,Chair,2,10.00\n"
    "10024,c9,shipped,2026-02-01,25.00,USD,A,Street 1,a@example.com,S1,Lamp,1,25.00\n"
)


async def test_a_dry_run_checks_everything_and_keeps_nothing(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    path = write(tmp_path / "c.csv", CUSTOMERS)
    for _ in range(2):
        result = await frontdesk("shop", "import", "customers", path, "--dry-run", "--json")
        data = outcome(result)
        assert (data["dry_run"], data["created"], data["updated"]) == (True, 1, 0)
        assert [r["line"] for r in data["rejected"]] == [3]
        assert result.exit_code == 1
    assert await count(database, CustomerRow) == 0
    people = write(tmp_path / "p.csv", PEOPLE)
    data = outcome(await frontdesk("contacts", "import", people, "--dry-run", "--json"))
    assert data["created"] == 3
    assert await count(database, ContactRow) == 0
    words = (await frontdesk("contacts", "import", people, "--dry-run")).stdout
    assert "This was a dry run, nothing is kept." in words


BEHAVIOUR = "key,customer_id,name,occurred_at\n" + "".join(
    f"k{n},{'c9' if n in (0, 1_999) else 'c1'},page_view,2026-02-01\n" for n in range(2_000)
)


async def test_behaviour_is_imported_cut_and_gone_on_with(
    frontdesk: Frontdesk,
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await frontdesk("shop", "import", "customers", write(tmp_path / "c.csv", CUSTOMERS))
    path, report = write(tmp_path / "b.csv", BEHAVIOUR), tmp_path / "rejected.csv"
    honest, struck = run._Work.step, 0

    async def step(self: Any, rows: Any) -> None:
        nonlocal struck
        if self._at:
            struck += 1
            raise InvalidError("the power went")
        await honest(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(run._Work, "step", step)
        assert failure(await frontdesk("shop", "import", "behaviour", path)) == "the power went"
    assert struck == 1
    result = await frontdesk("shop", "import", "behaviour", path, "--report", str(report))
    assert result.exit_code == 1
    words = " ".join(result.stdout.split())
    assert "An earlier run had done 1000 of these; they are counted in." in words
    assert "Behaviour: 2000 read, 1998 new, 0 updated, 0 unchanged, 2 rejected." in words
    assert "Missing, left empty: channel 1998, item 1998, value 1998." in words
    assert report.read_text().splitlines() == [
        "line,reason",
        "2,customer_id: there is no 'c9'",
        "2001,customer_id: there is no 'c9'",
    ]
    data = outcome(await frontdesk("shop", "import", "behaviour", path, "--json"))
    assert (data["created"], data["unchanged"], data["resumed_at"]) == (0, 1_998, 0)
    assert await count(database, BehaviourRow) == 1_998


async def test_what_was_cleaned_is_printed(frontdesk: Frontdesk, tmp_path: Path) -> None:
    people = "email,gender,country\na@example.com,robot,Atlantis\nb@example.com,f,\n"
    result = await frontdesk("contacts", "import", write(tmp_path / "p.csv", people))
    assert result.exit_code == 0
    assert "Cleaned: country: unknown 1, gender: unknown 1." in result.stdout


async def test_orders_with_their_lines(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    await frontdesk("shop", "import", "customers", write(tmp_path / "c.csv", CUSTOMERS))
    path = write(tmp_path / "o.csv", ORDERS)
    result = await frontdesk("shop", "import", "orders", path)
    assert result.exit_code == 1
    assert "Orders: 2 read, 1 new, 0 updated, 1 rejected." in result.stdout
    assert "there is no 'c9'" in result.stdout
    data = outcome(await frontdesk("shop", "import", "orders", path, "--json"))
    assert (data["created"], data["updated"], data["unchanged"]) == (0, 1, None)
    assert await count(database, OrderRow) == 1
    assert await count(database, OrderLineRow) == 2
    shown = (await frontdesk("shop", "show", "#FD-10023")).stdout
    assert "out_for_delivery" in shown
    assert "Chair" in shown
    assert "$25.00" in shown
    data = outcome(await frontdesk("shop", "show", "10023", "--json"))
    assert [line["sku"] for line in data["lines"]] == ["S1", "S2"]


async def test_times_without_a_zone_are_in_the_named_one(
    frontdesk: Frontdesk, database: Database, tmp_path: Path
) -> None:
    path = write(tmp_path / "c.csv", "id,name,created_at\nc1,A,2026-01-01T08:00:00\n")
    await frontdesk("shop", "import", "customers", path, "--zone", "Asia/Shanghai")
    async with database.read() as session:
        row = await session.get(CustomerRow, "c1")
    assert row is not None
    assert row.created_at.hour == 0
    line = failure(await frontdesk("shop", "import", "customers", path, "--zone", "Mars/Base"))
    assert line == "'Mars/Base' is not a time zone such as Asia/Shanghai"


@SQLITE_ONLY
@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["import", "socks", "c.csv"], "'socks' is none of: customers, products, orders"),
        (["import", "order-lines", "c.csv"], "the orders file has a row for each line"),
        (
            ["import", "orders", "c.csv"],
            "no column number, customer_id, status and 10 more; wanted",
        ),
        (["import", "customers", "missing.csv"], "missing.csv cannot be read"),
        (["import", "customers", "."], "cannot be read: Is a directory"),
        (["show", "99"], "there is no order '99'"),
        (["show", "abc"], "there is no order 'abc'"),
    ],
)
async def test_bad_input_is_one_line(
    frontdesk: Frontdesk, nowhere: Path, words: list[str], reason: str
) -> None:
    write(nowhere / "c.csv", CUSTOMERS)
    assert reason in failure(await frontdesk("shop", *words))


def test_the_wanted_columns_follow_the_records() -> None:
    needed, optional = wanted_columns("contacts")
    assert needed == [("email", "phone")]
    known = ["name", "language", "gender", "born", "country", "city"]
    assert optional == [*known, "consent", "consent_at"]
    needed, optional = wanted_columns(Kind.PRODUCTS)
    assert needed == [("sku",), ("name_en", "name_zh"), ("price", "price_cents"), ("currency",)]
    needed, optional = wanted_columns(Kind.ORDERS)
    assert ("quantity", "lines") in needed
    assert ("email", "phone") in needed
    assert "tracking_number" in optional
    assert not {"email", "lines", "name_zh"} & set(optional)
    for kind in KINDS:
        assert wanted_columns(kind)[0]
