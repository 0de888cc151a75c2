"""Figures of campaigns as people read them. Pure."""

from collections.abc import Mapping
from math import isfinite

from analytics.campaigns.results_model import Added, By, Counts
from analytics.campaigns.results_rows import HOLDOUT, REST
from analytics.experiments.guardrails import Guarded
from console.shown import money, word
from console.words import has, say

MEASURES = ("delivered", "read", "clicked", "replied", "converted", "opted_out")
"""What is told of everybody to whom it was sent, each as a share of them."""
_BEST = ("converted", "clicked", "replied", "read", "delivered")
_ARMS: Mapping[str, str] = {
    "": "campaigns.every_variant",
    HOLDOUT: "campaigns.recipient.holdout",
    REST: "campaigns.rest",
}
_THOUSAND = 1_000
_CENTS = 100


def key(by: By, text: str, language: str) -> str:
    """Return what a line is called."""
    if by is By.VARIANT:
        return say(_ARMS[text], language) if text in _ARMS else text
    if by is By.CHANNEL:
        return word("channel", text, language)
    if by is By.HOUR:
        return f"{text}:00"
    if by is By.PART:
        return say(f"campaigns.part.{text}", language)
    if by is By.LANGUAGE:
        named = f"speaks.{text}"
        return say(named, language) if has(named) else text or say("insight.unknown", language)
    return text


def share(count: float, whole: float) -> str:
    """Return a part of a whole with one digit, a dash of nothing."""
    return f"{100 * count / whole:.1f}%" if whole else "–"


def counted(counts: Counts, name: str) -> str:
    """Return a figure with its share of those to whom it was sent, such as ``12 (3.4%)``."""
    found = int(getattr(counts, name))
    return f"{found:,} ({share(found, counts.sent)})"


def told_best(lines: Mapping[str, Counts]) -> str:
    """Return the figure that says most about lines: the last step of which anything is known."""
    every = lines.values()
    return next((one for one in _BEST if any(getattr(each, one) for each in every)), "delivered")


def revenue(counts: Counts) -> str:
    """Return money by currency, a dash of none."""
    return money(sorted(counts.revenue.items())) or "–"


def per_thousand(value: float, counts: Counts) -> str:
    """Return how much of something there was for 1,000 people, a dash of nobody."""
    return f"{_THOUSAND * value / counts.sent:,.1f}" if counts.sent else "–"


def points(added: Added, language: str) -> str:
    """Return what was added to a rate: in points, with the ends between which it lies."""
    return _between(added, 100, ".2f", language)


def cash(added: Added, language: str) -> str:
    """Return what was added to the revenue a person, with the ends between which it lies."""
    return _between(added, 1 / _CENTS, ",.2f", language)


def caused(added: Added) -> str:
    """Return how much more of something there was for 1,000 people than without it."""
    return signed(f"{added.estimate:+,.1f}")


def caused_ends(added: Added, language: str) -> str:
    """Return the ends between which that lies."""
    ends = ends_of(added)
    if ends is None:
        return say("campaigns.not_known", language)
    low, high = (signed(f"{each:+,.1f}") for each in ends)
    return say("campaigns.caused", language, low=low, high=high)


def harm(one: Guarded, language: str) -> str:
    """Return how much more of something bad a variant does, in points, with the ends between which it lies."""
    return _between(one, 100, ".2f", language)


def ends_of(one: Added | Guarded) -> tuple[float, float] | None:
    """Return the ends between which something lies, None while nothing can be said."""
    if one.low is None or one.high is None or not (isfinite(one.low) and isfinite(one.high)):
        return None
    return one.low, one.high


def _between(one: Added | Guarded, times: float, form: str, language: str) -> str:
    ends = ends_of(one)
    if ends is None:
        return say("campaigns.not_known", language)
    value, low, high = (signed(f"{times * each:+{form}}") for each in (one.estimate, *ends))
    return say("campaigns.between", language, value=value, low=low, high=high)


def signed(number: str) -> str:
    """Return a number with a minus as it is printed: a hyphen is too short beside a plus."""
    return number.replace("-", "−")
