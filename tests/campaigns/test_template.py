"""Templates: nothing is evaluated, nobody gets a blank, and what is filled in stays plain text."""

import re
import string
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from analytics.campaigns import placeholders, urls
from analytics.campaigns.placeholders import MissingError, TemplateError, Variable, fill
from analytics.campaigns.template import (
    Content,
    OfferedButton,
    Template,
    missing,
    read,
    render,
    variables,
)
from desk.dialogue.port import Button
from desk.errors import InvalidError


def english(text: str, **more: Any) -> Template:
    return read({"contents": {"en": {"text": text, **more}}})


FILLED = [
    ("Hello {name}!", {"name": "Anna"}, "Hello Anna!"),
    ("Hello {name|there}!", {}, "Hello there!"),
    ("Hello {name|there}!", {"name": "  \n "}, "Hello there!"),
    ("Hello{name|}!", {}, "Hello!"),
    ("{order.id}: {_x9}", {"order.id": "7", "_x9": "y"}, "7: y"),
    ("{{name}} costs {{}} {{{name}}}", {"name": "Li"}, "{name} costs {} {Li}"),
    ("{name|dear customer | friend}", {}, "dear customer | friend"),
    ("你好，{name|您}", {"name": "王芳"}, "你好，王芳"),
    # What is filled in is not read again.
    ("{name}", {"name": "{order.id}", "order.id": "7"}, "{order.id}"),
    ("{name}", {"name": "{{name}}"}, "{{name}}"),
    ("{a}{b}", {"a": "{", "b": "c}", "c": "x"}, "{c}"),
    # One line, nothing that hides or turns the text around.
    ("To {name}.", {"name": "A\r\n\r\nBcc: b@example.com\x00"}, "To A Bcc: b@example.com."),
    ("{name}", {"name": "abc\u202egpj.exe\u200b\u2066\ufeff"}, "abcgpj.exe"),
    ("{name}", {"name": "👩\u200d👧"}, "👩\u200d👧"),
    ("{name}", {"name": "x\u2028y\u0085z\ud800"}, "x y z"),
    # Parts of links are escaped, links are not made.
    ("https://a.example.com/o/{id}?n={n}", {"id": "7/../x?y", "n": "a&b=c d"},
     "https://a.example.com/o/7%2F..%2Fx%3Fy?n=a%26b%3Dc%20d"),
    ("see https://a.example.com/{id}, 谢谢", {"id": "www.b.example"}, "see https://a.example.com/www.b.example, 谢谢"),
    ("看https://a.example.com/x，{name}", {"name": "王 芳"}, "看https://a.example.com/x，王 芳"),
    ("Dear {name}", {"name": "win at https://evil.example/x"}, "Dear win at https: //evil.example/x"),
    ("Dear {name}", {"name": "www.evil.example"}, "Dear www. evil.example"),
    ("Dear {name}", {"name": "tg://resolve?domain=x"}, "Dear tg: //resolve?domain=x"),
    ("Dear {name}", {"name": "javascript:alert(1)"}, "Dear javascript: alert(1)"),
    ("Dear {name}", {"name": "[x](https://evil.example)"}, "Dear [x] (https: //evil.example)"),
    ("Dear {a}{b}", {"a": "https", "b": "://evil.example"}, "Dear https: //evil.example"),
    ("Dear {a}{b}", {"a": "www", "b": ".evil.example"}, "Dear www. evil.example"),
    ("Dear {name}: 3", {"name": "Dr. A. O'Neil-Smith/B"}, "Dear Dr. A. O'Neil-Smith/B: 3"),
    # A variable that is a link by its name may be one, and must be.
    ("{offer.url}", {"offer.url": "https://shop.example.com/o?a=1"}, "https://shop.example.com/o?a=1"),
    ("{offer.url|-}", {"offer.url": "javascript:alert(1)"}, "-"),
    ("{offer.url|-}", {"offer.url": "https://a@b.example.com/"}, "-"),
    ("{offer.url|-}", {"offer.url": "shop.example.com"}, "-"),
    (
        "https://a.example.com/?u={back_url}",
        {"back_url": "https://b.example.com/?x=1"},
        "https://a.example.com/?u=https%3A%2F%2Fb.example.com%2F%3Fx%3D1",
    ),
    ("{link}{name}", {"link": "https://shop.example", "name": ".evil.example"}, "https://shop.example .evil.example"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "values", "expected"), FILLED)
