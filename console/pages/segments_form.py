"""A segment's rule as it stands while it is built, and a question as the fields of a form. Pure.

The rule travels in one hidden field, as JSON in which groups may still be empty; one question at a time is open as
fields named ``q.``. A place is the way from the top in numbers, such as ``0.2``; what is turned round has one part.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytics.segments.leaves import (
    FIELDS,
    KINDS,
    LONGEST_WINDOW,
    PERSON_OPS,
    SCORES,
    Measure,
    Op,
)
from analytics.segments.rule import DEEPEST, MOST
from desk.errors import InvalidError
from desk.tables.ticket import TicketPriority, TicketTopic

type Node = dict[str, Any]
type Form = Mapping[str, str]

EMPTY: Node = {"all": []}
_COMMAS = str.maketrans("，、", ",,")
_LONGEST = 60_000


@dataclass(frozen=True)
class Field:
    """A field of a question; with ``options`` it is a choice, else ``kind`` is that of an input."""

    name: str
    options: tuple[str, ...] = ()
    kind: str = "text"
    needed: bool = False


_OPS = tuple(Op)
_WINDOW = (
    Field("window.days", kind="number"),
    Field("window.since", kind="date"),
    Field("window.until", kind="date"),
)
_NUMBER = (Field("op", _OPS), Field("value", kind="decimal", needed=True))
_PERSON_OPS = tuple(dict.fromkeys(op for ops in PERSON_OPS.values() for op in ops))

ASKED: Mapping[str, tuple[Field, ...]] = {
    "person": (
        Field("field", tuple(FIELDS)),
        Field("op", _PERSON_OPS),
        Field("value"),
    ),
    "purchase": (
        Field("measure", tuple(Measure)),
        *_NUMBER,
        *_WINDOW,
        Field("sku"),
        Field("category"),
    ),
    "event": (
        Field("name", kind="event", needed=True),
        Field("measure", tuple(Measure)),
        *_NUMBER,
        *_WINDOW,
        Field("channel"),
        Field("item"),
    ),
    "score": (Field("name", SCORES), Field("op", (*_OPS, "is")), Field("value", needed=True)),
    "tag": (Field("values", needed=True),),
    "consent": (Field("purpose", needed=True), Field("granted", ("yes", "no"))),
    "reach": (Field("channel", needed=True),),
    "ticket": (
        Field("open", ("", "yes", "no")),
        Field("topic", ("", *TicketTopic)),
        Field("priority", ("", *TicketPriority)),
        Field("measure", (Measure.COUNT, Measure.DAYS_SINCE)),
        *_NUMBER,
        *_WINDOW,
    ),
    "feedback": (Field("of", ("csat", "ces", "nps")), *_NUMBER),
}
"""What the form asks for each kind of question."""
FIRST: Mapping[str, Mapping[str, str]] = {
    "person": {"field": "country", "op": "is"},
    "purchase": {"measure": "count", "op": "at_least", "value": "1"},
    "event": {"name": "page_view", "measure": "count", "op": "at_least", "value": "1"},
    "score": {"name": "rfm", "op": "is"},
    "consent": {"purpose": "marketing", "granted": "yes"},
    "reach": {"channel": "email"},
    "ticket": {"open": "yes", "measure": "count", "op": "at_least", "value": "1"},
    "feedback": {"of": "csat", "op": "at_least", "value": "4"},
}
"""What stands in a new one."""


def loaded(text: str) -> Node:
    """Return the tree of the hidden field; the top is always a group.

    Raises:
        InvalidError: it is none of ours.
    """
    if len(text) > _LONGEST:
        raise InvalidError("this rule is too long")
    try:
        where = json.loads(text) if text else EMPTY
    except (json.JSONDecodeError, RecursionError) as error:
        raise InvalidError("this is no rule") from error
    if _size(where, 1) > 2 * MOST:
        raise InvalidError(f"a rule has at most {MOST} conditions")
    return where if _group(where) is not None else {"all": [where]}


def _size(node: Any, depth: int) -> int:
    if depth > DEEPEST + 1:
        raise InvalidError(f"a rule is at most {DEEPEST} levels deep")
    if not isinstance(node, dict):
        raise InvalidError("this is no rule")
    if "kind" in node:
        return 1
    return 1 + sum(_size(part, depth + 1) for part in _parts(node))


def _group(node: Any) -> str | None:
    return next((word for word in ("all", "any") if isinstance(node.get(word), list)), None)


def _parts(node: Node) -> list[Node]:
    word = _group(node)
    if word is not None:
        return list(node[word])
    if len(node) == 1 and "not" in node:
        return [node["not"]]
    raise InvalidError("this is no rule")


def at(node: Node, place: str) -> Node:
    """Return the part at a place; raises InvalidError when nothing is there."""
    for step in _steps(place):
        parts = _parts(node) if "kind" not in node else []
        if step >= len(parts):
            raise InvalidError("this part of the rule is not there any more")
        node = parts[step]
    return node


def _steps(place: str) -> list[int]:
    words = [word for word in place.split(".") if word]
    if not all(word.isascii() and word.isdigit() and len(word) < 4 for word in words):
        raise InvalidError("this part of the rule is not there any more")
    return [int(word) for word in words]


def changed(node: Node, place: str, change: Callable[[Node], Node | None]) -> Node:
    """Return a tree in which one part is another; None takes it away, with what would stay around it empty."""
    found = _changed(node, _steps(place), change)
    return EMPTY if found is None else found if _group(found) is not None else {"all": [found]}


def _changed(node: Node, steps: list[int], change: Callable[[Node], Node | None]) -> Node | None:
    if not steps:
        return change(node)
    parts = _parts(node)
    if steps[0] >= len(parts):
        raise InvalidError("this part of the rule is not there any more")
    new = _changed(parts[steps[0]], steps[1:], change)
    word = _group(node)
    if word is None:
        return None if new is None else {"not": new}
    parts[steps[0] : steps[0] + 1] = [] if new is None else [new]
    return {word: parts}


def put(node: Node, place: str, leaf: Node) -> Node:
    """Return a tree with a question in place of another, or as one more where a group ends."""
    *above, last = _steps(place) or [0]
    parent = ".".join(map(str, above))
    if last < len(_parts(at(node, parent))):
        return changed(node, place, lambda _: leaf)
    return changed(node, parent, lambda group: added(group, leaf))


def added(group: Node, part: Node) -> Node:
    """Return a group with one more part."""
    word = _group(group)
    if word is None:
        raise InvalidError("this part of the rule is no group")
    return {word: [*group[word], part]}


def end(node: Node, place: str) -> str:
    """Return the place after the last part of a group."""
    return f"{place}.{len(_parts(at(node, place)))}".lstrip(".")


def turned(group: Node) -> Node:
    """Return a group that asks for at least one instead of all, or the other way."""
    word = _group(group)
    if word is None:
        raise InvalidError("this part of the rule is no group")
    return {"any" if word == "all" else "all": group[word]}


def negated(node: Node) -> Node:
    """Return the opposite of a part."""
    inner: Node = node.get("not", {"not": node})
    return inner


def new_group(node: Node) -> Node:
    """Return a new group for a group: of the other kind, as nothing else would make sense."""
    return {"any" if _group(node) == "all" else "all": []}


def fields(leaf: Node) -> dict[str, str]:
    """Return a question as the fields of the form, without ``q.``."""
    found = dict(FIRST.get(leaf["kind"], {})) | _flat(leaf)
    if leaf["kind"] == "person":
        found["value"] = _person_value(leaf)
    if leaf["kind"] == "score" and "words" in leaf:
        found |= {"op": "is", "value": ", ".join(leaf["words"])}
    if leaf["kind"] == "ticket" and "open" not in leaf:
        found["open"] = ""
    return found


def _flat(leaf: Node) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in leaf.items():
        if isinstance(value, dict):
            found |= {f"{name}.{inner}": str(one) for inner, one in value.items()}
        elif isinstance(value, list):
            found[name] = ", ".join(map(str, value))
        elif isinstance(value, bool):
            found[name] = "yes" if value else "no"
        else:
            found[name] = str(value)
    return found


def _person_value(leaf: Node) -> str:
    if leaf.get("op") == "between":
        return f"{leaf.get('low', '')}-{leaf.get('high', '')}"
    known = (leaf.get(name) for name in ("value", "days"))
    return next((str(v) for v in known if v is not None), ", ".join(leaf.get("values", ())))


def leaf(kind: str, form: Form) -> Node:
    """Return the question that the fields ``q.`` of a form ask, as JSON that is still to be checked.

    Raises:
        InvalidError: a field holds something else than it should.
    """
    if kind not in KINDS:
        raise InvalidError(f"{kind!r:.40} is none of: {', '.join(KINDS)}")
    given = {
        field.name: text
        for field in ASKED[kind]
        if (text := form.get(f"q.{field.name}", "").strip())
    }
    return {"kind": kind} | _MAKE.get(kind, _plain)(given)


def _plain(given: dict[str, str]) -> Node:
    found: Node = {}
    for name, text in given.items():
        first, _, inner = name.partition(".")
        value = _READ.get(name, _text)(name, text)
        if inner:
            found.setdefault(first, {})[inner] = value
        else:
            found[name] = value
    return found


def _text(_: str, text: str) -> str:
    return text


def _list(_: str, text: str) -> list[str]:
    return [one.strip() for one in text.translate(_COMMAS).split(",") if one.strip()]


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidError(f"{name}: {text!r:.40} is no number") from error


def _whole(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise InvalidError(f"{name}: {text!r:.40} is no number from 1 to {LONGEST_WINDOW}")
    return int(text)


def _yes(_: str, text: str) -> bool:
    return text == "yes"


_READ: Mapping[str, Callable[[str, str], Any]] = {
    "value": _number,
    "values": _list,
    "window.days": _whole,
    "granted": _yes,
    "open": _yes,
}


def _person(given: dict[str, str]) -> Node:
    found: Node = {name: given[name] for name in ("field", "op") if name in given}
    text, op = given.get("value", ""), given.get("op")
    if op == "one_of":
        return found | {"values": _list("value", text)}
    if op == "within":
        return found | {"days": _whole("value", text)}
    if op == "between":
        low, dash, high = text.replace("–", "-").partition("-")
        ages = {"low": low.strip(), "high": high.strip() if dash else low.strip()}
        return found | {name: _whole("value", age) for name, age in ages.items() if age}
    return found if op == "known" else found | {"value": text}


def _score(given: dict[str, str]) -> Node:
    name, text = {"name": given.get("name", "")}, given.get("value", "")
    if given.get("op") == "is":
        return name | {"words": _list("value", text)}
    return name | {"op": given.get("op", "at_least"), "value": _number("value", text)}


_MAKE: Mapping[str, Callable[[dict[str, str]], Node]] = {"person": _person, "score": _score}
