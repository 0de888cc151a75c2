"""A contact in the console: one history of all channels, and who is who is an agent's word."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest

from app import web
from app.wiring import Desk
from console.routes import routes
from console.services import ConsoleServices
from console.shown import ending
from console.wording import WORDS
from desk.contacts.filling import FIELDS
from desk.contacts.merge_repository import COUNTED
from desk.contacts.merging import Merging
from desk.contacts.service import Contacts
from desk.tables.contact import ContactIdentityRow, ContactRow, MergeKind, MergeRow, Proof
from tests.conftest import NOON
from tests.console.conftest import HOST, Browser
from tests.contacts.people import People
from tests.talk import conversation, rows, says

NASTY = "<script>alert(1)</script>"


@pytest.fixture
async def ray(desk: Desk, services: ConsoleServices) -> AsyncIterator[Browser]:
    """Return the browser of an agent called Ray, who can merge."""
    able = replace(
        services, contacts=Contacts(desk.database), merging=Merging(desk.database, desk.clock)
    )
    transport = httpx.ASGITransport(app=web.build(desk, *routes(able)))
    async with Browser(
        transport=transport, base_url=HOST, headers={"Accept-Language": "en"}
    ) as browser:
        await browser.sign_in("Ray")
        yield browser


async def _two(desk: Desk) -> tuple[str, str]:
    """Let two people write; return their contacts' ids."""
    await says(desk, "from the phone", thread="ada")
    await says(desk, f"from the shop {NASTY}", thread="ada2", sender_name=NASTY)
    talks = [await conversation(desk, thread) for thread in ("ada", "ada2")]
    return talks[0].contact_id, talks[1].contact_id


async def _owners(desk: Desk) -> set[str]:
    return {row.contact_id for row in await rows(desk, ContactIdentityRow)}


async def test_two_people_become_one_history_and_two_again(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    at, talk = f"/console/contacts/{kept}", (await conversation(desk, "ada2")).id
    page = await ray.see(f"{at}/merge?with=http://desk/console/conversations/{talk}?limit=5")
    assert f'name="other" value="{other}"' in page
    assert await _owners(desk) == {kept, other}
    merged = await ray.submit(f"{at}/merge", other=other, why="same voice")
    assert (merged.status_code, merged.headers["location"]) == (303, at)
    page = await ray.see(at)
    assert page.index("from the phone") < page.index("from the shop")
    assert "same voice" in page
    assert "Merged by Ray" in page
    assert NASTY not in page
    assert (await ray.get(f"/console/contacts/{other}")).headers["location"] == at
    beside = await ray.see(f"/console/conversations/{talk}")
    assert f'href="{at}"' in beside
    assert f'href="/console/conversations/{(await conversation(desk, "ada")).id}"' in beside
    (made,) = await rows(desk, MergeRow)
    assert (await ray.submit(f"{at}/undo/{made.id}")).status_code == 303
    assert await _owners(desk) == {kept, other}
    assert "Undone by Ray" in await ray.see(at)


async def test_a_handle_is_split_off_after_a_question(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    await ray.submit(f"/console/contacts/{kept}/merge", other=other)
    page = await ray.see(f"/console/contacts/{kept}")
    path = re.findall(r'href="([^"]+/split/[^"]+)"', page)[-1]
    assert "ada2" in await ray.see(path)
    assert await _owners(desk) == {kept}
    assert (await ray.submit(path)).status_code == 303
    assert len(await _owners(desk)) == 2
    assert "Split by Ray" in await ray.see(f"/console/contacts/{kept}")


async def test_what_cannot_be_is_said_and_changes_nothing(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    at = f"/console/contacts/{kept}"
    people = People(desk.database, NOON)
    for _ in "ab":
        await people.contact(email="two@example.com")
    cases = (
        ("nobody", "There is no such contact"),
        ("two@example.com", "Several contacts have this e-mail"),
        (kept, "That is this very contact"),
        ("", "There is no such contact"),
    )
    for wanted, words in cases:
        assert words in (await ray.get(f"{at}/merge", params={"with": wanted})).text, wanted
    assert (await ray.submit(f"{at}/merge", other="nobody")).status_code == 404
    await ray.see(f"{at}/split/nothing", status=404)
    await ray.see("/console/contacts/nobody", status=404)
    assert (await ray.submit(f"{at}/undo/99")).status_code == 404
    assert await rows(desk, MergeRow) == []
    assert await _owners(desk) == {kept, other}


async def test_two_customers_need_a_tick(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    people = People(desk.database, NOON)
    for one in (kept, other):
        await people.set(one, customer_id=await people.customer(), verified_at=NOON)
    at = f"/console/contacts/{kept}/merge"
    assert 'name="force"' in await ray.see(f"{at}?with={other}")
    refused = await ray.submit(at, other=other)
    assert (refused.status_code, "two different customers" in refused.text) == (409, True)
    assert (await ray.submit(at, other=other, force="yes")).status_code == 303
    assert await _owners(desk) == {kept}


async def test_a_form_from_elsewhere_merges_nobody(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    at = f"/console/contacts/{kept}/merge"
    fields = {"other": other, "form_token": await ray.form_token()}
    foreign = await ray.post(at, data=fields, headers={"Origin": "http://evil.example.org"})
    assert foreign.status_code == 403
    guessed = {"other": other, "form_token": "guess"}
    assert (await ray.post(at, data=guessed, headers={"Origin": HOST})).status_code == 403
    assert await _owners(desk) == {kept, other}


async def test_it_is_there_in_chinese(ray: Browser, desk: Desk) -> None:
    kept, other = await _two(desk)
    await ray.submit(f"/console/contacts/{kept}/merge", other=other)
    page = await ray.get(f"/console/contacts/{kept}", headers={"Accept-Language": "zh"})
    for words in ("全渠道聊天记录", "由 Ray 合并", "撤销", "与其他联系人合并"):
        assert words in page.text


def test_every_kind_has_words() -> None:
    kinds = {"merge": MergeKind, "proof": Proof, "moves": COUNTED, "field": FIELDS}
    keys = {f"{kind}.{value}" for kind, values in kinds.items() for value in values}
    assert keys - WORDS.keys() == set()
    assert {column.key for column in ContactRow.__table__.columns} >= set(FIELDS)


@pytest.mark.parametrize(("text", "shown"), [("abc", "abc"), ("abcd", "abcd"), ("abcde", "…cde")])
def test_a_long_handle_is_known_by_its_end(text: str, shown: str) -> None:
    assert ending(text, 4) == shown