def test_what_is_filled_in(text: str, values: dict[str, str], expected: str) -> None:
    assert render(english(text), values, "en").text == expected


WRONG = [
    ("Hi {", "line 1, character 4: this { has no }; write {{ for a brace"),
    ("Hi\n a } b", "line 2, character 4: this } has no {; write }} for a brace"),
    ("{a{b}}", "line 1, character 1: this { has no }"),
    ("{Name}", "line 1, character 1: '{Name}' is no variable; write {first_name} or"),
    ("{}", "'{}' is no variable"),
    ("{ name }", "'{ name }' is no variable"),
    ("{9a}", "'{9a}' is no variable"),
    ("{姓名}", "'{姓名}' is no variable"),
    ("{" + "a" * 65 + "}", "is no variable"),
    ("{name|a\nb}", "is no variable"),
    (
        "https://{host}/x",
        "character 9: the host of a link cannot be a variable; write https://shop",
    ),
    ("https://shop.{host}", "the host of a link cannot be a variable"),
    ("https://shop.example.com{path}", "the host of a link cannot be a variable"),
    ("{a}" * 101, "there are more than 100 variables in one text"),
    ("a\x00b", "line 1, character 2: there is a character that cannot be sent"),
    ("  \n ", "there is nothing to say"),
]


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_a_mistake_is_said_with_its_place(text: str, why: str) -> None:
    with pytest.raises(InvalidError) as error:
        english(text)
    assert str(error.value).startswith("contents.en.text: ")
    assert why in str(error.value)


EVALUATORS = [
    "{{7*7}}",
    "{{ config.items() }}",
    "{{''.__class__.__mro__[1].__subclasses__()}}",
    "{{request.application.__globals__}}",
    "{{cycler.__init__.__globals__.os.popen('id').read()}}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "{%import os%}{{os.popen('id')}}",
    "{# comment #}",
    "${7*7}",
    "#{7*7}",
    "*{7*7}",
    "@{7*7}",
    "<%= 7*7 %>",
    "${{7*7}}",
    "{{=7*7}}",
    "{{constructor.constructor('return 1')()}}",
    "{php}echo 1;{/php}",
    "{system('id')}",
    "{name.__class__}",
    "{name.__init__.__globals__}",
    "{name!r}",
    "{name:>10000000}",
    "{0}",
    "{name[0]}",
    "{name.__class__.__mro__[1]}",
    "%(name)s",
    "$name",
    "__import__('os').system('id')",
    "{self.__init__.__globals__.__builtins__}",
]


@pytest.mark.parametrize("attack", EVALUATORS)
def test_nothing_is_evaluated(attack: str) -> None:
    """As a template it is a mistake, a name of which nothing is known, or what stands there; as a value, itself."""
    assert render(english("{name}"), {"name": attack}, "en").text == attack
    try:
        template = english(attack)
    except InvalidError:
        return
    if unknown := missing(template, {"name"}):
        with pytest.raises(MissingError):
            render(template, {"name": "x"}, "en")
        assert all(name.startswith(("name.__", "self.__")) for name in unknown)
        return
    shown = render(template, {"name": "x"}, "en").text
    assert shown == attack.replace("{{", "{").replace("}}", "}")
    assert "49" not in shown


NASTY = st.lists(
    st.sampled_from(
        [*string.printable, "王", "\u202e", "\u2028", "://", "www.", "http", "](", "{a}", "tg:"]
    )
).map("".join)
VALUES = st.dictionaries(st.sampled_from(["a", "b", "a.b", "url", "name"]), NASTY)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="{}| \nab_.9:/hts王", max_size=30), values=VALUES)
def test_any_text_is_filled_in_or_refused(text: str, values: dict[str, str]) -> None:
    try:
        placeholders.check(text)
        done = fill(text, values)
    except TemplateError as error:
        assert str(error).startswith("line ")  # noqa: PT017 - either may be
        return
    except MissingError as error:
        assert set(error.names) <= {v.name for v in placeholders.named(text)}  # noqa: PT017 - either may be
        return
    assert done.count("\n") == text.count("\n")
    assert fill(done.replace("{", "{{").replace("}", "}}"), values) == done


