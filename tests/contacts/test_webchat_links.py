"""A visitor of the web chat goes on elsewhere: the protocol's routes on a real database."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from app import web
from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.clock import StoppedClock
from desk.contacts.links import ContactLinks
from desk.conversations.incoming import Incoming
from desk.tables.contact import ContactIdentityRow
from desk.tables.conversation import MessageRow
from tests.conftest import SECRET
from tests.contacts.offered import Linked, offers
from tests.talk import inbound, rows


class Visitor:
    """A visitor in front of the routes."""

    def __init__(self, client: httpx.AsyncClient, id_: str, token: str) -> None:
        self.client, self.id = client, id_
        self.headers = {"Authorization": f"Bearer {token}"}

    async def links(self) -> Any:
        """Return what is offered."""
        answer = await self.client.get("/chat/v1/links", headers=self.headers)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
        return answer.json()

    async def post(self, path: str, **body: str) -> httpx.Response:
        """Post to a route of the protocol."""
        return await self.client.post(f"/chat/v1/{path}", headers=self.headers, json=body)


@pytest.fixture
def links(clock: StoppedClock) -> ContactLinks:
    """Return what makes links."""
    return ContactLinks(SECRET, clock)


@pytest.fixture
def channels() -> dict[str, Any]:
    """Return channels of which only one has links."""
    return {"telegram": Linked("telegram"), "plain": MemoryChannel("plain")}


@pytest.fixture
async def visitor(
    desk: Desk, links: ContactLinks, channels: dict[str, Any], request: pytest.FixtureRequest
) -> AsyncIterator[Visitor]:
    """Return a visitor of a desk, with e-mail unless the test says no."""
    made = offers(desk, links, channels, email=getattr(request, "param", True))
    transport = httpx.ASGITransport(
        app=web.build(replace(desk, links=made)), raise_app_exceptions=False
    )
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        answer = (await client.post("/chat/v1/visitors", json={})).json()
        yield Visitor(client, answer["visitor_id"], answer["token"])


async def _writes(desk: Desk, visitor: Visitor) -> str:
    """Let the visitor write a first message; return their contact's id."""
    place = {"channel": "webchat", "account": "default", "sender": visitor.id}
    message = inbound("hello", visitor.id, **place)
    async with desk.database.write() as session:
        incoming = Incoming(desk.conversations)
        received = await incoming.receive(session, message, inbox_id=1, now=desk.clock())
    return received.contact_id


async def test_the_link_joins_who_follows_it(
    desk: Desk, visitor: Visitor, links: ContactLinks
) -> None:
    contact = await _writes(desk, visitor)
    offered = await visitor.links()
    (link,) = offered["links"]
    assert (link["channel"], link["title"], offered["email"]) == ("telegram", "Telegram", True)
    token = re.fullmatch(
        r"https://telegram\.example\.com/desk_bot\?start=([\w-]{1,64})", link["url"]
    )
    assert token is not None
    message = inbound("/start", "77", channel="telegram", link=token[1])
    async with desk.database.write() as session:
        assert await links.join(session, message, desk.clock()) == contact
    handles = await rows(desk, ContactIdentityRow)
    assert [(row.channel, row.contact_id) for row in handles] == [
        ("webchat", contact),
        ("telegram", contact),
    ]


async def test_what_cannot_be_opened_yet_is_not_offered(
    visitor: Visitor, channels: dict[str, Any]
) -> None:
    channels["telegram"].username = None
    assert (await visitor.links())["links"] == []


async def test_only_visitors_of_allowed_pages_are_served(visitor: Visitor) -> None:
    for path in ("links", "email", "email/code"):
        method = "GET" if path == "links" else "POST"
        url = f"/chat/v1/{path}"
        body = {} if method == "GET" else {"json": {"email": "a@example.com"}}
        assert (await visitor.client.request(method, url, **body)).status_code == 401
        elsewhere = visitor.headers | {"Origin": "https://shop.example.org"}
        answer = await visitor.client.request(method, url, headers=elsewhere, **body)
        assert answer.status_code == 403


async def test_an_address_is_proved_in_the_chat(desk: Desk, visitor: Visitor) -> None:
    refused = await visitor.post("email", email="ada@example.com")
    assert (refused.status_code, refused.json()["detail"]) == (409, "write a message first")
    contact = await _writes(desk, visitor)
    assert (await visitor.post("email", email="ada@example.com", language="zh")).status_code == 202
    mail = (await rows(desk, MessageRow))[-1].text
    assert "验证码" in mail
    code = re.findall(r"\d{6}", mail)[0]
    wrong = await visitor.post("email/code", code="no")
    assert (wrong.status_code, wrong.json()["error"]) == (422, "wrong_code")
    right = await visitor.post("email/code", code=code)
    assert (right.status_code, right.json()) == (200, {"email": "ada@example.com"})
    again = await visitor.post("email/code", code=code)
    assert (again.status_code, again.json()["error"]) == (409, "old_code")
    assert {row.contact_id for row in await rows(desk, ContactIdentityRow)} == {contact}


async def test_too_much_is_refused_with_a_time_to_come_back(desk: Desk, visitor: Visitor) -> None:
    await _writes(desk, visitor)
    seen = [await visitor.post("email", email="ada@example.com") for _ in range(4)]
    assert [answer.status_code for answer in seen] == [202, 202, 202, 429]
    assert seen[-1].headers["retry-after"] == "3600"
    codes = [(await visitor.post("email/code", code="no")).status_code for _ in range(5)]
    assert codes == [422] * 4 + [429]


@pytest.mark.parametrize("visitor", [False], indirect=True)
async def test_without_e_mail_no_code_is_offered(visitor: Visitor) -> None:
    assert (await visitor.links())["email"] is False
    for path, body in (("email", {"email": "a@example.com"}), ("email/code", {"code": "1"})):
        assert (await visitor.post(path, **body)).status_code == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("email", b""),
        ("email", b"[]"),
        ("email", b'{"email": 5}'),
        ("email", b'{"email": "not one"}'),
        ("email", b'{"email": "a@example.com", "admin": true}'),
        ("email/code", b'{"code": 123456}'),
        ("email/code", b"\xff"),
    ],
)
async def test_bad_bodies_are_refused_in_words(
    desk: Desk, visitor: Visitor, path: str, body: bytes
) -> None:
    await _writes(desk, visitor)
    url = f"/chat/v1/{path}"
    answer = await visitor.client.post(url, headers=visitor.headers, content=body)
    assert (answer.status_code, answer.json()["error"]) == (422, "invalid")
