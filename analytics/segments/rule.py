"""A segment's rule: questions about a person, put together by and, or, not. Pure.

Written as ``{"version": 1, "where": ...}`` with ``{"all": [...]}``, ``{"any": [...]}``, ``{"not": ...}`` or a question
of :mod:`analytics.segments.leaves`.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, cast

from pydantic import ValidationError

from analytics.segments import leaves
from analytics.segments.leaves import KINDS, Leaf
from desk.errors import InvalidError

VERSION = 1
DEEPEST, MOST = 8, 100


@dataclass(frozen=True)
class All:
    """Everything holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Some:
    """At least one holds."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: "Condition"


type Condition = Leaf | All | Some | Not


@dataclass(frozen=True)
class Rule:
    """Who belongs to a segment."""

    where: Condition

    def written(self) -> dict[str, Any]:
        """Return the rule as JSON, in the order in which it was written."""
        return {"version": VERSION, "where": _written(self.where)}

    def canonical(self) -> dict[str, Any]:
        """Return one JSON for all rules that differ only in order, repetition and needless groups."""
        return {"version": VERSION, "where": _written(_simple(self.where))}

    @property
    def digest(self) -> str:
        """A mark that is equal for equal rules."""
        text = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=True)
        return sha256(text.encode()).hexdigest()


def read(given: Any) -> Rule:
    """Return a rule as a tree.

    Raises:
        InvalidError: it is none; the message names the place and says why.
    """
    if not isinstance(given, dict):
        raise InvalidError('a rule is {"version": 1, "where": ...}')
    unknown = set(given) - {"version", "where"}
    if unknown:
        raise InvalidError(f"a rule has no {min(map(str, unknown))!r:.64}")
    version = given.get("version", VERSION)
    if version != VERSION or isinstance(version, bool):
        raise InvalidError(f"version: {version!r:.40} is not known here; write {VERSION}")
    where = parse(given.get("where"))
    if (count := sum(1 for _ in questions(where))) > MOST:
        raise InvalidError(f"where: {count} conditions are too many; the most are {MOST}")
    return Rule(where)


def parse(given: Any, place: str = "where", depth: int = 1) -> Condition:
    """Return a condition as a tree; raises InvalidError with its ``place``."""
    if depth > DEEPEST:
        raise InvalidError(f"{place}: a rule is at most {DEEPEST} levels deep")
    if not isinstance(given, dict):
        raise InvalidError(f"{place}: {given!r:.60} is no condition")
    if "kind" in given:
        return _leaf(given, place)
    if len(given) == 1:
        ((word, inner),) = given.items()
        if word == "not":
            return Not(parse(inner, f"{place}.not", depth + 1))
        if word in ("all", "any"):
            return _group(word, inner, place, depth)
    raise InvalidError(
        f'{place}: write {{"all": [...]}}, {{"any": [...]}}, {{"not": ...}} or a kind'
    )


def _group(word: str, inner: Any, place: str, depth: int) -> All | Some:
    if not isinstance(inner, list) or not inner:
        raise InvalidError(f"{place}.{word}: a group needs at least one condition")
    if len(inner) > MOST:
        raise InvalidError(
            f"{place}.{word}: {len(inner)} conditions are too many; the most are {MOST}"
        )
    parts = tuple(
        parse(one, f"{place}.{word}[{number}]", depth + 1) for number, one in enumerate(inner, 1)
    )
    return All(parts) if word == "all" else Some(parts)


def _leaf(given: dict[str, Any], place: str) -> Leaf:
    model = KINDS.get(str(given["kind"]))
    if model is None:
        raise InvalidError(f"{place}.kind: {given['kind']!r:.40} is none of: {', '.join(KINDS)}")
    try:
        return cast(Leaf, model.model_validate(given))
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(step) for step in (place, *first["loc"]))
        raise InvalidError(f"{at}: {first['msg'].removeprefix('Value error, ')}") from error


def questions(condition: Condition) -> Iterator[Leaf]:
    """Return all questions of a condition."""
    match condition:
        case All(parts) | Some(parts):
            for part in parts:
                yield from questions(part)
        case Not(part):
            yield from questions(part)
        case _:
            yield condition


def _written(condition: Condition) -> dict[str, Any]:
    match condition:
        case All(parts):
            return {"all": [_written(part) for part in parts]}
        case Some(parts):
            return {"any": [_written(part) for part in parts]}
        case Not(part):
            return {"not": _written(part)}
        case _:
            return leaves.written(condition)


def _simple(condition: Condition) -> Condition:
    """Return a condition without groups in groups of their kind, groups of one, repetition and double negation."""
    match condition:
        case Not(part):
            inner = _simple(part)
            return inner.part if isinstance(inner, Not) else Not(inner)
        case All(parts) | Some(parts):
            kind = type(condition)
            flat: dict[str, Condition] = {}
            for part in map(_simple, parts):
                for one in part.parts if isinstance(part, kind) else (part,):
                    flat[json.dumps(_written(one), sort_keys=True)] = one
            ordered = tuple(flat[key] for key in sorted(flat))
            return ordered[0] if len(ordered) == 1 else kind(ordered)
        case _:
            return _sorted_values(condition)


def _sorted_values(leaf: Leaf) -> Leaf:
    found = {
        name: tuple(sorted(set(values)))
        for name in ("values", "words")
        if (values := getattr(leaf, name, None))
    }
    return leaf.model_copy(update=found) if found else leaf
