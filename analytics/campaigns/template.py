"""What a campaign says, in each of our languages. Pure.

Written as ``{"version": 1, "default": "en", "contents": {"en": {"text": ..., "subject": ..., "buttons": [...],
"image": ...}, "zh": {...}}}``. Variables are those of :mod:`analytics.campaigns.placeholders`, in texts, subjects,
titles and links. Contacts get their language, or the language without its country (``zh-CN`` gets ``zh``), or the
campaign's default.
"""

import re
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from analytics.campaigns import placeholders
from analytics.campaigns.placeholders import MissingError, TemplateError, Variable, fill
from analytics.campaigns.reading import VERSION, Part, read_as, versioned
from desk.dialogue.port import Button

MOST_BUTTONS = 10

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def _braces(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if wrong := _CONTROL.search(text):
        where = placeholders.place(text, wrong.start())
        raise ValueError(f"{where}: there is a character that cannot be sent; take it away")
    try:
        placeholders.check(text)
    except TemplateError as error:
        raise ValueError(str(error)) from error
    return text


def _one_line(text: str) -> str:
    if "\n" in text or "\t" in text:
        raise ValueError("this is more than one line; write it in one")
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("there is nothing to say; write a text")
    return text


def _link(text: str) -> str:
    first = next(iter(placeholders.parse(text)), "")
    if isinstance(first, Variable):
        if not first.is_link:
            raise ValueError(
                f"a link begins with https://, not with {{{first.name}}}; "
                "a variable that is a whole link has a name that ends in url or link"
            )
        return text
    sample = fill(
        text, {v.name: "https://a.example" if v.is_link else "x" for v in placeholders.named(text)}
    )
    if not placeholders.is_link(sample):
        raise ValueError(f"{text!r:.80} is no link such as https://shop.example.com/sale")
    return text


_Text = Annotated[str, Field(max_length=20_000), AfterValidator(_braces), AfterValidator(_said)]
_Line = Annotated[
    str,
    Field(max_length=200),
    AfterValidator(_braces),
    AfterValidator(_one_line),
    AfterValidator(_said),
]
_Link = Annotated[str, Field(max_length=2_000), AfterValidator(_braces), AfterValidator(_link)]
_Payload = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f\x7f]+$")]


class OfferedButton(Part):
    """A button: either a link, or a choice whose ``payload`` comes back as it is when it is taken."""

    title: _Line
    url: _Link | None = None
    payload: _Payload | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.url is None) is (self.payload is None):
            raise ValueError("a button has either a url or a payload")
        return self


class Content(Part):
    """What is said in one language."""

    text: _Text
    subject: _Line | None = None
    buttons: Annotated[tuple[OfferedButton, ...], Field(max_length=MOST_BUTTONS)] = ()
    image: _Link | None = None

    def texts(self) -> Iterator[tuple[str, str]]:
        """Return each text that may have variables, with its place: ``("buttons[1].url", "https://...")``."""
        yield "text", self.text
        for name in ("subject", "image"):
            if text := getattr(self, name):
                yield name, text
        for number, button in enumerate(self.buttons, 1):
            yield f"buttons[{number}].title", button.title
            if button.url:
                yield f"buttons[{number}].url", button.url


class Template(Part):
    """What is said, by language."""

    contents: Annotated[dict[Literal["en", "zh"], Content], Field(min_length=1)]
    default: Literal["en", "zh"] = "en"

    @model_validator(mode="after")
    def _has_default(self) -> Self:
        if self.default not in self.contents:
            raise ValueError(f"there is no text in the default language, {self.default!r}")
        return self

    def written(self) -> dict[str, Any]:
        """Return the template as JSON."""
        return {"version": VERSION, **self.model_dump(mode="json", exclude_none=True)}

    def language_for(self, language: str | None) -> Literal["en", "zh"]:
        """Return in which language somebody is written to."""
        asked = (language or "").lower().replace("_", "-")
        for one in self.contents:
            if one in (asked, asked.partition("-")[0]):
                return one
        return self.default


@dataclass(frozen=True, kw_only=True)
class Rendered:
    """What one contact is sent."""

    language: str
    text: str
    subject: str | None = None
    buttons: tuple[Button, ...] = ()
    image: str | None = None


def read(given: Any) -> Template:
    """Return a template from JSON, or raise InvalidError with the place and what to write there."""
    return read_as(Template, versioned(given, "a template"))


def variables(template: Template) -> tuple[Variable, ...]:
    """Return all variables of all languages, each once, in their order."""
    return tuple(dict.fromkeys(v for _, text in _all(template) for v in placeholders.named(text)))


def missing(template: Template, known: Container[str]) -> tuple[str, ...]:
    """Return the names without a fallback that nothing is known for: nobody would get a message with them."""
    return tuple(
        dict.fromkeys(
            one.name
            for one in variables(template)
            if one.fallback is None and one.name not in known
        )
    )


def render(template: Template, values: Mapping[str, str], language: str | None) -> Rendered:
    """Return what somebody is sent.

    Raises:
        MissingError: a variable has neither a value nor a fallback, or without it a text would be blank or a link
            none; it names all of them. Nothing is to be sent.
    """
    spoken = template.language_for(language)
    content = template.contents[spoken]
    lacking: list[str] = []

    def filler(text: str) -> str:
        try:
            return fill(text, values)
        except MissingError as error:
            lacking.extend(error.names)
            return ""

    done = filled(content, spoken, filler)
    if lacking or not _complete(done):
        names = lacking or [
            v.name for _, text in content.texts() for v in placeholders.named(text)
        ]
        raise MissingError(tuple(dict.fromkeys(names)))
    return done


def _complete(done: Rendered) -> bool:
    said = (done.text, *(one.title for one in done.buttons))
    links = (done.image, *(one.url for one in done.buttons))
    return all(text.strip() for text in said) and all(
        placeholders.is_link(link) for link in links if link is not None
    )


def filled(content: Content, language: str, filler: Callable[[str], str]) -> Rendered:
    """Return a content with each of its texts filled in."""
    return Rendered(
        language=language,
        text=filler(content.text),
        subject=filler(content.subject) if content.subject else None,
        buttons=tuple(
            Button(
                title=filler(one.title),
                payload=one.payload,
                url=filler(one.url) if one.url else None,
            )
            for one in content.buttons
        ),
        image=filler(content.image) if content.image else None,
    )


def _all(template: Template) -> Iterator[tuple[str, str]]:
    for content in template.contents.values():
        yield from content.texts()
