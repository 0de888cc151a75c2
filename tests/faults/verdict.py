"""What must hold after a fault, decided from what customers sent and what they were shown."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Texts of messages for which a promise was broken; ``order`` counts pairs that changed places."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unanswered: list[str] = field(default_factory=list)
    answered_twice: list[str] = field(default_factory=list)
    order: int = 0

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return self == Verdict()

    def __add__(self, other: "Verdict") -> "Verdict":
        return Verdict(
            lost=self.lost + other.lost,
            doubled=self.doubled + other.doubled,
            unanswered=self.unanswered + other.unanswered,
            answered_twice=self.answered_twice + other.answered_twice,
            order=self.order + other.order,
        )


def judge(
    acknowledged: Sequence[str],
    shown: Sequence[tuple[str, str]],
    answer: Callable[[str], str],
) -> Verdict:
    """Compare one customer's acknowledged texts, in order and all different, with (author, text) as shown."""
    questions = Counter(text for author, text in shown if author == "contact")
    answers = Counter(text for author, text in shown if author == "bot")
    wanted = [line for text in acknowledged for line in (text, answer(text))]
    places = [place for place, text in enumerate(wanted) if text in {t for _, t in shown}]
    # Only first appearances: a doubled line is counted as doubled, not as out of order too.
    first: dict[str, int] = {}
    for place, (_, text) in enumerate(shown):
        first.setdefault(text, place)
    found = [first[wanted[place]] for place in places]
    return Verdict(
        lost=[text for text in acknowledged if not questions[text]],
        doubled=[text for text in acknowledged if questions[text] > 1],
        unanswered=[text for text in acknowledged if not answers[answer(text)]],
        answered_twice=[text for text in acknowledged if answers[answer(text)] > 1],
        order=sum(1 for one, two in pairwise(found) if one > two),
    )
