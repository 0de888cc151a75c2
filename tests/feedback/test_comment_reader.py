"""How comments sound and what they are about is read by the assistant, when it is there."""

import pytest

from desk.dialogue.memory import MemoryDialogue
from desk.dialogue.port import DialogueUnavailableError, Reading, TurnFailedError
from desk.feedback.comment_reader import CommentReader
from tests.feedback.studio import Studio


class Reader(MemoryDialogue):
    """Fails at what it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.read_texts: list[str] = []

    async def read(self, text: str, language: str) -> Reading:
        self.read_texts.append(text)
        if "\N{ZERO WIDTH SPACE}" in text:
            raise TurnFailedError
        return await super().read(text, language)


@pytest.fixture
def dialogue() -> Reader:
    return Reader()


@pytest.fixture
def reader(studio: Studio, dialogue: Reader) -> CommentReader:
    return CommentReader(database=studio.database, reads=dialogue, clock=studio.clock)


async def _comment(studio: Studio, text: str) -> None:
    await studio.resolved_and_asked_later()
    await studio.hear("2")
    await studio.hear(text)


async def test_a_comment_gets_its_mood_and_topic(studio: Studio, reader: CommentReader) -> None:
    await _comment(studio, "Delivery took a week!")
    assert await reader.step() == 1
    row = await studio.only()
    assert (row.mood, row.comment_topic, row.read_at) == (-0.8, "delivery", studio.clock())
    (event,) = await studio.world.events("feedback.comment_read")
    assert (event.data["mood"], event.data["comment_topic"]) == (-0.8, "delivery")
    assert "week" not in str(event.data)
    assert await reader.step() == 0


async def test_while_the_assistant_is_away_it_waits(
    studio: Studio, reader: CommentReader, dialogue: Reader
) -> None:
    await _comment(studio, "Delivery took a week!")
    dialogue.away = True
    for _ in range(3):
        with pytest.raises(DialogueUnavailableError):
            await reader.step()
    assert len(dialogue.read_texts) == 3
    assert (await studio.only()).read_at is None
    dialogue.away = False
    await reader.step()
    assert (await studio.only()).comment_topic == "delivery"


async def test_words_that_cannot_be_read_are_not_tried_for_ever(
    studio: Studio, reader: CommentReader, dialogue: Reader
) -> None:
    await _comment(studio, "odd\N{ZERO WIDTH SPACE} words")
    row = await studio.only()
    async with studio.database.write() as session:
        kept = await session.get_one(type(row), row.id)
        kept.comment = "odd\N{ZERO WIDTH SPACE} words"
    assert await reader.step() == 1
    assert await reader.step() == 0
    row = await studio.only()
    assert (row.mood, row.comment_topic) == (None, None)
    assert row.read_at is not None
    assert len(dialogue.read_texts) == 1


async def test_more_words_are_read_again(studio: Studio, reader: CommentReader) -> None:
    await _comment(studio, "Delivery took a week!")
    await reader.step()
    row = await studio.only()
    await studio.feedback.rate(row.id, score=2, comment="and nobody answered", key="more")
    assert (await studio.only()).read_at is None
    assert await reader.step() == 1
