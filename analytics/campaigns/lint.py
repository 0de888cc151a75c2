"""What is looked at before a campaign goes out over a channel. Pure.

An error stops the launch, a warning asks for a second look, a hint says what recipients will see.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from analytics.campaigns import links, placeholders, urls
from analytics.campaigns.lint_links import link_faults, named_host
from analytics.campaigns.lint_words import ABSOLUTE, LEFTOVERS, MARKUP, PHRASES, SPAM, WAYS_OUT
from analytics.campaigns.placeholders import Variable
from analytics.campaigns.shown import shown
from analytics.campaigns.template import Content, Template, filled, missing
from desk.channel import Feature
from desk.dialogue.language import LANGUAGES
from desk.outbox.shape import Shape

LONGEST: Mapping[str, int] = {"first_name": 20, "last_name": 20, "name": 40, "email": 60}
"""How many characters a value may plausibly have; others have the usual, links theirs."""
_USUAL, _USUAL_LINK = 40, 100
_LOUD_FROM = 12
_MARKS = re.compile(r"[!！?？]{3,}")
_LOUD = re.compile(r"\b[A-Z]{3,}(?:[ ,]+[A-Z]{3,}){2,}\b")
_VARIABLE = re.compile(r"\{[^{}]*\}")
_WORD = re.compile(r"[A-Za-z]{2,}")


class Severity(StrEnum):
    """How bad it is."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True)
class Finding:
    """Something to look at, and where: ``en.buttons[1].url``."""

    severity: Severity
    code: str
    place: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: str = "en") -> str:
        """Return what it is and what to do, in English or Chinese."""
        return PHRASES[self.code][1 if language == "zh" else 0].format(**self.values)


@dataclass(frozen=True, kw_only=True)
class Launch:
    """Over which channel it goes, and to whom.

    ``known`` are the names of which there are values, ``longest`` how long those are, ``languages`` how many contacts
    speak what. ``tracked_length`` is that of a link of ours, if clicks are counted. ``one_click``: the channel shows
    a way to unsubscribe by itself. Only ``advertising`` needs one.
    """

    shape: Shape
    known: Container[str] = ()
    longest: Mapping[str, int] = field(default_factory=dict)
    languages: Mapping[str, int] = field(default_factory=dict)
    tracked_length: int | None = None
    has_subject: bool = False
    one_click: bool = False
    advertising: bool = True


type Found = Iterator[Finding]


def lint(template: Template, launch: Launch) -> list[Finding]:
    """Return what is found, the worst first."""
    found = [one for check in _OF_ALL for one in check(template, launch)]
    for language, content in template.contents.items():
        found += [one for check in _OF_EACH for one in check(language, content, launch)]
    return sorted(found, key=lambda one: list(Severity).index(one.severity))


def _no_value(template: Template, launch: Launch) -> Found:
    for name in missing(template, launch.known):
        yield Finding(Severity.ERROR, "no_value", "", {"name": name})


def _no_language(template: Template, launch: Launch) -> Found:
    lacking: dict[str, int] = {}
    for spoken, count in launch.languages.items():
        language = re.split("[-_]", spoken.lower())[0]
        if language in LANGUAGES and language not in template.contents:
            lacking[language] = lacking.get(language, 0) + count
    for language, count in lacking.items():
        values = {"language": language, "count": count, "default": template.default}
        yield Finding(Severity.WARNING, "no_language", language, values)


def _not_counted(template: Template, launch: Launch) -> Found:
    for link in links.personal(template) if launch.tracked_length else ():
        yield Finding(Severity.HINT, "not_counted", "", {"link": link})


def _too_long(language: str, content: Content, launch: Launch) -> Found:
    limit = launch.shape.limit
    if limit is None:
        return
    for severity, code, plausible in (
        (Severity.ERROR, "too_long", False),
        (Severity.WARNING, "may_be_too_long", True),
    ):
        length = limit.length(_example(language, content, launch, plausible=plausible))
        if length > limit.longest:
            values = {"length": length, "longest": limit.longest}
            yield Finding(severity, code, f"{language}.text", values)
            return


def _example(language: str, content: Content, launch: Launch, *, plausible: bool) -> str:
    """Return how it may look over the channel, with plausible values or with the shortest."""
    lengths = launch.longest if plausible else None
    sample = filled(content, language, lambda text: _made_up(text, language, lengths))
    if launch.tracked_length:
        ours = "https://".ljust(launch.tracked_length, "x")
        sample = links.led(sample, links.counted(content), lambda _: ours)
    return shown(sample, launch.shape.features, has_subject=launch.has_subject)


