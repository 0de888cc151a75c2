"""The weighted length, after twitter-text's configuration v3, and threads of posts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.x.render import posts, received, same_words
from channels.x.weight import has_link, weight
from desk.tables.conversation import Author
from tests.channels.x.making import private
from tests.platforms.x import rules

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
WEIGHTS = [
    ("", 0),
    ("hello", 5),
    ("a" * 280, 280),
    ("é", 1),
    ("e\u0301", 1),  # composed first
    ("привет", 6),
    ("שלום", 4),
    ("你好", 4),
    ("こんにちは", 10),
    ("한국", 4),
    ("，。", 4),
    (
        "“quoted” – and…",
        16,
    ),  # the ellipsis is outside the light ranges, the dash and quotes are in
    ("😀", 2),
    (FAMILY, 2),
    ("👍🏽", 2),
    ("🇩🇪", 2),
    ("1️⃣", 2),
    ("❤️", 2),
    ("https://example.com", 23),
    ("http://example.com/" + "a" * 200, 23),
    ("see https://example.com/a?b=c#d, please", 4 + 23 + 8),
    ("example.com", 23),
    ("请看https://example.com/a。谢谢", 4 + 23 + 6),
    ("https://a.example.com https://b.example.com", 47),
    ("http://host.internal/" + "a" * 79, 100),  # no link: no such top-level domain
    ("no.link", 23),
    ("3.14", 4),
    ("jo@example.com", 14),
]


@pytest.mark.parametrize(("text", "expected"), WEIGHTS)
def test_weighs_as_x_does(text: str, expected: int) -> None:
    assert weight(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://example.com", True),
        ("example.com/a", True),
        ("none here. Really", False),
        ("3.14", False),
        ("jo@example.com", False),
    ],
)
def test_knows_what_x_charges_as_a_link(text: str, expected: bool) -> None:
    assert has_link(text) is expected


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aé你😀🇩🇪 .,\n。！@#&", min_size=1, max_size=1500))
def test_every_post_fits_and_no_word_is_lost(text: str) -> None:
    made = posts(private(text, author=Author.AGENT))
    assert all(rules.weight(post) <= rules.LONGEST_POST for post in made)
    plain = [post.rpartition(" (")[0] if len(made) > 1 else post for post in made]
    assert "".join("".join(plain).split()) == "".join(text.split())


def test_numbers_the_posts_of_a_long_answer() -> None:
    text = " ".join(f"Sentence number {number} is here." for number in range(30))
    made = posts(private(text))
    assert [post[-6:] for post in made] == [f" ({n}/{len(made)})" for n in range(1, len(made) + 1)]
    assert all(post[:-6].endswith(".") for post in made)


def test_a_machine_mentions_nobody() -> None:
    assert posts(private("Hello @victim and a@example.com, ＠other")) == [
        "Hello @\u200bvictim and a@example.com, ＠\u200bother"
    ]
    assert posts(private("Ask @colleague", author=Author.AGENT)) == ["Ask @colleague"]


@pytest.mark.parametrize(
    ("text", "with_media", "expected"),
    [
        ("@frontdesk hello", False, "hello"),
        ("@frontdesk @other hello @third", False, "hello @third"),
        ("@frontdesk", False, "@frontdesk"),
        ("a &lt;b&gt; &amp;amp; c", False, "a <b> &amp; c"),
        ("look https://t.co/abc", True, "look"),
        ("https://t.co/abc", True, ""),
        ("look https://t.co/abc", False, "look https://t.co/abc"),
    ],
)
def test_reads_what_a_customer_meant(text: str, with_media: bool, expected: str) -> None:
    assert received(text, with_media=with_media) == expected


def test_recognises_our_words_as_x_shows_them() -> None:
    assert same_words(
        "Look & see https://example.com/a now", "@jo Look &amp; see https://t.co/x1 now"
    )
    assert not same_words("Yes", "No")
