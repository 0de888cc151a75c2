"""Slack's markup and ours."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.slack.text import escaped, readable


@pytest.mark.parametrize(
    ("marked_up", "text"),
    [
        ("plain", "plain"),
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("&lt;@U1&gt;", "<@U1>"),
        ("<@U1>", "@U1"),
        ("<@U1|ann>", "@ann"),
        ("<#C1|general> <#C1>", "#general #C1"),
        ("<!here> <!channel>", "@here @channel"),
        ("<!subteam^S1|@team> <!subteam^S1>", "@team @S1"),
        ("<!date^1392734382^{date}|18 Feb>", "18 Feb"),
        ("<https://example.com/?a=1&amp;b=2>", "https://example.com/?a=1&b=2"),
        ("<https://example.com|example.com>", "example.com"),
        ("<https://example.com|our page>", "our page (https://example.com)"),
        ("<mailto:a@example.com|a@example.com>", "a@example.com"),
        ("<tel:+15550100|+1 555 0100>", "+1 555 0100"),
        ("<@U0> hello", "hello"),
        ("hello <@U0>, again", "hello again"),
        ("<@U0|desk>: <@U0> twice", "twice"),
    ],
)
def test_what_people_see(marked_up: str, text: str) -> None:
    assert readable(marked_up, "U0") == text


@given(st.text())
def test_escaped_text_is_read_as_it_was(text: str) -> None:
    there = escaped(text)
    assert not set("<>") & set(there)
    assert readable(there, None) == text