def _made_up(text: str, language: str, longest: Mapping[str, int] | None = None) -> str:
    """Return a text with made-up values: of plausible length, or of one character without ``longest``."""
    letter = "字" if language == "zh" else "m"

    def value(one: Variable) -> str:
        usual = _USUAL_LINK if one.is_link else LONGEST.get(one.name, _USUAL)
        length = 1 if longest is None else longest.get(one.name, usual)
        if one.is_link:
            return "https://a.example".ljust(length, "m")
        return letter * max(1, min(length, placeholders.LONGEST_VALUE))

    return placeholders.fill(text, {one.name: value(one) for one in placeholders.named(text)})


def _degraded(language: str, content: Content, launch: Launch) -> Found:
    for code, feature, place, used in (
        ("buttons_numbered", Feature.BUTTONS, "buttons", any(b.payload for b in content.buttons)),
        ("links_written", Feature.LINKS, "buttons", any(b.url for b in content.buttons)),
        ("image_link", Feature.ATTACHMENTS, "image", content.image),
    ):
        if used and feature not in launch.shape.features:
            yield Finding(Severity.HINT, code, f"{language}.{place}")


def _subject(language: str, content: Content, launch: Launch) -> Found:
    if content.subject and not launch.has_subject:
        yield Finding(Severity.HINT, "subject_above", f"{language}.subject")
    if launch.has_subject and not content.subject:
        yield Finding(Severity.WARNING, "no_subject", f"{language}.subject")


def _no_way_out(language: str, content: Content, launch: Launch) -> Found:
    said = any(WAYS_OUT.search(text) for _, text in content.texts())
    if launch.advertising and not said:
        severity = Severity.HINT if launch.one_click else Severity.ERROR
        yield Finding(severity, "no_way_out", f"{language}.text")


def _wording(language: str, content: Content, launch: Launch) -> Found:
    for place, text in _read(content):
        where = f"{language}.{place}"
        plain = urls.replaced(text, lambda _: " ")
        for code, severity, pattern in _WORDINGS:
            words = dict.fromkeys(match[0] for match in pattern.finditer(plain))
            if words:
                yield Finding(severity, code, where, {"words": ", ".join(words)[:200]})
        if _is_loud(plain):
            yield Finding(Severity.WARNING, "shouting", where)


_WORDINGS = (
    ("leftover", Severity.ERROR, LEFTOVERS),
    ("markup", Severity.WARNING, MARKUP),
    ("absolute", Severity.WARNING, ABSOLUTE),
    ("spam", Severity.WARNING, SPAM),
    ("marks", Severity.WARNING, _MARKS),
)


def _is_loud(text: str) -> bool:
    """Say whether three words in a row or most Latin letters are capitals, outside of variables."""
    said = _VARIABLE.sub(" ", text)
    letters = "".join(_WORD.findall(said))
    mostly = len(letters) >= _LOUD_FROM and sum(map(str.isupper, letters)) > len(letters) * 0.6
    return mostly or _LOUD.search(said) is not None


def _links(language: str, content: Content, launch: Launch) -> Found:
    for place, text in content.texts():
        for code, link in link_faults(_made_up(text, language)):
            severity = Severity.ERROR if code == "broken_link" else Severity.WARNING
            yield Finding(severity, code, f"{language}.{place}", {"link": link[:100]})


def _link_text(language: str, content: Content, launch: Launch) -> Found:
    for number, button in enumerate(content.buttons, 1):
        said, leads = (
            named_host(_made_up(text or "", language)) for text in (button.title, button.url)
        )
        if said and leads and leads != said and not leads.endswith(f".{said}"):
            values = {"said": said, "leads": leads}
            place = f"{language}.buttons[{number}]"
            yield Finding(Severity.WARNING, "link_text_differs", place, values)


def _read(content: Content) -> Iterator[tuple[str, str]]:
    """Return the texts that people read."""
    return (
        (place, text) for place, text in content.texts() if not place.endswith(("url", "image"))
    )


_OF_ALL: tuple[Callable[[Template, Launch], Found], ...] = (_no_value, _no_language, _not_counted)
_OF_EACH: tuple[Callable[[str, Content, Launch], Found], ...] = (
    _too_long,
    _degraded,
    _subject,
    _no_way_out,
    _wording,
    _links,
    _link_text,
)
