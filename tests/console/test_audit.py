"""The page of the record, its filters, and the table to take along."""

import csv
import io

import pytest

from app.wiring import Desk
from console.pages.audit import plain
from console.services import ConsoleServices
from console.trail import thing_of
from desk.access.policy import Role
from tests.console.people import Console


@pytest.fixture
def console(desk: Desk, services: ConsoleServices) -> Console:
    """Return a console."""
    return Console(desk, services)


async def test_the_page_its_filters_and_its_pages(console: Console) -> None:
    audit = console.access.audit
    for number in range(60):
        await audit.add(by="Kim", deed="contact.see", thing=f"contact:{number}")
    await audit.add(by="<script>", deed="user.made", thing="user:1", detail={"role": ["x", "y"]})
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        page = await ada.see("/console/audit")
        assert "&lt;script&gt;" in page
        assert "role: x, y" in page
        assert page.count("<tr>") == 51
        older = await ada.see("/console/audit?who=Kim&before=11")
        assert "contact:9" in older
        assert "contact:10" not in older
        assert "before=" not in older.split("Older")[0].split("<tbody>")[1]
        only = await ada.see("/console/audit?thing=contact%3A7")
        assert only.count("<tr>") == 2
        assert "Nothing fits this filter" in await ada.see("/console/audit?until=2020-01-01")
        for odd in ("since=9999-99-99", "before=x", "before=-1", "until=9999-12-31", "who=%00"):
            await ada.see(f"/console/audit?{odd}")


async def test_the_table_runs_no_formula(console: Console) -> None:
    nasty = '=HYPERLINK("http://evil.example","x")'
    await console.access.audit.add(by=nasty, deed="@SUM(1)", thing="-1+2", detail={"a": "=1"})
    async with console.signed_in("Ada", Role.ADMIN) as ada:
        answer = await ada.get("/console/audit.csv")
        assert answer.headers["content-type"].startswith("text/csv")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows[0][:3] == ["number", "at", "who"]
        assert rows[-1][2:] == [f"'{nasty}", "'@SUM(1)", "'-1+2", '{"a": "=1"}']
        assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
        again = await ada.get("/console/audit.csv?deed=audit.exported")
        assert len(list(csv.reader(io.StringIO(again.text)))) == 3


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "＝"])
def test_what_begins_like_a_formula_begins_with_an_apostrophe(start: str) -> None:
    assert plain(f"{start}1") == f"'{start}1"
    assert plain(f"1{start}") == f"1{start}"


@pytest.mark.parametrize(
    ("path", "thing"),
    [
        ("/console", ("inbox", "")),
        ("/console/conversations/ab/take-over", ("conversation:ab", "take-over")),
        ("/console/tickets/T-000001", ("ticket:T-000001", "")),
        ("/console/contacts/ab/undo/3", ("contact:ab", "undo/3")),
        ("/console/status", ("status", "")),
    ],
)
def test_what_an_address_is_about(path: str, thing: tuple[str, str]) -> None:
    assert thing_of(path) == thing
