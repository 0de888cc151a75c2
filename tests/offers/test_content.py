"""Texts as vectors: what scikit-learn computes, in two languages."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from analytics.offers.content import Content, cosines, terms

SHOP = [
    "Glass teapot 玻璃茶壶 kitchen",
    "Two tea cups, tea for two 茶杯 kitchen",
    "Desk lamps and a lamp shade 台灯 light",
    "Notebook 笔记本 office",
    "!!!",
]


def test_weights_are_those_of_scikit_learn() -> None:
    expected = TfidfVectorizer(analyzer=terms, sublinear_tf=True)
    vectors = expected.fit_transform(SHOP).toarray()
    found = Content(SHOP)
    places = [found._places[term] for term in expected.get_feature_names_out()]
    assert np.allclose(found.vectors.toarray()[:, places], vectors, atol=1e-6)
    other = expected.transform(["a lamp for the 台灯 desk, and a sofa"]).toarray()
    read = found.read("a lamp for the 台灯 desk, and a sofa").toarray()
    assert np.allclose(read[:, places], other, atol=1e-6)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Lamps, glass", ["lamp", "glass"]),
        ("the bus", ["bus"]),
        ("玻璃杯", ["玻", "璃", "杯", "玻璃", "璃杯"]),
        ("买1个 teapot 吧", ["买", "个", "teapot", "吧"]),
        ("x !", []),
    ],
)
def test_a_text_is_cut_by_what_its_language_needs(text: str, found: list[str]) -> None:
    assert terms(text) == found


@pytest.mark.parametrize("words", ["teapots", "茶壶", "a glass TEAPOT please", "我的茶壶碎了"])
def test_words_in_either_language_find_the_same_thing(words: str) -> None:
    content = Content(SHOP)
    assert cosines(content.vectors, content.person([], [], words)).argmax() == 0


def test_somebody_is_the_sum_of_what_they_bought() -> None:
    content = Content(SHOP)
    plain = content.vectors.toarray()
    both = 3.0 * plain[0] + 1.0 * plain[2]
    expected = plain @ both / np.linalg.norm(both)
    found = cosines(content.vectors, content.person([0, 2], [3.0, 1.0]))
    assert np.allclose(found, expected, atol=1e-6)
    assert found.argmax() == 0


def test_who_did_nothing_is_like_nothing() -> None:
    content = Content(SHOP)
    assert cosines(content.vectors, content.person([], [])).tolist() == [0.0] * len(SHOP)
    assert cosines(content.vectors, content.person([4], [1.0], "sofa")).max() == 0.0
    assert Content([]).vectors.shape == (0, 0)
