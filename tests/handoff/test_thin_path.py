"""The whole way: a customer asks, an agent takes over in the thread, they talk, the bot goes on."""

from desk.agentdesk.port import Button
from desk.tables.conversation import Author, Owner
from tests.handoff.floor import KIM, Floor
from tests.talk import events


async def test_from_the_bot_to_an_agent_and_back(floor: Floor) -> None:
    await floor.says("hello")
    assert floor.platform.shown == [], "the bot's own conversations are nobody's business"

    await floor.says("human")
    card = await floor.card()
    assert (card.owner, card.agent, card.title) == (Owner.WAITING, None, card.title)
    assert Button.TAKE_OVER in card.buttons
    assert floor.lines() == [
        "contact: hello",
        "bot: You said: hello",
        "contact: human",
        "bot: A colleague will come.",
    ]

    await floor.presses(KIM, Button.TAKE_OVER)
    card = await floor.card()
    assert (card.owner, card.agent, card.agent_external_id) == (Owner.HUMAN, "Kim", "U1")
    assert floor.heard()[-1] == "Kim is now here to help you."

    await floor.says("my lamp is broken")
    assert floor.lines()[-1] == "contact: my lamp is broken"
    said = await floor.writes(KIM, "I send a new one")
    assert floor.heard(Author.AGENT) == ["I send a new one"]
    assert floor.ticks() == [(said, "sent")]
    assert "agent: I send a new one" not in floor.lines(), "it stands there already"

    await floor.presses(KIM, Button.RELEASE)
    assert (await floor.talk()).owner is Owner.BOT
    assert (await floor.card()).owner is Owner.BOT
    await floor.says("thanks")
    assert floor.heard()[-1] == "You said: thanks"
    assert floor.lines()[-1] != "contact: thanks"
    assert await floor.open_rows() == []
    assert floor.platform.overlapped == floor.platform.doubled == 0
    taken, released = (
        await events(floor.desk, "conversation.taken_over"),
        await events(floor.desk, "conversation.released"),
    )
    assert [(e.data["agent"], e.data["by"], e.data["reason"]) for e in taken] == [
        ("Kim", "Kim", "asked")
    ]
    assert [e.data["by"] for e in released] == ["Kim"]