@settings(max_examples=300, deadline=None)
@given(
    text=st.lists(st.sampled_from(["{a|}", "{b|}", "{c|}", " ", "x", "王", "{{", "}}"])),
    values=st.dictionaries(st.sampled_from(["a", "b", "c"]), NASTY),
)
@example(text=["{a|}", "{b|}"], values={"a": "java", "b": "script:alert(1)"})
@example(text=["{a|}", "{b|}"], values={"a": "https:", "b": "//b.example"})
@example(text=["{a|}", "{a|}"], values={"a": "0://www."})
def test_no_link_comes_of_what_is_filled_in(text: list[str], values: dict[str, str]) -> None:
    done = fill("".join(text), values)
    assert urls.found(done) == []
    assert not re.search(r"[a-z0-9]://|\bwww\.\w|(?:script|data|tg):\S|\]\(", done, re.IGNORECASE)


@settings(max_examples=200, deadline=None)
@given(value=st.text(max_size=400))
def test_a_value_is_one_short_plain_line(value: str) -> None:
    done = fill("<{name|}>", {"name": value})
    assert done.isprintable() or not value.isprintable()
    assert len(done) <= placeholders.LONGEST_VALUE * 2
    assert "\n" not in done
    assert "\r" not in done
    assert urls.found(done) == []
    done.encode()


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_can_be_said_with_doubled_braces(text: str) -> None:
    assert fill(text.replace("{", "{{").replace("}", "}}"), {}) == text


# --- what is missing


def test_what_is_missing_is_listed_before_and_skips_the_contact_then() -> None:
    template = read(
        {
            "contents": {
                "en": {
                    "text": "{name}, {city|here}",
                    "subject": "{order.id}",
                    "buttons": [{"title": "Go {city|}!", "url": "https://a.example.com/{token}"}],
                },
                "zh": {"text": "{name}，{offer}"},
            }
        }
    )
    assert [one.name for one in variables(template)] == [
        "name",
        "city",
        "order.id",
        "city",
        "token",
        "offer",
    ]
    assert Variable("city", "here") in variables(template)
    assert missing(template, {"name", "token"}) == ("order.id", "offer")
    with pytest.raises(MissingError) as caught:
        render(template, {"token": "t"}, "en")
    assert caught.value.names == ("name", "order.id")
    assert "name, order.id" in str(caught.value)


@pytest.mark.parametrize("button", [{"title": "{x|}", "payload": "/x"}, None])
def test_nobody_is_sent_a_blank(button: dict[str, str] | None) -> None:
    template = english("hello" if button else "{x|} {y|}", buttons=[button] if button else [])
    with pytest.raises(MissingError) as caught:
        render(template, {}, "en")
    assert caught.value.names == (("x",) if button else ("x", "y"))
    render(template, {"x": "1"}, "en")


def test_a_button_that_leads_nowhere_is_not_sent() -> None:
    buttons = [
        {"title": "Go", "url": "{offer.url|}"},
        {"title": "Back", "url": "https://a.example.com/?u={back_url}"},
    ]
    template = english("Hello", buttons=buttons)
    link = "https://shop.example.com/"
    with pytest.raises(MissingError):
        render(template, {"offer.url": "javascript:alert(1)", "back_url": link}, "en")
    rendered = render(template, {"offer.url": link, "back_url": link}, "en")
    assert rendered.buttons[1].url == "https://a.example.com/?u=https%3A%2F%2Fshop.example.com%2F"


def test_lines_of_a_web_form_are_lines() -> None:
    assert english("a\r\nb\rc").contents["en"].text == "a\nb\nc"


# --- languages

BOTH = read({"default": "zh", "contents": {"en": {"text": "Hello"}, "zh": {"text": "你好"}}})
ONLY = english("Hello")

SPOKEN = [
    (BOTH, "en", "en"),
    (BOTH, "zh-CN", "zh"),
    (BOTH, "zh_TW", "zh"),
    (BOTH, "EN-us", "en"),
    (BOTH, "fr", "zh"),
    (BOTH, None, "zh"),
    (BOTH, "", "zh"),
    (BOTH, "english", "zh"),
    (ONLY, "zh", "en"),
]


