"""A rule in plain words, in English and Chinese. Pure."""

from collections.abc import Callable, Mapping
from typing import Any

from analytics.segments.leaves import (
    Consent,
    Counted,
    Event,
    Feedback,
    Measure,
    Person,
    Purchase,
    Reach,
    Score,
    Tag,
    Ticket,
    Window,
)
from analytics.segments.phrases import NAMES, PHRASES
from analytics.segments.rule import All, Condition, Not, Rule, Some


def in_words(rule: Rule, language: str = "en") -> str:
    """Return a rule as a sentence; ``language`` is ``en`` or ``zh``."""
    text = of(rule.where, language)
    return text[:1].upper() + text[1:]


def of(condition: Condition, language: str = "en") -> str:
    """Return a condition in words, without brackets around it."""
    return _Teller(language).told(condition)


class _Teller:
    def __init__(self, language: str) -> None:
        self._place = 1 if language == "zh" else 0

    def told(self, condition: Condition) -> str:
        match condition:
            case All(parts):
                return self._joined("and", parts)
            case Some(parts):
                return self._joined("or", parts)
            case Not(part) if isinstance(part, All | Some):
                return self._say("not_group", it=self.told(part))
            case Not(Not(part)):
                return self.told(part)
            case Not(part):
                return self._leaf(part, "not_")
            case leaf:
                return self._leaf(leaf, "")

    def _joined(self, word: str, parts: tuple[Condition, ...]) -> str:
        told = [
            self._say("group", it=self.told(part)) if self._mixed(word, part) else self.told(part)
            for part in parts
        ]
        return self._say(word).join(told)

    def _mixed(self, word: str, part: Condition) -> bool:
        """Say whether a part would be read wrongly without brackets."""
        group = isinstance(part, All | Some) and len(part.parts) > 1
        return group and isinstance(part, Some if word == "and" else All)

    def _leaf(self, leaf: Any, no: str) -> str:
        """Say a question; ``no`` is ``not_`` for its opposite."""
        return _TOLD[leaf.kind](self, leaf, no)

    def _say(self, key: str, **values: object) -> str:
        return PHRASES[key][self._place].format(**values)

    def _name(self, kind: str, key: str) -> str:
        texts = NAMES.get(f"{kind}.{key}")
        return texts[self._place] if texts else key.replace("_", " ")

    def _value(self, field: str, value: str) -> str:
        texts = NAMES.get(f"{field}.{value.lower()}")
        return texts[self._place] if texts else value

    def person(self, leaf: Person, no: str) -> str:
        values = self._say("list").join(self._value(leaf.field, one) for one in leaf.asked)
        if leaf.op == "between":
            low, high = leaf.low, leaf.high
            shape = "from" if high is None else "to" if low is None else "between"
            return self._say(f"{no}age_{shape}", low=low, high=high)
        field = self._name("field", leaf.field)
        return self._say(f"{no}{leaf.op}", field=field, value=values, days=leaf.days)

    def purchase(self, leaf: Purchase, no: str) -> str:
        what = [self._say(f"of_{n}", it=v) for n in ("sku", "category") if (v := getattr(leaf, n))]
        return self._counted("purchase", leaf, no, what="".join(what))

    def event(self, leaf: Event, no: str) -> str:
        what = [self._say(f"of_{n}", it=v) for n in ("channel", "item") if (v := getattr(leaf, n))]
        return self._counted(
            "event", leaf, no, name=self._name("event", leaf.name), what="".join(what)
        )

    def ticket(self, leaf: Ticket, no: str) -> str:
        state = "" if leaf.open is None else self._say("open" if leaf.open else "settled")
        what = [
            self._say(f"of_{n}", it=v) for n in ("topic", "priority") if (v := getattr(leaf, n))
        ]
        return self._counted("ticket", leaf, no, state=state, what="".join(what))

    def _counted(self, kind: str, leaf: Counted, no: str, **values: str) -> str:
        often = self._often(leaf)
        shape = f"{kind}_{leaf.measure}"
        if leaf.measure is Measure.COUNT and often in ("never", "ever"):
            shape = f"{kind}_{often}"
        shown = {
            "op": self._say(leaf.op),
            "n": f"{leaf.value:g}" if leaf.value < 1e6 else f"{leaf.value:,.0f}",
            "window": self._window(leaf.window),
            "measure": self._say(leaf.measure),
        }
        text = self._say(shape, **shown, **values)
        return self._say("not_leaf", it=text) if no else text

    def _often(self, leaf: Counted) -> str:
        if (leaf.op, leaf.value) == ("at_least", 1):
            return "ever"
        return "never" if leaf.value == 0 else "often"

    def _window(self, window: Window | None) -> str:
        if window is None:
            return ""
        shape = "days" if window.days else "dates"
        if window.days is None and window.since is None:
            shape = "until"
        elif window.days is None and window.until is None:
            shape = "since"
        return self._say(f"in_{shape}", days=window.days, since=window.since, until=window.until)

    def score(self, leaf: Score, no: str) -> str:
        name = self._name("score", leaf.name)
        if leaf.words is not None:
            return self._say(f"{no}score_is", name=name, value=self._say("list").join(leaf.words))
        op = self._say(leaf.op or "at_least")
        text = self._say("score", name=name, op=op, n=f"{leaf.value:g}")
        return self._say("not_leaf", it=text) if no else text

    def feedback(self, leaf: Feedback, no: str) -> str:
        text = self._say(
            "feedback", of=leaf.of.upper(), op=self._say(leaf.op), n=f"{leaf.value:g}"
        )
        return self._say("not_leaf", it=text) if no else text

    def tag(self, leaf: Tag, no: str) -> str:
        return self._say(f"{no}tag", value=self._say("list").join(leaf.values))

    def consent(self, leaf: Consent, no: str) -> str:
        granted = "granted" if leaf.granted else "refused"
        return self._say(f"{no}{granted}", purpose=self._name("purpose", leaf.purpose))

    def reach(self, leaf: Reach, no: str) -> str:
        return self._say(f"{no}reach", channel=self._name("channel", leaf.channel))


_TOLD: Mapping[str, Callable[[_Teller, Any, str], str]] = {
    "person": _Teller.person,
    "purchase": _Teller.purchase,
    "event": _Teller.event,
    "ticket": _Teller.ticket,
    "score": _Teller.score,
    "feedback": _Teller.feedback,
    "tag": _Teller.tag,
    "consent": _Teller.consent,
    "reach": _Teller.reach,
}
