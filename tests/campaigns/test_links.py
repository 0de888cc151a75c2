"""Counted links: signed, led by a frozen list, and clicks of machines are told apart."""

from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns import urls
from analytics.campaigns.links import (
    Clicked,
    LinkError,
    Tracked,
    TrackedLinks,
    frozen,
    personal,
)
from analytics.campaigns.machines import AGENTS, is_machine, not_counted
from analytics.campaigns.template import read, render
from tests.conftest import SECRET

LINKS = TrackedLinks(SECRET, public_url="https://desk.example.com/")
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)

TEMPLATE = read(
    {
        "contents": {
            "en": {
                "text": "See https://a.example.com/x_(y), or (https://b.example.com/?q=1). "
                "Yours: https://a.example.com/o/{id|}! And https://a.example.com/x_(y) again.",
                "buttons": [
                    {"title": "Go", "url": "https://a.example.com/b"},
                    {"title": "Mine", "url": "{offer.url}"},
                    {"title": "No", "payload": "/deny"},
                ],
            },
            "zh": {"text": "看https://c.example.com/，或者https://b.example.com/?q=1。"},
        }
    }
)
TARGETS = (
    "https://a.example.com/x_(y)",
    "https://b.example.com/?q=1",
    "https://a.example.com/b",
    "https://c.example.com/",
)


def test_the_list_has_each_link_without_variables_once() -> None:
    assert frozen(TEMPLATE) == Tracked(TARGETS)
    assert personal(TEMPLATE) == ("https://a.example.com/o/…", "…")
    assert frozen(TEMPLATE, TEMPLATE) == frozen(TEMPLATE)


def test_links_lead_over_us_and_back() -> None:
    values = {"id": "7", "offer.url": "https://shop.example.com/offer"}
    plain, tracked = render(TEMPLATE, values, "en"), frozen(TEMPLATE)
    sent = LINKS.wrap(plain, 42, tracked)
    wrapped = [*urls.found(sent.text), *(b.url for b in sent.buttons if b.url)]
    original = [*urls.found(plain.text), *(b.url for b in plain.buttons if b.url)]
    assert "https://a.example.com/o/7" in wrapped
    assert "https://shop.example.com/offer" in wrapped
    back = []
    for link in wrapped:
        if not link.startswith("https://desk.example.com/r/"):
            back.append(link)
            continue
        clicked = LINKS.read(link.rpartition("/")[2])
        assert clicked.recipient_id == 42
        back.append(tracked.target(clicked.link))
    assert back == original
    assert sum(link.startswith("https://desk.example.com/r/") for link in wrapped) == 4
    # Nothing but the links was changed.
    assert urls.replaced(sent.text, lambda _: "-") == urls.replaced(plain.text, lambda _: "-")
    assert sent.buttons[2] == plain.buttons[2]


def test_without_an_address_of_ours_links_stay_as_they_are() -> None:
    plain = render(TEMPLATE, {"offer.url": "https://shop.example.com/"}, "en")
    nowhere = TrackedLinks(SECRET, public_url=None)
    assert not nowhere.can_be_followed
    assert nowhere.wrap(plain, 1, frozen(TEMPLATE)) is plain


@settings(max_examples=200, deadline=None)
@given(recipient=st.integers(0, 2**63 - 1), link=st.integers(0, 65_535))
def test_a_token_says_what_was_signed(recipient: int, link: int) -> None:
    token = LINKS.token(recipient, link)
    assert LINKS.read(token) == Clicked(recipient, link)
    assert len(token) == 36
    assert token.replace("-", "a").replace("_", "a").isalnum()


@settings(max_examples=300, deadline=None)
@given(
    recipient=st.integers(0, 1_000),
    at=st.integers(0, 35),
    letter=st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
)
def test_a_changed_token_is_refused(recipient: int, at: int, letter: str) -> None:
    token = LINKS.token(recipient, 3)
    changed = token[:at] + letter + token[at + 1 :]
    if changed == token:
        assert LINKS.read(changed) == Clicked(recipient, 3)
    else:
        with pytest.raises(LinkError):
            LINKS.read(changed)


