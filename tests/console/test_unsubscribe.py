"""Unsubscribing by a link: by a mail program's button, by hand, undone, and by nobody else."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from app import web
from app.wiring import Desk
from channels.mail.compose import Composer, source
from channels.mail.threads import Threads
from console.pages.unsubscribe import UnsubscribePages, routes
from desk.contacts import consents
from desk.contacts.suppressing import Word
from desk.contacts.unsubscribe_links import Recipient, UnsubscribeLinkError, UnsubscribeLinks
from desk.ids import new_id
from desk.message import OutboundMessage
from desk.tables.consent import ConsentRow
from desk.tables.contact import ContactIdentityRow, ContactRow
from desk.tables.conversation import Author
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.conftest import NOON, SECRET
from tests.talk import events, rows

HOST = "https://desk.example.com"
_ONE_CLICK = "List-Unsubscribe=One-Click"
_PLAIN = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Reader:
    """Somebody with a mail of ours."""

    http: httpx.AsyncClient
    links: UnsubscribeLinks
    recipient: Recipient

    @property
    def path(self) -> str:
        """Return where the link leads."""
        return f"/u/{self.links.token(self.recipient)}"

    async def see(self, query: str = "", **headers: str) -> str:
        """Open the page."""
        response = await self.http.get(f"{self.path}{query}", headers=headers)
        assert response.status_code == 200, response.text
        return response.text

    async def send(self, **fields: str) -> str:
        """Send a form of the page."""
        response = await self.http.post(f"{self.path}?language=en", data=fields)
        assert response.status_code == 200, response.text
        return response.text

    async def click(self) -> httpx.Response:
        """Let the mail program send what its button sends."""
        return await self.http.post(self.path, content=_ONE_CLICK, headers=_PLAIN)


def ticked(page: str) -> set[str]:
    """Return the boxes with a tick."""
    return set(re.findall(r'type="checkbox" name="([^"]+)" checked', page))


async def agrees(desk: Desk, **fields: str) -> str:
    """Add somebody with a mail address and a Telegram handle who wants offers and the newsletter."""
    contact_id = new_id()
    async with desk.database.write() as session:
        session.add(
            ContactRow(id=contact_id, email="a.customer@example.com", created_at=NOON, **fields)
        )
        await session.flush()
        session.add(
            ContactIdentityRow(
                id=new_id(),
                contact_id=contact_id,
                channel="telegram",
                account="a",
                external_id="1000",
                created_at=NOON,
            )
        )
        for purpose in ("marketing", "newsletter"):
            await consents.record(
                session,
                contact_id=contact_id,
                conversation_id=None,
                purpose=purpose,
                granted=True,
                key=f"yes:{purpose}",
                now=NOON,
            )
    return contact_id


@pytest.fixture
async def reader(desk: Desk) -> AsyncIterator[Reader]:
    """Return somebody who got a campaign's mail."""
    links = UnsubscribeLinks(SECRET, public_url=HOST)
    pages = UnsubscribePages(
        preferences=desk.opting.preferences,
        links=links,
        clock=desk.clock,
        shop=lambda language: "Lamp & Co",
        reads="30/minute",
        writes="6/hour",
    )
    digest = desk.opting.suppressions.digest("email", "a.customer@example.com")
    recipient = Recipient(
        contact_id=await agrees(desk), channel="email", digest=digest, campaign_id=3
    )
    transport = httpx.ASGITransport(app=web.build(desk, *routes(pages)))
    async with httpx.AsyncClient(transport=transport, base_url=HOST) as http:
        yield Reader(http, links, recipient)


async def _standing(desk: Desk) -> list[tuple[str | None, SuppressionReason, int | None]]:
    found = await rows(
        desk, SuppressionRow, SuppressionRow.lifted_at.is_(None), SuppressionRow.digest.is_(None)
    )
    return [(row.channel, row.reason, row.campaign_id) for row in found]


async def _consents(desk: Desk, contact_id: str) -> dict[str, bool]:
    found = await rows(desk, ConsentRow, ConsentRow.contact_id == contact_id)
    return {row.purpose: row.granted for row in found}


