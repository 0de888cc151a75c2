"""The figures of an intent classifier."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nlu.figures import Answer, Confusion, IntentFigures, evaluate


def answer(intent: str, predicted: str, text: str = "x", ms: float = 1.0) -> Answer:
    return Answer(text=text, intent=intent, predicted=predicted, ms=ms)


def test_a_case_worked_by_hand() -> None:
    found = evaluate(
        [
            answer("a", "a", ms=1),
            answer("a", "a", ms=2),
            answer("a", "b", "one", ms=3),
            answer("b", "b", ms=4),
            answer("c", "nlu_fallback", "two", ms=100),
        ]
    )
    assert (found.n, found.accuracy, found.fallback_rate, found.p50_ms) == (5, 0.6, 0.2, 3)
    assert found.per_intent == {
        "a": IntentFigures(n=3, precision=1.0, recall=2 / 3, f1=0.8),
        "b": IntentFigures(n=1, precision=0.5, recall=1.0, f1=pytest.approx(2 / 3)),
        "c": IntentFigures(n=1, precision=0.0, recall=0.0, f1=0.0),
    }
    assert found.macro_f1 == pytest.approx((0.8 + 2 / 3 + 0) / 3)
    assert found.confusions == (
        Confusion(intent="a", predicted="b", n=1, examples=("one",)),
        Confusion(intent="c", predicted="nlu_fallback", n=1, examples=("two",)),
    )


def test_the_most_frequent_confusion_stands_first_with_three_examples() -> None:
    wrong = [answer("z", "y", f"t{n}") for n in range(5)]
    found = evaluate([answer("a", "b"), *wrong])
    first, second = found.confusions
    assert (first.intent, first.n, first.examples) == ("z", 5, ("t0", "t1", "t2"))
    assert second.intent == "a"


def test_no_answers_are_an_error() -> None:
    with pytest.raises(ValueError, match="no answers"):
        evaluate([])


_INTENTS = st.sampled_from(["a", "b", "c", "nlu_fallback"])


@given(st.lists(st.tuples(st.sampled_from("abc"), _INTENTS), min_size=1, max_size=40))
def test_the_parts_make_the_whole(pairs: list[tuple[str, str]]) -> None:
    found = evaluate([answer(*pair) for pair in pairs])
    per_intent = found.per_intent.values()
    assert sum(figures.n for figures in per_intent) == found.n
    right = sum(figures.recall * figures.n for figures in per_intent)
    assert right == pytest.approx(found.accuracy * found.n)
    assert sum(confusion.n for confusion in found.confusions) == pytest.approx(found.n - right)
    for figures in per_intent:
        top = 2 * figures.precision * figures.recall
        bottom = figures.precision + figures.recall
        assert figures.f1 == pytest.approx(top / bottom if bottom else 0.0)
