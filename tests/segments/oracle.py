"""Who belongs to a segment, said again: person by person, row by row, from the JSON of a rule and nothing else."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from tests.segments.people import AT, Row, World

type Asked = dict[str, Any]


def who(rule: Asked, rows: World) -> set[str]:
    """Return the ids of the people for whom a rule holds."""
    return {one["person_id"] for one in rows["person"] if _holds(rule["where"], one, rows)}


def _holds(asked: Asked, person: Row, rows: World) -> bool:
    if "all" in asked:
        return all(_holds(part, person, rows) for part in asked["all"])
    if "any" in asked:
        return any(_holds(part, person, rows) for part in asked["any"])
    if "not" in asked:
        return not _holds(asked["not"], person, rows)
    return _KINDS[asked["kind"]](asked, person, rows)


def _mine(table: str, person: Row, rows: World) -> list[Row]:
    return [row for row in rows[table] if row["person_id"] == person["person_id"]]


def _person(asked: Asked, person: Row, _: World) -> bool:
    value = person["born" if asked["field"] == "age" else asked["field"]]
    if asked["op"] == "known":
        return value not in (None, "")
    if value is None:
        return False
    if asked["op"] == "between":
        today = AT.date()
        age = today.year - value.year - ((today.month, today.day) < (value.month, value.day))
        return asked.get("low", 0) <= age <= asked.get("high", 999)
    if asked["op"] == "within":
        return AT - timedelta(days=asked["days"]) <= _time(value) <= AT
    if asked["op"] in ("before", "after"):
        day, other = _time(value).date(), date.fromisoformat(asked["value"])
        return day < other if asked["op"] == "before" else day > other
    if asked["op"] == "contains":
        return asked["value"].lower() in value.lower()
    return value.lower() in [one.lower() for one in asked.get("values", [asked.get("value")])]


def _time(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def _compare(op: str, number: float, value: float) -> bool:
    # Numbers that differ by less than a millionth are equal here.
    near = abs(number - value) < 1e-7
    return {
        "at_least": near or number > value,
        "at_most": near or number < value,
        "exactly": near,
    }[op]


def _counted(asked: Asked, found: list[tuple[datetime, float | None]]) -> bool:
    window = asked.get("window", {})
    if "days" in window:
        found = [(at, v) for at, v in found if AT - timedelta(days=window["days"]) <= at <= AT]
    if "since" in window:
        found = [(at, v) for at, v in found if at.date() >= date.fromisoformat(window["since"])]
    if "until" in window:
        found = [(at, v) for at, v in found if at.date() <= date.fromisoformat(window["until"])]
    op, value, measure = asked.get("op", "at_least"), asked.get("value", 1), asked.get("measure")
    if measure == "days_since":
        if not found:
            return False
        then = AT - timedelta(days=value)
        last = max(at for at, _ in found)
        return last <= then if op == "at_least" else last >= then
    if measure in (None, "count"):
        return _compare(op, len(found), value)
    values = [v for _, v in found if v is not None]
    if measure == "sum":
        return _compare(op, sum(values), value)
    if not values:
        return False
    made = {"average": sum(values) / len(values), "min": min(values), "max": max(values)}
    return _compare(op, made[measure], value)


def _event(asked: Asked, person: Row, rows: World) -> bool:
    done = [
        row
        for row in _mine("activity", person, rows)
        if all(row[key] == asked[key] for key in ("name", "channel", "item") if key in asked)
    ]
    return _counted(asked, [(row["occurred_at"], row["value"]) for row in done])


def _purchase(asked: Asked, person: Row, rows: World) -> bool:
    found = []
    for order in _mine("purchase", person, rows):
        if order["status"] == "cancelled":
            continue
        money: float | None = order["amount"]
        if "sku" in asked or "category" in asked:
            lines = [
                line
                for line in rows["purchase_line"]
                if line["order_number"] == order["order_number"]
                and all(line[key] == asked[key] for key in ("sku", "category") if key in asked)
            ]
            if not lines:
                continue
            money = sum(line["amount"] for line in lines)
        found.append((order["placed_at"], money))
    return _counted(asked, found)


def _ticket(asked: Asked, person: Row, rows: World) -> bool:
    found = []
    for row in _mine("ticket", person, rows):
        is_open = row["status"] not in ("resolved", "closed")
        if "open" in asked and asked["open"] is not is_open:
            continue
        if all(row[key] == asked[key] for key in ("topic", "priority") if key in asked):
            found.append((row["created_at"], None))
    return _counted(asked, found)


def _feedback(asked: Asked, person: Row, rows: World) -> bool:
    given = [
        row
        for row in _mine("feedback", person, rows)
        if row["kind"] == asked["of"] and None not in (row["score"], row["answered_at"])
    ]
    if not given:
        return False
    last = max(given, key=lambda row: (row["answered_at"], row["feedback_id"]))
    return _compare(asked.get("op", "at_least"), last["score"], asked["value"])


def _score(asked: Asked, person: Row, rows: World) -> bool:
    for row in _mine("score", person, rows):
        if row["name"] == asked["name"]:
            if "words" in asked:
                return row["word"] in asked["words"]
            return row["value"] is not None and _compare(asked["op"], row["value"], asked["value"])
    return False


def _tag(asked: Asked, person: Row, rows: World) -> bool:
    return any(row["tag"] in asked["values"] for row in _mine("tag", person, rows))


def _consent(asked: Asked, person: Row, rows: World) -> bool:
    return any(
        row["purpose"] == asked["purpose"] and row["granted"] is asked.get("granted", True)
        for row in _mine("consent", person, rows)
    )


def _reach(asked: Asked, person: Row, rows: World) -> bool:
    return any(
        row["channel"] == asked["channel"] and row["reachable"]
        for row in _mine("reach", person, rows)
    )


_KINDS: dict[str, Callable[[Asked, Row, World], bool]] = {
    "person": _person,
    "event": _event,
    "purchase": _purchase,
    "ticket": _ticket,
    "feedback": _feedback,
    "score": _score,
    "tag": _tag,
    "consent": _consent,
    "reach": _reach,
}
