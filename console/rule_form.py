"""A rule as the fields of a plain form, and back. Pure.

Questions stand in three groups: all of them, at least one of them, none of them. A condition of another shape, as a
file may bring, is edited as YAML in the field ``if``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from desk.automation.actions import KINDS
from desk.automation.fields import EVENTS
from desk.automation.yaml_text import load

GROUPS = ("all", "any", "none")
MOST_ROWS = 20
_PARTS: dict[str, tuple[str, ...]] = {
    "assign": ("agent",),
    "set": ("field", "value"),
    "tag": ("tags",),
    "untag": ("tags",),
    "reply": ("en", "zh"),
    "note": ("text",),
    "email": ("to", "subject", "text"),
    "webhook": ("endpoint",),
    "task": ("title", "within", "assignee"),
    "contact": ("field", "value"),
}
"""What the form asks for each kind of action."""

type Row = dict[str, str]
type Form = Mapping[str, str]


def conditions(form: Form) -> list[Row]:
    """Return the rows of questions as they stand in a form."""
    return [
        {name: form.get(f"c{n}.{name}", "") for name in ("in", "field", "op", "value")}
        for n in range(_count(form, "cs"))
    ]


def actions(form: Form) -> list[Row]:
    """Return the rows of actions as they stand in a form."""
    rows = []
    for n in range(_count(form, "as")):
        kind = form.get(f"a{n}.kind", "")
        if kind in KINDS:
            rows.append({"kind": kind} | {p: form.get(f"a{n}.{p}", "") for p in _PARTS[kind]})
    return rows


def _count(form: Form, name: str) -> int:
    text = form.get(name, "0")
    return min(int(text), MOST_ROWS) if text.isascii() and text.isdigit() else 0


def parts(kind: str) -> tuple[str, ...]:
    """Return what the form asks for an action."""
    return _PARTS[kind]


def written(form: Form) -> dict[str, Any]:
    """Return the rule that a form says, as people write it.

    Raises:
        InvalidError: the condition is no YAML.
    """
    when: Any = [name for name in EVENTS if form.get(f"event.{name}") == "yes"]
    if form.get("on") == "waited":
        when = {
            "field": form.get("waited.field", ""),
            "value": form.get("waited.value", "").strip(),
            "for": form.get("waited.for", "").strip(),
        }
    return {
        "name": form.get("name", ""),
        "enabled": form.get("enabled") == "yes",
        "stop": form.get("stop") == "yes",
        "when": when,
        "if": load(form["if"]) if "if" in form else _tree(conditions(form)),
        "then": [_action(row) for row in actions(form)],
    }


def _tree(rows: list[Row]) -> dict[str, Any]:
    groups: dict[str, list[dict[str, str]]] = {name: [] for name in GROUPS}
    for row in rows:
        if row["field"]:
            question = {"field": row["field"], row["op"] or "is": row["value"].strip()}
            groups[row["in"] if row["in"] in GROUPS else "all"].append(question)
    parts: list[dict[str, Any]] = list(groups["all"])
    if groups["any"]:
        parts.append({"any": groups["any"]})
    if groups["none"]:
        parts.append({"not": {"any": groups["none"]}})
    return {"all": parts}


def _action(row: Row) -> dict[str, Any]:
    found: dict[str, Any] = {name: value.strip() for name, value in row.items()}
    if "tags" in found:
        names = found["tags"].replace("，", ",").replace("、", ",").split(",")
        found["tags"] = [name.strip() for name in names if name.strip()]
    for name in ("to", "within"):
        if found.get(name) == "":
            del found[name]
    return found


def fields(rule: Mapping[str, Any]) -> dict[str, str]:
    """Return the form of a rule as people write it."""
    when = rule["when"]
    form = {
        "name": rule["name"],
        "enabled": "yes" if rule["enabled"] else "",
        "stop": "yes" if rule["stop"] else "",
        "on": "waited" if isinstance(when, dict) else "events",
    }
    if isinstance(when, dict):
        form |= {f"waited.{name}": str(when[name]) for name in ("field", "value", "for")}
    else:
        form |= {f"event.{name}": "yes" for name in when}
    rows = questions(rule["if"])
    if rows is None:
        form["if"] = yaml.safe_dump(dict(rule["if"]), allow_unicode=True, sort_keys=False)
    form |= dict(_numbered("c", "cs", rows or []))
    form |= dict(_numbered("a", "as", [_row(action) for action in rule["then"]]))
    return form


def _row(action: Mapping[str, Any]) -> Row:
    return {
        name: ", ".join(value) if isinstance(value, list) else str(value)
        for name, value in action.items()
    }


def _numbered(letter: str, count: str, rows: list[Row]) -> Iterator[tuple[str, str]]:
    yield count, str(len(rows))
    for n, row in enumerate(rows):
        for name, value in row.items():
            yield f"{letter}{n}.{name}", value


def questions(condition: Any) -> list[Row] | None:
    """Return a condition as rows of questions, or None when it has another shape."""
    parts = condition.get("all") if isinstance(condition, dict) else None
    if parts is None:
        parts = [condition]
    rows: list[Row] = []
    for part in parts:
        found = _rows(part)
        if found is None:
            return None
        rows += found
    # Each group but the first stands for one part, so two of a kind would melt into one.
    groups = [part for part in parts if isinstance(part, dict) and "field" not in part]
    kinds = [next(iter(part), "") for part in groups]
    return rows if len(kinds) == len(set(kinds)) and len(rows) <= MOST_ROWS else None


def _rows(part: Any) -> list[Row] | None:
    if not isinstance(part, dict):
        return None
    if "field" in part:
        return [_question(part, "all")]
    if isinstance(part.get("any"), list):
        return _all_questions(part["any"], "any")
    inner = part.get("not")
    if isinstance(inner, dict):
        if "field" in inner:
            return [_question(inner, "none")]
        if isinstance(inner.get("any"), list):
            return _all_questions(inner["any"], "none")
    return None


def _all_questions(parts: list[Any], group: str) -> list[Row] | None:
    if not parts or not all(isinstance(one, dict) and "field" in one for one in parts):
        return None
    return [_question(one, group) for one in parts]


def _question(given: Mapping[str, Any], group: str) -> Row:
    operator = next((name for name in given if name != "field"), "is")
    value = given.get(operator, "")
    if isinstance(value, list):
        value = ", ".join(map(str, value))
    elif isinstance(value, bool):
        value = "yes" if value else "no"
    return {"in": group, "field": str(given["field"]), "op": operator, "value": str(value)}


def without(form: Form, letter: str, place: int) -> dict[str, str]:
    """Return a form without one of its rows."""
    rows = conditions(form) if letter == "c" else actions(form)
    count = "cs" if letter == "c" else "as"
    kept = {name: value for name, value in form.items() if not _is_row(name, letter)}
    left = [row for n, row in enumerate(rows) if n != place]
    return kept | dict(_numbered(letter, count, left))


def with_row(form: Form, letter: str, row: Row) -> dict[str, str]:
    """Return a form with one more row."""
    rows = conditions(form) if letter == "c" else actions(form)
    count = "cs" if letter == "c" else "as"
    kept = {name: value for name, value in form.items() if not _is_row(name, letter)}
    return kept | dict(_numbered(letter, count, [*rows, row][:MOST_ROWS]))


def _is_row(name: str, letter: str) -> bool:
    first, dot, _ = name.partition(".")
    return bool(dot) and first[:1] == letter and first[1:].isdigit()