def test_a_signature_has_128_bits() -> None:
    tokens = [urlsafe_b64decode(LINKS.token(recipient, 0)) for recipient in range(300)]
    assert all(len({token[place] for token in tokens}) > 100 for place in range(11, 27))


FORGED = [
    "",
    "x",
    "A" * 36,
    LINKS.token(1, 2)[:-1],
    LINKS.token(1, 2) + "A",
    LINKS.token(1, 2) + "\n",
    LINKS.token(1, 2)[:-1] + "é",
    "=" * 36,
    "../../../../../../../../../etc/passwd",
    TrackedLinks(SECRET + "x", public_url=None).token(1, 2),
    "https://evil.example.com/?r=12345678",
]


@pytest.mark.parametrize("token", FORGED)
def test_forged_tokens_are_refused(token: str) -> None:
    with pytest.raises(LinkError) as error:
        LINKS.read(token)
    assert error.value.status_code == 404


@pytest.mark.parametrize("link", [-1, 4, 65_535])
def test_a_link_that_is_not_in_the_list_leads_nowhere(link: int) -> None:
    with pytest.raises(LinkError):
        frozen(TEMPLATE).target(link)


# --- finding links

FOUND = [
    ("see https://a.example.com.", ["https://a.example.com"]),
    ("(https://a.example.com/x)", ["https://a.example.com/x"]),
    ("https://a.example.com/x_(y)!", ["https://a.example.com/x_(y)"]),
    ("看https://a.example.com/路，好", ["https://a.example.com/"]),
    ("「https://a.example.com/a?b=c&d=%E8」", ["https://a.example.com/a?b=c&d=%E8"]),
    (
        "HTTPS://A.example.com/, http://b.example.com;",
        ["HTTPS://A.example.com/", "http://b.example.com"],
    ),
    ("<https://a.example.com>", ["https://a.example.com"]),
    ("ftp://a.example.com a.example.com mailto:a@example.com", []),
]


@pytest.mark.parametrize(("text", "links"), FOUND)
def test_links_are_found_as_platforms_find_them(text: str, links: list[str]) -> None:
    assert urls.found(text) == links


@settings(max_examples=300, deadline=None)
@given(
    text=st.lists(st.sampled_from([*"ab.,;:!?()[]{}'\"*_~/ \n王，", "https://", "http://"])).map(
        "".join
    )
)
def test_replacing_links_by_themselves_changes_nothing(text: str) -> None:
    assert urls.replaced(text, lambda link: link) == text
    assert len(urls.found(text)) == urls.replaced(text, lambda _: "\x00").count("\x00")


# --- machines

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/130.0.0.0 Safari/537.36"
)

MACHINES = [
    ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", "slack"),
    ("Slack-ImgProxy (+https://api.slack.com/robots)", "slack"),
    ("TelegramBot (like TwitterBot)", "telegram"),
    ("WhatsApp/2.23.20.0 A", "whatsapp"),
    ("Twitterbot/1.0", "x"),
    ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebook"),
    ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "discord"),
    ("LinkedInBot/1.0 (compatible; Mozilla/5.0)", "linkedin"),
    ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "skype and teams"),
    ("Mozilla/5.0 (Windows NT 10.0) Safari/537.36 BingPreview/1.0b", "outlook"),
    ("Microsoft Office Existence Discovery", "outlook"),
    ("Synapse (bot; +https://github.com/matrix-org/synapse)", "matrix"),
    ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "google"),
    ("Mozilla/5.0 (Windows NT 5.1) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "google"),
    ("Mozilla/5.0 (compatible; bingbot/2.0)", "bing"),
    ("Mozilla/5.0 (compatible; Baiduspider/2.0)", "search engine"),
    ("Mozilla/5.0 (compatible; YandexBot/3.0)", "search engine"),
    ("YahooMailProxy; https://help.yahoo.com/kb/", "yahoo"),
    ("BarracudaCentral/1.0", "mail gateway"),
    ("Mozilla/5.0 HeadlessChrome/120.0.0.0 Safari/537.36", "headless browser"),
    ("curl/8.5.0", "program"),
    ("python-requests/2.32", "program"),
    ("python-httpx/0.28", "program"),
    ("Go-http-client/2.0", "program"),
    ("okhttp/4.12.0", "program"),
    ("Mozilla/5.0 (compatible; SomeNewBot/1.0; +https://bots.example.com)", "bot"),
    ("acme link preview 1.0", "bot"),
]