@pytest.mark.parametrize(("template", "asked", "spoken"), SPOKEN)
def test_contacts_get_their_language(template: Template, asked: str | None, spoken: str) -> None:
    rendered = render(template, {}, asked)
    assert rendered.language == spoken
    assert rendered.text == ("你好" if spoken == "zh" else "Hello")


# --- the parts of a message


def test_every_part_is_filled_in() -> None:
    template = english(
        "Hi {name}",
        subject="For {name}",
        image="https://a.example.com/{sku}.png",
        buttons=[
            {"title": "{name}'s", "url": "https://a.example.com/?n={name}"},
            {"title": "Yes", "payload": '/affirm{"name": "{name}"}'},
            {"title": "Offer", "url": "{offer.url}"},
        ],
    )
    values = {"name": "A\nB", "sku": "a/b", "offer.url": "https://shop.example.com/x"}
    rendered = render(template, values, "en")
    assert rendered.subject == "For A B"
    assert rendered.image == "https://a.example.com/a%2Fb.png"
    assert rendered.buttons == (
        Button(title="A B's", url="https://a.example.com/?n=A%20B"),
        Button(title="Yes", payload='/affirm{"name": "{name}"}'),
        Button(title="Offer", url="https://shop.example.com/x"),
    )


WRONG_JSON: list[tuple[Any, str]] = [
    (None, "a template is an object"),
    ({"version": 2}, "version: 2 is not known here; write 1"),
    ({}, "contents: Field required"),
    ({"contents": {}}, "contents: "),
    ({"contents": {"fr": {"text": "x"}}}, "contents.fr"),
    ({"contents": {"zh": {"text": "x"}}}, "there is no text in the default language, 'en'"),
    ({"contents": {"en": {}}}, "contents.en.text: Field required"),
    ({"contents": {"en": {"text": "x", "html": "y"}}}, "contents.en.html: Extra inputs"),
    ({"contents": {"en": {"text": "x", "subject": "a\nb"}}}, "contents.en.subject: this is more"),
    (
        {"contents": {"en": {"text": "x", "image": "x.png"}}},
        "contents.en.image: 'x.png' is no link",
    ),
    (
        {"contents": {"en": {"text": "x", "buttons": [{"title": "y"}]}}},
        "contents.en.buttons[1]: a button has either a url or a payload",
    ),
    (
        {"contents": {"en": {"text": "x", "buttons": [{"title": "y", "url": "{name}"}]}}},
        "contents.en.buttons[1].url: a link begins with https://, not with {name}; a variable that",
    ),
    (
        {"contents": {"en": {"text": "x", "buttons": [{"title": "y", "url": "javascript:x"}]}}},
        "is no link such as https://",
    ),
    (
        {"contents": {"en": {"text": "x", "buttons": [{"title": "y", "payload": "z"}] * 11}}},
        "contents.en.buttons: Tuple should have at most 10",
    ),
    ({"contents": {"en": {"text": "x" * 20_001}}}, "contents.en.text: String should have at most"),
]


@pytest.mark.parametrize(("given_", "why"), WRONG_JSON)
def test_what_is_wrong_is_said_with_its_place(given_: Any, why: str) -> None:
    with pytest.raises(InvalidError) as error:
        read(given_)
    assert why in str(error.value)


LINES = st.text(st.sampled_from("ab 王{}é"), min_size=1, max_size=20).map(
    lambda t: "x" + t.replace("{", "{{").replace("}", "}}")
)
BUTTONS = st.one_of(
    st.builds(OfferedButton, title=LINES, url=st.just("https://a.example.com/{id|}")),
    st.builds(OfferedButton, title=LINES, payload=st.text("/ab{}", min_size=1)),
)
CONTENTS = st.builds(
    Content,
    text=LINES,
    subject=st.none() | LINES,
    buttons=st.lists(BUTTONS, max_size=3).map(tuple),
    image=st.sampled_from([None, "https://a.example.com/x.png", "{image_url}"]),
)


@settings(max_examples=100, deadline=None)
@given(contents=st.dictionaries(st.sampled_from(["en", "zh"]), CONTENTS, min_size=1))
def test_what_is_written_is_read_again(contents: dict[str, Content]) -> None:
    template = Template.model_validate({"contents": contents, "default": next(iter(contents))})
    assert read(template.written()) == template