async def test_one_click_is_obeyed_without_cookies_and_again_changes_nothing(
    reader: Reader, desk: Desk
) -> None:
    answers = [await reader.click() for _ in range(3)]
    assert [one.status_code for one in answers] == [200] * 3
    assert not any("set-cookie" in one.headers for one in answers)
    assert await _standing(desk) == [("email", SuppressionReason.UNSUBSCRIBED, 3)]
    assert await _consents(desk, reader.recipient.contact_id) == {
        "marketing": False, "newsletter": True,
    }  # fmt: skip
    assert len(await events(desk, "contact.opted_out")) == 1
    assert len(await events(desk, "consent.withdrawn")) == 1
    assert ticked(await reader.see()) == {
        "purpose.newsletter",
        "purpose.survey",
        "channel.telegram",
    }


async def test_one_click_in_the_other_kind_of_form(reader: Reader, desk: Desk) -> None:
    answer = await reader.http.post(reader.path, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert len(await _standing(desk)) == 1


async def test_looking_changes_nothing_however_often_scanners_look(
    reader: Reader, desk: Desk
) -> None:
    for _ in range(5):
        page = await reader.see()
        await reader.http.head(reader.path)
    assert ticked(page) == {
        "purpose.marketing", "purpose.newsletter", "purpose.survey",
        "channel.telegram", "channel.email",
    }  # fmt: skip
    assert await _standing(desk) == []
    assert await events(desk, "consent.withdrawn") == []
    assert "<script" not in page
    assert "Lamp &amp; Co" in page


async def test_both_languages(reader: Reader) -> None:
    assert "Unsubscribe from everything" in await reader.see()
    for page in (
        await reader.see("?language=zh"),
        await reader.see(**{"Accept-Language": "zh-CN,zh"}),
    ):
        assert "全部退订" in page


async def test_a_choice_is_kept_and_undone(reader: Reader, desk: Desk) -> None:
    before = ticked(await reader.see())
    page = await reader.send(do="save", **{"purpose.newsletter": "on", "channel.email": "on"})
    assert "Your choice is saved." in page
    assert ticked(page) == ticked(await reader.see()) == {"purpose.newsletter", "channel.email"}
    assert await _standing(desk) == [("telegram", SuppressionReason.UNSUBSCRIBED, 3)]
    assert await _consents(desk, reader.recipient.contact_id) == {
        "marketing": False, "newsletter": True, "survey": False,
    }  # fmt: skip
    undo = dict.fromkeys(re.findall(r'type="hidden" name="([^"]+)"', page), "on")
    assert set(undo) == before
    page = await reader.send(do="undo", **undo)
    assert ticked(page) == before
    assert await _standing(desk) == []


async def test_saving_what_is_so_already_writes_nothing(reader: Reader, desk: Desk) -> None:
    fields = dict.fromkeys(ticked(await reader.see()), "on")
    page = await reader.send(do="save", **fields)
    assert ">Undo<" not in page
    assert len(await rows(desk, ConsentRow)) == 2
    assert await rows(desk, SuppressionRow) == []


async def test_unsubscribe_from_everything_and_undo(reader: Reader, desk: Desk) -> None:
    page = await reader.send(do="all")
    assert "You are unsubscribed from everything." in page
    assert ticked(page) == set()
    assert await _standing(desk) == [(None, SuppressionReason.UNSUBSCRIBED, 3)]
    assert await _consents(desk, reader.recipient.contact_id) == {
        "marketing": False, "newsletter": False, "survey": False,
    }  # fmt: skip
    undo = dict.fromkeys(re.findall(r'type="hidden" name="([^"]+)"', page), "on")
    assert len(ticked(await reader.send(do="undo", **undo))) == 5
    assert await _standing(desk) == []


async def test_what_an_agent_suppressed_is_theirs_to_lift(reader: Reader, desk: Desk) -> None:
    whose = reader.recipient.contact_id
    word = Word(contact_id=whose, reason=SuppressionReason.BY_AGENT, by="Mo", channel="telegram")
    await desk.opting.suppressions.suppress(word)
    page = await reader.see()
    assert "channel.telegram" not in ticked(page)
    fields = dict.fromkeys([*ticked(page), "channel.telegram"], "on")
    assert "channel.telegram" in ticked(await reader.send(do="save", **fields))


async def test_who_was_merged_is_who_they_are_now(reader: Reader, desk: Desk) -> None:
    kept = new_id()
    async with desk.database.write() as session:
        session.add(ContactRow(id=kept, created_at=NOON))
        row = await session.get_one(ContactRow, reader.recipient.contact_id)
        row.merged_into = kept
    await reader.click()
    found = await rows(desk, SuppressionRow)
    assert {row.contact_id for row in found} == {kept}


async def test_who_was_erased_is_still_obeyed_by_their_address(reader: Reader, desk: Desk) -> None:
    gone = Recipient(
        contact_id="f" * 32, channel="email", digest=reader.recipient.digest, campaign_id=3
    )
    path = f"/u/{reader.links.token(gone)}"
    for _ in range(2):
        answer = await reader.http.post(path, content=_ONE_CLICK, headers=_PLAIN)
        assert answer.status_code == 200
    (row,) = await rows(desk, SuppressionRow)
    assert (row.contact_id, row.digest, row.channel) == (None, gone.digest, "email")
    page = (await reader.http.get(path)).text
    assert "Unsubscribe from everything" in page
    assert "checkbox" not in page


@pytest.mark.parametrize("way", ["GET", "POST"])
async def test_forged_links_are_nobodys(reader: Reader, desk: Desk, way: str) -> None:
    token = reader.links.token(reader.recipient)
    other = UnsubscribeLinks("another secret, as long as the first", public_url=HOST)
    struck = 0
    forged = [
        "x", "v1.1", token[:-1], token + "A", token.swapcase(), "A" * len(token),
        other.token(reader.recipient),
        *(token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in (0, 40, 90)),
    ]  # fmt: skip
    for one in forged:
        answer = await reader.http.request(
            way, f"/u/{one}", content=_ONE_CLICK if way == "POST" else None, headers=_PLAIN
        )
        assert answer.status_code == 404, one
        assert "This link is not valid" in answer.text
        struck += 1
    assert struck == len(forged) > 9
    assert await rows(desk, SuppressionRow) == []


async def test_a_link_does_not_say_whose_it_is(reader: Reader) -> None:
    url = reader.links.url(reader.recipient)
    assert url is not None
    assert url.startswith(f"{HOST}/u/")
    assert reader.recipient.contact_id not in url
    assert url == reader.links.url(reader.recipient), "the same mail, sent again"
    assert reader.links.read(url.rpartition("/")[2]) == reader.recipient
    other = Recipient(contact_id=new_id(), channel="email")
    shared = sum(a == b for a, b in zip(reader.links.token(other), url[-92:], strict=False))
    assert shared < 20
    assert UnsubscribeLinks(SECRET, public_url=None).url(reader.recipient) is None
    with pytest.raises(UnsubscribeLinkError):
        reader.links.read("A" * 120)


async def test_too_much_is_refused(reader: Reader) -> None:
    codes = [(await reader.click()).status_code for _ in range(8)]
    assert codes == [200] * 6 + [429] * 2
    looks = [(await reader.http.get(reader.path)).status_code for _ in range(32)]
    assert looks == [200] * 30 + [429] * 2


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=", "x" * 200_000, "a=b"])
async def test_odd_forms(reader: Reader, desk: Desk, body: str) -> None:
    answer = await reader.http.post(
        reader.path, content=body, headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code in (400, 413, 422)
    assert await _standing(desk) == []


async def test_nobody_indexes_it_and_it_leaks_nowhere(reader: Reader) -> None:
    answer = await reader.http.get(reader.path)
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"


async def test_a_campaigns_mail_has_both_headers_above_its_body(reader: Reader) -> None:
    """What a relay signs (DKIM, RFC 8058 section 4) must be there when it gets the mail."""
    composer = Composer(
        address="shop@example.com",
        name="Lamp & Co",
        threads=Threads("shop@example.com", SECRET),
        plus_address=False,
    )
    mail = composer.mail(
        OutboundMessage(
            id="1",
            conversation_id="c",
            channel="email",
            account="shop@example.com",
            thread="t",
            text="Lamps",
            recipient="a.customer@example.com",
            author=Author.CAMPAIGN,
            unsubscribe_url=reader.links.url(reader.recipient),
        ),
        NOON,
    )
    assert mail["List-Unsubscribe-Post"] == _ONE_CLICK
    assert mail["List-Unsubscribe"] == f"<{reader.links.url(reader.recipient)}>"
    # Mail programs want the address as it is: on one line, and no encoded words.
    lines = source(mail).decode().partition("\r\n\r\n")[0].split("\r\n")
    assert f"List-Unsubscribe: <{reader.links.url(reader.recipient)}>" in lines
    assert f"List-Unsubscribe-Post: {_ONE_CLICK}" in lines
    assert max(map(len, lines)) < 998
