"""Builds a segment step by step: each press of a button sends the whole form and gets the next page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from analytics.segments.leaves import KINDS
from analytics.segments.rule import Rule, parse, read
from analytics.segments.words import of
from console.pages import segments_form as tree
from console.pages.segments_form import Form, Node
from desk.errors import InvalidError


@dataclass(frozen=True, kw_only=True)
class Editor:
    """The question that is open: at a place, of a kind, with its fields."""

    place: str
    kind: str
    fields: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A rule while it is built; ``wrong`` says what could not be done."""

    where: Node
    editor: Editor | None = None
    wrong: str = ""

    @property
    def rule(self) -> Rule:
        """The rule, if it is whole.

        Raises:
            InvalidError: it is not; the message names the place.
        """
        return read({"version": 1, "where": self.where})


@dataclass(frozen=True, kw_only=True)
class Part:
    """A part of the rule as the page shows it; ``inside`` is the place of what is turned round."""

    place: str
    inside: str
    negated: bool = False
    group: str = ""
    words: str = ""
    parts: tuple["Part", ...] = ()
    #: The number that a new part of this group gets.
    end: str = ""


def begun(form: Form) -> Draft:
    """Return the draft that a form holds; raises InvalidError when it is none of ours."""
    where = tree.loaded(form.get("rule", ""))
    kind = form.get("kind", "")
    if kind not in KINDS:
        return Draft(where=where)
    fields = {name[2:]: value for name, value in form.items() if name.startswith("q.")}
    return Draft(where=where, editor=Editor(place=form.get("at", ""), kind=kind, fields=fields))


def step(draft: Draft, form: Form, what: str) -> Draft:
    """Return the draft after a button: ``add:0.1:person``, ``remove:0.2`` and so on.

    A question that is open is kept first, so that no press loses it; if it is wrong, it stays open.
    """
    verb, _, rest = what.partition(":")
    place, _, kind = rest.partition(":")
    if verb not in ("cancel", "remove"):
        draft = kept(draft, form)
        if draft.wrong:
            return draft
    move = _MOVES.get(verb)
    try:
        return move(replace(draft, editor=None), place, kind) if move else draft
    except InvalidError as error:
        return replace(draft, wrong=str(error))


def kept(draft: Draft, form: Form) -> Draft:
    """Return the draft with the open question in it."""
    if draft.editor is None:
        return draft
    try:
        leaf = tree.leaf(draft.editor.kind, form)
        parse(leaf, "")
        where = tree.put(draft.where, draft.editor.place, leaf)
    except InvalidError as error:
        return replace(draft, wrong=str(error).lstrip(": ."))
    return Draft(where=where)


def _add(draft: Draft, place: str, kind: str) -> Draft:
    at = tree.end(draft.where, place)
    first = dict(tree.FIRST.get(kind, {}))
    return (
        replace(draft, editor=Editor(place=at, kind=kind, fields=first))
        if kind in KINDS
        else draft
    )


def _edit(draft: Draft, place: str, _: str) -> Draft:
    leaf = tree.at(draft.where, place)
    if leaf.get("kind") not in KINDS:
        return draft
    return replace(draft, editor=Editor(place=place, kind=leaf["kind"], fields=tree.fields(leaf)))


def _changing(change: Callable[[Node], Node | None]) -> Callable[[Draft, str, str], Draft]:
    def move(draft: Draft, place: str, _: str) -> Draft:
        return replace(draft, where=tree.changed(draft.where, place, change))

    return move


_MOVES: Mapping[str, Callable[[Draft, str, str], Draft]] = {
    "add": _add,
    "edit": _edit,
    "cancel": lambda draft, _, __: draft,
    "remove": _changing(lambda _: None),
    "turn": _changing(tree.turned),
    "negate": _changing(tree.negated),
    "group": _changing(lambda group: tree.added(group, tree.new_group(group))),
}


def shown(
    where: Node, language: str, place: str = "", *, negated: bool = False, outer: str | None = None
) -> Part:
    """Return a rule as the page shows it."""
    outer = place if outer is None else outer
    if "not" in where:
        inside = f"{place}.0".lstrip(".")
        return shown(where["not"], language, inside, negated=not negated, outer=outer)
    known: dict[str, Any] = {"place": outer, "inside": place, "negated": negated}
    word = next((one for one in ("all", "any") if one in where), "")
    if not word:
        return Part(**known, words=_words({"not": where} if negated else where, language))
    parts = tuple(
        shown(part, language, f"{place}.{number}".lstrip("."))
        for number, part in enumerate(where[word])
    )
    return Part(**known, group=word, parts=parts, end=f"{place}.{len(parts)}".lstrip("."))


def _words(leaf: Node, language: str) -> str:
    try:
        return of(parse(leaf), language)
    except InvalidError as error:
        return str(error)
