"""The variants of a campaign's form: what is said, in each language and in each step. Pure."""

from typing import Any

from analytics.campaigns.plan import Variant
from analytics.campaigns.template import MOST_BUTTONS, Content, Template
from console.pages.campaigns_compose_fields import LANGUAGES, message, places
from console.pages.campaigns_compose_taking import Taking

MOST_VARIANTS = 10


def variants(taking: Taking, steps: int) -> list[Variant] | None:
    """Return all variants, each with a message for every step; None when something is wrong with one."""
    all_places = places(taking.form, "v", "name", MOST_VARIANTS)
    found = [_variant(taking, place, steps) for place in all_places]
    names: set[str] = set()
    for place in all_places:
        name = _slug(taking.text(f"{place}.name"))
        if name in names:
            taking.no(f"{place}.name", "twice")
        names.add(name)
    made = [one for one in found if one is not None]
    return made if made and len(made) == len(found) else None


def _variant(taking: Taking, place: str, steps: int) -> Variant | None:
    said = [_template(taking, place, message(place, step)) for step in range(1, steps + 1)]
    if taking.is_wrong(f"{place}."):
        return None
    given = {
        "name": _slug(taking.text(f"{place}.name")),
        "weight": taking.text(f"{place}.weight") or "1",
        "template": said[0],
        "then": said[1:],
    }
    return taking.made(Variant, given, lambda loc: f"{place}.{loc[0]}")


def _template(taking: Taking, place: str, where: str) -> Template | None:
    contents = {
        language: content
        for language in LANGUAGES
        if (content := _content(taking, f"{where}.{language}")) is not None
    }
    if not contents and not any(taking.is_wrong(f"{where}.{one}.") for one in LANGUAGES):
        taking.no(f"{where}.en.text", "needed")
    if not contents:
        return None
    asked = taking.text(f"{where}.default") or taking.text(f"{place}.default")
    default = asked if asked in contents else next(iter(contents))
    return Template.model_validate({"contents": contents, "default": default})


def _content(taking: Taking, place: str) -> Content | None:
    """Return what is said in a language; None when nothing is, or something is wrong."""
    rows, buttons = _buttons(taking, place)
    given = {name: taking.text(f"{place}.{name}") or None for name in ("text", "subject", "image")}
    if not any(given.values()) and not buttons:
        return None

    def name_of(loc: tuple[Any, ...]) -> str:
        if loc[0] != "buttons" or len(loc) < 2:
            return f"{place}.{loc[0]}"
        of_title = len(loc) > 2 and loc[2] == "title"
        return f"{place}.b{rows[loc[1]]}.{'title' if of_title else 'to'}"

    if not given["text"]:
        taking.no(f"{place}.text", "needed")
        given["text"] = "-"
    return taking.made(Content, {**given, "buttons": buttons}, name_of)


def _buttons(taking: Taking, place: str) -> tuple[list[int], list[dict[str, str]]]:
    """Return the buttons with the numbers of their rows; what leads nowhere is a choice of its own words."""
    rows, found = [], []
    for number in range(1, MOST_BUTTONS + 1):
        row = f"{place}.b{number}"
        title, to = taking.text(f"{row}.title"), taking.text(f"{row}.to")
        if not title and not to:
            continue
        rows.append(number)
        leads = "url" if to.lower().startswith(("http", "{", "www.")) else "payload"
        found.append({"title": title, leads: to or title})
        if not title:
            taking.no(f"{row}.title", "needed")
    return rows, found


def _slug(name: str) -> str:
    return "_".join(name.lower().split())
