"""What agents write in threads: to the customer, to themselves, or held until they have said which."""

import pytest

from desk.agentdesk.memory import MemoryDesk
from desk.agentdesk.port import Button, Changed, Choice, Place, Retried, Wrote
from desk.channel import UnreachableError
from desk.errors import RejectedError
from desk.message import Attachment
from desk.tables.agent import HeldRow
from desk.tables.conversation import Author, MessageRow, Owner
from tests.handoff.floor import KIM, LEE, STRANGER, Floor
from tests.talk import rows


async def _taken(floor: Floor) -> None:
    await floor.says("human")
    await floor.presses(KIM, Button.TAKE_OVER)


async def _notes(floor: Floor) -> list[str]:
    found = await rows(floor.desk, MessageRow, MessageRow.direction == "note")
    return [row.text for row in found]


@pytest.mark.parametrize("text", ["note: ask the warehouse", "// ask the warehouse"])
async def test_a_note_stays_inside(floor: Floor, text: str) -> None:
    await _taken(floor)
    await floor.writes(KIM, text)
    assert await _notes(floor) == ["ask the warehouse"]
    assert floor.heard(Author.AGENT) == []


async def test_words_of_somebody_else_are_held_and_answered(floor: Floor) -> None:
    await _taken(floor)
    message = await floor.writes(LEE, "what a strange customer")
    (ask,) = floor.asks(LEE)
    assert ask.held == message
    assert "Kim has this conversation, since 12:00 UTC" in ask.why
    assert floor.heard(Author.AGENT) == []

    await floor.chooses(KIM, message, Choice.SEND_ONCE)
    assert floor.whispers(KIM) == ["Somebody else wrote these words."]
    await floor.chooses(LEE, message, Choice.TAKE_OVER)
    assert floor.heard(Author.AGENT) == [], "Kim has it, and keeps it"
    assert len(floor.asks(LEE)) == 2
    await floor.chooses(LEE, message, Choice.SEND_ONCE)
    await floor.chooses(LEE, message, Choice.SEND_ONCE)
    assert floor.heard(Author.AGENT) == ["what a strange customer"]
    assert floor.whispers(LEE) == ["These words were sent already."]
    assert (await floor.talk()).agent == "Kim"
    sent = await rows(floor.desk, MessageRow, MessageRow.author == Author.AGENT)
    assert [row.author_name for row in sent] == ["Lee"]


async def test_held_words_become_a_note_or_nothing(floor: Floor) -> None:
    await floor.says("human")
    noted, forgotten, gone = [await floor.writes(KIM, text) for text in ("one", "two", "three")]
    assert "the customer waits" in floor.asks()[0].why
    await floor.chooses(KIM, noted, Choice.NOTE)
    await floor.chooses(KIM, forgotten, Choice.FORGET)
    place = await floor.place()
    await floor.tell(KIM, Changed(place=place, message=gone, text=None))
    await floor.chooses(KIM, gone, Choice.SEND_ONCE)
    assert await _notes(floor) == ["one"]
    assert floor.heard(Author.AGENT) == []
    assert floor.whispers() == ["These words were taken back."]


async def test_held_words_can_take_over_as_they_were_changed(floor: Floor) -> None:
    await floor.says("human")
    message = await floor.writes(KIM, "helo")
    await floor.tell(KIM, Changed(place=await floor.place(), message=message, text="hello"))
    await floor.chooses(KIM, message, Choice.TAKE_OVER)
    assert floor.heard()[-2:] == ["Kim is now here to help you.", "hello"]
    assert floor.ticks() == [(message, "sent")]


async def test_a_reply_in_a_closed_conversation_is_asked_about(floor: Floor) -> None:
    await _taken(floor)
    await floor.presses(KIM, Button.RESOLVE, outcome="spam")
    await floor.writes(KIM, "one more thing")
    assert "This conversation is closed" in floor.asks()[0].why
    assert floor.heard(Author.AGENT) == []


