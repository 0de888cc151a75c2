"""What is looked at before a launch: each finding is found where it is, and not where it is not."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.campaigns.lint import Finding, Launch, Severity, lint
from analytics.campaigns.lint_words import PHRASES
from analytics.campaigns.template import read
from channels.telegram.render import TEXT as TELEGRAM
from channels.x.weight import weight
from desk.channel import Feature, TextLimit
from desk.errors import InvalidError

ALL = frozenset({Feature.BUTTONS, Feature.LINKS, Feature.ATTACHMENTS})
SHORT = TextLimit(longest=60)
ERROR, WARNING, HINT = Severity


@dataclass(frozen=True)
class Shape:
    """What a channel can show."""

    features: frozenset[Feature] = ALL
    limit: TextLimit | None = None


ANYTHING = Launch(shape=Shape(), advertising=False)


def found(given_: dict[str, Any], launch: Launch = ANYTHING) -> list[Finding]:
    return lint(read(given_), launch)


def english(text: str, **more: Any) -> dict[str, Any]:
    return {"contents": {"en": {"text": text, **more}}}


def chinese(text: str, **more: Any) -> dict[str, Any]:
    return {"default": "zh", "contents": {"zh": {"text": text, **more}}}


GOOD = [
    english(
        "Hello {first_name|there}, our winter collection is here: https://shop.example.com/winter. "
        "Have a look! Reply STOP to unsubscribe."
    ),
    english(
        "Your order {order.id|} is on its way. Call us at +1 555 0100. NASA and IBM like it, too."
    ),
    english("50% off, from 9:00 to 18:00. See {offer.url|https://shop.example.com/}"),
    english(
        "Pick one",
        buttons=[{"title": "Visit shop.example.com", "url": "https://www.shop.example.com/a"}],
    ),
    chinese(
        "您好，{first_name|您}：新品已上架，详情 https://shop.example.com/new 。回复退订即可取消。"
    ),
    chinese("亲爱的顾客，您的订单已发货，预计明天送达。如有问题请随时联系我们！"),
]


@pytest.mark.parametrize("template", GOOD)
def test_nothing_is_found_in_what_is_well_written(template: dict[str, Any]) -> None:
    assert found(template) == []


WORDING: list[tuple[dict[str, Any], Severity, str, str, str]] = [
    # template, how bad, code, place, what is named
    (english("Lorem ipsum dolor"), ERROR, "leftover", "en.text", "Lorem ipsum"),
    (english("Hi {{first_name}}, hello"), ERROR, "leftover", "en.text", "{{first_name}}"),
    (english("Hi {{ name | there }}"), ERROR, "leftover", "en.text", "{{ name | there }}"),
    (english("TODO price"), ERROR, "leftover", "en.text", "TODO"),
    (english("Dear [First Name],"), ERROR, "leftover", "en.text", "[First Name]"),
    (english("Dear and valued %FIRST_NAME%"), ERROR, "leftover", "en.text", "%FIRST_NAME%"),
    (english("Dear *|FNAME|*"), ERROR, "leftover", "en.text", "*|FNAME|*"),
    (english("Dear undefined"), ERROR, "leftover", "en.text", "undefined"),
    (chinese("尊敬的【姓名】，您好"), ERROR, "leftover", "zh.text", "【姓名】"),
    (chinese("活动时间待定"), ERROR, "leftover", "zh.text", "待定"),
    (english("Buy <b>this</b>"), WARNING, "markup", "en.text", "<b>, </b>"),
    (english("Buy **this**"), WARNING, "markup", "en.text", "**this**"),
    (english("Now!!!"), WARNING, "marks", "en.text", "!!!"),
    (chinese("快来！！！"), WARNING, "marks", "zh.text", "！！！"),
    (english("Fine", subject="Act now, you have won"), WARNING, "spam", "en.subject", "Act now, you have won"),
    (chinese("恭喜您获得大礼包，点击领取"), WARNING, "spam", "zh.text", "恭喜您获得, 点击领取"),
    (chinese("全网最低，史上最低"), WARNING, "absolute", "zh.text", "全网最低, 史上最低"),
]  # fmt: skip


@pytest.mark.parametrize(("template", "severity", "code", "place", "words"), WORDING)
def test_wording(
    template: dict[str, Any], severity: Severity, code: str, place: str, words: str
) -> None:
    (one,) = [f for f in found(template) if f.code != "subject_above"]
    assert one == Finding(severity, code, place, {"words": words})
    assert words in one.words()
    assert words in one.words("zh")


LOUD = [
    ("THIS IS THE GREATEST SALE", True),
    ("Come to our GREAT WINTER SALE today, it is open", True),
    ("SALE {FIRST_NAME}", None),
    ("SALE", False),
    ("Our IBM and SAP and NASA offers", False),
    ("Only {first_name} is here: https://shop.example.com/ABCDEFGHIJKLMNOP", False),
    ("VIP 会员 A1 专享", False),
]


@pytest.mark.parametrize(("text", "loud"), LOUD)
def test_shouting(text: str, loud: bool | None) -> None:
    if loud is None:
        with pytest.raises(InvalidError):
            read(english(text))
        return
    launch = Launch(shape=Shape(), advertising=False, known={"first_name"})
    assert [f.code for f in found(english(text), launch)] == ["shouting"] * loud


LINKS = [
    ("http://shop.example.com/a", "not_https"),
    ("https://shop", "broken_link"),
    ("https://shop..example.com/", "broken_link"),
    ("https://user:pass@shop.example.com/", "broken_link"),
    ("https://shop.example.com:99999/", "broken_link"),
    ("https:/shop.example.com", "broken_link"),
    ("htttps://shop.example.com", "broken_link"),
    ("https://10.0.0.1/x", "broken_link"),
    ("https:// shop.example.com", "broken_link"),
    ("https//shop.example.com", "broken_link"),
    ("https:shop.example.com", "broken_link"),
    ("https:///shop.example.com", "broken_link"),
    ("https://bit.ly/3xyz", "shortener"),
    ("https://www.tinyurl.com/3xyz", "shortener"),
    ("https://t.cn/A6", "shortener"),
    ("https://shop.example.com/a马上看", "glued_link"),
]


@pytest.mark.parametrize(("link", "code"), LINKS)
def test_links(link: str, code: str) -> None:
    (one,) = found(english(f"See {link} "))
    assert (one.code, one.place) == (code, "en.text")
    assert one.severity is (ERROR if code == "broken_link" else WARNING)


def test_links_of_buttons_and_images_are_looked_at_too() -> None:
    buttons = [{"title": "Go", "url": "http://shop.example.com/{id|}"}]
    codes = [
        (f.code, f.place)
        for f in found(english("Hi", buttons=buttons, image="https://is.gd/x.png"))
    ]
    assert codes == [("shortener", "en.image"), ("not_https", "en.buttons[1].url")]


TITLES = [
    ("shop.example.com", "https://evil.example.net/", True),
    ("https://shop.example.com/a", "https://shop.example.com.evil.example.net/", True),
    ("shop.example.com", "https://shop.example.com/sale", False),
    ("www.example.com", "https://shop.example.com/sale", False),
    ("To the shop", "https://shop.example.com/sale", False),
    ("Version 2.0 is here", "https://shop.example.com/", False),
]


@pytest.mark.parametrize(("title", "url", "differs"), TITLES)
def test_links_that_lead_elsewhere_than_they_say(title: str, url: str, differs: bool) -> None:
    findings = found(english("Hi", buttons=[{"title": title, "url": url}]))
    assert [f.code for f in findings] == ["link_text_differs"] * differs
    assert all(f.place == "en.buttons[1]" for f in findings)


# --- the channel

BUTTONS = [
    {"title": "Yes", "payload": "/affirm"},
    {"title": "Shop", "url": "https://shop.example.com/"},
]
RICH = english("Hi", buttons=BUTTONS, image="https://shop.example.com/x.png")

DEGRADED = [
    (ALL, []),
    (ALL - {Feature.BUTTONS}, ["buttons_numbered"]),
    (ALL - {Feature.LINKS}, ["links_written"]),
    (ALL - {Feature.ATTACHMENTS}, ["image_link"]),
    (frozenset[Feature](), ["buttons_numbered", "links_written", "image_link"]),
]


@pytest.mark.parametrize(("features", "codes"), DEGRADED)
def test_what_a_channel_cannot_show_is_said(
    features: frozenset[Feature], codes: list[str]
) -> None:
    findings = found(RICH, Launch(shape=Shape(features), advertising=False))
    assert [(f.code, f.severity) for f in findings] == [(code, HINT) for code in codes]
    assert found(english("Hi"), Launch(shape=Shape(features), advertising=False)) == []


LENGTHS: list[tuple[dict[str, Any], TextLimit, dict[str, Any], str | None, int]] = [
    # template, limit, more of the launch, code, length
    (english("x" * 60), SHORT, {}, None, 0),
    (english("x" * 61), SHORT, {}, "too_long", 61),
    (english("x" * 40 + "{first_name|}"), SHORT, {}, None, 0),
    (english("x" * 41 + "{first_name|}"), SHORT, {}, "may_be_too_long", 61),
    (english("x" * 50 + "{city|}"), SHORT, {"longest": {"city": 10}}, None, 0),
    (english("x" * 50 + "{city|}"), SHORT, {"longest": {"city": 11}}, "may_be_too_long", 61),
    (english("x" * 60 + "{city|}"), SHORT, {"longest": {"city": 3}}, "too_long", 61),
    # A link of ours may be longer or shorter than what it stands for.
    (english("https://a.example.com/" + "x" * 39), SHORT, {"tracked_length": 60}, None, 0),
    (english("https://a.example.com/"), SHORT, {"tracked_length": 61}, "too_long", 61),
    (english("https://a.example.com/{id|}"), SHORT, {"tracked_length": 61}, "may_be_too_long", 62),
    # As the platform counts: UTF-16 at Telegram, two for Chinese and 23 for a link at X.
    (chinese("😀" * 2_048), TELEGRAM, {}, None, 0),
    (chinese("😀" * 2_049), TELEGRAM, {}, "too_long", 4_098),
    (chinese("字" * 140), TextLimit(longest=280, length=weight), {}, None, 0),
    (chinese("字" * 141), TextLimit(longest=280, length=weight), {}, "too_long", 282),
    (
        english("x" * 256 + " https://a.example.com/" + "y" * 100),
        TextLimit(longest=280, length=weight),
        {},
        None,
        0,
    ),
    (
        chinese("字" * 121 + "{first_name|}"),
        TextLimit(longest=280, length=weight),
        {},
        "may_be_too_long",
        282,
    ),
]


@pytest.mark.parametrize(("template", "limit", "more", "code", "length"), LENGTHS)
def test_length(
    template: dict[str, Any], limit: TextLimit, more: dict[str, Any], code: str | None, length: int
) -> None:
    launch = Launch(shape=Shape(limit=limit), advertising=False, known={"first_name"}, **more)
    findings = [f for f in found(template, launch) if f.code != "not_counted"]
    assert [f.code for f in findings] == ([code] if code else [])
    for one in findings:
        assert one.values == {"length": length, "longest": limit.longest}
        assert one.severity is (ERROR if code == "too_long" else WARNING)


def test_what_is_written_below_the_text_counts() -> None:
    template = english("x" * 50, buttons=[{"title": "Yes, please", "payload": "/affirm"}])
    assert found(template, Launch(shape=Shape(limit=SHORT), advertising=False)) == []
    launch = Launch(shape=Shape(frozenset(), SHORT), advertising=False)
    assert [f.code for f in found(template, launch)] == ["too_long", "buttons_numbered"]
    named = english("x" * 50, subject="A subject")
    assert [(f.code, f.values) for f in found(named, launch)] == [
        ("too_long", {"length": 61, "longest": 60}),
        ("subject_above", {}),
    ]
    pictured = english("x" * 50, image="https://shop.example.com/x.png")
    assert [f.code for f in found(pictured, launch)] == ["too_long", "image_link"]


def test_links_with_variables_are_not_counted() -> None:
    template = english("https://shop.example.com/o/{id|} https://shop.example.com/")
    assert found(template) == []
    (one,) = found(template, Launch(shape=Shape(), advertising=False, tracked_length=60))
    assert (one.code, one.severity, one.values) == (
        "not_counted",
        HINT,
        {"link": "https://shop.example.com/o/…"},
    )


def test_subjects() -> None:
    mail = Launch(shape=Shape(), advertising=False, has_subject=True)
    assert [(f.code, f.severity) for f in found(english("x"), mail)] == [("no_subject", WARNING)]
    assert found(english("x", subject="y"), mail) == []
    (one,) = found(english("x", subject="y"))
    assert (one.code, one.severity, one.place) == ("subject_above", HINT, "en.subject")


# --- the people

WAYS_OUT = [
    ("Reply STOP to leave.", True),
    ("Unsubscribe: {unsubscribe_url|https://shop.example.com/u}", True),
    ("To opt out, write to us.", True),
    ("Preferences: {preferences.url|https://shop.example.com/p}", True),
    ("回复退订即可取消", True),
    ("拒收请回复R", True),
    ("Just reply “stop”.", True),
    ("We never stop working. Nonstop!", False),
    ("你好", False),
]


@pytest.mark.parametrize(("text", "said"), WAYS_OUT)
def test_advertising_says_how_to_end_it(text: str, said: bool) -> None:
    for one_click, severity in ((False, ERROR), (True, HINT)):
        launch = Launch(shape=Shape(), one_click=one_click)
        findings = found(english(text), launch)
        assert [(f.code, f.severity) for f in findings] == [("no_way_out", severity)] * (not said)
    assert found(english(text)) == []


def test_each_language_says_it() -> None:
    both = {"contents": {"en": {"text": "Reply STOP to end this"}, "zh": {"text": "你好"}}}
    (one,) = found(both, Launch(shape=Shape()))
    assert (one.code, one.place) == ("no_way_out", "zh.text")


def test_a_language_that_is_spoken_and_not_written() -> None:
    launch = Launch(
        shape=Shape(),
        advertising=False,
        languages={"zh-CN": 3, "zh": 4, "en": 9, "fr": 5, "": 2},
    )
    (one,) = found(english("Hi"), launch)
    assert (one.severity, one.code, one.place) == (WARNING, "no_language", "zh")
    assert one.values == {"language": "zh", "count": 7, "default": "en"}
    assert found({"contents": {"en": {"text": "Hi"}, "zh": {"text": "好"}}}, launch) == []


def test_what_nothing_is_known_of() -> None:
    launch = Launch(shape=Shape(), advertising=False, known={"name"})
    (one,) = found(english("{name} {city|} {order.id}"), launch)
    assert (one.severity, one.code, one.values) == (ERROR, "no_value", {"name": "order.id"})
    assert "{order.id|there}" in one.words()
    assert "{order.id|您}" in one.words("zh")


def test_the_worst_comes_first() -> None:
    template = english("Act now, TODO", buttons=BUTTONS)
    findings = found(template, Launch(shape=Shape(frozenset())))
    assert [f.severity for f in findings] == [ERROR, ERROR, WARNING, HINT, HINT]


# --- the words


def test_every_phrase_is_used_and_said_in_both_languages() -> None:
    text = (
        "TODO **x** Act now!!! GREAT WINTER SALE 全国第一 http://a.example.com https://bit.ly/x https://x "
        "https://b.example.com/x路 https://c.example.com/{id} "
    )
    template = english(text, subject="x", buttons=[*BUTTONS, {"title": "a.example", "url": "https://b.example.com"}],
                       image="https://a.example.com/x.png")  # fmt: skip
    seen = {}
    for limit, subject in ((SHORT, False), (TextLimit(longest=330), True)):
        launch = Launch(
            shape=Shape(frozenset(), limit),
            languages={"zh": 3},
            tracked_length=50,
            has_subject=subject,
        )
        for shown in (template, english(text * 1, buttons=BUTTONS)):
            seen.update({f.code: f for f in found(shown, launch)})
    assert set(PHRASES) - set(seen) <= {"may_be_too_long"}
    for one in seen.values():
        for language in ("en", "zh"):
            told = one.words(language)
            assert told
            assert ("。" in told) is (language == "zh")


@settings(max_examples=150, deadline=None)
@given(
    text=st.lists(
        st.sampled_from(
            [
                *"ab王!{}[]<>*|%. \n",
                "{name}",
                "{x|}",
                "https://",
                "http://a.example.com/",
                "STOP",
                "TODO",
            ]
        ),
        min_size=1,
        max_size=20,
    ).map("".join)
)
def test_any_template_can_be_looked_at(text: str) -> None:
    try:
        template = read(english(text, subject="s", buttons=BUTTONS))
    except InvalidError:
        return
    launch = Launch(shape=Shape(frozenset(), SHORT), tracked_length=50, languages={"zh": 1})
    for one in lint(template, launch):
        assert one.words()
        assert one.words("zh")
