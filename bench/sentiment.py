"""VADER beside NLTK's in one process, and how the mood and language rules do on labelled messages.

Needs nltk: `uv run --project bot --with nltk python -m bench.sentiment [--csv FILE --column text]`.
"""

import argparse
import csv
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from time import process_time
from typing import Any

from nltk.sentiment.vader import SentimentIntensityAnalyzer, VaderConstants

from bench.figures import table
from bench.moods import FIRST, OTHERS, Figures, measure, read_moods
from bot.nlu.identify import identify
from bot.nlu.mood import open_reader
from bot.nlu.vader import Vader, read_lexicon
from tests.bot.vader_texts import texts

ROOT = Path(__file__).parent.parent
# Both sides take turns, so that another program slows both alike.
TURN = 200
GENERATED = 20_000
_MARKUP = re.compile(r"\[([^]]+)](?:\([^)]*\)|\{[^}]*})")


def main() -> None:
    """Print three tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--csv", type=Path, help="more English messages to compare on")
    parser.add_argument("--column", default="text")
    asked = parser.parse_args()
    corpora = {"the bot's English examples": shop_messages("en")}
    if asked.csv:
        with asked.csv.open(encoding="utf-8-sig", newline="") as lines:
            corpora[asked.csv.name] = [row[asked.column] for row in csv.DictReader(lines)]
    corpora["made at random, half charged words"] = list(texts(1, GENERATED))
    print("VADER, texts a second of processor time\n")
    print(
        table(("texts", "number", "words", "NLTK", "ours", "ratio", "different"), compare(corpora))
    )
    print("\nmood: agreement with people's labels\n")
    print(
        table(
            ("texts", "number", "reader", "accuracy", "macro F1", "anger precision", "recall"),
            moods(),
        )
    )
    print("\nmicroseconds a message\n")
    print(table(("texts", "language", "mood", "VADER"), costs()))


def shop_messages(language: str) -> list[str]:
    """The bot's own examples in a language, without the marks of entities."""
    found: list[str] = []
    for path in sorted((ROOT / "data/nlu").glob(f"*.{language}.yml")):
        lines = path.read_text(encoding="utf-8").splitlines()
        found += [_MARKUP.sub(r"\1", line[6:]) for line in lines if line.startswith("    - ")]
    return found


def compare(corpora: dict[str, list[str]]) -> list[list[str]]:
    """A row for the first sight of each corpus and one for the second, when its words are remembered."""
    nltk: Any = object.__new__(SentimentIntensityAnalyzer)
    nltk.lexicon, nltk.constants = read_lexicon(), VaderConstants()
    rows = []
    for name, corpus in corpora.items():
        vader = Vader(read_lexicon())
        different = sum(vader.polarity_scores(one) != nltk.polarity_scores(one) for one in corpus)
        words = sum(len(one.split()) for one in corpus) / len(corpus)
        for sight, ours in (("first", Vader(read_lexicon())), ("again", vader)):
            theirs, mine = side_by_side(nltk.polarity_scores, ours.polarity_scores, corpus)
            rows.append([
                f"{name}, {sight}", f"{len(corpus):,}", f"{words:.1f}", f"{len(corpus) / theirs:,.0f}",
                f"{len(corpus) / mine:,.0f}", f"{theirs / mine:.1f}", str(different),
            ])  # fmt: skip
    return rows


def side_by_side(
    first: Callable[[str], object], second: Callable[[str], object], corpus: Sequence[str]
) -> tuple[float, float]:
    """Seconds of processor time that each needs for all texts, taking turns."""
    seconds = [0.0, 0.0]
    for start in range(0, len(corpus), TURN):
        for side, read in enumerate((first, second)):
            began = process_time()
            for one in corpus[start : start + TURN]:
                read(one)
            seconds[side] += process_time() - began
    return seconds[0], seconds[1]


def moods() -> list[list[str]]:
    """Our reader and plain VADER on the labelled messages."""
    reader, vader = open_reader(), Vader(read_lexicon())
    rows = []
    for language in ("zh", "en"):
        for part, name in ((FIRST, "written with the lists"), (OTHERS, "written by others")):
            examples = read_moods(language, part)
            rows.append([f"{language}, {name}", *_row("ours", measure(examples, reader=reader))])
            rows.append([f"{language}, {name}", *_row("VADER", measure(examples, vader=vader))])
    return rows


def _row(reader: str, figures: Figures) -> list[str]:
    shares = (figures.accuracy, figures.macro_f1, figures.anger_precision, figures.anger_recall)
    return [str(figures.number), reader, *(f"{share:.3f}" for share in shares)]


def costs() -> list[list[str]]:
    """What each part costs on the bot's examples."""
    reads = (identify, open_reader().read, Vader(read_lexicon()).polarity_scores)
    rows = []
    for language in ("en", "zh"):
        corpus = shop_messages(language)
        cells = [
            f"{side_by_side(read, read, corpus)[1] / len(corpus) * 1e6:.1f}" for read in reads
        ]
        rows.append([f"the bot's {language} examples", *cells])
    return rows


if __name__ == "__main__":
    main()