async def test_a_change_after_sending_is_told_and_kept(floor: Floor) -> None:
    await _taken(floor)
    message = await floor.writes(KIM, "it costs 5")
    place = await floor.place()
    await floor.tell(KIM, Changed(place=place, message=message, text="it costs 7"))
    await floor.tell(KIM, Changed(place=place, message=message, text=None))
    assert floor.heard(Author.AGENT) == ["it costs 5"]
    told = [text for text in floor.notices() if "cannot be changed" in text]
    assert len(told) == 2
    assert "it costs 5" in told[0]
    assert await _notes(floor) == [
        "Sent message changed to: it costs 7",
        "Sent message taken back",
    ]


async def test_a_change_that_comes_before_its_message_counts(floor: Floor) -> None:
    await _taken(floor)
    place = await floor.place()
    for message, text in (("x1", "better"), ("x2", None)):
        await floor.tell(KIM, Changed(place=place, message=message, text=text))
        await floor.tell(KIM, Wrote(place=place, message=message, text="worse"))
    assert floor.heard(Author.AGENT) == ["better"]


async def test_a_file_alone_goes_out(floor: Floor, platform: MemoryDesk) -> None:
    await _taken(floor)
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    platform.files["F1"] = png
    file = Attachment(name="plan.png", content_type="image/png", reference="F1")
    await floor.writes(KIM, "", attachments=(file,))
    (sent,) = [m for m in floor.memory.sent if m.author is Author.AGENT]
    assert "plan.png" in sent.text or [f.name for f in sent.attachments] == ["plan.png"]
    assert floor.whispers() == []


async def test_a_file_that_cannot_be_had_stops_its_message(floor: Floor) -> None:
    await _taken(floor)
    file = Attachment(name="plan.png", content_type="image/png", reference="gone")
    await floor.writes(KIM, "see here", attachments=(file,))
    assert floor.heard(Author.AGENT) == []
    (told,) = floor.whispers()
    assert "plan.png" in told
    assert "Nothing was sent" in told


async def test_the_file_of_held_words_is_fetched_when_they_go(
    floor: Floor, platform: MemoryDesk
) -> None:
    await floor.says("human")
    file = Attachment(name="a.txt", content_type="text/plain", reference="F2")
    message = await floor.writes(KIM, "", attachments=(file,))
    platform.files["F2"] = b"hello there"
    await floor.chooses(KIM, message, Choice.SEND_ONCE)
    assert len(floor.heard(Author.AGENT)) == 1


async def test_talk_in_other_threads_is_nobodys_business(floor: Floor) -> None:
    await floor.says("human")
    elsewhere = Place(channel="desk", thread="lunch")
    await floor.tell(KIM, Wrote(place=elsewhere, message="x", text="pizza?"))
    await floor.tell(STRANGER, Wrote(place=elsewhere, message="y", text="yes"))
    assert floor.asks() == floor.whispers() == floor.whispers(STRANGER) == []


async def test_strangers_are_told(floor: Floor) -> None:
    await _taken(floor)
    await floor.writes(STRANGER, "hi")
    await floor.presses(STRANGER, Button.RELEASE)
    assert [text.split(",")[0] for text in floor.whispers(STRANGER)] == [
        "Only agents may do this"
    ] * 2
    assert floor.heard(Author.AGENT) == []
    assert (await floor.talk()).owner is Owner.HUMAN
    assert await rows(floor.desk, HeldRow) == []


@pytest.mark.parametrize("error", [RejectedError("no"), UnreachableError("blocked")])
async def test_a_failed_delivery_is_marked_and_sent_again(floor: Floor, error: Exception) -> None:
    await _taken(floor)
    floor.memory.fail_with = [error]
    message = await floor.writes(KIM, "did you get this?")
    assert floor.ticks() == [(message, "failed")]
    (row,) = await rows(floor.desk, MessageRow, MessageRow.author == Author.AGENT)
    failed = [p.post for p in floor.platform.shown if getattr(p.post, "retry", None)]
    assert [post.retry for post in failed] == [row.id]

    await floor.tell(LEE, Retried(message_id=row.id), await floor.place())
    assert floor.heard(Author.AGENT) == ["did you get this?"]
    assert floor.ticks()[-1] == (message, "sent")
    await floor.tell(LEE, Retried(message_id=row.id), await floor.place())
    assert floor.heard(Author.AGENT) == ["did you get this?"]
    assert "sent by now" in floor.whispers(LEE)[-1]
