"""How customers sound, in both languages."""

import pytest

from bench.moods import FIRST, OTHERS, Figures, measure, read_moods
from bot.nlu.mood import Label, MoodReader, open_reader
from bot.nlu.vader import Vader, read_lexicon

READER = open_reader()


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("我很满意", "positive"),
        ("我不满意", "negative"),
        ("不是很满意", "negative"),
        ("一点都不贵", "positive"),
        ("东西不错 但是太慢了", "negative"),
        ("有点贵 不过质量真好", "positive"),
        ("好看是好看 穿一天就坏了", "negative"),
        ("會不會壞", "neutral"),
        ("品質很差", "negative"),
        ("服務很好 謝謝", "positive"),
        ("service很nice", "positive"),
        ("没问题", "neutral"),
        ("please help me cancel my order", "neutral"),
        ("can't complain", "positive"),
        ("thanks for nothing", "negative"),
        ("great", "positive"),
        ("still waiting", "negative"),
        ("does it break easily?", "neutral"),
        ("ok 👍", "positive"),
        ("", "neutral"),
        ("10023", "neutral"),
        ("donde esta mi pedido", "neutral"),
    ],
)
def test_labels(text: str, label: str) -> None:
    assert READER.read(text).label == Label(label), READER.read(text)


@pytest.mark.parametrize(
    ("text", "is_angry"),
    [
        ("WHERE IS MY ORDER", True),
        ("this is the third time I ask", True),
        ("are you stupid", True),
        ("气死我了", True),
        ("我要投诉", True),
        ("垃圾", True),
        ("这是第三次问了", True),
        ("😡", True),
        ("where is my order", False),
        ("I want FD-10023 in XL, OK?", False),
        ("AMAZING SERVICE THANKS EVERYONE!!!", False),
        ("I'm not angry", False),
        ("我不生气", False),
        ("投诉渠道在哪", False),
        ("垃圾袋有货吗", False),
        ("滚筒洗衣机", False),
        ("it is broken", False),
        ("太慢了", False),
    ],
)
def test_anger(text: str, is_angry: bool) -> None:
    assert (READER.read(text).anger >= 0.5) is is_angry, READER.read(text)


@pytest.mark.parametrize(
    "text",
    [
        "很" * 10_000 + "坏",
        "不" * 10_000,
        "垃圾" * 5_000,
        "fuck " * 2_000,
        "😀" * 9_999,
        "!" * 10_000,
        "\x00",
        "好是" * 5_000,
    ],
)
def test_numbers_stay_in_range(text: str) -> None:
    mood = READER.read(text)
    assert -1 <= mood.polarity <= 1
    assert 0 <= mood.anger <= 1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_moods_that_others_wrote(language: str) -> None:
    figures = _measure(READER, language, OTHERS)
    plain = Vader(read_lexicon())
    assert figures.accuracy >= 0.85, figures
    assert figures.anger_precision >= 0.9, figures
    assert figures.accuracy > measure(read_moods(language, OTHERS), vader=plain).accuracy + 0.1


@pytest.mark.parametrize("language", ["zh", "en"])
def test_moods_that_the_lists_were_made_with(language: str) -> None:
    assert _measure(READER, language, FIRST).accuracy >= 0.95


def _measure(reader: MoodReader, language: str, part: str) -> Figures:
    return measure(read_moods(language, part), reader=reader)
