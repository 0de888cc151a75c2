"""Conversations through the API: one winner with the console and Slack, and never a word as the bot."""

import asyncio

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.access.audit import Audit, Filter
from desk.access.policy import Deed
from desk.errors import ConflictError
from desk.tables.conversation import Author, Owner
from tests.api.conftest import Program, Programs
from tests.talk import conversation, events, says, settle


async def test_what_was_said(mo: Program, talk: str) -> None:
    (one,) = (await mo.ask("GET", "/conversations?owner=bot"))["items"]
    assert (one["id"], one["channel"], one["created_at"]) == (talk, "memory", one["created_at"])
    assert one["created_at"].endswith("Z")
    assert (await mo.ask("GET", "/conversations?owner=human"))["items"] == []
    page = await mo.ask("GET", f"/conversations/{talk}/messages?limit=1")
    assert [said["text"] for said in page["items"]] == ["hello"]
    page = await mo.ask("GET", f"/conversations/{talk}/messages?after={page['next']}")
    assert [(said["author"], said["state"]) for said in page["items"]] == [("bot", "sent")]
    assert page["next"] is None


async def test_an_agent_takes_over_answers_and_gives_back(
    mo: Program, desk: Desk, memory: MemoryChannel, talk: str
) -> None:
    path = f"/conversations/{talk}"
    words = {"text": "I am looking into it."}
    await mo.refused("POST", f"{path}/messages", 409, "conflict", json=words)
    taken = await mo.ask("POST", f"{path}/take-over")
    assert (taken["owner"], taken["agent"]) == ("human", "Mo")
    said = await mo.ask("POST", f"{path}/messages", 201, json=words)
    assert (said["author"], said["author_name"], said["text"]) == ("agent", "Mo", words["text"])
    note = await mo.ask("POST", f"{path}/notes", 201, json={"text": "Calls back."})
    assert (note["direction"], note["state"]) == ("note", None)
    await settle(desk)
    assert memory.sent[-1].text == words["text"]
    assert "Calls back." not in [message.text for message in memory.sent]
    back = await mo.ask("POST", f"{path}/release", json={})
    assert (back["owner"], back["agent"]) == ("bot", None)
    await mo.refused("POST", f"{path}/release", 409, "conflict", json={})
    ended = await mo.ask("POST", f"{path}/resolve", json={"outcome": "solved", "topic": "refund"})
    assert (ended["owner"], ended["outcome"], ended["topic"]) == ("closed", "solved", "refund")
    await mo.refused("POST", f"{path}/resolve", 422, "invalid", json={"outcome": "magic"})


async def test_nothing_is_said_as_the_bot(
    programs: Programs, desk: Desk, memory: MemoryChannel, talk: str
) -> None:
    bot = await programs(name="bot")
    await bot.ask(
        "POST", f"/conversations/{talk}/messages", 201, json={"text": "hi", "send_once": True}
    )
    page = await bot.ask("GET", f"/conversations/{talk}/messages")
    assert page["items"][-1]["author"] == Author.AGENT
    assert (await conversation(desk)).owner is Owner.BOT
    await settle(desk)
    assert memory.sent[-1].text == "hi"


async def test_one_of_many_wins(desk: Desk, programs: Programs, talk: str) -> None:
    agents = [await programs(name=f"Agent {number}") for number in range(4)]

    async def by_service() -> int:
        try:
            await desk.handoff.take_over(talk, agent="Console")
        except ConflictError:
            return 409
        return 200

    path = f"/api/v1/conversations/{talk}/take-over"
    asked = [agent.post(path) for agent in agents]
    answers = await asyncio.gather(by_service(), *asked)
    statuses = [one if isinstance(one, int) else one.status_code for one in answers]
    assert sorted(statuses) == [200, 409, 409, 409, 409]
    assert len(await events(desk, "conversation.taken_over")) == 1
    lost = next(one for one in answers if not isinstance(one, int) and one.status_code == 409)
    assert "has this conversation already" in lost.json()["detail"]


async def test_handing_on(mo: Program, desk: Desk, talk: str) -> None:
    path = f"/conversations/{talk}/transfer"
    await desk.agents.add(name="Kit")
    await mo.refused("POST", path, 409, "conflict", json={"agent": "Kit"})
    await mo.ask("POST", f"/conversations/{talk}/take-over")
    for both in ({}, {"agent": "Kit", "team": "refunds"}):
        await mo.refused("POST", path, 422, "invalid", json=both)
    await mo.refused("POST", path, 422, "invalid", json={"team": "nobody"})
    await mo.refused("POST", path, 404, "not_found", json={"agent": "Nobody"})
    given = await mo.ask("POST", path, json={"agent": "Kit"})
    assert (given["owner"], given["agent"]) == ("human", "Kit")
    await mo.refused("POST", path, 409, "conflict", json={"agent": "Kit"})


async def test_a_message_is_sent_once_for_each_key(
    mo: Program, programs: Programs, desk: Desk, memory: MemoryChannel, talk: str
) -> None:
    path, words = f"/conversations/{talk}/messages", {"text": "once", "send_once": True}
    headers = {"Idempotency-Key": "k-1"}
    asked = [mo.post(f"/api/v1{path}", json=words, headers=headers) for _ in range(5)]
    answers = await asyncio.gather(*asked)
    assert {one.status_code for one in answers} == {201}
    assert len({one.text for one in answers}) == 1
    replayed = [one.headers.get("idempotent-replayed") for one in answers]
    assert sorted(map(str, replayed)) == ["None", "true", "true", "true", "true"]
    await settle(desk)
    assert [message.text for message in memory.sent].count("once") == 1
    other = {"text": "other", "send_once": True}
    await mo.refused("POST", path, 422, "key_used", json=other, headers=headers)
    kit = await programs(name="Kit")
    await kit.ask("POST", path, 201, json=words, headers=headers)
    for wrong in ("", "a b", "é".encode(), "x" * 256):
        sent = {"Idempotency-Key": wrong}
        await mo.refused("POST", path, 422, "invalid", json=words, headers=sent)


async def test_what_is_done_is_on_the_record(mo: Program, desk: Desk, talk: str) -> None:
    path = f"/conversations/{talk}"
    await mo.ask("POST", f"{path}/take-over")
    await mo.ask("POST", f"{path}/messages", 201, json={"text": "secret words"})
    await mo.refused("POST", f"{path}/transfer", 422, "invalid", json={"team": "none"})
    audit = Audit(desk.database, desk.clock)
    page = await audit.page(Filter(thing=f"conversation:{talk}"))
    assert [(one.who, one.deed) for one in page] == [
        ("Mo", Deed.CONVERSATION_ANSWER),
        ("Mo", Deed.CONVERSATION_MOVE),
    ]
    assert "secret words" not in str(page)
    assert (await audit.verify()).broken is None


async def test_filters(mo: Program, desk: Desk) -> None:
    await says(desk, "hello", "ada")
    await says(desk, "hello", "bo")
    ada = await conversation(desk, "ada")
    (one,) = (await mo.ask("GET", f"/conversations?contact_id={ada.contact_id}"))["items"]
    assert one["id"] == ada.id
    assert (await mo.ask("GET", "/conversations?channel=webchat"))["items"] == []
