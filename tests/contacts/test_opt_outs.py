"""STOP in words that only the assistant understands has the same effect as the word itself."""

import pytest

from app.wiring import Desk
from channels.memory.adapter import MemoryChannel
from desk.contacts import consents
from desk.contacts.opt_outs import may_mean_keep
from desk.contacts.opting import NO, YES
from desk.contacts.opting_phrases import Phrase, say
from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import Button, Reply, Turn
from desk.errors import NotFoundError
from desk.tables.consent import ConsentRow
from desk.tables.suppression import SuppressionReason, SuppressionRow
from tests.campaigns.people import people
from tests.campaigns.sending import segment, sent
from tests.talk import conversation, rows, says


async def _words(desk: Desk) -> list[SuppressionRow]:
    return await rows(desk, SuppressionRow, SuppressionRow.digest.is_(None))


async def test_it_is_one_word_for_everything_however_often_it_is_tried(desk: Desk) -> None:
    await people(desk.database, 1)
    campaign_id = await sent(desk, await segment(desk.database, 1))
    row = await conversation(desk, "u0")
    for _ in range(2):
        await desk.opting.opt_outs.stop(conversation_id=row.id, key="m1:action_consent")
    (word,) = await _words(desk)
    assert (word.contact_id, word.channel, word.reason, word.campaign_id) == (
        row.contact_id, None, SuppressionReason.STOPPED, campaign_id,
    )  # fmt: skip
    said = await rows(desk, ConsentRow)
    assert [(one.purpose, one.granted) for one in said] == [
        ("marketing", True), ("marketing", False), ("newsletter", False),
    ]  # fmt: skip


async def test_the_word_itself_right_after_it_is_obeyed_in_silence(
    desk: Desk, memory: MemoryChannel, dialogue: MemoryDialogue
) -> None:
    await says(desk, "no more of these advertisements if I may ask")
    row = await conversation(desk)
    await desk.opting.opt_outs.stop(conversation_id=row.id, key="m1:action_consent")
    before = len(memory.sent)
    await says(desk, "STOP")
    assert len(memory.sent) == before
    assert len(await _words(desk)) == 1


async def test_a_conversation_that_is_not_there_is_told(desk: Desk) -> None:
    with pytest.raises(NotFoundError):
        await desk.opting.opt_outs.stop(conversation_id="nobody", key="x")


@pytest.mark.parametrize(
    ("answer", "count", "phrase"),
    [("Stop messages", 1, Phrase.STOPPED), ("yes", 1, Phrase.STOPPED), ("no", 0, Phrase.KEPT)],
)
async def test_the_answer_to_the_assistant_s_question_is_obeyed(
    desk: Desk,
    memory: MemoryChannel,
    dialogue: MemoryDialogue,
    answer: str,
    count: int,
    phrase: Phrase,
) -> None:
    def asks(_: Turn) -> list[Reply]:
        buttons = (
            Button(title=say(Phrase.YES, "en"), payload=YES),
            Button(title=say(Phrase.NO, "en"), payload=NO),
        )
        return [Reply(text=say(Phrase.ASK, "en"), buttons=buttons)]

    dialogue.answer = asks
    await says(desk, "I would never want you to stop the lovely letters")
    await says(desk, answer)
    assert memory.sent[-1].text == say(phrase, "en")
    assert len(await _words(desk)) == count
    assert len(dialogue.turns) == 1
    said = await rows(desk, ConsentRow, ConsentRow.granted.is_(False))
    assert bool(said) is bool(count)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to unsubscribe, I only want fewer",
        "please do not stop",
        "never said I want to unsubscribe",
        "我不想退订",
        "我没说要退订啊",
        "别给我停",
    ],
)
def test_this_may_mean_that_they_go_on(text: str) -> None:
    assert may_mean_keep(text)


@pytest.mark.parametrize(
    "text",
    [
        "I don't want your ads any more",
        "I do not like it, stop",
        "your offers are not for me, unsubscribe",
        "不要再发广告了，退订",
        "我不想再收到你们的广告",
    ],
)
def test_this_means_stop(text: str) -> None:
    assert not may_mean_keep(text)


async def test_consent_is_not_asked_of_who_never_spoke(desk: Desk) -> None:
    """Who never agreed has withdrawn all the same: an import does not bring them back."""
    await says(desk, "hello")
    row = await conversation(desk)
    await desk.opting.opt_outs.stop(conversation_id=row.id, key="m1:action_consent")
    async with desk.database.read() as session:
        assert await consents.said(session, row.contact_id, "marketing") is False
