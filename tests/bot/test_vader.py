"""VADER: equal to NLTK's, text for text; what differs from vaderSentiment is NLTK's way."""

from pathlib import Path
from typing import Any

import pytest

from bot.nlu.vader import Vader, read_lexicon
from bot.nlu.vader.lexicon import SHIPPED, LexiconError
from bot.nlu.vader.memo import ENTRIES, LONGEST, Memo
from bot.nlu.vader.word import bare
from tests.bot.vader_texts import texts

SEEDS = range(4)
TEXTS = 3000


@pytest.fixture(scope="module")
def vader() -> Vader:
    return Vader(read_lexicon())


def _nltk(lexicon: dict[str, float]) -> Any:
    """NLTK's analyzer with a lexicon given, as its wheel brings none."""
    module = pytest.importorskip(
        "nltk.sentiment.vader", reason="nltk is not installed here: nothing to compare with"
    )
    analyzer = object.__new__(module.SentimentIntensityAnalyzer)
    analyzer.lexicon = lexicon
    analyzer.constants = module.VaderConstants()
    return analyzer


@pytest.mark.parametrize("seed", SEEDS)
def test_scores_are_nltks(vader: Vader, seed: int) -> None:
    nltk = _nltk(read_lexicon())
    charged = 0
    for text in texts(seed, TEXTS):
        scores = vader.polarity_scores(text)
        assert scores == nltk.polarity_scores(text), repr(text)
        charged += scores["compound"] != 0
    # Equal zeros would prove little.
    assert charged > TEXTS / 2


def test_scores_are_nltks_with_another_lexicon() -> None:
    odd = {
        "so": 1.0,
        "least": -1.0,
        "but": 2.0,
        "never": -2.0,
        "of": 0.5,
        "zero": 0.0,
        "good": 1.9,
    }
    lexicon = {
        **{word: valence for word, valence in read_lexicon().items() if word[0] < "n"},
        **odd,
    }
    vader, nltk = Vader(lexicon), _nltk(lexicon)
    for text in texts(99, TEXTS):
        assert vader.polarity_scores(text) == nltk.polarity_scores(text), repr(text)


@pytest.mark.parametrize(
    ("text", "compound"),
    [
        ("", 0.0),
        ("a ? 1", 0.0),
        ("where is my order", 0.0),
        # VADER rates the words by themselves: "please" is praise to it.
        ("please help", 0.6124),
        ("The service is good", 0.4404),
        ("The service is GOOD", 0.5622),
        ("The service is not good", -0.3412),
        ("The service is very good!", 0.54),
        ("at least it is good", 0.4404),
        # NLTK weakens after "kind of" by subtracting, so bad gets worse.
        ("it is kind of bad", -0.5849),
        ("good but slow and bad", -0.5859),
        # NLTK reads no emoji; vaderSentiment reads "😊" as words.
        ("😊", 0.0),
    ],
)
def test_known_scores(vader: Vader, text: str, compound: float) -> None:
    assert vader.polarity_scores(text)["compound"] == compound


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "good " * 5_000, "!" * 10_000, "\x00\x01", "שלום", "very " * 9 + "bad"]
)
def test_odd_texts_are_nltks(vader: Vader, text: str) -> None:
    assert vader.polarity_scores(text) == _nltk(read_lexicon()).polarity_scores(text)


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("good!", "good"), ("!good", "good"), ("!good!", "!good!"), ("good!?", "good!?"), ("don't,", "don't,"),
        (":)", ":)"), ("a!", "a!"), ("good*", "good*"), ("订单。", "订单。"), ("ok", "ok"),
    ],
)  # fmt: skip
def test_punctuation_is_taken_off_one_side(token: str, word: str) -> None:
    assert bare(token) == word


def test_a_memo_stays_small() -> None:
    asked: list[str] = []

    def work_out(word: str) -> int:
        asked.append(word)
        return len(word)

    memo = Memo(work_out)
    assert [memo["one"], memo["one"], memo["z" * 99], memo["z" * 99]] == [3, 3, 99, 99]
    assert len(asked) == 3
    for number in range(ENTRIES + 10):
        assert memo[f"{number:0{LONGEST}}"] == LONGEST
    assert len(memo) <= ENTRIES


def test_the_lexicon_is_whole() -> None:
    lexicon = read_lexicon()
    assert len(lexicon) == 7506
    assert all(-4 <= valence <= 4 for valence in lexicon.values())
    assert "Permission is hereby granted" in SHIPPED.with_name("LICENSE.vader").read_text(
        encoding="utf-8"
    )


def test_a_broken_lexicon_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "words.tsv"
    path.write_text("good\t1.9\t0.9\t[2, 2]\nbad 1\n", encoding="utf-8")
    with pytest.raises(LexiconError, match=r"words\.tsv:2"):
        read_lexicon(path)
    path.write_text("good\t1.9\t0.9\t[2, 2]\n\nbad\t-2.5", encoding="utf-8")
    assert read_lexicon(path) == {"good": 1.9, "bad": -2.5}