@pytest.mark.parametrize(("agent", "name"), MACHINES)
def test_machines_say_who_they_are(agent: str, name: str) -> None:
    assert is_machine("GET", {"User-Agent": agent}) == name


def test_every_row_of_the_table_is_reached() -> None:
    assert {name for name, _ in AGENTS} - {name for _, name in MACHINES} == {
        "signal",
        "apple",
        "assistant",
        "link checker",
    }


PEOPLE = [
    CHROME,
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:132.0) Gecko/20100101 Firefox/132.0",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 [FBAN/FBIOS;FBAV/480.0.0.0;FBBV/1]",
    "Mozilla/5.0 (Linux; Android 14; wv) Chrome/130.0 Mobile Safari/537.36 Instagram 350.0.0.0 Android",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.53 NetType/WIFI Language/zh_CN",
    "Mozilla/5.0 (Linux; Android 12; CUBOT X30) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Mobile/15E148 Twitter for iPhone/10.60",
    "Mozilla/5.0 (Linux; Android 13; PBEM00) Chrome/116.0 Mobile Safari/537.36 Telegram-Android/11.2",
    "Mozilla/5.0 (Linux; U; Android 13; zh-cn) Chrome/116.0 MQQBrowser/15.2 Mobile Safari/537.36",
]


@pytest.mark.parametrize("agent", PEOPLE)
def test_people_are_people(agent: str) -> None:
    assert is_machine("GET", {"user-agent": agent, "accept": "text/html"}) is None


SAID = [
    ("HEAD", {"User-Agent": CHROME}, "method HEAD"),
    ("OPTIONS", {"User-Agent": CHROME}, "method OPTIONS"),
    ("get", {"User-Agent": CHROME}, None),
    ("GET", {"User-Agent": CHROME, "Sec-Purpose": "prefetch;prerender"}, "prefetch"),
    ("GET", {"User-Agent": CHROME, "Purpose": "prefetch"}, "prefetch"),
    ("GET", {"User-Agent": CHROME, "X-Purpose": "preview"}, "prefetch"),
    ("GET", {"User-Agent": CHROME, "X-Moz": "prefetch"}, "prefetch"),
    ("GET", {"User-Agent": CHROME, "Purpose": "shopping"}, None),
    ("GET", {}, "no user agent"),
    ("GET", {"User-Agent": "  "}, "no user agent"),
]


@pytest.mark.parametrize(("method", "headers", "why"), SAID)
def test_what_a_request_says_of_itself(
    method: str, headers: dict[str, str], why: str | None
) -> None:
    assert is_machine(method, headers) == why


HASTY = [
    (timedelta(), "too fast"),
    (1.9 * SECOND, "too fast"),
    (2 * SECOND, None),
    (timedelta(days=3), None),
    # Another computer's clock, and a clock of ours that was put back.
    (-5 * SECOND, "too fast"),
    (-timedelta(hours=1), None),
]


@pytest.mark.parametrize(("after", "why"), HASTY)
def test_nobody_clicks_as_fast_as_that(after: timedelta, why: str | None) -> None:
    headers = {"User-Agent": CHROME}
    assert not_counted("GET", headers, sent_at=NOON, at=NOON + after) == why
    assert not_counted("HEAD", headers, sent_at=NOON, at=NOON + after) == "method HEAD"
    assert not_counted("GET", headers, sent_at=None, at=NOON) is None
    longer = not_counted("GET", headers, sent_at=NOON, at=NOON + 20 * SECOND, haste=30 * SECOND)
    assert longer == "too fast"
